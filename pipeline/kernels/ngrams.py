"""Split, sort and spell n-grams of token ids."""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import HALF, ONE, ZERO

LOW_HALF = np.uint64(0xFFFFFFFF)
EIGHT, TOP_BYTE = np.uint64(8), np.uint64(56)
U1, U2, U3, U4, U5, U6, U7 = map(np.uint64, range(1, 8))


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


@kernel(
    "int64(uint64[::1], int32[::1], int64[::1], int32[::1], int32[::1], int64, uint64[::1],"
    " int32[::1])"
)
def rank_ngrams(keys, frequency, wanted, places, ranks, n_bits, numbers, nodes):
    """Write n-grams as numbers that sort as they do, token by token; return how many.

    Parameters
    ----------
    keys, frequency : uint64 and int32 arrays, shape (n_nodes,)
        The n-grams of a `Level`.
    wanted : int64 array, shape (3,)
        The least frequency, and the range of the places of prefixes: the rest is left out.
    places : int32 array
        The place in alphabetical order of each node of the previous level. That of the prefix
        stands in the high bits of a number.
    ranks : int32 array, shape (n_distinct,)
        The rank of each token. That of the last token stands in the low bits.
    n_bits : int
        The number of low bits.
    numbers, nodes : uint64 and int32 arrays, shape (n_nodes,)
        Receive the numbers and the nodes that they stand for.
    """
    n = 0
    for node in range(keys.size):
        if frequency[node] >= wanted[0]:
            key = keys[node] - ONE
            place = places[key >> HALF]
            if wanted[1] <= place < wanted[2]:
                rank = np.uint64(ranks[key & LOW_HALF])
                numbers[n], nodes[n] = np.uint64(place) << np.uint64(n_bits) | rank, node
                n += 1
    return n


@kernel("void(uint64[::1], int32[::1], int64, int64[::1], uint64[::1], int32[::1])")
def sort_by_bits(numbers, values, shift, starts, sorted_numbers, sorted_values):
    """Sort numbers by some of their bits, and values with them: as `sort_stably`.

    Parameters
    ----------
    numbers, values : uint64 and int32 arrays, shape (n,)
    shift : int
        How many lower bits are left out.
    starts : int64 array of zeros, a power of two long, and one more
        Workspace: as many bits count as its length needs.
    sorted_numbers, sorted_values : uint64 and int32 arrays, shape (n,)
        Receive them by these bits; what has the same keeps its order.
    """
    by, mask = np.uint64(shift), np.uint64(starts.size - 2)
    for number in numbers:
        starts[(number >> by & mask) + ONE] += 1
    for d in range(1, starts.size):
        starts[d] += starts[d - 1]
    for i in range(numbers.size):
        d = numbers[i] >> by & mask
        sorted_numbers[starts[d]], sorted_values[starts[d]] = numbers[i], values[i]
        starts[d] += 1


@kernel(
    "int64(uint64[::1], int32[::1], int64[::1], int64, int64, int64, int64[:, ::1], int32[:, ::1],"
    " int32[::1])"
)
def merge_levels(numbers, frequency, starts, n_bits, low, high, state, digits, kept):
    """Write the n-grams of all levels in alphabetical order; return how many.

    An n-gram comes before those that it is a prefix of.

    Parameters
    ----------
    numbers : uint64 array
        From `rank_ngrams`, sorted, one level after the other. Single tokens have the prefix 0.
    frequency : int32 array, of the same shape
    starts : int64 array, shape (n_levels + 1,)
        Where each level begins.
    n_bits : int
        As in `rank_ngrams`.
    low, high : int
        Bounds on the frequencies to keep, the second not included.
    state : int64 array, shape (3, n_levels + 1)
        Workspace: of each level the next n-gram, at first `starts`; the place of the prefix, at
        first 0; and the digit.
    digits : int32 array, shape (n, n_levels)
        Receives the rank plus one of each token, and zeros after the last.
    kept : int32 array, shape (n,)
        Receives the frequencies.
    """
    following, prefixes, path = state[0], state[1], state[2]
    bits, mask = np.uint64(n_bits), (ONE << np.uint64(n_bits)) - ONE
    k, n = 0, 0
    while k >= 0:
        place = following[k]
        # The n-grams with one prefix follow each other, in the order of their prefixes.
        if k == starts.size - 1 or place == starts[k + 1] or numbers[place] >> bits != prefixes[k]:
            k -= 1
            continue
        following[k] += 1
        prefixes[k + 1] = place - starts[k]
        path[k] = (numbers[place] & mask) + ONE
        if low <= frequency[place] < high:
            for column in range(digits.shape[1]):
                digits[n, column] = path[column] if column <= k else 0
            kept[n] = frequency[place]
            n += 1
        k += 1
    return n


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
                _copy_eight(data, np.uint64(i), spelled, np.uint64(at))
            size += starts[token + 1] - starts[token]


def _copy_eight(source, i, target, at):
    """Copy eight bytes, by one load and one store.

    The indices are unsigned: numba checks whether one with a sign is negative, for every byte.
    """
    b0, b1, b2, b3 = source[i], source[i + U1], source[i + U2], source[i + U3]
    b4, b5, b6, b7 = source[i + U4], source[i + U5], source[i + U6], source[i + U7]
    target[at], target[at + U1], target[at + U2], target[at + U3] = b0, b1, b2, b3
    target[at + U4], target[at + U5], target[at + U6], target[at + U7] = b4, b5, b6, b7
