"""Token ids to distinct n-grams, and their order.

N-grams are the nodes of a trie. They are found level by level: an n-gram is the node of all
but its last token, and that token, so a level is the distinct pairs of numbers among as many
pairs as there are tokens. A hash table of millions of pairs would wait for memory at every
look, so pairs are first spread over partitions by their hash (Shatdal, Kant & Naughton 1994,
Cache Conscious Algorithms for Relational Query Processing), whose tables fit a cache, and
which threads can number side by side.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, MULTIPLIER, ONE, ZERO, scattered

LOW_HALF = np.uint64(0xFFFFFFFF)


@kernel("void(int32[::1], int64[::1], int64[::1], int32[::1])")
def document_frequency(ids, offsets, last, frequency):
    """Count the documents that hold each token.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    last : int64 array, shape (n_types,), of -1
        Room to work in: the last document that held each type.
    frequency : int32 array, shape (n_types,), of zeros
        Receives the number of documents.
    """
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1]):
            # Without a branch: every other token is the first of its kind in a document,
            # so a processor guesses wrong, and that costs more than the store.
            frequency[ids[i]] += last[ids[i]] != d
            last[ids[i]] = d


@kernel("void(int32[::1], int64[::1], int32[::1], int64, uint64, int64[::1])")
def partition_sizes(ids, offsets, above, n, shift, sizes):
    """Count the n-grams that fall into each partition; see `spread`."""
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1] - n + 1):
            sizes[_partition(edge_key(above[i], ids[i + n - 1]), shift)] += 1


@kernel(
    "void(int32[::1], int64[::1], int32[::1], int64, uint64, int64[::1], uint64[::1], int32[::1])"
)
def spread(ids, offsets, above, n, shift, ends, keys, positions):
    """Write the key and the position of every n-gram to its partition, in order of position.

    Parameters
    ----------
    ids, offsets
        The documents' tokens.
    above : int32 array, shape (n_tokens,)
        The node of the (n - 1)-gram that begins at each position.
    n : int
    shift : uint64
        A partition is what is left of a hash moved right by so many bits.
    ends : int64 array, shape (n_partitions,)
        Where each partition begins; moved to where it ends.
    keys, positions : uint64 and int32 arrays, shape (n_ngrams,)
        Receive the partitions, one behind the other.
    """
    for d in range(offsets.size - 1):
        for i in range(offsets[d], offsets[d + 1] - n + 1):
            key = edge_key(above[i], ids[i + n - 1])
            p = _partition(key, shift)
            keys[ends[p]] = key
            positions[ends[p]] = i
            ends[p] += 1


@kernel(
    "int64(uint64[::1], int32[::1], int64[::1], int64, uint64[::1], int32[::1], int32[::1],"
    " int32[::1], int32[::1], int64[::1], int32[::1])"
)
def number(keys, positions, offsets, first, known, slots, nodes, parents, tokens, last, frequency):
    """Give the n-grams of a partition their nodes; return how many are distinct.

    Parameters
    ----------
    keys, positions : uint64 and int32 arrays, shape (n_ngrams,)
        From `spread`.
    offsets : int64 array, shape (n_documents + 1,)
    first : int
        The number of the first distinct one; the others follow.
    known, slots : uint64 array of zeros and int32 array, a power of two long
        Room for a table from a key to the n-gram's number in the partition.
    nodes : int32 array, shape (n_tokens,)
        Receives the node of the n-gram that begins at each position.
    parents, tokens : int32 arrays, shape (n_ngrams,)
        Receive the n-gram without its last token, and that token.
    last : int64 array, shape (n_ngrams,)
        Room to work in: the last document that held each.
    frequency : int32 array, shape (n_ngrams,), of zeros
        Receives the number of documents that hold each.
    """
    n_distinct, d = 0, 0
    for k in range(keys.size):
        while offsets[d + 1] <= positions[k]:
            d += 1
        slot = _slot(known, keys[k])
        if known[slot] == ZERO:
            known[slot] = keys[k]
            slots[slot] = n_distinct
            parents[n_distinct] = (keys[k] - ONE) >> HALF
            tokens[n_distinct] = (keys[k] - ONE) & LOW_HALF
            last[n_distinct] = -1
            n_distinct += 1
        node = slots[slot]
        frequency[node] += last[node] != d
        last[node] = d
        nodes[positions[k]] = first + node
    return n_distinct


@kernel("void(int32[::1], int64[::1], int64[::1], int64[::1])")
def sort_stably(digits, order, starts, sorted_order):
    """Sort by one digit: counting sort, the step of a radix sort (Knuth 3, section 5.2.5).

    Parameters
    ----------
    digits : int32 array, shape (n,)
        The digit of every item, >= 0.
    order : int64 array, shape (n,)
        The items in the order so far.
    starts : int64 array of zeros, one longer than the largest digit and 1
        Room to work in.
    sorted_order : int64 array, shape (n,)
        Receives the items by digit, those of one digit in the order so far.
    """
    for item in order:
        starts[digits[item] + 1] += 1
    for digit in range(1, starts.size):
        starts[digit] += starts[digit - 1]
    for item in order:
        sorted_order[starts[digits[item]]] = item
        starts[digits[item]] += 1


@kernel("void(int32[:, ::1], int64[::1], int64[::1], int32[::1], int64[::1], int64[::1])")
def arrange(digits, order, lengths, tokens, offsets, ends):
    """Write n-grams one behind the other in their order, and how long their names are.

    Parameters
    ----------
    digits : int32 array, shape (max_n, n_ngrams)
        Their tokens, numbered from 1; 0 behind the last.
    order : int64 array
        The n-grams to write.
    lengths : int64 array, shape (n_types,)
        The number of bytes of each type.
    tokens, offsets : int32 and int64 arrays
        Receive the tokens, numbered from 0: n-gram c is `tokens[offsets[c]:offsets[c + 1]]`.
    ends : int64 array
        Receives where each name begins, and the last one ends.
    """
    size, end = 0, 0
    for c in range(order.size):
        offsets[c], ends[c] = size, end
        for k in range(digits.shape[0]):
            token = digits[k, order[c]] - 1
            if token < 0:
                break
            tokens[size] = token
            size += 1
            end += lengths[token] + 1
        end -= 1
    offsets[order.size], ends[order.size] = size, end


@kernel("void(uint8[::1], int64[::1], int32[::1], int64[::1], uint8[::1], int64)")
def spell(data, starts, tokens, offsets, spelled, size):
    """Write the names of n-grams: their tokens with a space between them.

    Parameters
    ----------
    data, starts : uint8 and int64 arrays
        The bytes of the types, and where each begins.
    tokens, offsets : int32 and int64 arrays
        From `arrange`, or a part of the offsets.
    spelled : uint8 array
        Receives the names, one behind the other, from `size` on.
    """
    for c in range(offsets.size - 1):
        for k in range(offsets[c], offsets[c + 1]):
            if k > offsets[c]:
                spelled[size] = 0x20
                size += 1
            for i in range(starts[tokens[k]], starts[tokens[k] + 1]):
                spelled[size] = data[i]
                size += 1


def edge_key(node, token):
    """Name an edge; never zero."""
    return (np.uint64(node) << HALF | np.uint64(token)) + ONE


def _partition(key, shift):
    """Return the partition of a key: the first bits of its hash."""
    return np.int64((key * MULTIPLIER) >> shift)


def _slot(keys, key):
    """Return the slot that holds a key, or the free one where it belongs."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO and keys[slot] != key:
        slot = (slot + ONE) & mask
    return slot
