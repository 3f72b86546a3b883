"""`trace`: one review through one step of stochastic gradient descent, every number of it.

    z = x . w + b,  a = sigmoid(z),  L = -y ln a - (1 - y) ln(1 - a)
    g = (a - y) x + l2 w             the gradient by w; that by b is a - y
    w <- w - learning_rate g

after Jurafsky & Martin, Speech and Language Processing, chapter on logistic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.explanation import explain
from pipeline.model.logistic import Array, cross_entropy, sigmoid
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow


@dataclass(frozen=True)
class Rule:
    """The size of a step, and the strength of the L2 penalty."""

    learning_rate: float = 0.1
    l2: float = 0.0


@dataclass(frozen=True)
class Term:
    """One feature of the review: a non-zero of x, and its part in the step.

    Attributes
    ----------
    feature : str
    x, weight, product : float
        The product is x times the weight: a term of the sum z.
    gradient, new_weight : float
    """

    feature: str
    x: float
    weight: float
    product: float
    gradient: float
    new_weight: float


@dataclass(frozen=True)
class Scored:
    """The score of a review, its probability of being positive, and the loss."""

    score: float
    probability: float
    loss: float

    @classmethod
    def of(cls, score: float, y: int) -> Scored:
        """Return what follows from a score and the true label.

        Examples
        --------
        >>> Scored.of(0.0, 1)
        Scored(score=0.0, probability=0.5, loss=0.6931471805599453)
        """
        z = np.array([score])
        return cls(score, float(sigmoid(z)[0]), float(cross_entropy(z, np.array([y]))[0]))


@dataclass(frozen=True)
class Step:
    """One step of stochastic gradient descent on one review.

    Attributes
    ----------
    terms : tuple of Term
        The largest absolute product first.
    y : int
        The true label: 1 is positive.
    intercept, new_intercept : float
        Before and after the step.
    before, after : Scored
        The review with the old and with the new weights.
    error : float
        a - y, which is the gradient by the intercept.
    rule : Rule
    other_weights_factor : float
        The weight of a feature that is not in the review is multiplied by this: the penalty
        alone moves it.
    """

    terms: tuple[Term, ...]
    y: int
    intercept: float
    new_intercept: float
    before: Scored
    after: Scored
    error: float
    rule: Rule
    other_weights_factor: float


@dataclass(frozen=True)
class Seen:
    """A text, and what the model sees of it.

    Attributes
    ----------
    text : str
    tokens : tuple of str
    n_unknown : int
        The number of tokens that no feature of the vocabulary lies in.
    n_features : int
        The number of columns of x.
    label : str, or what the classes are
        The true label.
    """

    text: str
    tokens: tuple[str, ...]
    n_unknown: int
    n_features: int
    label: object


@dataclass(frozen=True)
class Trace(Seen):
    """A text, what the model sees of it, and a step on it."""

    step: Step


def take_step(
    features: Sequence[str], x: Array, weights: Array, intercept: float, y: int, rule: Rule
) -> Step:
    """Return a step on one review.

    Parameters
    ----------
    features : sequence of str
        The names of the non-zeros of x.
    x, weights : float64 array, shape (n_non_zeros,)
        The non-zeros of x, and their weights.
    intercept : float
    y : int
        The true label, 0 or 1.
    rule : Rule

    Examples
    --------
    >>> step = take_step(["good"], np.array([2.0]), np.array([0.0]), 0.0, 1, Rule(0.1))
    >>> step.terms
    (Term(feature='good', x=2.0, weight=0.0, product=0.0, gradient=-1.0, new_weight=0.1),)
    """
    before = Scored.of(float(x @ weights) + intercept, y)
    error = before.probability - y
    gradient = error * x + rule.l2 * weights
    new_weights = weights - rule.learning_rate * gradient
    new_intercept = intercept - rule.learning_rate * error
    columns = (x, weights, x * weights, gradient, new_weights)
    rows = zip(features, *(column.tolist() for column in columns), strict=True)
    terms = (Term(*row) for row in rows)
    return Step(
        tuple(sorted(terms, key=lambda term: (-abs(term.product), -abs(term.x), term.feature))),
        y,
        intercept,
        new_intercept,
        before,
        Scored.of(float(x @ new_weights) + new_intercept, y),
        error,
        rule,
        1.0 - rule.learning_rate * rule.l2,
    )


def textbook_step(y: int = 1, rule: Rule | None = None) -> Step:
    """Return the first step of the textbook's worked example.

    A review has 3 words of a positive lexicon and 2 of a negative one. All weights are 0.

    Examples
    --------
    >>> step = textbook_step()
    >>> [round(term.new_weight, 4) for term in step.terms], round(step.new_intercept, 4)
    ([0.15, 0.1], 0.05)
    """
    features = ("positive words", "negative words")
    return take_step(features, np.array([3.0, 2.0]), np.zeros(2), 0.0, y, rule or Rule())


def trace(model: TextClassifier, text: str, y: int, rule: Rule) -> Trace:
    """Return a step of a model on a text.

    Examples
    --------
    >>> import pipeline
    >>> texts, labels = ["awesome film", "abysmal film"], ["good", "bad"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, labels).model_
    >>> found = trace(model, "Awesome, unheard of!", 1, Rule(0.1))
    >>> found.tokens, found.n_unknown, [term.feature for term in found.step.terms]
    (('awesome', 'unheard', 'of'), 2, ['awesome'])
    >>> found.step.after.loss < found.step.before.loss
    True
    """
    seen, columns, features, x = see(model, text, y)
    step = take_step(features, x, model.weights[columns], model.intercept, y, rule)
    return Trace(**vars(seen), step=step)


def see(model: TextClassifier, text: str, y: int) -> tuple[Seen, Array, list[str], Array]:
    """Return what a model sees of a text, and the columns, names and values of its non-zeros."""
    row = model.count([text])
    features = model.vocabulary.words.take(arrow.numbers(row.indices)).to_pylist()
    seen = Seen(
        text,
        tuple(model.tokenizer([text]).document(0)),
        explain(model, text).n_unknown,
        len(model.vocabulary),
        model.classes[y],
    )
    return seen, row.indices, features, row.data.astype(np.float64)
