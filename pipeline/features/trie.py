"""The trie of a vocabulary's n-grams, which the counting kernel walks."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.features.levels import PARTITION
from pipeline.features.ngrams import in_alphabetical_order
from pipeline.kernels import counting as kernels
from pipeline.storage import arrow
from pipeline.tokens.distinct import DistinctTokens, there_twice


@dataclass(frozen=True)
class Trie:
    """The trie of a vocabulary. `kernels.counting` describes its layout.

    Attributes
    ----------
    distinct : pyarrow.LargeStringArray, length n_tokens
        The tokens that occur in an n-gram of the vocabulary, and maybe others.
    roots : int32 array, shape (n_tokens,)
        The root of each token, or -1.
    edges, children : uint64 and int32 arrays
        The hash table of edges.
    n_nodes, max_n : int
    learned : tuple, optional
        The distinct tokens of the corpus that the vocabulary was learned from, and their
        positions in `distinct`. They need not be looked up again.
    """

    distinct: pa.LargeStringArray
    roots: np.ndarray
    edges: np.ndarray
    children: np.ndarray
    n_nodes: int
    max_n: int
    learned: tuple[pa.LargeStringArray, np.ndarray] | None = None

    @functools.cached_property
    def _known(self) -> DistinctTokens:
        return DistinctTokens.of(self.distinct)

    def roots_of(self, distinct: pa.LargeStringArray) -> np.ndarray:
        """Return the root of each distinct token of a corpus, or `n_nodes`: int32."""
        if self.learned is not None and self.learned[0] is distinct:
            numbers = self.learned[1]
        else:
            numbers = self._known.find(distinct)
        roots = np.where(numbers >= 0, self.roots[numbers], -1)
        return np.where(roots >= 0, roots, self.n_nodes).astype(np.int32)

    @classmethod
    def of(
        cls,
        distinct: pa.LargeStringArray,
        digits: np.ndarray,
        columns: np.ndarray,
        n_columns: int,
        learned: tuple[pa.LargeStringArray, np.ndarray] | None = None,
    ) -> Trie:
        """Build the trie of the n-grams `digits` that have columns; see `kernels.counting`."""
        max_n = digits.shape[1]
        roots, path = np.full(len(distinct), -1, np.int32), np.empty(max_n, np.int32)
        n_roots = kernels.assign_roots(digits, columns, n_columns, roots)
        bits = max(1, (n_columns // PARTITION).bit_length())
        given = digits, columns, roots, n_roots, 64 - bits, path
        sizes = np.zeros(1 << bits, np.int64)
        n_nodes = kernels.list_edges(*given, sizes, np.empty(0, np.uint64), np.empty(0, np.int32))
        n_edges = int(sizes.sum())
        keys, nodes = np.empty(n_edges, np.uint64), np.empty(n_edges, np.int32)
        kernels.list_edges(*given, np.cumsum(sizes) - sizes, keys, nodes)
        edges = _buckets(int(1.6 * n_edges) // kernels.BUCKET + 1)
        children = np.empty(len(edges) + 1, np.int32)
        children[-1] = n_nodes
        kernels.insert(keys, nodes, edges, children)
        return cls(distinct, roots, edges, children, n_nodes, max_n, learned)

    @classmethod
    def of_words(cls, words: pa.LargeStringArray) -> Trie:
        """Build the trie of a vocabulary's words: tokens joined by spaces."""
        distinct, n = words, len(words)
        digits = np.arange(1, n + 1, dtype=np.int32)[:, np.newaxis]
        if pc.any(pc.match_substring(distinct, " ")).as_py():
            names = pc.split_pattern(distinct, " ")
            lengths = arrow.values(pc.list_value_length(names))
            encoded = names.flatten().dictionary_encode()
            distinct = encoded.dictionary
            digits = np.zeros((n, lengths.max()), np.int32)
            digits[np.arange(digits.shape[1]) < lengths[:, np.newaxis]] = (
                arrow.values(encoded.indices) + 1
            )
        digits, columns = in_alphabetical_order(digits, np.arange(n, dtype=np.int32))
        is_same = digits[1:, 0] == digits[:-1, 0]
        for column in range(1, digits.shape[1]):
            is_same &= digits[1:, column] == digits[:-1, column]
        if is_same.any():
            raise there_twice(words[int(columns[is_same.argmax()])].as_py())
        return cls.of(distinct, digits, columns, n)


def _buckets(n: int) -> np.ndarray:
    """Return `n` buckets of zeros, aligned to cache lines.

    The array is filled, because NumPy asks for large pages then, unlike in `numpy.zeros`. A
    lookup is twice as fast with them.
    """
    room = np.full((n + 1) * kernels.BUCKET, 0, np.uint64)
    start = -room.ctypes.data % (8 * kernels.BUCKET) // 8
    return room[start : start + n * kernels.BUCKET]
