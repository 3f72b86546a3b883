"""Token ids to counts of the n-grams of a vocabulary.

N-grams are the nodes of a trie; those below `n_columns` are the columns of the same number.
The edges lie in one hash table: in slots for keys, each the name of a node and a token and zero
where it is free, and as many for the nodes that they lead to. A key belongs in a bucket of eight
slots, which a processor fetches in one go, or where that is full in the next.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, MULTIPLIER, ONE, ZERO
from pipeline.kernels.ngrams import edge_key, partition

FREQUENCY = 0xFFFFFFFF
# Slots of the table of edges, eight bytes each, that a processor fetches at a time.
BUCKET = 8


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


@kernel(
    "int64(int32[:, ::1], int32[::1], int64, uint64, int32[::1], int32[::1], int64[::1],"
    " uint64[::1], int32[::1])"
)
def walk(digits, columns, n_columns, shift, path, roots, ends, keys, children):
    """Give the n-grams of a vocabulary their nodes; return how many nodes there are.

    Walk once to count the edges, and once more to write them, those together that lie near each
    other in their table.

    Parameters
    ----------
    digits : int32 array, shape (n_ngrams, max_n)
        Their tokens, numbered from 1; 0 behind the last. In alphabetical order: what begins alike
        stands together, the shortest first.
    columns : int32 array, shape (n_ngrams,)
        The column of each; -1 for one that is not in the vocabulary.
    n_columns : int
    shift : uint64
        What is left of a hash moved right by so many bits is the partition of an edge.
    path : int32 array, shape (max_n,)
        Workspace to work in: the nodes of the n-gram before.
    roots : int32 array, shape (n_types,), of -1
        Receives the node of each single token.
    ends : int64 array, shape (n_partitions,)
        Where each partition begins; moved to where it ends. Of zeros, it receives their sizes.
    keys, children : uint64 and int32 arrays, shape (n_edges,) or (0,)
        Receive the edges, and the node that each leads to, unless they are empty.
    """
    max_n = digits.shape[1]
    n_nodes, before = n_columns, -1
    for ngram in range(columns.size):
        if columns[ngram] < 0:
            continue
        last = 0
        while last + 1 < max_n and digits[ngram, last + 1] > 0:
            last += 1
        same = 0  # tokens that are those of the n-gram before
        while before >= 0 and same < last and digits[ngram, same] == digits[before, same]:
            same += 1
        before = ngram
        for k in range(same, last + 1):
            token = digits[ngram, k] - 1
            child = columns[ngram]
            if k < last:  # what it begins with is no column
                child = n_nodes
                n_nodes += 1
            if k == 0:
                roots[token] = child
            else:
                key = edge_key(path[k - 1], token)
                p = partition(key, shift)
                if keys.size:
                    keys[ends[p]], children[ends[p]] = key, child
                ends[p] += 1
            path[k] = child
    return n_nodes


@kernel("void(uint64[::1], int32[::1], uint64[::1], int32[::1])")
def enter(keys, children, edges, ends):
    """Enter edges into their table, a part of it that fits a cache at a time.

    Parameters
    ----------
    keys, children
        From `walk`; keys of one partition belong near each other.
    edges : uint64 array of zeros, some buckets long
        Receives the keys.
    ends : int32 array, as long as `edges`
        Receives the nodes that they lead to.
    """
    for i in range(keys.size):
        slot = _bucket(edges, keys[i])
        while edges[slot] != ZERO:
            slot += 1
            if slot == edges.size:
                slot = 0
        edges[slot], ends[slot] = keys[i], children[i]


@kernel(
    "int64(int32[::1], int64[::1], int64, int32[::1], int32[::1], uint64[::1], int32[::1], int64,"
    " int64, int64, bool, int32[::1], int64[::1], int64[::1], uint64[::1], uint64[::1],"
    " float32[::1], int32[::1], int64[::1])"
)
def count(
    ids,
    offsets,
    n_before,
    numbers,
    first,
    edges,
    ends,
    max_n,
    n_columns,
    n_nodes,
    binary,
    nodes,
    slots,
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
        For each id, the number of that token in `walk`; -1 for one outside it.
    first : int32 array, shape (n_types,)
        For each id, the node of that token alone; the number of nodes for one without.
    edges, ends
        From `enter`.
    max_n, n_columns, n_nodes : int
    binary : bool
        Ones for counts.
    nodes, slots : int32 and int64 arrays, as long as the longest document
        Workspace to work in.
    seen : int64 array, at first of zeros, shape (n_nodes + 1,)
        Workspace to work in unless `binary`: the last document that held each node, and how often.
    words, summary : uint64 arrays of zeros, a bit for each node and for each word of these
        Workspace to work in.
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
                _descend(begins, document[n - 1 :], numbers, edges, ends, np.int32(n_nodes), slots)
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


def _descend(nodes, following, numbers, edges, ends, nowhere, slots):
    """Move every node along the edge of the token that follows it.

    Length by length, so that no look at the table waits for another. All buckets are fetched
    before any is searched: memory is waited for once for many.
    """
    fetched = ZERO
    for i in range(nodes.size):
        slots[i] = _bucket(edges, edge_key(nodes[i], numbers[following[i]]))
        fetched |= edges[slots[i]]
    slots[nodes.size] = fetched != ZERO  # so that it is not left out
    for i in range(nodes.size):
        token = numbers[following[i]]
        slot = _found(edges, edge_key(nodes[i], token), slots[i])
        slots[i] = slot if nodes[i] != nowhere and token >= 0 else -1
    for i in range(nodes.size):
        nodes[i] = ends[slots[i]] if slots[i] >= 0 else nowhere


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


def _bucket(edges, key):
    """Return where the bucket of a key begins: by the first bits of its hash, as `partition`."""
    n_buckets = np.uint64(edges.size // BUCKET)
    return np.int64(((key * MULTIPLIER) >> HALF) * n_buckets >> HALF) * BUCKET


def _found(edges, key, slot):
    """Return the slot that holds a key, whose bucket begins at one; -1 where none does."""
    while True:
        place = 0
        for k in range(BUCKET):  # without a branch, for which one it is is not to be guessed
            place += (k + 1) * (edges[slot + k] == key)
        if place > 0:
            return slot + place - 1
        if edges[slot + BUCKET - 1] == ZERO:
            return -1
        slot += BUCKET
        if slot == edges.size:
            slot = 0
