"""Number the distinct n-grams of token ids, count their documents, sort and spell them.

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
    last : int64 array, shape (n_distinct,), of -1
        Workspace: the last document that holds each token.
    frequency : int32 array, shape (n_distinct,), of zeros
        Receives the number of documents.

    Examples
    --------
    Three documents, (0, 0), (1,) and (0, 1):

    >>> import numpy as np
    >>> ids, offsets = np.array([0, 0, 1, 0, 1], np.int32), np.array([0, 2, 3, 5])
    >>> frequency = np.zeros(2, np.int32)
    >>> document_frequency(ids, offsets, np.full(2, -1), frequency)
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
            sizes[partition(edge_key(prefixes[i], ids[i + n - 1]), shift)] += 1


@kernel(
    "void(int32[::1], int64[::1], int32[::1], int64, uint64, int64[::1], uint64[::1], int32[::1])"
)
def spread(ids, offsets, prefixes, n, shift, ends, keys, positions):
    """Write the key and the position of every n-gram to its partition, in order of position.

    Parameters
    ----------
    ids : int32 array, shape (n_tokens,)
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    prefixes : int32 array, shape (n_tokens,)
        The node of the (n - 1)-gram that begins at each position.
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


@kernel("void(uint8[::1], int64[::1], uint64[::1])")
def first_bytes(data, offsets, numbers):
    """Write the first eight bytes of each string as one number, which sorts as they do.

    Parameters
    ----------
    data : uint8 array
    offsets : int64 array, shape (n + 1,)
        String k has the bytes `data[offsets[k]:offsets[k + 1]]`.
    numbers : uint64 array, shape (n,)
        Receives the numbers: the first byte is the highest, and missing bytes are 0.

    Examples
    --------
    >>> import numpy as np
    >>> data, numbers = np.frombuffer(b"agood", np.uint8), np.empty(2, np.uint64)
    >>> first_bytes(data, np.array([0, 1, 5]), numbers)
    >>> [f"{number:016x}" for number in numbers.tolist()]
    ['6100000000000000', '676f6f6400000000']
    """
    for k in range(numbers.size):
        bits, shift = ZERO, TOP_BYTE
        for byte in data[offsets[k] : min(offsets[k] + 8, offsets[k + 1])]:
            bits |= np.uint64(byte) << shift
            shift -= EIGHT
        numbers[k] = bits


@kernel("void(uint64[::1], int64[::1], int32[::1], int32[:, ::1], int64)")
def split_last(keys, nodes, place, digits, k):
    """Split n-grams of k + 1 tokens into their prefixes and their last tokens.

    Parameters
    ----------
    keys : uint64 array
        From `number`.
    nodes : int64 array, shape (n,)
        N-grams of k + 1 tokens; replaced by their prefixes.
    place : int32 array, shape (n_distinct,)
        The digit of each token.
    digits : int32 array, shape (n, max_n)
        Column k receives the digits of the last tokens.
    k : int
    """
    for i in range(nodes.size):
        key = keys[nodes[i]] - ONE
        digits[i, k] = place[key & LOW_HALF]
        nodes[i] = key >> HALF


@kernel("void(int32[:, ::1], int64, int32[::1], int32[::1], int64[::1], int32[::1])")
def sort_stably(digits, k, order, digit, starts, sorted_order):
    """Sort by one digit: a counting sort, the step of a radix sort (Knuth 3, section 5.2.5).

    Parameters
    ----------
    digits : int32 array, shape (n, n_digits)
        The digits of every item, all >= 0.
    k : int
        The column to sort by.
    order : int32 array, shape (n,)
        The items in the order so far.
    digit : int32 array, shape (n,)
        Workspace: digit k of each item, gathered once because it lies anywhere in memory.
    starts : int64 array of zeros, shape (largest digit + 2,)
        Workspace.
    sorted_order : int32 array, shape (n,)
        Receives the items by digit; items with the same digit keep their order.
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
    """Write where the name of each n-gram begins, in bytes, and where the last one ends.

    Parameters
    ----------
    digits : int32 array, shape (n_ngrams, max_n)
        The tokens of each n-gram, numbered from 1; 0 behind the last.
    order : int32 array, shape (n_names,)
        The n-grams to name.
    lengths : int64 array, shape (n_tokens,)
        The number of bytes of each token.
    ends : int64 array, shape (n_names + 1,)
        Receives the positions.
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
        The bytes of the tokens, followed by eight more, and where each token begins.
    digits, order
        As in `name_ends`.
    spelled : uint8 array
        Receives the names, one after the other.
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
            # Eight bytes at a time, because a processor cannot predict where a token ends. What
            # is too much is written over by the next token.
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
