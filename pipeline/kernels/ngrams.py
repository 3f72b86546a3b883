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
EIGHT, TOP_BYTE = np.uint64(8), np.uint64(56)


@kernel("void(int32[::1], int64[::1], int64[::1], int32[::1])")
def document_frequency(ids, offsets, last, frequency):
    """Count the documents that hold each token.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    last : int64 array, shape (n_types,), of -1
        Workspace to work in: the last document that held each type.
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
            sizes[partition(edge_key(above[i], ids[i + n - 1]), shift)] += 1


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
        From `spread`. Changed to the keys of the distinct n-grams, and the number of
        documents that hold each; 0 behind the last.
    offsets : int64 array, shape (n_documents + 1,)
    first : int
        The node of the first distinct one; the others follow.
    known, numbers : uint64 array of zeros and int32 array, a power of two long
        Workspace for a table from a key to the n-gram's number in the partition.
    last : int32 array, shape (n_ngrams,)
        Workspace to work in: the last document that held each.
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
            # In the place of one that was read before, or is this.
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


@kernel("void(uint8[::1], int64[::1], uint64[::1])")
def first_bytes(data, offsets, words):
    """Write the first eight bytes of each string as a number, the first one highest.

    Parameters
    ----------
    data : uint8 array
    offsets : int64 array, shape (n + 1,)
        The bytes of the strings, and where each begins.
    words : uint64 array, shape (n,)
        Zeros stand for bytes behind the end.
    """
    for t in range(words.size):
        word, shift = ZERO, TOP_BYTE
        for byte in data[offsets[t] : min(offsets[t] + 8, offsets[t + 1])]:
            word |= np.uint64(byte) << shift
            shift -= EIGHT
        words[t] = word


@kernel("void(uint64[::1], int64[::1], int32[::1], int32[:, ::1], int64)")
def take_apart(keys, nodes, place, digits, k):
    """Write the last token of some n-grams to their rows of digits; go on with the rest of each.

    Parameters
    ----------
    keys : uint64 array
        Of a level, from `number`.
    nodes : int64 array, shape (n,)
        N-grams of it; changed to those of the level above that they begin with.
    place : int32 array, shape (n_types,)
        The digit of each token.
    digits : int32 array, shape (n, max_n)
    k : int
        The place of the last token.
    """
    for i in range(nodes.size):
        key = keys[nodes[i]] - ONE
        digits[i, k] = place[key & LOW_HALF]
        nodes[i] = key >> HALF


@kernel("void(int32[:, ::1], int64, int32[::1], int32[::1], int64[::1], int32[::1])")
def sort_stably(digits, k, order, digit, starts, sorted_order):
    """Sort by one digit: counting sort, the step of a radix sort (Knuth 3, section 5.2.5).

    Parameters
    ----------
    digits : int32 array, shape (n, n_digits)
        The digits of every item, >= 0.
    k : int
        Which one to sort by.
    order : int32 array, shape (n,)
        The items in the order so far.
    digit : int32 array, shape (n,)
        Workspace to work in: what to sort by. Each is far from the one before, and is fetched once.
    starts : int64 array of zeros, one longer than the largest digit and 1
        Workspace to work in.
    sorted_order : int32 array, shape (n,)
        Receives the items by digit, those of one digit in the order so far.
    """
    for i in range(order.size):
        digit[i] = digits[order[i], k]
        starts[digit[i] + 1] += 1
    for d in range(1, starts.size):
        starts[d] += starts[d - 1]
    for i in range(order.size):
        sorted_order[starts[digit[i]]] = order[i]
        starts[digit[i]] += 1


@kernel("void(int32[:, ::1], int32[::1], int64[::1], int64[::1])")
def name_ends(digits, order, lengths, ends):
    """Write where the name of each n-gram begins, in bytes, and the last one ends.

    Parameters
    ----------
    digits : int32 array, shape (n_ngrams, max_n)
        Their tokens, numbered from 1; 0 behind the last.
    order : int32 array, shape (n_names,)
        Those whose names are wanted.
    lengths : int64 array, shape (n_types,)
        The number of bytes of each type.
    ends : int64 array, shape (n_names + 1,)
    """
    end = 0
    for c in range(order.size):
        ends[c] = end
        for digit in digits[order[c]]:
            if digit > 0:
                end += lengths[digit - 1] + 1
        end -= 1
    ends[order.size] = end


@kernel("void(uint8[::1], int64[::1], int32[:, ::1], int32[::1], uint8[::1])")
def spell(data, starts, digits, order, spelled):
    """Write the names of n-grams: their tokens with a space between them.

    Parameters
    ----------
    data, starts : uint8 and int64 arrays
        The bytes of the types, where each begins, and eight bytes more.
    digits, order
        As in `name_ends`.
    spelled : uint8 array
        Receives the names, one behind the other.
    """
    size = 0
    for c in range(order.size):
        for k in range(digits.shape[1]):
            token = digits[order[c], k] - 1
            if token < 0:
                break
            if k > 0:
                spelled[size] = 0x20
                size += 1
            # Eight bytes at a time, of which those too many are written again: where a token
            # ends is not to be guessed.
            for i in range(starts[token], starts[token + 1], 8):
                at = size + i - starts[token]
                if at + 8 > spelled.size:
                    for rest in range(spelled.size - at):
                        spelled[at + rest] = data[i + rest]
                    break
                b0, b1, b2, b3 = data[i], data[i + 1], data[i + 2], data[i + 3]
                b4, b5, b6, b7 = data[i + 4], data[i + 5], data[i + 6], data[i + 7]
                spelled[at], spelled[at + 1], spelled[at + 2], spelled[at + 3] = b0, b1, b2, b3
                spelled[at + 4], spelled[at + 5], spelled[at + 6] = b4, b5, b6
                spelled[at + 7] = b7
            size += starts[token + 1] - starts[token]


def edge_key(node, token):
    """Name an edge; never zero."""
    return (np.uint64(node) << HALF | np.uint64(token)) + ONE


def partition(key, shift):
    """Return the partition of a key: the first bits of its hash."""
    return np.int64((key * MULTIPLIER) >> shift)


def _slot(keys, key):
    """Return the slot that holds a key, or the free one where it belongs."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO and keys[slot] != key:
        slot = (slot + ONE) & mask
    return slot
