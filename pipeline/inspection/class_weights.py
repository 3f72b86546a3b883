"""Words of more than two classes: their weights are against the mean of the other classes.

Adding one number to the weights w_k of all classes would change no probability. Only differences
have a meaning, so what is shown of a word is w_k - mean over the others l of w_l.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.boundary.inert import one_line
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.weights import columns_of
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow


@dataclass(frozen=True)
class ClassWord:
    """A word that speaks for a class.

    Attributes
    ----------
    word : str
    weight : float
        What one occurrence adds to the score of the class, less the mean of what it adds to
        those of the others.
    document_frequency : int
        The number of training reviews that hold the word.
    in_class : int or None
        How many of them are of this class; None if the training counts are not available.
    """

    word: str
    weight: float
    document_frequency: int
    in_class: int | None


@dataclass(frozen=True)
class WordWeights:
    """A word that was looked up, and its weight for each class.

    Attributes
    ----------
    word : str
    weights : dict from label to float, or None
        Against the mean of the other classes; None if the word is not in the vocabulary.
    document_frequency : int
        The number of training reviews that hold the word.
    frequency : dict from label to int, or None
        How many of them are of each class; None if the training counts are not available.
    """

    word: str
    weights: dict[Any, float] | None
    document_frequency: int
    frequency: dict[Any, int] | None


def against_others(model: TextClassifier) -> Array:
    """Return w_k minus the mean of the other classes' weights: float64, (n_classes, n_features).

    Of two classes these are -w and w.
    """
    return _against_others(np.atleast_2d(model.weights))


def shown_weights(w: Array) -> Array:
    """Return the weights that are shown of those of a model, a row for each shown class.

    Parameters
    ----------
    w : array, shape (n_features,), or (n_classes, n_features) with more than two classes

    Returns
    -------
    array, shape (1, n_features) or (n_classes, n_features)
        Of two classes, the weights themselves, which speak for the positive one; of more, those
        against the mean of the others.

    Examples
    --------
    >>> shown_weights(np.array([1.0, -1.0])).tolist()
    [[1.0, -1.0]]
    >>> shown_weights(np.array([[1.0], [2.0], [6.0]])).tolist()
    [[-3.0], [-1.5], [4.5]]
    """
    return w[np.newaxis] if w.ndim == 1 else _against_others(w)


def _against_others(w: Array) -> Array:
    if len(w) == 1:
        return np.concatenate([-w, w])
    others: Array = w - (w.sum(axis=0) - w) / (len(w) - 1)
    return others


def class_words(
    model: TextClassifier, top: int, frequency: ClassFrequency | None = None
) -> dict[Any, list[ClassWord]]:
    """Return for each class the words that speak for it most, against the mean of the others.

    Parameters
    ----------
    model : TextClassifier
    top : int
        The largest number of words of each class; each has a weight above 0.
    frequency : ClassFrequency, optional

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome", "abysmal film", "abysmal", "fair film", "fair"]
    >>> labels = ["good", "good", "bad", "bad", "so-so", "so-so"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    >>> [(label, words[0].word) for label, words in class_words(model, 1).items()]
    [('bad', 'abysmal'), ('good', 'awesome'), ('so-so', 'fair')]
    """
    words, n_holding = model.vocabulary.words, model.vocabulary.document_frequency
    found = {}
    for number, weights in enumerate(against_others(model)):
        order = np.argsort(-weights, kind="stable")[:top]
        found[model.classes[number]] = [
            ClassWord(
                words[column].as_py(),
                float(weights[column]),
                int(n_holding[column]),
                None if frequency is None else int(frequency.of_class[number, column]),
            )
            for column in order[weights[order] > 0].tolist()
        ]
    return found


def look_up_classes(
    model: TextClassifier, words: Sequence[str], frequency: ClassFrequency | None = None
) -> list[WordWeights]:
    """Return the weights of given words for each class, each word in the model's spelling.

    A word is found as by `pipeline.inspection.weights.look_up`.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "abysmal film", "fair film"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, ["good", "bad", "so-so"]).model_
    >>> fair, superb = look_up_classes(model, ["Fair!", "superb"])
    >>> fair.word, {label: weight > 0 for label, weight in fair.weights.items()}
    ('fair', {'bad': False, 'good': False, 'so-so': True})
    >>> superb.word, superb.weights
    ('superb', None)
    """
    return [
        WordWeights(name, None, 0, None)
        if column is None
        else WordWeights(
            model.vocabulary.words[column].as_py(),
            _by_label(model, _against_others(np.atleast_2d(model.weights)[:, [column]])[:, 0]),
            int(model.vocabulary.document_frequency[column]),
            None if frequency is None else _by_label(model, frequency.of_class[:, column]),
        )
        for name, column in columns_of(model, words)
    ]


def _by_label(model: TextClassifier, values: Array) -> dict[Any, Any]:
    return dict(zip(model.classes, values.tolist(), strict=True))


def class_table(model: TextClassifier, frequency: ClassFrequency | None = None) -> pa.Table:
    r"""Return all words in column order, with columns for each class.

    `weight_` and the name of a class is its column of `against_others`; `reviews_` and its name
    is how many of its training reviews hold the word. A control character in the name of a class
    is written as `\x1b`.

    Examples
    --------
    >>> import pipeline
    >>> texts, labels = ["awesome film", "abysmal film", "fair film"], ["good", "bad", "so-so"]
    >>> table = class_table(pipeline.SentimentClassifier().fit(texts, labels).model_)
    >>> table.column_names
    ['word', 'document_frequency', 'weight_bad', 'weight_good', 'weight_so-so']
    """
    words = model.vocabulary
    names = ["word", "document_frequency"]
    columns = [words.words, arrow.numbers(words.document_frequency)]
    of_classes = {"weight": against_others(model)}
    if frequency is not None:
        of_classes["reviews"] = frequency.of_class
    for kind, rows in of_classes.items():
        names += [column_name(kind, label) for label in model.classes]
        columns += map(arrow.numbers, rows)
    return pa.table(columns, names)


def column_name(kind: str, label: Any) -> str:
    """Return the name of a column of a table of words that is about a class.

    So begun, it is neither that of another column nor a formula.

    >>> column_name("weight", "=1+1")
    'weight_=1+1'
    """
    return f"{kind}_{one_line(str(label))}"
