"""The hash of a 64-bit key, for open-addressed tables.

Multiplying by the binary digits of the golden ratio scatters keys over the high bits of the product
(Fibonacci hashing; Knuth, The Art of Computer Programming 3, section 6.4). A table takes the low
bits, so the high half is mixed into the low one.
"""

import numpy as np

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
ZERO, ONE = np.uint64(0), np.uint64(1)
# The part of a table that may be filled: it stays small, and searches stay short.
FULL = 2 / 3


def scattered(key):
    """Return the hash of a key; all of its bits are good."""
    hashed = key * MULTIPLIER
    return hashed ^ hashed >> HALF
