"""Choosing the probability above which a review is called positive, by a stated goal.

A threshold is chosen on reviews that the model has not learned from, and none of it is
known to hold beyond them: metrics on a test part are the judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.checks import Floats, Labels, Mask, checked
from pipeline.model.logistic import decide, sigmoid

Goal = Literal["min_recall", "min_precision", "f1"]


@dataclass(frozen=True)
class Point:
    """What a threshold comes to: the accuracy, and the metrics of the positive class.

    NaN where a ratio has nothing to divide by.
    """

    threshold: float
    accuracy: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ThresholdChoice:
    """The threshold that meets a goal on n reviews, beside what 0.5 comes to on them."""

    goal: str
    threshold: float
    n: int
    at: Point
    at_half: Point


def choose_threshold(
    y: Labels, scores: Floats, goal: Goal, least: float | None = None
) -> ThresholdChoice:
    """Return the best threshold that meets a goal.

    Of all decisions that some threshold in (0, 1) makes, with precision, recall and F1 of
    the positive class,

        min_recall     has the highest precision with recall >= least,
        min_precision  has the highest recall with precision >= least,
        f1             has the highest F1.

    Ties go to the higher of precision and recall that the goal leaves open, then to the
    higher threshold. A threshold lies in the middle between two neighbouring
    probabilities, so that no review sits on its edge.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.
    goal : str
    least : float in (0, 1]
        The recall or the precision that must be reached; not for `f1`.

    Raises
    ------
    ConfigError
        If no threshold reaches the goal, or no review is positive.
    """
    if goal == "f1":
        if least is not None:
            raise ValueError(f"least: expected none for goal f1, got {least}")
    elif least is None or not 0 < least <= 1:
        raise ValueError(f"least: expected a number in (0, 1] for {goal}, got {least}")
    gold, z = checked(y, scores)
    if not gold.any():
        raise ConfigError(
            f"train.threshold: expected a positive one among the {gold.size:,} validation "
            "reviews, to choose a threshold by; got none"
        )
    probability = sigmoid(z)
    thresholds, hits, called = _candidates(probability, gold)
    with np.errstate(invalid="ignore"):
        precision = hits / called  # NaN where nothing is called positive
    n_positive = int(np.count_nonzero(gold))
    recall = hits / n_positive
    f1 = 2 * hits / (called + n_positive)
    if least is None:
        rank, reached = (thresholds, recall, f1), np.full(thresholds.size, True)
        stated = "best F1"
    elif goal == "min_recall":
        rank, reached = (thresholds, recall, precision), recall >= least
        stated = f"recall >= {least:g}"
        _refuse_unreached(reached, stated, recall, gold.size)
    else:
        rank, reached = (thresholds, precision, recall), precision >= least
        stated = f"precision >= {least:g}"
        _refuse_unreached(reached, stated, precision, gold.size)
    best = np.lexsort([column[reached] for column in rank])[-1]
    threshold = float(thresholds[reached][best])
    at, at_half = (_point(probability, gold, each) for each in (threshold, 0.5))
    return ThresholdChoice(stated, threshold, gold.size, at, at_half)


def _candidates(probability: Floats, gold: Mask) -> tuple[Floats, Floats, Floats]:
    """Return a threshold for each decision that is possible, in ascending order.

    With it, how many reviews it calls positive rightly, and how many at all.
    """
    distinct, number = np.unique(probability, return_inverse=True)
    # What is above: all, without the lowest, ... , none.
    hits, called = (
        np.append(np.cumsum(counts[::-1])[::-1], 0.0)
        for counts in (np.bincount(number, gold, distinct.size), np.bincount(number))
    )
    below, above = np.append(0.0, distinct), np.append(distinct, 1.0)
    thresholds = below + (above - below) / 2
    # Between two neighbours among the doubles there is none; the lower one divides them too.
    thresholds = np.where(thresholds < above, thresholds, below)
    possible = (thresholds > 0) & (thresholds < 1)
    return thresholds[possible], hits[possible], called[possible]


def _refuse_unreached(reached: Mask, stated: str, found: Floats, n: int) -> None:
    """Refuse a goal that no threshold reaches, and say how far one comes."""
    if not reached.any():
        # Rounded down, so that it is never shown as the goal.
        best = math.floor(np.nanmax(found, initial=0.0) * 1000) / 1000
        raise ConfigError(
            f"train.threshold: no threshold reaches {stated} on the {n:,} validation reviews; "
            f"the best is {best:.3f}"
        )


def _point(probability: Floats, gold: Mask, threshold: float) -> Point:
    """Return what a threshold comes to."""
    called = decide(probability, threshold)
    hits, n_called = np.count_nonzero(called & gold), np.count_nonzero(called)
    n_positive = np.count_nonzero(gold)
    return Point(
        threshold=threshold,
        accuracy=float(np.mean(called == gold)),
        precision=hits / n_called if n_called else math.nan,
        recall=hits / n_positive,
        f1=2 * hits / (n_called + n_positive),
    )
