"""Token ids to counts of the n-grams of a vocabulary.

N-grams are the nodes of a trie; those below `n_columns` are the columns of the same number.
The edges lie in one open-addressed table, of slots of two numbers: the key of (node, token),
zero where a slot is free, and the node that the edge leads to.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import ONE, ZERO, scattered
from pipeline.kernels.vocabulary import edge_key

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


@kernel("int64(int32[:, ::1], int32[::1], int32[::1], int32[::1], uint64[::1])")
def build(digits, order, path, roots, edges):
    """Build the trie of a vocabulary, for `count`; return its number of nodes.

    Parameters
    ----------
    digits : int32 array, shape (n_columns, max_n)
        The tokens of each column's n-gram, numbered from 1; 0 behind the last.
    order : int32 array, shape (n_columns,)
        The columns in an order in which none comes before one that it begins with. Where
        that is the alphabetical one, nodes of the n-gram before are not looked up again.
    path : int32 array, shape (max_n,)
        Room to work in: the nodes of the n-gram before.
    roots : int32 array, shape (n_types,), of -1
        Receives the node of each single token.
    edges : uint64 array of zeros, a power of two long
        Receives the table of edges. Where it may be too small, -1 is returned.
    """
    max_n = digits.shape[1]
    n_nodes, n_edges, before = digits.shape[0], 0, -1
    for c in order:
        if 3 * (n_edges + max_n) > edges.size:
            return -1
        last = 0
        while last + 1 < max_n and digits[c, last + 1] > 0:
            last += 1
        same = 0  # tokens that are those of the n-gram before
        while before >= 0 and same < last and digits[c, same] == digits[before, same]:
            same += 1
        before = c
        for k in range(same, last + 1):
            token = digits[c, k] - 1
            child = c if k == last else n_nodes
            if k == 0:
                if roots[token] < 0:
                    roots[token] = child
                    n_nodes += child == n_nodes
                path[k] = roots[token]
                continue
            key = edge_key(path[k - 1], token)
            slot = _edge(edges, key)
            if edges[slot] == ZERO:
                edges[slot] = key
                edges[slot + 1] = np.uint64(child)
                n_edges += 1
                n_nodes += child == n_nodes
            path[k] = np.int32(edges[slot + 1])
    return n_nodes


@kernel(
    "int64(int32[::1], int64[::1], int64, int32[::1], int32[::1], uint64[::1], int64, int64, int64,"
    " bool, int32[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], uint64[::1],"
    " float32[::1], int32[::1], int64[::1])"
)
def count(
    ids,
    offsets,
    n_before,
    numbers,
    first,
    edges,
    max_n,
    n_columns,
    n_nodes,
    binary,
    nodes,
    slots,
    keys,
    seen,
    words,
    summary,
    data,
    indices,
    indptr,
):
    """Count the n-grams of a vocabulary in every document; return the number of non-zeros.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    n_before : int
        How many documents come before these, in which `seen` may have been used.
    numbers : int32 array, shape (n_types,)
        For each id, the number of that token in `build`; -1 for one outside it.
    first : int32 array, shape (n_types,)
        For each id, the node of that token alone; the number of nodes for one without.
    edges
        From `build`.
    max_n, n_columns, n_nodes : int
    binary : bool
        Ones for counts.
    nodes, slots, keys : int32, int64 and uint64 arrays, as long as the longest document
        Room to work in.
    seen : int64 array, at first of zeros, shape (n_nodes + 1,)
        Room to work in unless `binary`: the last document that held each node, and how often.
    words, summary : uint64 arrays of zeros, a bit for each node and for each word of these
        Room to work in.
    data, indices : float32 and int32 arrays
        Receive the counts and their columns, ascending in each row.
    indptr : int64 array, shape (n_documents + 1,)
        Receives where each row begins.
    """
    n_nonzeros = 0
    for d in range(offsets.size - 1):
        document = ids[offsets[d] : offsets[d + 1]]
        this_document = np.int64(n_before + d + 1) << 32
        for i in range(document.size):
            nodes[i] = first[document[i]]
        for n in range(1, min(max_n, document.size) + 1):
            begins = nodes[: document.size - n + 1]
            if n > 1:
                _descend(begins, document[n - 1 :], numbers, edges, np.int32(n_nodes), slots, keys)
            if binary:
                _mark(begins, n_columns, words, summary)
            else:
                _mark_and_count(begins, n_columns, words, summary, this_document, seen)
        end = _drain(words, summary, indices, n_nonzeros)
        for p in range(n_nonzeros, end):
            data[p] = 1 if binary else seen[indices[p]] & FREQUENCY
        n_nonzeros = end
        indptr[d + 1] = n_nonzeros
    return n_nonzeros


def _descend(nodes, following, numbers, edges, nowhere, slots, keys):
    """Move every node along the edge of the token that follows it.

    Length by length, so that no look at the table waits for another, and what is there is
    read before anything depends on it: memory is waited for once for many looks.
    """
    for i in range(nodes.size):
        slots[i] = _home(edges, edge_key(nodes[i], numbers[following[i]]))
        keys[i] = edges[slots[i]]
    for i in range(nodes.size):
        token = numbers[following[i]]
        key = edge_key(nodes[i], token)
        slot = slots[i]
        if keys[i] != key and keys[i] != ZERO:
            slot = _edge(edges, key)
        known = edges[slot] == key and nodes[i] != nowhere and token >= 0
        nodes[i] = np.int32(edges[slot + 1]) if known else nowhere


def _mark(nodes, n_columns, words, summary):
    """Set the bit of every node that is a column, and that of its word."""
    for node in nodes:
        # Without a branch: which nodes are columns is not to be guessed.
        bit = np.uint64(node < n_columns)
        words[node >> 6] |= bit << np.uint64(node & 63)
        summary[node >> 12] |= bit << np.uint64(node >> 6 & 63)


def _mark_and_count(nodes, n_columns, words, summary, this_document, seen):
    """Do as `_mark`, and count the nodes of a document, along with its number."""
    for node in nodes:
        bit = np.uint64(node < n_columns)
        words[node >> 6] |= bit << np.uint64(node & 63)
        summary[node >> 12] |= bit << np.uint64(node >> 6 & 63)
        before = seen[node]
        again = np.int64(before >= this_document)
        seen[node] = this_document | again * (before & FREQUENCY) + 1


def _drain(words, summary, indices, start):
    """Write the columns whose bits are set to `indices`; return where they end.

    Walking the bits in order sorts the columns without comparing. All are clear afterwards.
    """
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
    return start


def _home(edges, key):
    """Return where the search for a key begins."""
    return np.int64((scattered(key) & np.uint64(edges.size // 2 - 1)) << ONE)


def _edge(edges, key):
    """Return where the slot of a key begins, or of the free one where it belongs."""
    slot = _home(edges, key)
    while edges[slot] != ZERO and edges[slot] != key:
        slot = (slot + 2) & (edges.size - 1)
    return slot
