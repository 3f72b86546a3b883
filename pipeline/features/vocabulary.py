"""`learn_vocabulary`: which n-grams are features, and in which columns; its file.

A vocabulary is learned from the training set alone. N-grams of tokens are counted over ids, and
character n-grams once in each distinct token. Only those that become features are spelled out:
tokens joined by spaces, characters in quotation marks (`features.names`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import CorpusError, RunError
from pipeline.features.finders import Finders, joined
from pipeline.features.names import are_names
from pipeline.features.ngrams import frequency_order
from pipeline.storage import arrow, files
from pipeline.tokens.distinct import DistinctTokens
from pipeline.tokens.tokens import Tokens

if TYPE_CHECKING:
    from pipeline.features.characters import CharacterNgrams
    from pipeline.features.words import WordNgrams


@dataclass(frozen=True)
class Vocabulary:
    """The features of a model in column order.

    The order is by descending document frequency. Ties are in code-point order, that of n-grams
    of tokens token by token, and character n-grams come first.

    Attributes
    ----------
    words : pyarrow.LargeStringArray, length n_columns
        The name of the feature of each column: a token, the tokens of an n-gram joined by spaces,
        or a character n-gram in quotation marks, behind a space.
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
    def is_unigram(self) -> bool:
        """True if every feature is a single token."""
        return not pc.any(pc.match_substring(self.words, " ")).as_py()

    @functools.cached_property
    def table(self) -> DistinctTokens:
        """The table that finds the column of a feature by its name."""
        return DistinctTokens.of(self.words)

    @functools.cached_property
    def _finders(self) -> Finders:
        """What finds the features in tokens, built once."""
        return Finders.of(self.words)


def learn_vocabulary(
    tokens: Tokens,
    ngrams: int = 1,
    min_df: int | float = 1,
    max_df: int | float = 1.0,
    max_features: int = 0,
    characters: tuple[int, int] | None = None,
) -> Vocabulary:
    """Choose the features of a corpus by their document frequency.

    Parameters
    ----------
    tokens : Tokens
        The training documents.
    ngrams : int
        The length of the longest n-grams of tokens; 1 for single tokens, 0 for none.
    min_df, max_df : int or float
        Bounds on the document frequency, both inclusive. An int is a number of documents, a
        float is a fraction of them: 0.07 of 100 documents is 7.
    max_features : int
        The number of features to keep, the most frequent ones; 0 keeps all.
    characters : tuple of int, optional
        The least and the greatest length of character n-grams, in code points. They lie within
        a token that is padded by a space on both sides.

    Returns
    -------
    Vocabulary

    Raises
    ------
    CorpusError
        If no feature is left.
    ValueError
        If `ngrams` is 0 and no characters are counted, or their lengths are out of range.

    Examples
    --------
    >>> from pipeline.tokens.tokenizer import Tokenizer
    >>> tokens = Tokenizer()(["a good film", "not a good film", "not good"])
    >>> vocabulary = learn_vocabulary(tokens, ngrams=2, min_df=2)
    >>> vocabulary.words.to_pylist()
    ['good', 'a', 'a good', 'film', 'good film', 'not']
    >>> vocabulary.document_frequency
    array([3, 2, 2, 2, 2, 2], dtype=int32)
    >>> learn_vocabulary(tokens, min_df=3, characters=(3, 4)).words.to_pylist()
    [' " go"', ' " goo"', ' "goo"', ' "good"', ' "od "', ' "ood "', ' "ood"', 'good']
    """
    _check(ngrams, characters)
    if not len(tokens.ids):
        raise CorpusError(
            f"features: none of the {tokens.n_documents:,} training reviews holds a token; "
            "see the [tokens] settings"
        )
    bounds = _bounds(tokens.n_documents, min_df, max_df)
    found = [
        kind for kind in _candidates(tokens, ngrams, characters, bounds) if len(kind.frequency)
    ]
    if not found:
        raise CorpusError(_none_left(tokens.n_documents, bounds))
    frequency = np.concatenate([kind.frequency for kind in found])
    order = frequency_order(frequency)
    order = order[:max_features] if max_features else order
    document_frequency = frequency[order]
    del frequency
    names, finders = joined(found, order)
    vocabulary = Vocabulary(names, document_frequency)
    vars(vocabulary)["_finders"] = finders
    return vocabulary


def _none_left(n: int, bounds: range) -> str:
    """Return which settings leave no n-gram of n documents, and what helps.

    >>> _none_left(42, range(100, 43))
    'features: no n-gram occurs in at least 100 of the 42 training reviews; lower features.min_df'
    """
    frequencies, helps = [], []
    if bounds.start > 1:
        frequencies.append(f"at least {bounds.start:,}")
        helps.append("lower features.min_df")
    if bounds.stop <= n:
        frequencies.append(f"at most {bounds.stop - 1:,}")
        helps.append("raise features.max_df")
    return (
        f"features: no n-gram occurs in {' and '.join(frequencies)} of the {n:,} training "
        f"reviews; {' or '.join(helps)}"
    )


def _candidates(
    tokens: Tokens, ngrams: int, characters: tuple[int, int] | None, bounds: range
) -> Iterator[CharacterNgrams | WordNgrams]:
    """Yield the n-grams of each kind whose document frequency is within bounds."""
    # Imported here, because prediction learns nothing.
    if characters is not None:
        from pipeline.features.characters import CharacterNgrams

        yield CharacterNgrams.of(tokens, characters, bounds)
    if ngrams:
        from pipeline.features.words import WordNgrams

        yield WordNgrams.of(tokens, ngrams, bounds)


def _check(ngrams: int, characters: tuple[int, int] | None) -> None:
    """Refuse lengths that leave nothing to count."""
    if characters is None:
        if ngrams < 1:
            raise ValueError(f"ngrams: expected at least 1, or characters with it, got {ngrams}")
        return
    if ngrams < 0:
        raise ValueError(f"ngrams: expected at least 0, got {ngrams}")
    low, high = characters
    if not 1 <= low <= high:
        raise ValueError(f"characters: expected 1 <= low <= high, got {low} and {high}")


def _bounds(n: int, min_df: int | float, max_df: int | float) -> range:
    """Return the document frequencies from `min_df` to `max_df` of n documents, both included.

    A fraction is compared with the fraction of documents, each as the nearest float. A product
    would be rounded: 0.07 * 100 is above 7, and 0.29 * 100 is below 29.

    >>> _bounds(100, 0.07, 0.29)
    range(7, 30)
    """
    low, high = min_df, max_df
    if not isinstance(low, int):
        low = next(k for k in _near(low * n) if k / n >= min_df)
    if not isinstance(high, int):
        high = next(k for k in reversed(_near(high * n)) if k / n <= max_df)
    return range(max(low, 1), high + 1)


def _near(product: float) -> range:
    """Return the whole numbers around a number that may have been rounded."""
    return range(math.floor(product) - 1, math.ceil(product) + 2)


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
    """Read a vocabulary that `write_vocabulary` wrote.

    Raises
    ------
    RunError
        If there is no feature, a name is not one that a feature can have, or a frequency is
        negative. A name that is there twice is an error once features are looked up.
    """
    table = files.read_tsv(path, {"word": pa.large_string(), "document_frequency": pa.int32()})
    words, frequency = table["word"].combine_chunks(), arrow.values(table["document_frequency"])
    if not len(words) or frequency.min() < 0 or not are_names(words):
        raise RunError(f"{path}: expected features, and how many documents hold each")
    return Vocabulary(words, frequency)
