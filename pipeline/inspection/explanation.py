"""`explain`: the score of one text as the sum of intercept and contributions of words.

Of more than two classes, the score is how far the most probable class is above the runner-up: the
difference of their scores, and so of their weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from pipeline.features.counting import count_features
from pipeline.inspection.places import Places
from pipeline.model.logistic import Array, decide, scores, sigmoid
from pipeline.model.softmax import softmax
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow

if TYPE_CHECKING:
    from scipy.sparse import csr_array


# The most classes that are named behind the predicted one; the last stands for all that are left.
_OTHERS = 6


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
        The probability is that of ``classes[1]``, and not ``classes[0]``.
    classes : tuple, length 2
        The labels of the negative and of the positive class; of more than two, those of the
        runner-up and of the most probable class.
    label : str, or what the classes are
        The prediction: the second class if probability > threshold, else the first one. Of more
        than two, the second.
    ranking : tuple of (label, float)
        Each of more than two classes with its probability, the highest first; else empty.
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
    ranking: tuple[tuple[Any, float], ...] = ()

    @property
    def is_positive(self) -> bool:
        """True if the prediction is the second of `classes`; of more than two, it always is."""
        return bool(self.label == self.classes[1])

    @property
    def total(self) -> str:
        """The name of the sum: log-odds, or of more than two classes what leads what."""
        second, first = self.classes
        return f"{first} above {second}" if self.ranking else "log-odds"

    def in_words(self) -> str:
        """Return how probable the prediction is, and what decided it."""
        if self.ranking:
            (_, highest), *others = self.ranking
            n_shown = len(others) if len(others) <= _OTHERS else _OTHERS - 1
            rest = [f"{label} {probability:.3f}" for label, probability in others[:n_shown]]
            if left := [probability for _, probability in others[n_shown:]]:
                rest.append(f"{len(left)} others {math.fsum(left):.3f}")
            return f"probability {highest:.3f}; {', '.join(rest)}"
        return (
            f"probability {self.probability:.3f} of being {self.classes[1]}, "
            f"threshold {self.threshold:g}"
        )

    @property
    def other_label(self) -> Any:
        """The class that is not predicted."""
        return self.classes[not self.is_positive]


def explain(
    model: TextClassifier, text: str, between: tuple[int, int] | None = None
) -> Explanation:
    """Return the score of a text as a sum of contributions.

    Parameters
    ----------
    model : TextClassifier
    text : str
    between : tuple of int, optional
        Of more than two classes, the numbers of two, to ask how far the second is above the
        first. By default they are the runner-up and the most probable one.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> labels = ["good", "good", "bad", "bad"]
    >>> model = pipeline.SentimentClassifier().fit(texts, labels).model_
    >>> explanation = explain(model, "Awesome, awesome, unheard of!")
    >>> [(c.word, c.count, round(c.weight, 2)) for c in explanation.contributions]
    [('awesome', 2.0, 1.09)]
    >>> explanation.label, explanation.n_tokens, explanation.n_unknown
    ('good', 4, 2)
    """
    return explain_with_places(model, text, between)[0]


def explain_with_places(
    model: TextClassifier, text: str, between: tuple[int, int] | None = None
) -> tuple[Explanation, Places]:
    """Return an explanation, and where its features stand."""
    tokens = model.tokenizer([text])
    row = count_features(tokens, model.vocabulary, model.binary)
    scaled, counts, scale = row, row.data.astype(np.float64), 1.0
    if model.unit_length and len(counts):
        scale = 1.0 / math.sqrt(np.square(counts).sum())
        scaled = count_features(tokens, model.vocabulary, model.binary, unit_length=True)
    question = _Question.of(model, scaled, between)
    weights, added = question.weights, scaled.data.astype(np.float64) * question.weights
    words = model.vocabulary.words.take(arrow.numbers(row.indices)).to_pylist()
    contributions = sorted(
        (
            Contribution(word, float(count), float(weight), float(value))
            for word, count, weight, value in zip(words, counts, weights, added, strict=True)
        ),
        key=lambda c: (-abs(c.contribution), c.word),
    )
    log_odds = math.fsum([question.intercept, *added])
    probability, threshold = sigmoid(np.array([log_odds])), model.regression.threshold
    is_second = bool(question.ranking) or bool(decide(probability, threshold)[0])
    text_tokens = tokens.document(0)
    places = Places.of([c.word for c in contributions], text_tokens)
    explanation = Explanation(
        tuple(contributions),
        scale,
        question.intercept,
        log_odds,
        float(probability[0]),
        threshold,
        question.classes,
        question.classes[is_second],
        n_tokens=len(tokens.ids),
        n_unknown=sum(token not in places.held for token in text_tokens),
        ranking=question.ranking,
    )
    return explanation, places


class _Question(NamedTuple):
    """Which of two classes a text is of: the weights of its features that decide it."""

    classes: tuple[Any, Any]
    weights: Array
    intercept: float
    ranking: tuple[tuple[Any, float], ...] = ()

    @classmethod
    def of(
        cls, model: TextClassifier, row: csr_array, between: tuple[int, int] | None = None
    ) -> Self:
        """Return the question of a text; of more than two classes, that of the two most probable.

        Equal scores go to the first of the classes, as in `logistic.predictions`. They are computed
        as for a prediction: summed in another order, the two could differ in their last bit.
        """
        (w, b), columns = model.regression.parameters, row.indices
        if w.ndim == 1:
            return cls(model.classes, w[columns], b)
        z = scores(row.data, columns, row.indptr, w, b)[0]
        order = np.argsort(-z, kind="stable").tolist()
        probability = softmax(z)
        second, first = between or (order[1], order[0])
        return cls(
            (model.classes[second], model.classes[first]),
            w[first, columns] - w[second, columns],
            float(b[first] - b[second]),
            tuple((model.classes[k], float(probability[k])) for k in order),
        )
