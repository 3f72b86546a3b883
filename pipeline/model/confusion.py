"""True and false positives at one threshold or many; precision, recall, F1 of a class.

A review is predicted positive where its probability is above the threshold. What chooses a
threshold, what draws curves and what reports metrics all count with these functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.checks import Floats, Labels, Mask, checked
from pipeline.model.logistic import sigmoid


@dataclass(frozen=True)
class Confusion:
    """Number of reviews by prediction (positive, negative) and whether it is true."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int

    @property
    def accuracy(self) -> float:
        """The share of predictions that are true."""
        n = self.true_negative + self.false_positive + self.false_negative + self.true_positive
        return _ratio(self.true_negative + self.true_positive, n)


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class; NaN where a ratio has nothing to divide by.

    `support` is the number of reviews with that true label.
    """

    precision: float
    recall: float
    f1: float
    support: int


def counts_above(
    is_positive: Mask, values: Floats, thresholds: Floats, weights: Floats | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count true and false positives at each of some thresholds, or sum their weights.

    Parameters
    ----------
    is_positive : bool array, shape (n,)
        True labels.
    values : float64 array, shape (n,)
        Probabilities, or log-odds. A review is predicted positive where value > threshold.
    thresholds : float64 array, shape (m,)
        In any order.
    weights : float64 array, shape (n,), optional
        A review with weight 2 counts twice.

    Returns
    -------
    true_positive, false_positive : int64 array, shape (m,)
        Of float64 with weights.

    Examples
    --------
    >>> is_positive = np.array([True, True, False, False])
    >>> counts_above(is_positive, np.array([0.9, 0.5, 0.6, 0.1]), np.array([0.0, 0.5]))
    (array([2, 1]), array([2, 1]))
    """
    if weights is not None:
        return (
            _weights_above(values[is_positive], thresholds, weights[is_positive]),
            _weights_above(values[~is_positive], thresholds, weights[~is_positive]),
        )
    return _n_above(values[is_positive], thresholds), _n_above(values[~is_positive], thresholds)


def _n_above(values: Floats, thresholds: Floats) -> NDArray[np.int64]:
    """Count the values above each threshold; sorts the values in place."""
    values.sort()
    n: NDArray[np.int64] = np.searchsorted(values, thresholds, side="right")
    np.subtract(len(values), n, out=n)
    return n


def _weights_above(values: Floats, thresholds: Floats, weights: Floats) -> Floats:
    """Sum the weights of the values above each threshold."""
    order = np.argsort(-values, kind="stable")
    so_far = np.append(0.0, np.cumsum(weights[order]))
    above: Floats = so_far[np.searchsorted(-values[order], -thresholds, side="left")]
    return above


def confusion(y_true: Labels, scores: Floats, threshold: float = 0.5) -> Confusion:
    """Count true labels against predictions: positive where sigmoid(z) > threshold.

    A probability at the threshold is negative: the decision boundary of Jurafsky & Martin,
    Speech and Language Processing, chapter on logistic regression.

    Examples
    --------
    >>> confusion(np.array([1, 1, 0, 0]), np.array([2.0, -1.0, -3.0, 0.0]))
    Confusion(true_negative=2, false_positive=0, false_negative=1, true_positive=1)
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold: expected a number in (0, 1), got {threshold}")
    is_positive, z = checked(y_true, scores)
    (true_positive,), (false_positive,) = (
        counts.tolist() for counts in counts_above(is_positive, sigmoid(z), np.array([threshold]))
    )
    n_positive = int(np.count_nonzero(is_positive))
    return Confusion(
        true_negative=is_positive.size - n_positive - false_positive,
        false_positive=false_positive,
        false_negative=n_positive - true_positive,
        true_positive=true_positive,
    )


def class_metrics(counts: Confusion) -> tuple[ClassMetrics, ClassMetrics]:
    """Return the metrics of the negative and of the positive class.

    With TP, FP and FN as seen from the class in question:

        precision = TP / (TP + FP)           NaN where no review is predicted to have the class
        recall    = TP / (TP + FN)           NaN where no review has the class
        F1        = 2 TP / (2 TP + FP + FN)  NaN where both hold

    Examples
    --------
    >>> negative, positive = class_metrics(Confusion(2, 0, 1, 1))
    >>> positive
    ClassMetrics(precision=1.0, recall=0.5, f1=0.6666666666666666, support=2)
    """
    return (
        _of_class(counts.true_negative, counts.false_negative, counts.false_positive),
        _of_class(counts.true_positive, counts.false_positive, counts.false_negative),
    )


def _of_class(true: int, false: int, missed: int) -> ClassMetrics:
    return ClassMetrics(
        precision=_ratio(true, true + false),
        recall=_ratio(true, true + missed),
        f1=_ratio(2 * true, 2 * true + false + missed),
        support=true + missed,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
