"""The n-grams of a vocabulary as the counting kernel walks them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import arrow
from pipeline.kernels import ngrams as kernels
from pipeline.token_types import Types


@dataclass(frozen=True)
class Trie:
    """What the counting kernel needs of a vocabulary; `kernels.ngrams` says how it is read."""

    types: pa.LargeStringArray
    roots: np.ndarray
    edges: np.ndarray
    n_nodes: int
    max_n: int
    # Types whose numbers are known: those of the corpus that the vocabulary was learned from.
    learned: tuple[pa.LargeStringArray, np.ndarray] | None = None

    @functools.cached_property
    def _known(self) -> Types:
        return Types.of(self.types)

    def numbers(self, types: pa.LargeStringArray) -> np.ndarray:
        """Return the numbers of the tokens of some split, -1 for one that has none."""
        if self.learned is not None and self.learned[0] is types:
            return self.learned[1]
        return self._known.find(types)

    @classmethod
    def of(
        cls,
        types: pa.LargeStringArray,
        digits: np.ndarray,
        order: np.ndarray,
        learned: tuple[pa.LargeStringArray, np.ndarray] | None = None,
    ) -> Trie:
        """Build the trie of n-grams; `kernels.ngrams.build` says of what."""
        n_columns, max_n = digits.shape
        size, n_nodes = 4 << (3 * (n_columns + max_n) // 4 if max_n > 1 else 1).bit_length(), -1
        while n_nodes < 0:
            # Filled, not made as zeros, for large pages: a look at it is twice as fast.
            roots, edges = np.full(len(types), -1, np.int32), np.full(size, 0, np.uint64)
            path = np.empty(max_n, np.int32)
            n_nodes = kernels.build(digits, order, path, roots, edges)
            size *= 2
        return cls(types, roots, edges, n_nodes, max_n, learned)

    @classmethod
    def of_words(cls, words: pa.LargeStringArray) -> Trie:
        """Build the trie of n-grams that are given by name: tokens joined by spaces."""
        types, n = words, len(words)
        digits = np.arange(1, n + 1, dtype=np.int32)[:, np.newaxis]
        if pc.any(pc.match_substring(types, " ")).as_py():
            names = pc.split_pattern(types, " ")
            lengths = arrow.values(pc.list_value_length(names))
            encoded = names.flatten().dictionary_encode()
            types = encoded.dictionary
            digits = np.zeros((n, lengths.max()), np.int32)
            digits[np.arange(digits.shape[1]) < lengths[:, np.newaxis]] = (
                arrow.values(encoded.indices) + 1
            )
        # Shorter n-grams first, for those that begin a longer one must be there.
        order = np.argsort(np.count_nonzero(digits, axis=1), kind="stable")
        return cls.of(types, digits, order.astype(np.int32))
