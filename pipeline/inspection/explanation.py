"""`explain`: the score of one text as the sum of intercept and contributions of words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.features.counting import count_features
from pipeline.inspection.places import Places
from pipeline.model.logistic import decide, sigmoid
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to the score of a text: count * scale * weight."""

    word: str
    count: float
    weight: float
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """A score as a sum: the intercept and the contribution of every feature.

    Attributes
    ----------
    contributions : tuple of Contribution
        The largest absolute contribution first.
    scale : float
        The factor of every count: 1, or 1 / Euclidean length where counts have unit length.
    intercept, log_odds, probability, threshold : float
    classes : tuple, length 2
        The labels of the negative and of the positive class.
    label : str, or what the classes are
        The prediction: the positive class if probability > threshold, else the negative one.
    n_tokens, n_unknown : int
        The number of tokens, and of tokens that no feature of the vocabulary lies in.
    """

    contributions: tuple[Contribution, ...]
    scale: float
    intercept: float
    log_odds: float
    probability: float
    threshold: float
    classes: tuple[Any, Any]
    label: Any
    n_tokens: int
    n_unknown: int

    @property
    def is_positive(self) -> bool:
        """True if the prediction is the positive class."""
        return bool(decide(np.array(self.probability), self.threshold))

    @property
    def other_label(self) -> Any:
        """The class that is not predicted."""
        return self.classes[not self.is_positive]


def explain(model: TextClassifier, text: str) -> Explanation:
    """Return the score of a text as a sum of contributions.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> labels = ["good", "good", "bad", "bad"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    >>> explanation = explain(model, "Awesome, awesome, unheard of!")
    >>> [(c.word, c.count, round(c.weight, 2)) for c in explanation.contributions]
    [('awesome', 2.0, 0.52)]
    >>> explanation.label, explanation.n_tokens, explanation.n_unknown
    ('good', 4, 2)
    """
    return explain_with_places(model, text)[0]


def explain_with_places(model: TextClassifier, text: str) -> tuple[Explanation, Places]:
    """Return an explanation, and where its features stand."""
    tokens = model.tokenizer([text])
    row = count_features(tokens, model.vocabulary, model.binary)
    columns, counts, scale = row.indices, row.data.astype(np.float64), 1.0
    added = counts * model.weights[columns]
    if model.unit_length and len(counts):
        scale = 1.0 / math.sqrt(np.square(counts).sum())
        scaled = count_features(tokens, model.vocabulary, model.binary, unit_length=True)
        added = scaled.data.astype(np.float64) * model.weights[columns]
    words = model.vocabulary.words.take(arrow.numbers(columns)).to_pylist()
    contributions = sorted(
        (
            Contribution(word, float(count), float(model.weights[column]), float(value))
            for word, count, column, value in zip(words, counts, columns, added, strict=True)
        ),
        key=lambda c: (-abs(c.contribution), c.word),
    )
    log_odds = math.fsum([model.intercept, *added])
    probability = sigmoid(np.array([log_odds]))
    text_tokens = tokens.document(0)
    places = Places.of([c.word for c in contributions], text_tokens)
    explanation = Explanation(
        tuple(contributions),
        scale,
        model.intercept,
        log_odds,
        float(probability[0]),
        model.regression.threshold,
        model.classes,
        model.labels(probability)[0],
        n_tokens=len(tokens.ids),
        n_unknown=sum(token not in places.held for token in text_tokens),
    )
    return explanation, places
