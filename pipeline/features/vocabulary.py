"""Tokens to a vocabulary: which n-grams are features, and in which columns.

A vocabulary is learned from the training set alone. N-grams are counted over ids. Only those
that become features are spelled out: their tokens, joined by spaces.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.features.ngrams import (
    Level,
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


@dataclass(frozen=True)
class Vocabulary:
    """The features of a model in column order.

    The order is by descending document frequency. Ties are in code-point order, token by token.

    Attributes
    ----------
    words : pyarrow.LargeStringArray, length n_columns
        The feature of each column: a token, or the tokens of an n-gram joined by spaces.
    document_frequency : int32 array, shape (n_columns,)
        The number of training documents that hold it.

    Examples
    --------
    >>> words = arrow.strings(["film", "not good"])
    >>> len(Vocabulary(words, np.array([7, 2], np.int32)))
    2
    """

    words: pa.LargeStringArray
    document_frequency: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def _trie(self) -> Trie:
        """The trie of the words, built once."""
        return Trie.of_words(self.words)


def learn_vocabulary(
    tokens: Tokens,
    ngrams: int = 1,
    min_df: int | float = 1,
    max_df: int | float = 1.0,
    max_features: int = 0,
) -> Vocabulary:
    """Choose the features of a corpus by their document frequency.

    Parameters
    ----------
    tokens : Tokens
        The training documents.
    ngrams : int
        The length of the longest n-grams; 1 for single tokens.
    min_df, max_df : int or float
        Bounds on the document frequency, both inclusive. An int is a number of documents, a
        float is a fraction of them.
    max_features : int
        The number of features to keep, the most frequent ones; 0 keeps all.

    Returns
    -------
    Vocabulary

    Raises
    ------
    CorpusError
        If no feature is left.

    Examples
    --------
    >>> from pipeline.tokens.tokenizer import Tokenizer
    >>> tokens = Tokenizer()(["a good film", "not a good film", "not good"])
    >>> vocabulary = learn_vocabulary(tokens, ngrams=2, min_df=2)
    >>> vocabulary.words.to_pylist()
    ['good', 'a', 'a good', 'film', 'good film', 'not']
    >>> vocabulary.document_frequency
    array([3, 2, 2, 2, 2, 2], dtype=int32)
    """
    if not len(tokens.ids):
        raise CorpusError(
            f"features: none of the {tokens.n_documents:,} training reviews holds a token; "
            "see the [tokens] settings"
        )
    # Tokens that are numbered in code-point order are digits, and n-grams are numbers that a
    # radix sort can sort.
    levels, alphabet = _in_threads(
        lambda: find_ngrams(tokens, ngrams), lambda: alphabet_of(tokens.distinct)
    )
    kept = _within(levels, tokens.n_documents, min_df, max_df)
    frequency = np.concatenate([level.frequency[k] for level, k in zip(levels, kept, strict=True)])
    distinct = tokens.distinct.take(arrow.numbers(alphabet))
    rank = np.empty(len(distinct), np.int32)
    rank[alphabet] = np.arange(len(distinct), dtype=np.int32)
    digits = digits_of(levels, kept, rank)
    del levels, kept
    digits, frequency = in_alphabetical_order(digits, frequency)
    order = frequency_order(frequency)
    order = order[:max_features] if max_features else order
    document_frequency = frequency[order]
    del frequency

    def trie_of_features() -> Trie:
        columns = np.full(len(digits), -1, np.int32)
        columns[order] = np.arange(len(order), dtype=np.int32)
        return Trie.of(distinct, digits, columns, len(order), (tokens.distinct, rank))

    # The trie could be read from the words, but that takes longer.
    words, trie = _in_threads(lambda: names_of(distinct, digits, order), trie_of_features)
    vocabulary = Vocabulary(words, document_frequency)
    vars(vocabulary)["_trie"] = trie
    return vocabulary


def _within(
    levels: list[Level], n: int, min_df: int | float, max_df: int | float
) -> list[np.ndarray]:
    """Return the nodes of each level whose document frequency is within the bounds."""
    at_least = min_df if isinstance(min_df, int) else min_df * n
    at_most = max_df if isinstance(max_df, int) else max_df * n
    kept = [
        np.flatnonzero((level.frequency >= max(at_least, 1)) & (level.frequency <= at_most))
        for level in levels
    ]
    if not any(map(len, kept)):
        raise CorpusError(
            f"features: no n-gram occurs in {at_least:g} to {at_most:g} of the {n:,} training "
            "reviews; lower features.min_df or raise features.max_df"
        )
    return kept


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write a vocabulary as text: on each line, a word and its document frequency."""
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
    """Read a vocabulary that `write_vocabulary` wrote."""
    table = files.read_tsv(path, {"word": pa.large_string(), "document_frequency": pa.int32()})
    words = table["word"].combine_chunks()
    return Vocabulary(words, arrow.values(table["document_frequency"]))


def _in_threads(*works: Callable[[], Any]) -> list[Any]:
    """Call functions in threads; return their results."""
    return list(ordered_map(lambda work: work(), works))
