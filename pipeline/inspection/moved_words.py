"""Words whose weights differ most between two models, for each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipeline.inspection.class_weights import shown_weights
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow


@dataclass(frozen=True)
class MovedWord:
    """A word's weight in models a and b, None if it is unknown there, and b's minus a's."""

    word: str
    a: float | None
    b: float | None
    difference: float


def moved_words(a: TextClassifier, b: TextClassifier, top: int) -> dict[Any, list[MovedWord]]:
    """Return the words whose weights differ most between two models of the same classes.

    A word has weight 0 in a model that does not know it.

    Returns
    -------
    dict of list of MovedWord
        Of two classes, only for the positive one, because its weights say all; of more, for each
        class. A weight is then against the mean of the others.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> a, b = (
    ...     pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    ...     for labels in (["good", "good", "bad", "bad"], ["bad", "bad", "good", "good"])
    ... )
    >>> {label: [word.word for word in words] for label, words in moved_words(a, b, 2).items()}
    {'good': ['abysmal', 'awesome']}
    """
    known_a, known_b = a.vocabulary.words, b.vocabulary.words
    in_b = arrow.values(pc.index_in(known_a, known_b).fill_null(-1))
    only_b = np.ones(len(known_b), bool)
    only_b[in_b[in_b >= 0]] = False
    # Each word once: its column in a and in b, or -1.
    columns_b = np.concatenate([in_b, np.flatnonzero(only_b)])
    columns_a = np.where(np.arange(len(columns_b)) < len(known_a), np.arange(len(columns_b)), -1)

    def most_moved(weights_a: Array, weights_b: Array) -> list[MovedWord]:
        of_a, of_b = _taken(weights_a, columns_a), _taken(weights_b, columns_b)
        moved = of_b - of_a
        order = np.argsort(-np.abs(moved), kind="stable")[:top]
        return [
            MovedWord(
                (known_a[k] if k < len(known_a) else known_b[int(columns_b[k])]).as_py(),
                float(of_a[k]) if columns_a[k] >= 0 else None,
                float(of_b[k]) if columns_b[k] >= 0 else None,
                float(moved[k]),
            )
            for k in order[moved[order] != 0].tolist()
        ]

    shown = shown_weights(a.weights), shown_weights(b.weights)
    labels = a.classes[1:] if len(shown[0]) == 1 else a.classes
    return {label: most_moved(*rows) for label, *rows in zip(labels, *shown, strict=True)}


def _taken(weights: Array, columns: Array) -> Array:
    """Return the weight of each column, and 0 for the column -1."""
    taken: Array = np.where(columns >= 0, weights[columns], 0.0)
    return taken
