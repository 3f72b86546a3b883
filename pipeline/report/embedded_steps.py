"""What a step of gradient descent starts from, as JSON in the page: the terms of some reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipeline.inspection.class_trace import ClassStep, trace_classes
from pipeline.inspection.trace import Rule, Step, textbook_step, trace

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ScoredReviews

# Terms of a review that the page lists. Of the others two sums are enough: a step changes them
# as if they were one term. Where each has many weights, fewer are listed, but at least so many.
MOST_TERMS, LEAST_TERMS = 40, 10


def embedded_steps(
    model: TextClassifier, test: ScoredReviews, rows: Iterable[int], rule: Rule
) -> dict[str, Any]:
    """Return the reviews of some rows as values that JSON can hold, before a step.

    Weights are exact, and all words of a review count, whatever words the page has. So the page
    takes the step that `sentiment trace` takes. Two classes also have the textbook's example.

    Parameters
    ----------
    model : TextClassifier
    test : ScoredReviews
    rows : iterable of int
        Rows of the test set.
    rule : Rule
        The learning rate and the penalty that the page starts with.
    """
    n_classes = len(model.classes)
    most = MOST_TERMS if n_classes == 2 else max(LEAST_TERMS, 5 * MOST_TERMS // n_classes // 2)
    take_step = trace if n_classes == 2 else trace_classes
    reviews = {}
    for row in rows:
        found = take_step(model, test.text(row), int(test.labels[row]), rule)
        seen = {"n_tokens": len(found.tokens), "n_unknown": found.n_unknown}
        reviews[row] = _start(found.step, most) | seen
    embedded = {
        "most_terms": most,
        "n_features": len(model.vocabulary),
        "reviews": reviews,
        "rule": vars(rule),
    }
    if n_classes == 2:
        hand = textbook_step()
        embedded["textbook"] = _start(hand, most) | {"rule": vars(hand.rule)}
    return embedded


def _start(step: Step | ClassStep, most: int) -> dict[str, Any]:
    r"""Return what a step starts from: of more than two classes, each has a weight and a sum.

    Examples
    --------
    >>> start = _start(textbook_step(), 40)
    >>> start["words"], start["x"], start["weights"], start["intercept"], start["y"]
    ('positive words\nnegative words', [3, 2], [0.0, 0.0], 0.0, 1)
    """
    shown, others = step.terms[:most], step.terms[most:]
    product: Any
    if isinstance(step, ClassStep):
        weights: list[Any] = [term.weights for term in step.terms[:most]]
        zeros = (0.0,) * len(step.classes)
        products = (term.products for term in step.terms[most:])
        product = [sum(of_class) for of_class in zip(zeros, *products, strict=True)]
        intercept: Any = step.intercepts
    else:
        weights = [term.weight for term in step.terms[:most]]
        product, intercept = sum(term.product for term in step.terms[most:]), step.intercept
    return {
        "y": step.y,
        "words": "\n".join(term.feature for term in shown),
        "x": [int(term.x) if term.x.is_integer() else term.x for term in shown],
        "weights": weights,
        "intercept": intercept,
        "others": {
            "n": len(others),
            "product": product,
            "squares": sum(term.x * term.x for term in others),
        },
    }
