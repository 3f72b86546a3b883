"""Choose the threshold for a goal: least recall, least precision or best F1.

A threshold is chosen on reviews that the model has not learned from. It need not meet the goal on
others: the metrics on the test set tell.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.confusion import Confusion, class_metrics, counts_above
from pipeline.model.logistic import sigmoid

Goal = Literal["min_recall", "min_precision", "f1"]


@dataclass(frozen=True)
class ThresholdMetrics:
    """Accuracy at a threshold, and the metrics of the positive class.

    NaN where a ratio has nothing to divide by.
    """

    threshold: float
    accuracy: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ThresholdChoice:
    """The threshold that meets a goal on n reviews, with its metrics and those of 0.5."""

    goal: str
    threshold: float
    n: int
    at: ThresholdMetrics
    at_half: ThresholdMetrics


def goal_of(stated: Mapping[str, Any]) -> tuple[Goal, float | None]:
    """Return a goal and what it must reach, as `choose_threshold` takes them.

    >>> goal_of({"min_recall": 0.95})
    ('min_recall', 0.95)
    >>> goal_of({"best": "f1"})
    ('f1', None)
    """
    match [*stated.items()]:
        case [("min_recall" | "min_precision" as goal, int(least) | float(least))]:
            return goal, float(least)
        case [("best", "f1")]:
            return "f1", None
    raise ValueError(
        "threshold: expected a number, or one of {'min_recall': 0.95}, {'min_precision': 0.9} "
        f"and {{'best': 'f1'}}, got {dict(stated)}"
    )


def choose_threshold(
    y_true: Labels,
    scores: Floats,
    goal: Goal,
    least: float | None = None,
    sample_weight: Floats | None = None,
) -> ThresholdChoice:
    """Return the best threshold that meets a goal.

    Among all decisions that a threshold in (0, 1) can make, with precision, recall and F1 of
    the positive class, the best one has

        min_recall     the highest precision with recall >= least,
        min_precision  the highest recall with precision >= least,
        f1             the highest F1.

    Ties go to the higher of precision and recall that the goal leaves open, then to the higher
    threshold. A threshold lies in the middle between two neighbouring probabilities, so that no
    review is at its edge.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    scores : float64 array, shape (n,)
        Log-odds of the positive class.
    goal : {"min_recall", "min_precision", "f1"}
    least : float in (0, 1], optional
        The recall or the precision to reach; not for `f1`.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice, in the choice and in its metrics.

    Raises
    ------
    ConfigError
        If no threshold reaches the goal, or no review is positive.

    Examples
    --------
    >>> y_true, probability = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.3, 0.6, 0.7, 0.9])
    >>> scores = np.log(probability / (1 - probability))
    >>> choice = choose_threshold(y_true, scores, "min_recall", 1.0)
    >>> round(choice.threshold, 4), choice.at.recall, choice.at.precision
    (0.2, 1.0, 0.75)
    """
    if goal == "f1":
        if least is not None:
            raise ValueError(f"least: expected none for goal f1, got {least}")
    elif least is None or not 0 < least <= 1:
        raise ValueError(f"least: expected a number in (0, 1] for {goal}, got {least}")
    is_positive, z = checked(y_true, scores)
    if not is_positive.any():
        raise ConfigError(
            "train.threshold: expected a positive review among the "
            f"{z.size:,} validation reviews, to choose a threshold by; got none"
        )
    thresholds = _candidates(sigmoid(z))
    counted = functools.partial(counts_above, is_positive, sigmoid(z), weights=sample_weight)
    true_positive, false_positive = counted(thresholds)
    n_positive = counted(np.array([-1.0]))[0]
    with np.errstate(invalid="ignore"):  # precision is NaN where none is predicted positive
        precision = true_positive / (true_positive + false_positive)
    recall = true_positive / n_positive
    if least is None:
        f1 = 2 * true_positive / (true_positive + false_positive + n_positive)
        stated, reached = "best F1", np.ones(thresholds.size, bool)
        ranks = thresholds, recall, f1
    else:
        bound, free = (recall, precision) if goal == "min_recall" else (precision, recall)
        stated, reached = f"{goal.removeprefix('min_')} >= {least:g}", bound >= least
        ranks = thresholds, bound, free
        if not reached.any():
            raise _out_of_reach(stated, bound, z.size)
    best = np.lexsort([column[reached] for column in ranks])[-1]
    threshold = float(thresholds[reached][best])
    at, at_half = (_metrics_at(counted, each) for each in (threshold, 0.5))
    return ThresholdChoice(stated, threshold, z.size, at, at_half)


def _candidates(probability: Floats) -> Floats:
    """Return one threshold for each decision that is possible, in ascending order."""
    distinct = np.unique(probability)
    below, above = np.append(0.0, distinct), np.append(distinct, 1.0)
    thresholds = below + (above - below) / 2
    # No double lies between adjacent ones; the lower one separates them, too.
    thresholds = np.where(thresholds < above, thresholds, below)
    possible: Floats = thresholds[(thresholds > 0) & (thresholds < 1)]
    return possible


def _out_of_reach(stated: str, found: Floats, n: int) -> ConfigError:
    """Return the error of a goal that no threshold reaches, with the best that one does."""
    # Rounded down, so that it is never shown as the goal.
    best = math.floor(np.nanmax(found, initial=0.0) * 1000) / 1000
    return ConfigError(
        f"train.threshold: no threshold reaches {stated} on the {n:,} validation reviews; "
        f"the best is {best:.3f}"
    )


def _metrics_at(counted: Callable[[Floats], tuple[Any, Any]], threshold: float) -> ThresholdMetrics:
    """Return the metrics at a threshold, given the counts of true and false positives above it."""
    (positive, true_positive), (negative, false_positive) = (
        of_class.tolist() for of_class in counted(np.array([-1.0, threshold]))
    )
    counts = Confusion(
        negative - false_positive, false_positive, positive - true_positive, true_positive
    )
    of_positive = class_metrics(counts)[1]
    return ThresholdMetrics(
        threshold, counts.accuracy, of_positive.precision, of_positive.recall, of_positive.f1
    )
