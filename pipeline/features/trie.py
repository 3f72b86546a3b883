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
    edges : uint64 array
        The hash table of edges.
    n_nodes, n_bits, max_n : int
        The number of nodes, the bits that each fits into, and the length of the longest n-gram.
    learned : tuple, optional
        The distinct tokens of the corpus that the vocabulary was learned from, and their
        positions in `distinct`. They need not be looked up again.
    """

    distinct: pa.LargeStringArray
    roots: np.ndarray
    edges: np.ndarray
    n_nodes: int
    n_bits: int
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

    def params(self, n_columns: int) -> np.ndarray:
        """Return the parameters of the kernels that walk the trie: int64."""
        params = np.zeros(kernels.N_PARAMS, np.int64)
        params[kernels.MAX_N], params[kernels.N_COLUMNS] = self.max_n, n_columns
        params[kernels.N_NODES], params[kernels.N_BITS] = self.n_nodes, self.n_bits
        return params

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
        # A prefix of two tokens or more may be a node that is no column. All fit into int32.
        n_bits = min(31, (n_roots + n_columns * max(0, max_n - 2)).bit_length())
        bits = max(1, (n_columns // PARTITION).bit_length())
        given = digits, columns, roots, n_roots, n_bits, 64 - bits, path
        sizes = np.zeros(1 << bits, np.int64)
        n_nodes = kernels.list_edges(*given, sizes, np.empty(0, np.uint64), np.empty(0, np.int32))
        n_edges = int(sizes.sum())
        hashes, children = np.empty(n_edges, np.uint64), np.empty(n_edges, np.int32)
        kernels.list_edges(*given, np.cumsum(sizes) - sizes, hashes, children)
        n_buckets = int(1.6 * n_edges) // kernels.BUCKET + 1
        while True:
            edges = _buckets(n_buckets)
            kernels.insert(hashes, children, n_nodes, n_bits, edges)
            if _longest_search(edges) <= _reach(n_buckets, n_bits):
                return cls(distinct, roots, edges, n_nodes, n_bits, max_n, learned)
            n_buckets *= 2

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


def _longest_search(edges: np.ndarray) -> int:
    """Return the number of buckets that the longest search visits: full ones, and one more."""
    last = np.flatnonzero(edges[kernels.BUCKET - 1 :: kernels.BUCKET] == 0)
    n_buckets = len(edges) // kernels.BUCKET
    return int(np.diff(last, append=last[:1] + n_buckets).max())


def _reach(n_buckets: int, n_bits: int) -> int:
    """Return how many buckets a search can visit whose entries all have tags of their own.

    A tag repeats when the hash has grown by 2^(128 - 3 n_bits); the hashes of a bucket span less
    than 2^64 / n_buckets + 2^32.
    """
    return (n_buckets << 128 >> 3 * n_bits) // (2**64 + (n_buckets << 32))
