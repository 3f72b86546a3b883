"""ROC and precision-recall curves, counts at 999 thresholds, histogram: what a report draws.

The input is that of `metrics`: true labels, 0 or 1, and log-odds. Everything is computed from
all reviews; a curve with more points than a screen can show is thinned out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.calibration import bin_of
from pipeline.model.checks import Floats, Labels
from pipeline.model.confusion import counts_above
from pipeline.model.logistic import sigmoid

# The thresholds of a table are k / STEPS, with k from 1 to STEPS - 1.
STEPS = 1000


@dataclass(frozen=True)
class Curve:
    """The points of a line, from left to right."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class ThresholdTable:
    """Number of reviews predicted positive at each threshold k / steps, for k from 1 to steps - 1.

    Attributes
    ----------
    steps, n_negative, n_positive : int
        Number of steps, and of reviews of each class.
    true_positive, false_positive : tuple of int, length steps - 1
        Positive and negative reviews with a probability above the threshold.
    """

    steps: int
    n_negative: int
    n_positive: int
    true_positive: tuple[int, ...]
    false_positive: tuple[int, ...]


@dataclass(frozen=True)
class Histogram:
    """Number of reviews of each class in bins of the probability."""

    negative: tuple[int, ...]
    positive: tuple[int, ...]


@dataclass(frozen=True)
class Curves:
    """Everything that the report draws from labels and scores."""

    roc: Curve
    precision_recall: Curve
    thresholds: ThresholdTable
    histogram: Histogram


def curves(y_true: Labels, scores: Floats) -> Curves:
    """Return the curves, the table of thresholds and the histogram.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    scores : float64 array, shape (n,)
        Log-odds of the positive class.

    Examples
    --------
    >>> found = curves(np.array([1, 0, 1, 0]), np.array([2.0, 1.0, 0.5, -1.0]))
    >>> found.roc.x, found.roc.y
    ((0.0, 0.0, 0.5, 0.5, 1.0), (0.0, 0.5, 0.5, 1.0, 1.0))
    >>> at_half = 500 - 1
    >>> found.thresholds.true_positive[at_half], found.thresholds.false_positive[at_half]
    (2, 1)
    """
    return Curves(
        roc_points(y_true, scores),
        precision_recall_points(y_true, scores),
        threshold_table(y_true, scores),
        histogram(y_true, scores, 40),
    )


def roc_points(y_true: Labels, scores: Floats, most: int = 400) -> Curve:
    """Return false positive rate (x) and true positive rate (y), threshold by threshold.

    The curve runs from (0, 0), where no review is predicted positive, to (1, 1). It is empty
    if there is one class only.

    Examples
    --------
    >>> roc_points(np.array([1, 0, 1, 0]), np.array([2.0, 1.0, 0.5, -1.0]))
    Curve(x=(0.0, 0.0, 0.5, 0.5, 1.0), y=(0.0, 0.5, 0.5, 1.0, 1.0))
    """
    n_positive = int(np.count_nonzero(y_true == 1))
    if n_positive in (0, len(y_true)):
        return Curve((), ())
    true, false = _counts_downwards(y_true, scores, most)
    return _curve(false / (len(y_true) - n_positive), true / n_positive)


def precision_recall_points(y_true: Labels, scores: Floats, most: int = 400) -> Curve:
    """Return recall (x) and precision (y), threshold by threshold.

    The curve is empty if no review is positive.

    Examples
    --------
    >>> precision_recall_points(np.array([1, 0, 1]), np.array([2.0, 1.0, 0.5]))
    Curve(x=(0.5, 0.5, 1.0), y=(1.0, 0.5, 0.6666666666666666))
    """
    n_positive = int(np.count_nonzero(y_true == 1))
    if not n_positive:
        return Curve((), ())
    # Without the first point, where no review is predicted positive.
    true, false = _counts_downwards(y_true, scores, most, first=1)
    return _curve(true / n_positive, true / (true + false))


def threshold_table(y_true: Labels, scores: Floats) -> ThresholdTable:
    """Count true and false positives at the thresholds 0.001, 0.002, ..., 0.999.

    Examples
    --------
    >>> table = threshold_table(np.array([1, 0]), np.array([2.0, -2.0]))
    >>> table.steps, table.true_positive[499], table.false_positive[499]
    (1000, 1, 0)
    """
    is_positive = y_true == 1
    above = counts_above(is_positive, sigmoid(scores), np.arange(1, STEPS) / STEPS)
    n_positive = int(np.count_nonzero(is_positive))
    return ThresholdTable(
        STEPS, len(y_true) - n_positive, n_positive, *(tuple(counts.tolist()) for counts in above)
    )


def histogram(y_true: Labels, scores: Floats, bins: int) -> Histogram:
    """Count the reviews of each class in the bins of `calibration.bin_of`.

    Examples
    --------
    >>> histogram(np.array([1, 0, 1]), np.array([2.0, -2.0, -1.0]), bins=2)
    Histogram(negative=(1, 0), positive=(1, 1))
    """
    number = bin_of(sigmoid(scores), bins)
    negative, positive = (np.bincount(number[y_true == k], minlength=bins) for k in (0, 1))
    return Histogram(tuple(negative.tolist()), tuple(positive.tolist()))


def _counts_downwards(
    y_true: Labels, scores: Floats, most: int, first: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true and false positives at up to `most` thresholds, from the highest score to -inf.

    The `first` of them are left out before any is.
    """
    thresholds = np.append(np.unique(scores)[::-1], -np.inf)
    kept = thinned(len(thresholds) - first, most) + first
    return counts_above(y_true == 1, scores, thresholds[kept])


def thinned(n: int, most: int) -> NDArray[np.int64]:
    """Return at most so many of n indices, evenly spaced, with the first and the last."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def _curve(x: Floats, y: Floats) -> Curve:
    return Curve(tuple(x.tolist()), tuple(y.tolist()))
