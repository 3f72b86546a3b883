"""N-grams of tokens that may become features: found, sorted and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.features.levels import find_ngrams
from pipeline.features.ngrams import alphabet_of, names_of, read_levels
from pipeline.features.trie import Trie
from pipeline.parallel import ordered_map
from pipeline.storage import arrow
from pipeline.tokens.tokens import Tokens


@dataclass(frozen=True)
class WordNgrams:
    """N-grams of the tokens of a corpus, in alphabetical order, token by token.

    Attributes
    ----------
    distinct : pyarrow.LargeStringArray, length n_distinct
        The distinct tokens in code-point order.
    digits : int32 array, shape (n_ngrams, longest)
        The tokens of each n-gram by their index in `distinct`, plus one; zeros after the last.
    frequency : int32 array, shape (n_ngrams,)
        The number of documents that hold each.
    learned : tuple
        The distinct tokens of the corpus, and the index of each in `distinct`.
    """

    distinct: pa.LargeStringArray
    digits: np.ndarray
    frequency: np.ndarray
    learned: tuple[pa.LargeStringArray, np.ndarray]

    @classmethod
    def of(cls, tokens: Tokens, longest: int, bounds: range) -> WordNgrams:
        """Find the n-grams of a corpus whose document frequency is within bounds.

        Parameters
        ----------
        tokens : Tokens
        longest : int
            The length of the longest n-grams; shorter ones are found, too.
        bounds : range
            The document frequencies to keep.

        Examples
        --------
        >>> from pipeline.tokens.tokenizer import Tokenizer
        >>> found = WordNgrams.of(Tokenizer()(["not a film", "a film"]), 2, range(2, 3))
        >>> found.features(np.array([2, 1, 0], np.int32))[0].to_pylist()
        ['film', 'a film', 'a']
        """
        # Tokens that are numbered in code-point order are digits, and n-grams are numbers that a
        # radix sort can sort.
        levels, (alphabet, rank, distinct) = _in_threads(
            lambda: find_ngrams(tokens, longest, bounds.start),
            lambda: _ranked(tokens.distinct),
        )
        digits, frequency = read_levels(levels, alphabet, rank, bounds)
        return cls(distinct, digits, frequency, (tokens.distinct, rank))

    def features(self, chosen: np.ndarray) -> tuple[pa.LargeStringArray, Trie]:
        """Return the names of some n-grams, and the trie that finds them, numbered in this order.

        Parameters
        ----------
        chosen : int32 array, shape (n_features,)
            Indices of n-grams.
        """

        def trie() -> Trie:
            columns = np.full(len(self.digits), -1, np.int32)
            columns[chosen] = np.arange(len(chosen), dtype=np.int32)
            return Trie.of(self.distinct, self.digits, columns, len(chosen), self.learned)

        # The trie could be read from the names, but that takes longer.
        names, found = _in_threads(lambda: names_of(self.distinct, self.digits, chosen), trie)
        return names, found


def _ranked(distinct: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray, pa.LargeStringArray]:
    """Return tokens in code-point order: their ids, the rank of each id, and the tokens."""
    alphabet = alphabet_of(distinct)
    rank = np.empty(len(distinct), np.int32)
    rank[alphabet] = np.arange(len(distinct), dtype=np.int32)
    return alphabet, rank, distinct.take(arrow.numbers(alphabet))


def _in_threads(*works: Callable[[], Any]) -> list[Any]:
    """Call functions in threads; return their results."""
    return list(ordered_map(lambda work: work(), works))
