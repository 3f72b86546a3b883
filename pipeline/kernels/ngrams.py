"""Split, sort and spell n-grams of token ids."""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, ONE, ZERO

LOW_HALF = np.uint64(0xFFFFFFFF)
EIGHT, TOP_BYTE = np.uint64(8), np.uint64(56)


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
