"""The distinct tokens (types) of texts, numbered in order of first appearance."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline import arrow
from pipeline.kernels import types as kernels
from pipeline.kernels.hashing import FULL


class Types:
    """The distinct tokens met so far, numbered in order of first appearance."""

    def __init__(self) -> None:
        self._n = 0
        self._pool, self._starts = np.empty(0, np.uint64), np.zeros(1, np.int64)
        self._keys, self._values = np.zeros(1, np.uint64), np.empty(1, np.int32)

    def add(self, types: pa.LargeStringArray) -> np.ndarray:
        """Return the number of each of some distinct tokens: int32, shape (n_types,)."""
        data, offsets = arrow.buffers(types)
        n_words = (offsets[-1] - offsets[0]) // 8 + len(types)
        self._pool = _with_room(self._pool, self._starts[self._n] + n_words)
        self._starts = _with_room(self._starts, self._n + len(types) + 1)
        self._keys, self._values = table_for(self._keys, self._values, self._n + len(types))
        numbers = np.empty(len(types), np.int32)
        table = self._pool, self._starts, self._keys, self._values
        self._n = kernels.merge(data, offsets, *table, self._n, numbers)
        return numbers

    def find(self, types: pa.LargeStringArray) -> np.ndarray:
        """Return the number of each of some tokens, -1 for one that was not met."""
        data, offsets = arrow.buffers(types)
        longest = int(np.diff(offsets).max(initial=0)) // 8 + 1
        self._pool = _with_room(self._pool, int(self._starts[self._n]) + longest)
        numbers = np.empty(len(types), np.int32)
        table = self._pool, self._starts, self._keys, self._values
        kernels.find(data, offsets, *table, self._n, numbers)
        return numbers

    def __len__(self) -> int:
        return self._n

    def spelled(self) -> pa.LargeStringArray:
        """Return the tokens themselves, in the order of their numbers."""
        return spelled(self._pool, self._starts, self._n)


def spelled(pool: np.ndarray, starts: np.ndarray, n_types: int) -> pa.LargeStringArray:
    """Return the types of a pool as strings; `kernels.types` says how they are kept."""
    data, offsets = np.empty(8 * starts[n_types], np.uint8), np.empty(n_types + 1, np.int64)
    size = kernels.spell(pool, starts, n_types, data, offsets)
    return arrow.of_bytes(data[:size].copy(), offsets)


def _with_room(array: np.ndarray, size: int) -> np.ndarray:
    """Return an array with the same items that is at least so large; it doubles as it grows."""
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


def table_for(keys: np.ndarray, values: np.ndarray, n_types: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a table with the same entries that has room for so many types."""
    size = len(keys)
    while n_types > FULL * size:
        size *= 2
    if size == len(keys):
        return keys, values
    larger = np.zeros(size, np.uint64), np.empty(size, np.int32)
    kernels.rehash(keys, values, *larger)
    return larger
