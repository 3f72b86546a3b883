"""Words with their weights and class frequencies: top, looked up, moved between two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boundary.inert import one_line
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Word:
    """A word, its weight, and how many training reviews hold it.

    Attributes
    ----------
    word : str
    weight : float or None
        What one occurrence adds to the log-odds; None if the word is not in the vocabulary.
    document_frequency : int
        The number of training reviews that hold the word.
    negative, positive : int or None
        How many of them are of each class; None if the training counts are not available.
    """

    word: str
    weight: float | None
    document_frequency: int
    negative: int | None
    positive: int | None


@dataclass(frozen=True)
class ClassFrequency:
    """How many training reviews of each class hold each word: int64 arrays, shape (n_words,)."""

    negative: Array
    positive: Array

    @classmethod
    def of(cls, counts: csr_array, labels: Array) -> ClassFrequency:
        """Count the non-zeros of each column by class.

        Parameters
        ----------
        counts : csr_array, shape (n_reviews, n_words)
        labels : array of 0 and 1, shape (n_reviews,)

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> counts = csr_array([[2, 0], [1, 1], [0, 3]])
        >>> frequency = ClassFrequency.of(counts, np.array([1, 0, 0]))
        >>> frequency.negative.tolist(), frequency.positive.tolist()
        ([1, 2], [1, 0])
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
        The largest number of words of each sign.
    frequency : ClassFrequency, optional

    Returns
    -------
    positive, negative : list of Word
        The largest absolute weight first. A word of weight 0 is in neither.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> positive, negative = top_words(model, 1)
    >>> positive[0].word, positive[0].document_frequency, negative[0].word
    ('awesome', 2, 'abysmal')
    """
    order = by_weight(model)
    signs = model.weights[order]
    positive = order[signs > 0][:top]
    negative = order[signs < 0][::-1][:top]
    return (
        [_word(model, column, frequency) for column in positive],
        [_word(model, column, frequency) for column in negative],
    )


def class_words(model: TextClassifier, top: int) -> dict[Any, list[Word]]:
    """Return for each class the words that speak for it most, against the mean of the others.

    The weight of a word is w_k - mean over the others l of w_l. Adding one number to all of
    the w_k would change no probability, so only such differences have a meaning.

    Parameters
    ----------
    model : TextClassifier
    top : int
        The largest number of words of each class; each has a weight above 0.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome", "abysmal film", "abysmal", "fair film", "fair"]
    >>> labels = ["good", "good", "bad", "bad", "so-so", "so-so"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    >>> [(label, words[0].word) for label, words in class_words(model, 1).items()]
    [('bad', 'abysmal'), ('good', 'awesome'), ('so-so', 'fair')]
    """
    against = against_others(model)
    found = {}
    for label, weights in zip(model.classes, against, strict=True):
        order = np.argsort(-weights, kind="stable")[:top]
        found[label] = [_word(model, k, None, weights) for k in order[weights[order] > 0]]
    return found


def against_others(model: TextClassifier) -> Array:
    """Return w_k minus the mean of the other classes' weights: float64, (n_classes, n_features).

    Of two classes these are -w and w.
    """
    w = np.atleast_2d(model.weights)
    if len(w) == 1:
        return np.concatenate([-w, w])
    n_classes = len(w)
    others: Array = w - (w.sum(axis=0) - w) / (n_classes - 1)
    return others


def look_up(
    model: TextClassifier, words: Sequence[str], frequency: ClassFrequency | None = None
) -> list[Word]:
    """Return the weights of given words, each in the model's spelling.

    A name that is in the vocabulary as given, such as NOT_good, is that word. So is a character
    n-gram with or without the space before its quotation marks. Any other name is tokenised
    first; several tokens are an n-gram. The weight of an unknown word is None.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> [(word.word, word.weight is None) for word in look_up(model, ["Awesome!", "superb"])]
    [('awesome', False), ('superb', True)]
    """
    names = [" ".join(model.tokenizer([word]).document(0)) for word in words]
    known = model.vocabulary.words
    quoted = [f" {word}" for word in words]
    columns = pc.coalesce(
        *(pc.index_in(arrow.strings(spellings), known) for spellings in (words, quoted, names))
    ).to_pylist()
    return [
        Word(name or word, None, 0, None, None)
        if column is None
        else _word(model, column, frequency)
        for word, name, column in zip(words, names, columns, strict=True)
    ]


@dataclass(frozen=True)
class MovedWord:
    """A word's weight in models a and b, None if it is unknown there, and b's minus a's."""

    word: str
    a: float | None
    b: float | None
    difference: float


def moved_words(a: TextClassifier, b: TextClassifier, top: int) -> list[MovedWord]:
    """Return the words whose weights differ most between two models.

    A word has weight 0 in a model that does not know it.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> a, b = (
    ...     pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    ...     for labels in ([1, 1, 0, 0], [0, 0, 1, 1])
    ... )
    >>> [word.word for word in moved_words(a, b, 2)]
    ['abysmal', 'awesome']
    """
    known_a, known_b = a.vocabulary.words, b.vocabulary.words
    shared = arrow.values(pc.index_in(known_a, known_b).fill_null(-1))
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
    """Return all words by descending weight, with the fields of `Word` as columns.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> table = weights_table(model)
    >>> table.column_names, table["word"][0].as_py(), table.num_rows
    (['word', 'weight', 'document_frequency'], 'awesome', 6)
    """
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


def class_table(model: TextClassifier) -> pa.Table:
    r"""Return all words in column order, with a column of weights for each class.

    The weights are those of `against_others`. A control character in the name of a class is
    written as `\x1b`.

    Examples
    --------
    >>> import pipeline
    >>> texts, labels = ["awesome film", "abysmal film", "fair film"], ["good", "bad", "so-so"]
    >>> table = class_table(pipeline.SentimentClassifier().fit(texts, labels).model_)
    >>> table.column_names
    ['word', 'document_frequency', 'weight_bad', 'weight_good', 'weight_so-so']
    """
    names = ["word", "document_frequency"]
    # So begun, the name of a class is neither that of another column nor a formula.
    names += [f"weight_{one_line(str(label))}" for label in model.classes]
    words = model.vocabulary
    columns = [words.words, arrow.numbers(words.document_frequency)]
    columns += map(arrow.numbers, against_others(model))
    return pa.table(columns, names)


def _word(
    model: TextClassifier,
    column: int,
    frequency: ClassFrequency | None,
    weights: Array | None = None,
) -> Word:
    return Word(
        model.vocabulary.words[int(column)].as_py(),
        float((model.weights if weights is None else weights)[column]),
        int(model.vocabulary.document_frequency[column]),
        None if frequency is None else int(frequency.negative[column]),
        None if frequency is None else int(frequency.positive[column]),
    )
