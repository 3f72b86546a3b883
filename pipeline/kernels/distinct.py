"""The distinct tokens (types) of texts, numbered in order of first appearance.

The bytes of type k are kept eight to a word, the first byte lowest:
`pool[starts[k]:starts[k + 1]]`, of which only the last word ends in a zero byte. An
open-addressed table leads from a type's key to its number: a free slot of `keys` is zero,
and `values` holds the number.
"""

import numpy as np

from pipeline.kernels.compiled import kernel
from pipeline.kernels.hashing import ONE, ZERO, scattered

# The key of a type of eight bytes or more is a hash with this bit. That of a shorter
# one is the word that holds it, whose last byte is zero.
LONG = np.uint64(1 << 63)
EIGHT, WIDTH = np.uint64(8), np.uint64(64)


def slot_of(key, pool, first, last, starts, keys, values):
    """Return the slot of the type `pool[first:last + 1]`, or the free one where it belongs."""
    mask = np.uint64(keys.size - 1)
    slot = scattered(key) & mask
    while keys[slot] != ZERO:
        if keys[slot] == key:
            if key < LONG:
                return slot
            known, new = starts[values[slot]], first
            while new < last and pool[known] == pool[new]:
                known += 1
                new += 1
            if new == last and pool[known] == pool[new]:
                return slot
        slot = (slot + ONE) & mask
    return slot


def mixed(key, word):
    """Go on hashing a type of several words."""
    return scattered(key ^ word)


@kernel("void(uint8[::1], int64[::1], uint64[::1], int64[::1])")
def pack(data, offsets, pool, starts):
    """Write strings to a pool.

    Parameters
    ----------
    data : uint8 array
    offsets : int64 array, shape (n + 1,)
        The bytes of the strings, without zeros, and where each begins.
    pool : uint64 array
        Receives their words: one for eight bytes, and one for what is left or for none.
    starts : int64 array, shape (n + 1,)
        Receives where each begins.
    """
    last = 0
    for t in range(offsets.size - 1):
        starts[t] = last
        word, shift = ZERO, ZERO
        for byte in data[offsets[t] : offsets[t + 1]]:
            word |= np.uint64(byte) << shift
            shift += EIGHT
            if shift == WIDTH:
                pool[last] = word
                last += 1
                word, shift = ZERO, ZERO
        pool[last] = word
        last += 1
    starts[offsets.size - 1] = last


@kernel(
    "int64(uint64[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], int64,"
    " int32[::1])"
)
def merge(new_pool, new_starts, pool, starts, keys, values, n_types, numbers):
    """Add types to those that are known; return how many there are then.

    Parameters
    ----------
    new_pool, new_starts
        The types to add.
    pool, starts, keys, values, n_types
        Those that are known, with room for the others.
    numbers : int32 array, shape (n_new,)
        Receives the number of each added type among all.
    """
    for t in range(new_starts.size - 1):
        first = starts[n_types]
        key, last = _copied(new_pool, new_starts[t], new_starts[t + 1], pool, first)
        slot = slot_of(key, pool, first, last, starts, keys, values)
        if keys[slot] == ZERO:
            keys[slot] = key
            values[slot] = n_types
            n_types += 1
            starts[n_types] = last + 1
        numbers[t] = values[slot]
    return n_types


@kernel(
    "void(uint64[::1], int64[::1], uint64[::1], int64[::1], uint64[::1], int32[::1], int64,"
    " int32[::1])"
)
def find(new_pool, new_starts, pool, starts, keys, values, n_types, numbers):
    """Write the number of each type, -1 for one that is not known; as `merge`, but adds none."""
    first = starts[n_types]
    for t in range(new_starts.size - 1):
        key, last = _copied(new_pool, new_starts[t], new_starts[t + 1], pool, first)
        slot = slot_of(key, pool, first, last, starts, keys, values)
        numbers[t] = -1 if keys[slot] == ZERO else values[slot]


def _copied(words, start, end, pool, first):
    """Copy a type's words to the pool; return its key and the last word's place."""
    last, key = first, LONG
    for w in range(start, end - 1):
        pool[last] = words[w]
        last += 1
        key = mixed(key, words[w])
    pool[last] = words[end - 1]
    return mixed(key, words[end - 1]) | LONG if last > first else words[end - 1], last


@kernel("void(int32[::1], int32[::1], int32[::1])")
def renumber(ids, numbers, renumbered):
    """Write `numbers[ids]` to `renumbered`, which may be the same memory or lie before it."""
    for i in range(ids.size):
        renumbered[i] = numbers[ids[i]]


@kernel("void(uint64[::1], int32[::1], uint64[::1], int32[::1])")
def rehash(keys, values, new_keys, new_values):
    """Enter what a table holds into a larger one, whose keys are zeros."""
    mask = np.uint64(new_keys.size - 1)
    for old in range(keys.size):
        if keys[old] != ZERO:
            slot = scattered(keys[old]) & mask
            while new_keys[slot] != ZERO:
                slot = (slot + ONE) & mask
            new_keys[slot] = keys[old]
            new_values[slot] = values[old]


@kernel("int64(uint64[::1], int64[::1], int64, uint8[::1], int64[::1])")
def spell(pool, starts, n_types, data, offsets):
    """Write the types' bytes one after the other, and where each begins; return their number."""
    size = 0
    for k in range(n_types):
        offsets[k] = size
        for w in range(starts[k], starts[k + 1]):
            word = pool[w]
            while word != ZERO:
                data[size] = word & np.uint64(0xFF)
                size += 1
                word >>= np.uint64(8)
    offsets[n_types] = size
    return size
