"""Number tokens by first appearance: hash tables that are filled in chunks and merged.

The bytes of token k are `pool[starts[k]:starts[k + 1]]`, eight to a uint64, the first byte
lowest. The last uint64 is filled up with zero bytes, at least one.

An open-addressed hash table finds the number of a token: `values[slot]`, where `keys[slot]` is the
key of the token, or 0 if the slot is empty. The key of a token that fits one uint64 is this uint64.
The key of a longer one is a hash of its bytes, with the highest bit set.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import ONE, ZERO, scattered

LONG = np.uint64(1 << 63)  # the bit that marks the key of a long token
EIGHT, WIDTH, LOW_BYTE = np.uint64(8), np.uint64(64), np.uint64(0xFF)

# The first zero byte of a uint64, and its place (Warren, Hacker's Delight, 6-1).
LOW_BITS = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x8080808080808080)
PLACES = np.uint64(0x0001020304050607)
SEVEN, TOP_BYTE = np.uint64(7), np.uint64(56)


def first_zero(bits):
    """Return the lowest bit of the first zero byte of a uint64; 0 if there is none."""
    zeros = (bits - LOW_BITS) & ~bits & HIGH_BITS
    return (zeros & (~zeros + ONE)) >> SEVEN


def place_of(lowest_bit):
    """Return the place of a byte, 0 to 7, by its lowest bit."""
    return np.int64(lowest_bit * PLACES >> TOP_BYTE)


def slot_of(key, pool, first, last, starts, keys, values):
    """Return the slot of the token `pool[first:last + 1]`, or the empty slot where it belongs."""
    return slot_in(key, pool, first, last, pool, starts, keys, values)


def slot_in(key, new_pool, first, last, pool, starts, keys, values):
    """Return the slot of a token of another pool, or the empty slot where it belongs."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO:
        if keys[slot] == key:
            if key < LONG:
                return slot
            known, new = starts[values[slot]], first
            while new < last and pool[known] == new_pool[new]:
                known += 1
                new += 1
            if new == last and pool[known] == new_pool[new]:
                return slot
        slot = (slot + ONE) & mask
    return slot


def mixed(key, bits):
    """Return the hash of a token so far, with eight more bytes."""
    return scattered(key ^ bits)


@kernel("void(uint8[::1], int64[::1], uint64[::1], int64[::1])")
def pack(data, offsets, pool, starts):
    """Write strings to a pool.

    Parameters
    ----------
    data : uint8 array
    offsets : int64 array, shape (n + 1,)
        String k has the bytes `data[offsets[k]:offsets[k + 1]]`, none of them 0.
    pool : uint64 array
        Receives the bytes, one uint64 for eight and one for the rest, even if that is empty.
    starts : int64 array, shape (n + 1,)
        Receives where each string begins in the pool, and where the last one ends.
    """
    last = 0
    for k in range(offsets.size - 1):
        starts[k] = last
        bits, shift = ZERO, ZERO
        for byte in data[offsets[k] : offsets[k + 1]]:
            bits |= np.uint64(byte) << shift
            shift += EIGHT
            if shift == WIDTH:
                pool[last] = bits
                last += 1
                bits, shift = ZERO, ZERO
        pool[last] = bits
        last += 1
    starts[offsets.size - 1] = last


@kernel("int64(uint64[::1], int64[::1], uint64[::1], int32[::1])")
def enter(pool, starts, keys, values):
    """Enter the tokens of a pool into an empty table; return one that is there twice, or -1."""
    for k in range(starts.size - 1):
        key, last = _key_of(pool, starts[k], starts[k + 1])
        slot = slot_of(key, pool, starts[k], last, starts, keys, values)
        if keys[slot] != ZERO:
            return k
        keys[slot], values[slot] = key, k
    return -1


@kernel(
    "void(uint64[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], int32[::1])"
)
def find(new_pool, new_starts, pool, starts, keys, values, numbers):
    """Write the number of each token, -1 if it is not known.

    The table is only read, so several threads may search it.
    """
    for k in range(new_starts.size - 1):
        key, last = _key_of(new_pool, new_starts[k], new_starts[k + 1])
        slot = slot_in(key, new_pool, new_starts[k], last, pool, starts, keys, values)
        numbers[k] = -1 if keys[slot] == ZERO else values[slot]


@kernel(
    "int64(uint64[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], int64,"
    " int32[::1])"
)
def merge(new_pool, new_starts, pool, starts, keys, values, n_known, numbers):
    """Add the tokens that `find` did not find; return how many are known then.

    Parameters
    ----------
    new_pool, new_starts
        Distinct tokens.
    pool, starts, keys, values
        The known tokens, with space for the new ones.
    n_known : int
    numbers : int32 array, shape (n_new,)
        What `find` wrote; receives the numbers of the tokens that are added.
    """
    for k in range(numbers.size):
        if numbers[k] < 0:
            start, end = new_starts[k], new_starts[k + 1]
            key, _ = _key_of(new_pool, start, end)
            _insert(key, n_known, keys, values)
            numbers[k] = n_known
            shift = starts[n_known] - start
            for i in range(start, end):
                pool[i + shift] = new_pool[i]
            n_known += 1
            starts[n_known] = end + shift
    return n_known


def _key_of(pool, start, end):
    """Return the key of a token and the index of its last uint64."""
    key = LONG
    for bits in pool[start : end - 1]:
        key = mixed(key, bits)
    bits = pool[end - 1]
    return mixed(key, bits) | LONG if end - 1 > start else bits, end - 1


@kernel("void(int32[::1], int32[::1], int32[::1])")
def renumber(ids, numbers, renumbered):
    """Write `numbers[ids]` to `renumbered`, which may be the same memory or lie before it."""
    for i in range(ids.size):
        renumbered[i] = numbers[ids[i]]


@kernel("void(uint64[::1], int32[::1], uint64[::1], int32[::1])")
def rehash(keys, values, larger_keys, larger_values):
    """Insert the entries of a hash table into a larger one, whose keys are all 0."""
    for old in range(keys.size):
        if keys[old] != ZERO:
            _insert(keys[old], values[old], larger_keys, larger_values)


def _insert(key, value, keys, values):
    """Insert a token that is not in a table."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO:
        slot = (slot + ONE) & mask
    keys[slot], values[slot] = key, value


@kernel("int64(uint64[::1], int64[::1], int64, uint8[::1], int64[::1])")
def spell(pool, starts, n_distinct, data, offsets):
    """Write the bytes of all tokens one after the other; return their number.

    Parameters
    ----------
    pool, starts
        The tokens.
    n_distinct : int
    data : uint8 array, eight bytes for each uint64 of the pool
        Receives the bytes.
    offsets : int64 array, shape (n_distinct + 1,)
        Receives where each token begins, and where the last one ends.
    """
    size = 0
    for k in range(n_distinct):
        offsets[k] = size
        for bits in pool[starts[k] : starts[k + 1]]:
            # All eight, because a processor cannot predict where a token ends. What is too much
            # is written over by the next one.
            eight = data[size : size + 8]
            for place in range(8):
                eight[place] = bits >> np.uint64(8 * place) & LOW_BYTE
            end_bit = first_zero(bits)
            size += 8 if end_bit == ZERO else place_of(end_bit)
    offsets[n_distinct] = size
    return size
