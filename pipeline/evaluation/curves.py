"""How the decisions on labelled reviews change with the threshold, as points to draw.

The input is that of `evaluation`: labels in {0, 1} and log-odds. Everything is computed
over all reviews; of a curve with more corners than a screen has dots, some are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.calibration import bin_of
from pipeline.model.checks import Floats, Labels
from pipeline.model.logistic import decide, sigmoid

# Thresholds to a table: k / STEPS for k from 1 to STEPS - 1.
STEPS = 1000


@dataclass(frozen=True)
class Curve:
    """The corners of a line, from left to right."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class ThresholdTable:
    """What is called positive at each threshold k / steps, for k from 1 to steps - 1.

    Attributes
    ----------
    steps, n_negative, n_positive : int
        The number of steps, and of reviews of each class.
    true_positive, false_positive : tuple of int, length steps - 1
        Reviews of each class with a probability above the threshold.
    """

    steps: int
    n_negative: int
    n_positive: int
    true_positive: tuple[int, ...]
    false_positive: tuple[int, ...]


@dataclass(frozen=True)
class Histogram:
    """How many reviews of each class are in each of some bins of the probability."""

    negative: tuple[int, ...]
    positive: tuple[int, ...]


@dataclass(frozen=True)
class Curves:
    """All that the report draws of the decisions."""

    roc: Curve
    precision_recall: Curve
    thresholds: ThresholdTable
    histogram: Histogram


def curves(y: Labels, scores: Floats) -> Curves:
    """Compute all of them.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.
    """
    return Curves(
        roc_points(y, scores),
        precision_recall_points(y, scores),
        threshold_table(y, scores),
        histogram(y, scores, 40),
    )


def roc_points(y: Labels, scores: Floats, most: int = 400) -> Curve:
    """Return the false positive rate and the true positive rate, threshold by threshold.

    From (0, 0), where nothing is called positive, to (1, 1). Empty where a class is.
    """
    true, false = _cumulated(y, scores)
    if not true[-1] or not false[-1]:
        return Curve((), ())
    kept = _thinned(len(true), most)
    return _curve(false[kept] / false[-1], true[kept] / true[-1])


def precision_recall_points(y: Labels, scores: Floats, most: int = 400) -> Curve:
    """Return recall and precision, threshold by threshold; empty where no review is positive."""
    true, false = _cumulated(y, scores)
    if not true[-1]:
        return Curve((), ())
    kept = _thinned(len(true) - 1, most) + 1  # before the first nothing is called positive
    return _curve(true[kept] / true[-1], true[kept] / (true + false)[kept])


def threshold_table(y: Labels, scores: Floats) -> ThresholdTable:
    """Count at every threshold as `evaluation.confusion` does at one."""
    probability = sigmoid(scores)
    thresholds = np.arange(1, STEPS) / STEPS
    above = []
    for label in (1, 0):
        of_class = np.sort(probability[y == label])
        above.append(len(of_class) - np.searchsorted(of_class, thresholds, side="right"))
    n_positive = int(np.count_nonzero(y == 1))
    return ThresholdTable(
        STEPS, len(y) - n_positive, n_positive, *(tuple(counts.tolist()) for counts in above)
    )


def histogram(y: Labels, scores: Floats, bins: int) -> Histogram:
    """Count the reviews of each class in the bins of `calibration.bin_of`."""
    number = bin_of(sigmoid(scores), bins)
    negative, positive = (np.bincount(number[y == k], minlength=bins) for k in (0, 1))
    return Histogram(tuple(negative.tolist()), tuple(positive.tolist()))


def agreement(scores: Floats, others: Floats, threshold: float) -> float:
    """Return the share of reviews on which two models decide alike."""
    one, other = (decide(sigmoid(z), threshold) for z in (scores, others))
    return float(np.mean(one == other))


def _cumulated(y: Labels, scores: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many positives and negatives score at least each distinct score, from above."""
    order = np.argsort(-scores, kind="stable")
    z, gold = scores[order], y[order] == 1
    last_of_ties = np.append(np.flatnonzero(np.diff(z)), len(z) - 1)
    true = np.cumsum(gold)[last_of_ties]
    return np.append(0, true), np.append(0, last_of_ties + 1 - true)


def _thinned(n: int, most: int) -> NDArray[np.int64]:
    """Return so many of n places at most, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def _curve(x: Floats, y: Floats) -> Curve:
    return Curve(tuple(x.tolist()), tuple(y.tolist()))
