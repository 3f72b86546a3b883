"""Choose the confidence below which a model abstains, for a goal on the validation set.

The goal is a least accuracy of the predictions that are left, or a greatest share of reviews that
are left out (Chow 1970; El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017). As a threshold, the bound
need not meet its goal on other reviews: the metrics on the test set tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.checks import Floats, Labels
from pipeline.model.confidence import confidences
from pipeline.model.confusion import counts_above
from pipeline.model.logistic import predictions

Goal = tuple[Literal["min_accuracy", "max_unsure"], float]


@dataclass(frozen=True)
class AbstainChoice:
    """The bound that meets a goal; 0 if all predictions together meet it.

    A prediction is unsure where its confidence is below the bound.
    """

    goal: str
    bound: float


def bound_of(stated: float | Mapping[str, Any] | None) -> float | Goal | None:
    """Return a stated bound, or a goal as `choose_bound` takes it; None for none.

    >>> bound_of({"min_accuracy": 0.95})
    ('min_accuracy', 0.95)
    >>> bound_of(0.8)
    0.8
    """
    match stated:
        case None:
            return None
        case int() | float() if not isinstance(stated, bool) and 0 <= stated <= 1:
            return float(stated)
        case Mapping():
            match [*stated.items()]:
                case [("min_accuracy", int(value) | float(value))] if 0 < value <= 1:
                    return "min_accuracy", float(value)
                case [("max_unsure", int(value) | float(value))] if 0 <= value < 1:
                    return "max_unsure", float(value)
    raise ValueError(
        "abstain: expected a number from 0 to 1, or one of {'min_accuracy': 0.95} and "
        f"{{'max_unsure': 0.1}}, got {stated!r}"
    )


def choose_bound(
    y_true: Labels,
    scores: Floats,
    threshold: float,
    goal: Goal,
    sample_weight: Floats | None = None,
) -> AbstainChoice:
    """Return the bound of the confidence that meets a goal.

        min_accuracy   the lowest bound such that the predictions with at least this confidence are
                       right in such a share of the reviews,
        max_unsure     the highest bound such that no larger share of the reviews is below it.

    Reviews with equal confidence are on one side. The bound lies in the middle between two
    neighbouring confidences, so that no review is at its edge; it is 0 if no review is left out.

    Parameters
    ----------
    y_true : int array, shape (n,)
        The number of each review's class.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
    threshold : float
        Of two classes, of the predictions.
    goal : tuple
        As `bound_of` returns it.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice.

    Raises
    ------
    ConfigError
        If no bound reaches the accuracy.

    Examples
    --------
    >>> y_true, scores = np.array([0, 1, 0, 1]), np.array([-3.0, 2.0, 0.5, 1.0])
    >>> choice = choose_bound(y_true, scores, 0.5, ("min_accuracy", 1.0))
    >>> choice.goal, round(choice.bound, 4)
    ('accuracy >= 1', 0.6768)
    >>> choose_bound(y_true, scores, 0.5, ("min_accuracy", 0.75)).bound
    0.0
    """
    right, confidence = predictions(scores, threshold) == y_true, confidences(scores, threshold)
    distinct = np.unique(confidence)
    below = np.append(-np.inf, distinct[:-1])  # each bound has those above this that it keeps
    n_right, n_wrong = counts_above(right, confidence, below, sample_weight)
    n_kept = n_right + n_wrong
    kind, value = goal
    if kind == "max_unsure":
        unsure = (n_kept[0] - n_kept) / n_kept[0]
        place, stated = np.flatnonzero(unsure <= value)[-1], f"unsure <= {value:g}"
    else:
        with np.errstate(invalid="ignore"):  # NaN where all weights are 0
            accuracy = n_right / n_kept
        reached, stated = accuracy >= value, f"accuracy >= {value:g}"
        if not reached.any():
            raise _out_of_reach(stated, accuracy, len(right))
        place = reached.argmax()
    if place == 0:
        return AbstainChoice(stated, 0.0)
    low, high = float(distinct[place - 1]), float(distinct[place])
    middle = low + (high - low) / 2
    return AbstainChoice(stated, middle if middle > low else high)


def _out_of_reach(stated: str, found: Floats, n: int) -> ConfigError:
    """Return the error of an accuracy that no bound reaches, with the best that one does."""
    # Rounded down, so that it is never shown as the goal.
    best = math.floor(np.nanmax(found) * 1000) / 1000
    return ConfigError(
        f"train.abstain: no confidence bound reaches {stated} on the {n:,} validation reviews; "
        f"the best is {best:.3f}"
    )
