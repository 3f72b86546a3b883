"""`evaluate`: accuracy with its interval, precision, recall, F1, AUC, log loss, Brier score.

The input is true labels, 0 or 1, and scores, the log-odds z = x . w + b of the positive
class. A metric that is undefined is NaN in Python and null in JSON. The order of the reviews
changes no metric, not even in its last bit.
"""

from __future__ import annotations

import math
import operator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.evaluation.accuracy import accuracy_interval
from pipeline.evaluation.calibration import Bin, expected_calibration_error, reliability
from pipeline.evaluation.class_sums import checked_classes
from pipeline.evaluation.resampling import Interval
from pipeline.evaluation.uncertainty import METRICS, Scored, intervals
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.confusion import ClassMetrics, Confusion, class_metrics, confusion
from pipeline.model.logistic import cross_entropy, decide, sigmoid
from pipeline.storage.files import null_for_nan


@dataclass(frozen=True)
class Evaluation:
    """Every metric of a model on a set of reviews; docs/metrics.md defines each field.

    `precision`, `recall` and `f1` are macro averages: the mean of both classes. `intervals`
    has a key for each of `uncertainty.METRICS`, and is empty without resamples. `n_groups` is
    None without groups.
    """

    n: int
    prevalence: float
    threshold: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    confidence: float
    precision: float
    recall: float
    f1: float
    negative: ClassMetrics
    positive: ClassMetrics
    confusion: Confusion
    roc_auc: float
    average_precision: float
    log_loss: float
    brier: float
    ece: float
    calibration: tuple[Bin, ...]
    intervals: dict[str, Interval]
    n_groups: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold: NaN becomes None.

        Without groups there is no `n_groups`.
        """
        values: dict[str, Any] = null_for_nan(asdict(self))
        if self.n_groups is None:
            del values["n_groups"]
        return values

    def by_path(self) -> dict[str, float]:
        """Return the metrics of `uncertainty.METRICS` by their paths."""
        return {path: operator.attrgetter(path)(self) for path in METRICS}


def evaluate(
    y_true: Labels,
    model: Scored,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    bins: int = 10,
) -> Evaluation:
    """Return every metric of a model's scores.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    model : Scored
        Log-odds of the positive class, the threshold, and the groups of the reviews, if any.
    confidence : float in (0, 1)
        Coverage of the intervals.
    resamples, seed : int
        Number of bootstrap resamples, >= 0, and the seed that draws them; with 0, only the
        accuracy has an interval.
    bins : int
        Number of calibration bins, >= 1.

    Raises
    ------
    CorpusError
        If there is no review.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ, a label is not 0 or 1, or a number is out of range.

    Examples
    --------
    >>> y_true, scores = np.array([1, 1, 0, 0]), np.array([2.0, -1.0, -3.0, 0.5])
    >>> result = evaluate(y_true, Scored(scores), resamples=0)
    >>> result.accuracy, result.roc_auc, round(result.log_loss, 4)
    (0.5, 0.75, 0.6157)
    """
    counts = confusion(y_true, model.scores, model.threshold)
    negative, positive = class_metrics(counts)
    n = negative.support + positive.support
    right = decide(sigmoid(model.scores), model.threshold) == (y_true == 1)
    low, high = accuracy_interval(right, confidence, model.groups)
    calibration = reliability(y_true, model.scores, bins)
    return Evaluation(
        n=n,
        prevalence=positive.support / n,
        threshold=float(model.threshold),
        accuracy=counts.accuracy,
        accuracy_low=low,
        accuracy_high=high,
        confidence=float(confidence),
        precision=(negative.precision + positive.precision) / 2,
        recall=(negative.recall + positive.recall) / 2,
        f1=(negative.f1 + positive.f1) / 2,
        negative=negative,
        positive=positive,
        confusion=counts,
        roc_auc=roc_auc(y_true, model.scores),
        average_precision=average_precision(y_true, model.scores),
        log_loss=log_loss(y_true, model.scores),
        brier=brier(y_true, model.scores),
        ece=expected_calibration_error(calibration),
        calibration=calibration,
        intervals=intervals(y_true, model, confidence, resamples, seed) if resamples else {},
        n_groups=None if model.groups is None else len(np.unique(model.groups)),
    )


def roc_auc(y_true: Labels, scores: Floats) -> float:
    """Return the area under the ROC curve; NaN with one class only.

    This is the probability that a positive review outscores a negative one. Over all pairs of
    a positive i and a negative j,

        AUC = mean_ij [z_i > z_j] + [z_i = z_j] / 2

    the Mann-Whitney U of midranks over the number of pairs (Hanley & McNeil 1982). Counted in
    integers, divided once.

    Examples
    --------
    >>> roc_auc(np.array([1, 1, 0, 0]), np.array([2.0, -1.0, -3.0, 0.5]))
    0.75
    """
    positives, negatives = _sorted_by_class(y_true, scores)
    if not positives.size or not negatives.size:
        return math.nan
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    half_wins = int(below.sum()) + int(not_above.sum())
    return half_wins / (2 * positives.size * negatives.size)


def average_precision(y_true: Labels, scores: Floats) -> float:
    """Return precision averaged over recall; NaN if no review is positive.

    Going down the distinct scores t_1 > t_2 > ..., with P_k and R_k the precision and the
    recall when every review with z >= t_k is predicted positive,

        AP = sum_k (R_k - R_{k-1}) P_k = mean over the positives i of P at t = z_i

    A step-wise sum, as in scikit-learn: linear interpolation between points of a
    precision-recall curve is too optimistic (Davis & Goadrich 2006).

    Examples
    --------
    >>> average_precision(np.array([1, 1, 0, 0]), np.array([2.0, 1.0, -3.0, 1.5]))
    0.8333333333333333
    """
    positives, negatives = _sorted_by_class(y_true, scores)
    if not positives.size:
        return math.nan
    true_positive = positives.size - np.searchsorted(positives, positives, side="left")
    false_positive = negatives.size - np.searchsorted(negatives, positives, side="left")
    return float(np.mean(true_positive / (true_positive + false_positive)))


def log_loss(y_true: Labels, scores: Floats) -> float:
    """Return the mean cross-entropy in nats, computed from the log-odds.

        L = mean_i -y_i ln p_i - (1 - y_i) ln(1 - p_i),  p_i = sigmoid(z_i)
          = mean_i log(1 + e^z_i) - y_i z_i

    The second form never takes the log of a probability that rounded to 0. More than two classes
    have the cross-entropy of softmax, and scores of the shape (n, n_classes).

    Examples
    --------
    >>> round(log_loss(np.array([1, 0]), np.array([0.0, 0.0])), 4)
    0.6931
    """
    if np.ndim(scores) == 2:
        y, z = checked_classes(y_true, scores, scores.shape[1])
        return _mean(cross_entropy(z, y))
    is_positive, z = checked(y_true, scores)
    return _mean(cross_entropy(z, is_positive))


def brier(y_true: Labels, scores: Floats) -> float:
    """Return the mean squared error of the probabilities, mean_i (sigmoid(z_i) - y_i)^2.

    Brier (1950), Monthly Weather Review 78, in its form for two classes.

    Examples
    --------
    >>> brier(np.array([1, 0]), np.array([0.0, 0.0]))
    0.25
    """
    is_positive, z = checked(y_true, scores)
    return _mean((sigmoid(z) - is_positive) ** 2)


def _sorted_by_class(y_true: Labels, scores: Floats) -> tuple[Floats, Floats]:
    """Return the scores of the positives and of the negatives, each in ascending order."""
    is_positive, z = checked(y_true, scores)
    return np.sort(z[is_positive]), np.sort(z[~is_positive])


def _mean(values: Floats) -> float:
    # Sorted, because a floating-point sum depends on the order of its terms.
    return float(np.mean(np.sort(values)))
