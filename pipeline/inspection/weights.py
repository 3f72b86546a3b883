"""The words of a model by weight, and how often each class uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Word:
    """A word of the vocabulary, or one that was asked for and is not in it.

    Attributes
    ----------
    word : str
    weight : float or None
        What one occurrence adds to the log-odds; None if it is not in the vocabulary.
    document_frequency : int
        Training reviews that hold the word.
    negative, positive : int or None
        How many of them are of each class; None where the training counts are not at hand.
    """

    word: str
    weight: float | None
    document_frequency: int
    negative: int | None
    positive: int | None


@dataclass(frozen=True)
class ClassFrequency:
    """The number of training reviews of each class that hold each word: int64, (n_words,)."""

    negative: Array
    positive: Array

    @classmethod
    def of(cls, counts: csr_array, labels: Array) -> ClassFrequency:
        """Count the non-zeros of each column by class.

        Parameters
        ----------
        counts : csr_array, shape (n, d)
        labels : array of 0 and 1, shape (n,)
        """
        d = counts.shape[1]
        in_positive = np.repeat(labels == 1, np.diff(counts.indptr))
        positive = np.bincount(counts.indices[in_positive], minlength=d)
        return cls(np.bincount(counts.indices, minlength=d) - positive, positive)


def by_weight(model: TextClassifier) -> Array:
    """Return the columns by descending weight, ties in column order."""
    order: Array = np.argsort(-model.weights, kind="stable")
    return order


def top_words(
    model: TextClassifier, top: int, frequency: ClassFrequency | None = None
) -> tuple[list[Word], list[Word]]:
    """Return the words with the most positive and with the most negative weights.

    Parameters
    ----------
    model : TextClassifier
    top : int
        How many of each, at most; a word of weight 0 is neither.
    frequency : ClassFrequency, optional

    Returns
    -------
    positive, negative : list of Word
        The most extreme first.
    """
    order = by_weight(model)
    signs = model.weights[order]
    positive = order[signs > 0][:top]
    negative = order[signs < 0][::-1][:top]
    return (
        [_word(model, column, frequency) for column in positive],
        [_word(model, column, frequency) for column in negative],
    )


def look_up(
    model: TextClassifier, words: Sequence[str], frequency: ClassFrequency | None = None
) -> list[Word]:
    """Return words by name, as the model's tokenizer spells them.

    A name of several tokens is looked up as an n-gram; one that the vocabulary has as
    it stands, such as NOT_good, is that word. One that is not in the vocabulary comes
    back without a weight.
    """
    names = [" ".join(model.tokenizer([word]).document(0)) for word in words]
    known = model.vocabulary.words
    as_given, as_spelled = (
        pc.index_in(arrow.strings(spellings), known) for spellings in (words, names)
    )
    columns = pc.coalesce(as_given, as_spelled).to_pylist()
    return [
        Word(name or word, None, 0, None, None)
        if column is None
        else _word(model, column, frequency)
        for word, name, column in zip(words, names, columns, strict=True)
    ]


@dataclass(frozen=True)
class MovedWord:
    """A word's weight in two models, None where it is not in the vocabulary, and b's minus a's."""

    word: str
    a: float | None
    b: float | None
    difference: float


def moved_words(a: TextClassifier, b: TextClassifier, top: int) -> list[MovedWord]:
    """Return the words whose weights differ most; one that a model does not know weighs 0."""
    known_a, known_b = a.vocabulary.words, b.vocabulary.words
    place = pc.index_in(known_a, known_b)
    shared = arrow.values(place.fill_null(-1))
    difference = np.where(shared >= 0, b.weights[shared], 0.0) - a.weights
    only_b = np.ones(len(known_b), bool)
    only_b[shared[shared >= 0]] = False
    columns_b = np.flatnonzero(only_b)
    moved = np.concatenate((difference, b.weights[columns_b]))
    order = np.argsort(-np.abs(moved), kind="stable")[:top]
    found = []
    for k in order[moved[order] != 0].tolist():
        in_a = k < len(known_a)
        column = int(shared[k]) if in_a else int(columns_b[k - len(known_a)])
        found.append(
            MovedWord(
                (known_a[k] if in_a else known_b[column]).as_py(),
                float(a.weights[k]) if in_a else None,
                float(b.weights[column]) if column >= 0 else None,
                float(moved[k]),
            )
        )
    return found


def weights_table(model: TextClassifier, frequency: ClassFrequency | None = None) -> pa.Table:
    """Return all words by descending weight, with the fields of `Word` as columns."""
    order = arrow.numbers(by_weight(model))
    columns = {
        "word": model.vocabulary.words,
        "weight": arrow.numbers(model.weights),
        "document_frequency": arrow.numbers(model.vocabulary.document_frequency),
    }
    if frequency is not None:
        columns["negative"] = arrow.numbers(frequency.negative)
        columns["positive"] = arrow.numbers(frequency.positive)
    return pa.table(columns).take(order)


def _word(model: TextClassifier, column: int, frequency: ClassFrequency | None) -> Word:
    return Word(
        model.vocabulary.words[int(column)].as_py(),
        float(model.weights[column]),
        int(model.vocabulary.document_frequency[column]),
        None if frequency is None else int(frequency.negative[column]),
        None if frequency is None else int(frequency.positive[column]),
    )
