"""Token ids to n-gram counts.

N-grams are the nodes of a trie. A node for a single token has the token's id; a
longer n-gram is reached from the node of all but its last token. The edges lie
in one open-addressed hash table: `keys` holds (node, token) pairs, zero where a
slot is free, and `children` the node that the edge leads to.
"""

import numpy as np
from numba import njit

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing, Knuth 3, section 6.4
HALF = np.uint64(32)
ONE = np.uint64(1)
ZERO = np.uint64(0)
FREQUENCY = 0xFFFFFFFF


def _bit_positions():
    """Return the position of the one bit of x at the index that a De Bruijn product gives.

    Leiserson, Prokop & Randall 1998, Using de Bruijn Sequences to Index a 1 in a
    Computer Word.
    """
    positions = np.zeros(64, np.int64)
    for k in range(64):
        positions[((1 << k) * int(DE_BRUIJN) & (1 << 64) - 1) >> 58] = k
    return positions


DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
POSITIONS = _bit_positions()
TOP_SIX = np.uint64(58)


@njit(cache=True, nogil=True)
def learn(ids, offsets, n_types, max_n):
    """Find every n-gram of 1 to `max_n` tokens and the number of documents that hold it.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
        From 0 to `n_types` - 1.
    offsets : int64 array, shape (n_documents + 1,)

    Returns
    -------
    document_frequency : int64 array, shape (n_nodes,)
    parents, last_tokens : int32 arrays, shape (n_nodes,)
        The n-gram without its last token (-1 for a single token), and that token.
    """
    # One number for a node: the last document that holds it, and how many do.
    seen = np.zeros(n_types, np.int64)
    parents = np.full(n_types, -1, np.int32)
    last_tokens = np.arange(n_types).astype(np.int32)
    keys = np.zeros(1 << 10, np.uint64)
    children = np.empty(1 << 10, np.int32)
    n_nodes = n_types
    for d in range(offsets.size - 1):
        room = n_nodes + (max_n - 1) * (offsets[d + 1] - offsets[d])
        if room > parents.size:
            parents = _grown(parents, room)
            last_tokens = _grown(last_tokens, room)
            seen = _grown(seen, room)
        if 2 * (room - n_types) > keys.size:
            keys, children = _rehashed(keys, children, 2 * (room - n_types))
        n_nodes = _learn_document(
            ids,
            offsets[d],
            offsets[d + 1],
            d,
            max_n,
            (keys, children),
            (parents, last_tokens),
            seen,
            n_nodes,
        )
    return seen[:n_nodes] & FREQUENCY, parents[:n_nodes], last_tokens[:n_nodes]


@njit(cache=True, nogil=True)
def _learn_document(ids, start, end, d, max_n, edges, names, seen, n_nodes):
    """Add one document's n-grams to the trie; return the number of nodes."""
    keys, children = edges
    parents, last_tokens = names
    this_document = np.int64(d + 1) << 32
    for i in range(start, end):
        # Without a branch: every other token is the first of its kind in a document,
        # so a processor guesses wrong, and that costs more than the store.
        before = seen[ids[i]]
        seen[ids[i]] = this_document | (before & FREQUENCY) + np.int64(before < this_document)
    if max_n == 1:
        return n_nodes
    for i in range(start, end):
        node = np.int64(ids[i])
        for j in range(i + 1, min(i + max_n, end)):
            key = _key(node, ids[j])
            slot = _slot(keys, key)
            if keys[slot] == ZERO:
                keys[slot] = key
                children[slot] = n_nodes
                parents[n_nodes] = node
                last_tokens[n_nodes] = ids[j]
                seen[n_nodes] = 0
                n_nodes += 1
            node = np.int64(children[slot])
            if seen[node] < this_document:
                seen[node] = this_document | (seen[node] & FREQUENCY) + 1
    return n_nodes


@njit(cache=True, nogil=True)
def build(tokens, offsets, n_types):
    """Build the trie of a vocabulary, for `count`.

    Parameters
    ----------
    tokens : int32 array
        The tokens of every n-gram, one n-gram after the other.
    offsets : int64 array, shape (n_columns + 1,)
        N-gram c, the one of column c, is `tokens[offsets[c]:offsets[c + 1]]`.

    Returns
    -------
    keys : uint64 array
    children : int32 array
    columns : int32 array, shape (n_nodes,)
        The column of each node; -1 for one that only leads to longer n-grams.
    """
    size = 1 << 4
    while size < 2 * (tokens.size + 1 - (offsets.size - 1)):
        size *= 2
    keys = np.zeros(size, np.uint64)
    children = np.empty(size, np.int32)
    columns = np.full(n_types + tokens.size, -1, np.int32)
    n_nodes = n_types
    for c in range(offsets.size - 1):
        node = np.int64(tokens[offsets[c]])
        for j in range(offsets[c] + 1, offsets[c + 1]):
            key = _key(node, tokens[j])
            slot = _slot(keys, key)
            if keys[slot] == ZERO:
                keys[slot] = key
                children[slot] = n_nodes
                n_nodes += 1
            node = np.int64(children[slot])
        columns[node] = c
    return keys, children, columns[:n_nodes].copy()


