"""Tokens to a vocabulary: which n-grams are features, and in which column.

A vocabulary is learned from the training set alone. N-grams are counted over ids; only one
that survives pruning gets a name: its tokens with a space between them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.features.ngrams import (
    alphabet_of,
    digits_of,
    find_ngrams,
    frequency_order,
    in_alphabetical_order,
    names_of,
)
from pipeline.features.trie import Trie
from pipeline.parallel import ordered_map
from pipeline.storage import arrow, files
from pipeline.tokens.tokens import Tokens

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Vocabulary:
    """The features in column order: descending document frequency, ties in code-point order.

    The tokens of two n-grams are compared one by one.

    Attributes
    ----------
    words : pyarrow.LargeStringArray, length n_columns
        The name of each column: a token, or the tokens of an n-gram joined by spaces.
    document_frequency : int32 array, shape (n_columns,)
        How many training documents hold it.
    """

    words: pa.LargeStringArray
    document_frequency: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def _trie(self) -> Trie:
        """The words as the counting kernel walks them; built once."""
        return Trie.of_words(self.words)


def learn_vocabulary(
    tokens: Tokens,
    ngrams: int = 1,
    min_df: int | float = 1,
    max_df: int | float = 1.0,
    max_features: int = 0,
) -> Vocabulary:
    """Choose the features of a corpus by the number of documents that hold them.

    Parameters
    ----------
    tokens : Tokens
        The training documents.
    ngrams : int
        The longest n-gram counted; 1 counts single tokens.
    min_df, max_df : int or float
        Bounds on the document frequency, both included: a number of documents if
        an int, a fraction of them if a float.
    max_features : int
        Keep so many, the most frequent ones; 0 keeps all.

    Returns
    -------
    Vocabulary

    Raises
    ------
    CorpusError
        If no feature is left.
    """
    n = tokens.n_documents
    if not len(tokens.ids):
        raise CorpusError(
            f"features: none of the {n:,} training reviews holds a token; see the [tokens] settings"
        )
    at_least = min_df if isinstance(min_df, int) else min_df * n
    at_most = max_df if isinstance(max_df, int) else max_df * n
    # Side by side, because neither needs the other. Tokens numbered in code-point order are
    # digits, and n-grams are numbers that a radix sort can sort.
    levels, alphabet = _side_by_side(
        lambda: find_ngrams(tokens, ngrams), lambda: alphabet_of(tokens.distinct)
    )
    kept = [
        np.flatnonzero((level.frequency >= max(at_least, 1)) & (level.frequency <= at_most))
        for level in levels
    ]
    frequency = np.concatenate([level.frequency[k] for level, k in zip(levels, kept, strict=True)])
    if not len(frequency):
        raise CorpusError(
            f"features: no n-gram occurs in {at_least:g} to {at_most:g} of the {n:,} training "
            "reviews; lower features.min_df or raise features.max_df"
        )
    distinct = tokens.distinct.take(arrow.numbers(alphabet))
    place = np.empty(len(distinct), np.int32)
    place[alphabet] = np.arange(len(distinct), dtype=np.int32)
    digits = digits_of(levels, kept, place)
    del levels, kept
    digits, frequency = in_alphabetical_order(digits, frequency)
    order = frequency_order(frequency)
    order = order[:max_features] if max_features else order
    document_frequency = frequency[order]
    del frequency
    learned = tokens.distinct, place

    def trie_of_what_is_kept() -> Trie:
        columns = np.full(len(digits), -1, np.int32)
        columns[order] = np.arange(len(order), dtype=np.int32)
        return Trie.of(distinct, digits, columns, len(order), learned)

    # What was just learned need not be read from the names again.
    words, trie = _side_by_side(lambda: names_of(distinct, digits, order), trie_of_what_is_kept)
    vocabulary = Vocabulary(words, document_frequency)
    vars(vocabulary)["_trie"] = trie
    return vocabulary


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write a vocabulary as text: a word and its document frequency on each line."""
    files.write_tsv(
        path,
        pa.table(
            {
                "word": vocabulary.words,
                "document_frequency": arrow.numbers(vocabulary.document_frequency),
            }
        ),
    )


def read_vocabulary(path: Path) -> Vocabulary:
    """Read what `write_vocabulary` wrote."""
    table = files.read_tsv(path, {"word": pa.large_string(), "document_frequency": pa.int32()})
    words = table["word"].combine_chunks()
    return Vocabulary(words, arrow.values(table["document_frequency"]))


def _side_by_side(*works: Callable[[], Any]) -> list[Any]:
    """Return what some functions return, called in threads."""
    return list(ordered_map(lambda work: work(), works))
