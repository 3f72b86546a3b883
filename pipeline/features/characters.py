"""Character n-grams: found once in each distinct token, and looked up again by name.

A token is padded by a space on both sides. Its character n-grams are all runs of `low` to `high`
code points of the padded token, and none of them reaches into another token. A padded token that is
shorter than `low` is an n-gram itself. So the counts are those of scikit-learn's
`CountVectorizer(analyzer="char_wb")` if the tokens are the words between white space, but for one
thing: a space alone, which `low = 1` would give twice for every token, is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import CorpusError
from pipeline.features.names import all_characters_of, all_names_of
from pipeline.features.ngrams import alphabet_of
from pipeline.kernels import characters as kernels
from pipeline.parallel import chunks, ordered_map
from pipeline.storage import arrow
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.tokens import Tokens


class Places(NamedTuple):
    """The n-grams of distinct tokens, an entry for each place where one is.

    Attributes
    ----------
    ends : int64 array, shape (n_distinct + 1,)
        Token t has the n-grams `nodes[ends[t]:ends[t + 1]]`.
    nodes : int32 array, shape (n_places,)
        The number of each n-gram.
    """

    ends: np.ndarray
    nodes: np.ndarray

    def numbered(self, numbers: np.ndarray) -> Places:
        """Return the places under other numbers, without those whose number is -1."""
        nodes = numbers[self.nodes]
        kept = nodes >= 0
        before = np.concatenate(([0], np.cumsum(kept)))
        return Places(before[self.ends], nodes[kept])


@dataclass(frozen=True)
class CharacterTable:
    """A table that finds the character n-grams of tokens.

    Attributes
    ----------
    known : DistinctTokens
        The n-grams, with their padding, and their numbers.
    low, high : int
        The least and the greatest length.
    learned : tuple, optional
        The distinct tokens of the corpus that the n-grams were learned from, and their places.
        They need not be looked up again.
    """

    known: DistinctTokens
    low: int
    high: int
    learned: tuple[pa.LargeStringArray, Places] | None = None

    @classmethod
    def of(
        cls,
        names: pa.LargeStringArray,
        learned: tuple[pa.LargeStringArray, Places] | None = None,
    ) -> CharacterTable:
        """Return the table of the n-grams with the given names, in their order.

        Their lengths are enough to find them again. A shorter n-gram than the vocabulary was
        learned with is a whole padded token, which has no other place than that token.
        """
        spelled = all_characters_of(names)
        lengths = arrow.values(pc.utf8_length(spelled))
        return cls(DistinctTokens.of(spelled), int(lengths.min()), int(lengths.max()), learned)

    def places(self, distinct: pa.LargeStringArray) -> Places:
        """Return where distinct tokens hold the known n-grams."""
        if self.learned is not None and self.learned[0] is distinct:
            return self.learned[1]
        return _find(self, distinct, adds=False)


def _find(table: CharacterTable, distinct: pa.LargeStringArray, adds: bool) -> Places:
    """Find the n-grams of distinct tokens; add unknown ones to the table, or leave them out."""
    known, n_tokens = table.known, len(distinct)
    padded = arrow.values(pc.utf8_length(distinct)) + 2
    lengths = range(table.low, table.high + 1)
    # A token that is shorter than the shortest n-gram has one place.
    n_places = n_tokens + sum(int(np.maximum(padded - n + 1, 0).sum()) for n in lengths)
    if n_places > np.iinfo(np.int32).max:
        raise CorpusError(
            f"features.characters: {n_places:,} character n-grams in {n_tokens:,} distinct tokens "
            "are too many for one vocabulary; expected at most 2,147,483,647"
        )
    state = np.zeros(kernels.STATE_SIZE, np.int64)
    state[kernels.LOW], state[kernels.HIGH], state[kernels.ADDS] = table.low, table.high, adds
    state[kernels.N_KNOWN] = known.n
    ends, nodes = np.zeros(n_tokens + 1, np.int64), np.empty(n_places, np.int32)
    ngram = np.empty(table.high // 2 + 1, np.uint64)
    while True:
        strings = known.pool, known.starts, known.keys, known.values
        kernels.find(*arrow.buffers(distinct), *strings, ngram, state, ends, nodes)
        if state[kernels.TOKEN] == n_tokens:
            break
        known.reserve(len(known.keys))
        known.pool = _extended(known.pool, 2 * len(known.pool))
        known.starts = _extended(known.starts, 2 * len(known.starts))
    if adds:
        known.n = int(state[kernels.N_KNOWN])
    return Places(ends, nodes[: ends[-1]])


def _extended(array: np.ndarray, size: int) -> np.ndarray:
    """Return an array of at least `size` items that begins with the same ones."""
    if size <= len(array):
        return array
    larger = np.empty(size, array.dtype)
    larger[: len(array)] = array
    return larger


@dataclass(frozen=True)
class CharacterNgrams:
    """Character n-grams of a corpus that may become features, in the order of their names.

    Attributes
    ----------
    names : pyarrow.LargeStringArray, length n_ngrams
    frequency : int32 array, shape (n_ngrams,)
        The number of documents that hold each.
    nodes : int64 array, shape (n_ngrams,)
        The number of each in `learned`.
    n_nodes : int
        The number of distinct n-grams, those out of bounds included.
    learned : tuple
        The distinct tokens of the corpus, and the places of all n-grams in them.
    """

    names: pa.LargeStringArray
    frequency: np.ndarray
    nodes: np.ndarray
    n_nodes: int
    learned: tuple[pa.LargeStringArray, Places]

    @classmethod
    def of(cls, tokens: Tokens, lengths: tuple[int, int], bounds: range) -> CharacterNgrams:
        """Find the n-grams of a corpus whose document frequency is within bounds.

        Parameters
        ----------
        tokens : Tokens
        lengths : tuple of int
            The least and the greatest length.
        bounds : range
            The document frequencies to keep.

        Examples
        --------
        >>> from pipeline.tokens.tokenizer import Tokenizer
        >>> found = CharacterNgrams.of(Tokenizer()(["go on", "no"]), (2, 3), range(2, 3))
        >>> found.names.to_pylist(), found.frequency
        ([' "o "'], array([2], dtype=int32))
        """
        known = DistinctTokens(np.empty(1 << 16, np.uint64), np.empty(1 << 16, np.int64))
        known.reserve(1 << 15)
        table = CharacterTable(known, *lengths)
        places = _find(table, tokens.distinct, adds=True)
        frequency = _document_frequency(tokens, places, known.n)
        nodes = np.flatnonzero((frequency >= bounds.start) & (frequency < bounds.stop))
        names = all_names_of(known.spelled().take(arrow.numbers(nodes)))
        if len(names):
            order = alphabet_of(names)
            names, nodes = names.take(arrow.numbers(order)), nodes[order]
        return cls(names, frequency[nodes], nodes, known.n, (tokens.distinct, places))

    def features(self, chosen: np.ndarray) -> tuple[pa.LargeStringArray, CharacterTable]:
        """Return the names of some n-grams, and the table that finds them, numbered in this order.

        Parameters
        ----------
        chosen : int32 array, shape (n_features,)
            Indices of n-grams.
        """
        numbers = np.full(self.n_nodes, -1, np.int32)
        numbers[self.nodes[chosen]] = np.arange(len(chosen), dtype=np.int32)
        names = self.names.take(arrow.numbers(chosen))
        distinct, places = self.learned
        return names, CharacterTable.of(names, (distinct, places.numbered(numbers)))


def _document_frequency(tokens: Tokens, places: Places, n_ngrams: int) -> np.ndarray:
    """Return the number of documents that hold each n-gram: int32, shape (n_ngrams,)."""
    total = np.zeros(n_ngrams, np.int32)

    def count(documents: slice) -> np.ndarray:
        frequency = np.zeros(n_ngrams, np.int32)
        last_token = np.full(len(tokens.distinct), -1, np.int32)
        last = np.full(n_ngrams, -1, np.int32)
        offsets = tokens.offsets[documents.start : documents.stop + 1]
        kernels.document_frequency(tokens.ids, offsets, *places, last_token, last, frequency)
        return frequency

    for frequency in ordered_map(count, chunks(tokens.offsets, max(1, len(tokens.ids)))):
        total += frequency
    return total
