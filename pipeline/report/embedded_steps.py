"""What a step of gradient descent starts from, as JSON in the page: the terms of some reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipeline.inspection.trace import Rule, Step, textbook_step, trace

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.report.data import ScoredReviews

# Terms of a review that the page lists. Of the others two sums are enough: a step changes them
# as if they were one term.
MOST_TERMS = 40


def embedded_steps(
    model: TextClassifier, test: ScoredReviews, rows: Iterable[int], rule: Rule
) -> dict[str, Any]:
    """Return the reviews of some rows as values that JSON can hold, before a step.

    Weights are exact, and all words of a review count, whatever words the page has. So the page
    takes the step that `sentiment trace` takes.

    Parameters
    ----------
    model : TextClassifier
    test : ScoredReviews
    rows : iterable of int
        Rows of the test set.
    rule : Rule
        The learning rate and the penalty that the page starts with.
    """
    reviews, hand = {}, textbook_step()
    for row in rows:
        found = trace(model, test.text(row), int(test.labels[row]), rule)
        seen = {"n_tokens": len(found.tokens), "n_unknown": found.n_unknown}
        reviews[row] = _start(found.step) | seen
    return {
        "most_terms": MOST_TERMS,
        "n_features": len(model.vocabulary),
        "reviews": reviews,
        "textbook": _start(hand) | {"rule": vars(hand.rule)},
        "rule": vars(rule),
    }


def _start(step: Step) -> dict[str, Any]:
    r"""Return what a step starts from.

    Examples
    --------
    >>> start = _start(textbook_step())
    >>> start["words"], start["x"], start["weights"], start["intercept"], start["y"]
    ('positive words\nnegative words', [3, 2], [0.0, 0.0], 0.0, 1)
    """
    shown, others = step.terms[:MOST_TERMS], step.terms[MOST_TERMS:]
    return {
        "y": step.y,
        "words": "\n".join(term.feature for term in shown),
        "x": [int(term.x) if term.x.is_integer() else term.x for term in shown],
        "weights": [term.weight for term in shown],
        "intercept": step.intercept,
        "others": {
            "n": len(others),
            "product": sum(term.product for term in others),
            "squares": sum(term.x * term.x for term in others),
        },
    }
