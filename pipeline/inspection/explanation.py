"""One text explained: the intercept and what each word adds sum to its log-odds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.features.counting import count_features
from pipeline.model.logistic import decide, sigmoid
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Contribution:
    """What one word adds to the score of a text: count * scale * weight."""

    word: str
    count: float
    weight: float
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """A score as a sum: the intercept and every word's contribution.

    Attributes
    ----------
    contributions : tuple of Contribution
        Those that move the score most first.
    scale : float
        What each count is multiplied by: 1, or 1 / length where counts have unit length.
    intercept, log_odds, probability, threshold : float
    label : str
        `positive` where probability > threshold, else `negative`.
    n_tokens, n_unknown : int
        Tokens of the text, and how many of them are part of none of its words.
    """

    contributions: tuple[Contribution, ...]
    scale: float
    intercept: float
    log_odds: float
    probability: float
    threshold: float
    label: str
    n_tokens: int
    n_unknown: int


def explain(model: TextClassifier, text: str) -> Explanation:
    """Take the score of a text apart.

    The intercept and the contributions sum to the log-odds.
    """
    tokens = model.tokenizer([text])
    counts = count_features(tokens, model.vocabulary, model.binary).data.astype(np.float64)
    row = model.count([text])
    columns, scale = row.indices, 1.0
    if model.unit_length and len(counts):
        scale = 1.0 / math.sqrt(np.square(counts).sum())
    added = row.data.astype(np.float64) * model.weights[columns]
    words = model.vocabulary.words.take(arrow.numbers(columns)).to_pylist()
    contributions = sorted(
        (
            Contribution(word, float(count), float(model.weights[column]), float(value))
            for word, count, column, value in zip(words, counts, columns, added, strict=True)
        ),
        key=lambda c: (-abs(c.contribution), c.word),
    )
    log_odds = math.fsum([model.intercept, *added])
    probability = float(sigmoid(np.array([log_odds]))[0])
    known = {token for word in words for token in word.split(" ")}
    unknown = [token for token in tokens.document(0) if token not in known]
    return Explanation(
        tuple(contributions),
        scale,
        model.intercept,
        log_odds,
        probability,
        model.regression.threshold,
        label_of(probability, model.regression.threshold),
        len(tokens.ids),
        len(unknown),
    )


def label_of(probability: float, threshold: float) -> str:
    """Return the decision on a probability by name."""
    return "positive" if decide(np.array(probability), threshold) else "negative"
