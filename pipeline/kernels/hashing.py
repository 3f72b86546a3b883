"""Hashing of 64-bit keys, for open-addressed tables.

Multiplication by the golden ratio's binary digits scatters keys over the high bits of the
product (Fibonacci hashing; Knuth, The Art of Computer Programming 3, section 6.4); a
table takes the low ones, so the two halves are mixed.
"""

import numpy as np

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
ZERO, ONE = np.uint64(0), np.uint64(1)
# A table may be filled so far: then it is small, and a search is still short.
FULL = 2 / 3


def scattered(key):
    """Return the hash of a key, of which any bits may be used."""
    hashed = key * MULTIPLIER
    return hashed ^ hashed >> HALF
