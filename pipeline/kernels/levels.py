"""Number the distinct n-grams of token ids, and count their documents.

N-grams are found by length. The node of an n-gram is its number among those of its length. An
n-gram is the pair of the node of its prefix, which is all but its last token, and that token. So
the n-grams of one length are the distinct pairs among as many pairs as there are tokens.

A hash table of millions of pairs would wait for memory at every access. So pairs are first spread
over partitions by their hash, whose tables fit into a cache and which threads number side by side
(Shatdal, Kant & Naughton 1994, Cache Conscious Algorithms for Relational Query Processing).
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, MULTIPLIER, ONE, ZERO, scattered


@kernel("void(int32[::1], int64[::1], int32[::1], int32[::1])")
def document_frequency(ids, offsets, last, frequency):
    """Count the documents that hold each token.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    last : int32 array, shape (n_distinct,), of -1
        Workspace: the last document that holds each token.
    frequency : int32 array, shape (n_distinct,), of zeros
        Receives the number of documents.

    Examples
    --------
    Three documents, (0, 0), (1,) and (0, 1):

    >>> import numpy as np
    >>> ids, offsets = np.array([0, 0, 1, 0, 1], np.int32), np.array([0, 2, 3, 5])
    >>> frequency = np.zeros(2, np.int32)
    >>> document_frequency(ids, offsets, np.full(2, -1, np.int32), frequency)
    >>> frequency
    array([2, 2], dtype=int32)
    """
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1]):
            # Without a branch. Every other token is the first of its kind in a document, so a
            # processor would often predict wrongly, which costs more than the store.
            frequency[ids[i]] += last[ids[i]] != d
            last[ids[i]] = d


@kernel("void(int32[::1], int64[::1], int32[::1], int64, uint64, int64[::1])")
def partition_sizes(ids, offsets, prefixes, n, shift, sizes):
    """Count the n-grams of each partition; parameters are as in `spread`."""
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1] - n + 1):
            if prefixes[i] >= 0 and prefixes[i + 1] >= 0:
                sizes[partition(edge_key(prefixes[i], ids[i + n - 1]), shift)] += 1


@kernel(
    "void(int32[::1], int64[::1], int32[::1], int64, uint64, int64[::1], uint64[::1], int32[::1])"
)
def spread(ids, offsets, prefixes, n, shift, ends, keys, positions):
    """Write the key and the position of every n-gram to its partition, in order of position.

    An n-gram is left out if its first or its last n - 1 tokens are an n-gram that is too rare.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    prefixes : int32 array, shape (n_tokens,)
        The node of the (n - 1)-gram that begins at each position, or -1 if it is too rare.
    n : int
    shift : uint64
        The hash of a key, shifted right by so many bits, is its partition.
    ends : int64 array, shape (n_partitions,)
        Where each partition begins; moved to where it ends.
    keys, positions : uint64 and int32 arrays, shape (n_ngrams,)
        Receive the partitions, one after the other.
    """
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1] - n + 1):
            if prefixes[i] < 0 or prefixes[i + 1] < 0:
                continue
            key = edge_key(prefixes[i], ids[i + n - 1])
            p = partition(key, shift)
            keys[ends[p]] = key
            positions[ends[p]] = i
            ends[p] += 1


@kernel(
    "int64(uint64[::1], int32[::1], int64[::1], int64, uint64[::1], int32[::1], int32[::1],"
    " int32[::1])"
)
def number(keys, positions, offsets, first, known, numbers, last, nodes):
    """Give the n-grams of a partition their nodes; return how many are distinct.

    Parameters
    ----------
    keys, positions : uint64 and int32 arrays, shape (n_ngrams,)
        From `spread`. Replaced by the keys of the distinct n-grams and their document
        frequencies, with frequency 0 behind the last one.
    offsets : int64 array, shape (n_documents + 1,)
    first : int
        The node of the first distinct n-gram; the others follow.
    known, numbers : uint64 array of zeros and int32 array, a power of two long
        Workspace: a hash table of keys, and the number in the partition of each.
    last : int32 array, shape (n_ngrams,)
        Workspace: the last document that holds each distinct n-gram.
    nodes : int32 array, shape (n_tokens,) or (0,)
        Receives the node of the n-gram that begins at each position, unless it is empty.
    """
    n_distinct, d = 0, 0
    for k in range(keys.size):
        key, position = keys[k], positions[k]
        while offsets[d + 1] <= position:
            d += 1
        slot = _slot(known, key)
        if known[slot] == ZERO:
            known[slot] = key
            numbers[slot] = n_distinct
            # The place was read before, or is this n-gram's own.
            keys[n_distinct], positions[n_distinct], last[n_distinct] = key, 0, -1
            n_distinct += 1
        node = numbers[slot]
        positions[node] += last[node] != d
        last[node] = d
        if nodes.size:
            nodes[position] = first + node
    for k in range(n_distinct, keys.size):
        positions[k] = 0
    return n_distinct


@kernel("int64(uint64[::1], int32[::1], uint64[::1], int32[::1], int32[::1])")
def merge(keys, frequency, known, numbers, merged):
    """Add up the document frequencies of equal n-grams; return how many are distinct.

    Parameters
    ----------
    keys, frequency : uint64 and int32 arrays, shape (n,)
        N-grams, some of them several times. Replaced by the distinct ones and their sums.
    known, numbers : uint64 array of zeros and int32 array, a power of two long
        Workspace: a hash table of keys, and the place of each.
    merged : int32 array, shape (n,)
        Receives the new place of each n-gram.

    Examples
    --------
    >>> import numpy as np
    >>> keys, frequency = np.array([7, 9, 7], np.uint64), np.array([1, 2, 3], np.int32)
    >>> merged = np.empty(3, np.int32)
    >>> n = merge(keys, frequency, np.zeros(8, np.uint64), np.empty(8, np.int32), merged)
    >>> keys[:n].tolist(), frequency[:n].tolist(), merged.tolist()
    ([7, 9], [4, 2], [0, 1, 0])
    """
    n_distinct = 0
    for k in range(keys.size):
        key, count = keys[k], frequency[k]
        slot = _slot(known, key)
        if known[slot] == ZERO:
            known[slot] = key
            numbers[slot] = n_distinct
            keys[n_distinct], frequency[n_distinct] = key, 0
            n_distinct += 1
        merged[k] = numbers[slot]
        frequency[merged[k]] += count
    return n_distinct


@kernel("void(int32[::1], int32[::1])")
def renumber(nodes, numbers):
    """Replace each node that is not -1 by its number.

    >>> import numpy as np
    >>> nodes = np.array([1, -1, 0], np.int32)
    >>> renumber(nodes, np.array([5, -1], np.int32))
    >>> nodes.tolist()
    [-1, -1, 5]
    """
    for i in range(nodes.size):
        if nodes[i] >= 0:
            nodes[i] = numbers[nodes[i]]


def edge_key(node, token):
    """Return the key of the pair of a prefix's node and a token.

    The high 32 bits are the node, the low 32 bits the token; plus one, so that 0 can mean an empty
    slot.
    """
    return (np.uint64(node) << HALF | np.uint64(token)) + ONE


def partition(key, shift):
    """Return the partition of a key: the high bits of its hash."""
    return np.int64((key * MULTIPLIER) >> shift)


def _slot(keys, key):
    """Return the slot that holds a key, or the empty one where it belongs."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO and keys[slot] != key:
        slot = (slot + ONE) & mask
    return slot