@njit(cache=True, nogil=True)
def count(ids, offsets, numbers, keys, children, columns, max_n, n_columns, binary):
    """Count the n-grams of a vocabulary in every document.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
    numbers : int32 array, shape (n_types,)
        For each id, the number of that token in `build`; -1 for one outside it.
    keys, children, columns
        From `build`.
    binary : bool
        Ones for counts.

    Returns
    -------
    data : float32 array, shape (n_nonzeros,)
    indices : int32 array, shape (n_nonzeros,)
        Ascending in each row.
    indptr : int64 array, shape (n_documents + 1,)
    """
    n_documents = offsets.size - 1
    indptr = np.zeros(n_documents + 1, np.int64)
    data = np.empty(ids.size + 16, np.float32)
    indices = np.empty(ids.size + 16, np.int32)
    row = np.empty(1 << 10, np.int32)
    # The column behind the last takes what has no column.
    seen = np.zeros(n_columns + 1, np.int64)
    single = np.full(numbers.size, n_columns, np.int32)
    for t in range(numbers.size):
        if numbers[t] >= 0 and columns[numbers[t]] >= 0:
            single[t] = columns[numbers[t]]
    words = np.zeros((n_columns >> 6) + 1, np.uint64)
    summary = np.zeros((n_columns >> 12) + 1, np.uint64)
    n_nonzeros = np.int64(0)  # a literal zero would have numba compile the callee twice
    for d in range(n_documents):
        start, end = offsets[d], offsets[d + 1]
        room = max_n * (end - start) + 1
        if room > row.size:
            row = np.empty(2 * room, np.int32)
        if n_nonzeros + room > indices.size:
            indices = _grown(indices, n_nonzeros + room)
            data = _grown(data, n_nonzeros + room)
        document = ids[start:end]
        size = _count_tokens(document, single, d, seen, row)
        if max_n > 1:
            trie = keys, children, columns
            size = _count_longer(document, numbers, trie, max_n, d, seen, row, size)
        _sort(row[:size], words, summary, indices, n_nonzeros)
        for p in range(n_nonzeros, n_nonzeros + size):
            data[p] = 1 if binary else seen[indices[p]] & FREQUENCY
        n_nonzeros += size
        indptr[d + 1] = n_nonzeros
    # Not copied: what lies behind was never touched, and so takes no memory.
    return data[:n_nonzeros], indices[:n_nonzeros], indptr


@njit(cache=True, nogil=True)
def _count_tokens(ids, single, d, seen, row):
    """Count a document's tokens in `seen`, list their columns in `row`; return how many."""
    this_document = np.int64(d + 1) << 32
    seen[seen.size - 1] = this_document
    size = 0
    for i in range(ids.size):
        column = single[ids[i]]
        # Without a branch, as in _learn_document.
        before = seen[column]
        first = np.int64(before < this_document)
        seen[column] = this_document | (1 - first) * (before & FREQUENCY) + 1
        row[size] = column
        size += first
    return size


@njit(cache=True, nogil=True)
def _count_longer(ids, numbers, trie, max_n, d, seen, row, size):
    """Go on with n-grams of two tokens and more."""
    keys, children, columns = trie
    this_document = np.int64(d + 1) << 32
    for i in range(ids.size):
        node = np.int64(numbers[ids[i]])
        if node < 0:
            continue
        for j in range(i + 1, min(i + max_n, ids.size)):
            token = numbers[ids[j]]
            if token < 0:
                break
            slot = _slot(keys, _key(node, token))
            if keys[slot] == ZERO:
                break
            node = np.int64(children[slot])
            column = columns[node]
            if column >= 0:
                before = seen[column]
                first = np.int64(before < this_document)
                seen[column] = this_document | (1 - first) * (before & FREQUENCY) + 1
                row[size] = column
                size += first
    return size


@njit(cache=True, nogil=True)
def _sort(row, words, summary, indices, start):
    """Write the columns of a row to `indices` in ascending order.

    A bit for each column, and a bit for each word of these bits: walking them in
    order sorts the row without comparing. Both are clear again afterwards.
    """
    for k in range(row.size):
        word = row[k] >> 6
        words[word] |= ONE << np.uint64(row[k] & 63)
        summary[word >> 6] |= ONE << np.uint64(word & 63)
    for s in range(summary.size):
        block = summary[s]
        summary[s] = ZERO
        while block != ZERO:
            low = block & (~block + ONE)
            block ^= low
            w = (s << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
            word = words[w]
            words[w] = ZERO
            while word != ZERO:
                low = word & (~word + ONE)
                word ^= low
                indices[start] = (w << 6) + POSITIONS[low * DE_BRUIJN >> TOP_SIX]
                start += 1


@njit(cache=True, nogil=True)
def _key(node, token):
    """Name an edge; never zero."""
    return (np.uint64(node) << HALF | np.uint64(token)) + ONE


@njit(cache=True, nogil=True)
def _slot(keys, key):
    """Return the slot that holds a key, or the free one where it belongs."""
    mask = np.uint64(keys.size - 1)
    hashed = key * MULTIPLIER
    slot = (hashed ^ hashed >> HALF) & mask
    while keys[slot] != ZERO and keys[slot] != key:
        slot = (slot + ONE) & mask
    return slot


@njit(cache=True, nogil=True)
def _rehashed(keys, children, needed):
    """Return the edges in tables whose size is a power of two, twice `needed` or more."""
    size = keys.size
    while size < 2 * needed:
        size *= 2
    new_keys = np.zeros(size, np.uint64)
    new_children = np.empty(size, np.int32)
    for old in range(keys.size):
        if keys[old] != ZERO:
            slot = _slot(new_keys, keys[old])
            new_keys[slot] = keys[old]
            new_children[slot] = children[old]
    return new_keys, new_children


@njit(cache=True, nogil=True)
def _grown(array, needed):
    """Return a copy with room for `needed` items, at least twice the room it had."""
    larger = np.empty(max(needed, 2 * array.size), array.dtype)
    for k in range(array.size):  # a slice assignment takes seconds to compile
        larger[k] = array[k]
    return larger
