"""The growing table of distinct tokens, to which each block adds its own."""

from __future__ import annotations

from typing import Self

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.kernels import distinct as kernels
from pipeline.kernels.hashing import FULL
from pipeline.parallel import in_slices
from pipeline.storage import arrow

# Tokens that a thread looks up at a time.
SEARCH = 1 << 15


class DistinctTokens:
    """A table of distinct tokens, numbered in order of first appearance.

    Attributes
    ----------
    pool, starts : uint64 and int64 arrays
        The tokens, and room for more; `kernels.distinct` describes the layout.
    keys, values : uint64 and int32 arrays
        The hash table that finds them.
    n : int
        The number of distinct tokens.

    Examples
    --------
    >>> found = DistinctTokens.of(arrow.strings(["a", "film"]))
    >>> found.add(DistinctTokens.of(arrow.strings(["good", "film"])))
    array([2, 1], dtype=int32)
    >>> found.spelled().to_pylist()
    ['a', 'film', 'good']
    >>> found.find(arrow.strings(["film", "bad"]))
    array([ 1, -1], dtype=int32)
    """

    def __init__(self, pool: np.ndarray | None = None, starts: np.ndarray | None = None) -> None:
        self.pool = np.empty(0, np.uint64) if pool is None else pool
        self.starts = np.empty(1, np.int64) if starts is None else starts
        self.starts[0] = 0
        self.keys, self.values = np.zeros(1, np.uint64), np.empty(1, np.int32)
        self.n = 0

    @classmethod
    def of(cls, strings: pa.LargeStringArray) -> Self:
        """Return a table of the given strings, which must be distinct.

        Raises
        ------
        RunError
            If one is there twice.
        """
        distinct = cls(*_packed(strings))
        distinct.n = len(strings)
        distinct.reserve(distinct.n)
        twice = kernels.enter(distinct.pool, distinct.starts, distinct.keys, distinct.values)
        if twice >= 0:
            raise there_twice(strings[twice].as_py())
        return distinct

    def add(self, other: DistinctTokens) -> np.ndarray:
        """Add the tokens of another table; return their numbers here: int32, shape (other.n,)."""
        if self.n:
            return self._merge(other.pool, other.starts[: other.n + 1])
        self.n, self.keys, self.values = other.n, other.keys, other.values
        self.starts = other.starts[: self.n + 1].copy()
        self.pool = other.pool[: self.starts[self.n]].copy()
        return np.arange(self.n, dtype=np.int32)

    def find(self, strings: pa.LargeStringArray) -> np.ndarray:
        """Return the number of each string, or -1 if it is not in the table: int32."""
        return self._find(*_packed(strings))

    def find_all(self, other: DistinctTokens) -> np.ndarray:
        """Return the number here of each token of another table, or -1: int32, shape (other.n,)."""
        return self._find(other.pool, other.starts[: other.n + 1])

    def _find(self, pool: np.ndarray, starts: np.ndarray) -> np.ndarray:
        numbers = np.empty(len(starts) - 1, np.int32)
        table = self.pool, self.starts, self.keys, self.values

        def find(part: slice) -> None:
            kernels.find(pool, starts[part.start : part.stop + 1], *table, numbers[part])

        in_slices(find, len(numbers), SEARCH)
        return numbers

    def spelled(self) -> pa.LargeStringArray:
        """Return the tokens as strings, in the order of their numbers."""
        data = np.empty(8 * self.starts[self.n], np.uint8)
        offsets = np.empty(self.n + 1, np.int64)
        size = kernels.spell(self.pool, self.starts, self.n, data, offsets)
        return arrow.of_bytes(data[:size].copy(), offsets)

    def reserve(self, n_distinct: int) -> None:
        """Make the hash table large enough for `n_distinct` tokens."""
        size = len(self.keys)
        while n_distinct > FULL * size:
            size *= 2
        if size > len(self.keys):
            larger = np.zeros(size, np.uint64), np.empty(size, np.int32)
            kernels.rehash(self.keys, self.values, *larger)
            self.keys, self.values = larger

    def _merge(self, pool: np.ndarray, starts: np.ndarray) -> np.ndarray:
        numbers = self._find(pool, starts)
        most = self.n + int(np.count_nonzero(numbers < 0))
        self.pool = _with_room(self.pool, int(self.starts[self.n] + starts[-1]))
        self.starts = _with_room(self.starts, most + 1)
        self.reserve(most)
        table = self.pool, self.starts, self.keys, self.values
        self.n = kernels.merge(pool, starts, *table, self.n, numbers)
        return numbers


def there_twice(word: str) -> RunError:
    """Return the error of a vocabulary that holds a word twice."""
    return RunError(f"the vocabulary holds {word!r} twice; expected distinct features")


def _packed(strings: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Return strings as `kernels.distinct` keeps them: uint64s, and where each string begins."""
    data, offsets = arrow.buffers(strings)
    pool = np.empty((offsets[-1] - offsets[0]) // 8 + len(strings), np.uint64)
    starts = np.empty(len(strings) + 1, np.int64)
    kernels.pack(data, offsets, pool, starts)
    return pool, starts


def _with_room(array: np.ndarray, size: int) -> np.ndarray:
    """Return an array of at least `size` items that begins with the same ones; it doubles."""
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
