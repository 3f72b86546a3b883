"""`trace` for more than two classes: one review through one step of softmax regression.

    z_k = x . w_k + b_k,  p = softmax(z),  L = -ln p_y
    g_k = (p_k - [k = y]) x + l2 w_k     the gradient by w_k; that by b_k is p_k - [k = y]
    w_k <- w_k - learning_rate g_k

after Jurafsky & Martin, Speech and Language Processing, the multinomial sections of the chapter on
logistic regression. y is the number of the true class; [k = y] is 1 for it and 0 for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.inspection.trace import Rule, Seen, see
from pipeline.model.logistic import Array
from pipeline.model.softmax import cross_entropy, softmax
from pipeline.model.text_classifier import TextClassifier


@dataclass(frozen=True)
class ClassTerm:
    """One feature of the review: a non-zero of x, and its part in the step.

    Attributes
    ----------
    feature : str
    x : float
    weights, products, gradients, new_weights : tuple of float
        Of each class. A product is x times the weight: a term of the sum z_k.
    """

    feature: str
    x: float
    weights: tuple[float, ...]
    products: tuple[float, ...]
    gradients: tuple[float, ...]
    new_weights: tuple[float, ...]


@dataclass(frozen=True)
class ClassScored:
    """The score and the probability of each class, and the loss."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    loss: float

    @classmethod
    def of(cls, z: Array, y: int) -> ClassScored:
        """Return what follows from scores, shape (n_classes,), and the number of the true class.

        Examples
        --------
        >>> ClassScored.of(np.zeros(4), 1)
        ClassScored(scores=(0.0, 0.0, 0.0, 0.0), probabilities=(0.25, 0.25, 0.25, 0.25), \
loss=1.3862943611198906)
        """
        (loss,) = cross_entropy(z[None], np.array([y])).tolist()
        return cls(tuple(z.tolist()), tuple(softmax(z).tolist()), loss)


@dataclass(frozen=True)
class ClassStep:
    """One step of stochastic gradient descent on one review, for each class.

    Attributes
    ----------
    classes : tuple
        The labels, in the order of every tuple of numbers here.
    terms : tuple of ClassTerm
        Those whose products differ most between the classes first.
    y : int
        The number of the true class.
    intercepts, new_intercepts : tuple of float
        Before and after the step.
    before, after : ClassScored
        The review with the old and with the new weights.
    errors : tuple of float
        p_k - [k = y], which is the gradient by each intercept.
    rule : Rule
    other_weights_factor : float
        The weights of a feature that is not in the review are multiplied by this: the penalty
        alone moves them.
    """

    classes: tuple[Any, ...]
    terms: tuple[ClassTerm, ...]
    y: int
    intercepts: tuple[float, ...]
    new_intercepts: tuple[float, ...]
    before: ClassScored
    after: ClassScored
    errors: tuple[float, ...]
    rule: Rule
    other_weights_factor: float


@dataclass(frozen=True)
class ClassTrace(Seen):
    """A text, what the model sees of it, and a step on it."""

    step: ClassStep


def take_class_step(
    features: Sequence[str],
    x: Array,
    parameters: tuple[Array, Array],
    classes: Sequence[Any],
    y: int,
    rule: Rule,
) -> ClassStep:
    """Return a step on one review.

    Parameters
    ----------
    features : sequence of str
        The names of the non-zeros of x.
    x : float64 array, shape (n_non_zeros,)
    parameters : float64 arrays, shapes (n_classes, n_non_zeros) and (n_classes,)
        Their weights, and the intercepts.
    classes : sequence
        The label of each class.
    y : int
        The number of the true class.
    rule : Rule

    Examples
    --------
    >>> zeros = np.zeros((4, 1)), np.zeros(4)
    >>> step = take_class_step(["good"], np.array([2.0]), zeros, "abcd", 1, Rule(0.1))
    >>> step.errors, step.terms[0].new_weights
    ((0.25, -0.75, 0.25, 0.25), (-0.05, 0.15000000000000002, -0.05, -0.05))
    """
    weights, b = parameters
    before = ClassScored.of(weights @ x + b, y)
    errors = np.array(before.probabilities)
    errors[y] -= 1.0
    products = x * weights
    gradients = np.outer(errors, x) + rule.l2 * weights
    new_weights = weights - rule.learning_rate * gradients
    new_b = b - rule.learning_rate * errors
    columns = (_by_feature(each) for each in (weights, products, gradients, new_weights))
    rows = zip(features, x.tolist(), *columns, strict=True)
    terms = [ClassTerm(*row) for row in rows]
    terms.sort(key=lambda t: (min(t.products) - max(t.products), -abs(t.x), t.feature))
    return ClassStep(
        tuple(classes),
        tuple(terms),
        y,
        tuple(b.tolist()),
        tuple(new_b.tolist()),
        before,
        ClassScored.of(new_weights @ x + new_b, y),
        tuple(errors.tolist()),
        rule,
        1.0 - rule.learning_rate * rule.l2,
    )


def _by_feature(values: Array) -> list[tuple[float, ...]]:
    """Return the numbers of each column, shape (n_classes, n_non_zeros), as a tuple."""
    return [tuple(column) for column in values.T.tolist()]


def trace_classes(model: TextClassifier, text: str, y: int, rule: Rule) -> ClassTrace:
    """Return a step of a model of more than two classes on a text.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "abysmal film", "fair film"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, ["good", "bad", "so-so"]).model_
    >>> found = trace_classes(model, "Fair, unheard of!", 2, Rule(0.1))
    >>> found.label, found.n_unknown, [term.feature for term in found.step.terms]
    ('so-so', 2, ['fair'])
    >>> found.step.after.loss < found.step.before.loss
    True
    """
    seen, columns, features, x = see(model, text, y)
    weights, b = model.regression.parameters
    step = take_class_step(features, x, (weights[:, columns], b), model.classes, y, rule)
    return ClassTrace(**vars(seen), step=step)
