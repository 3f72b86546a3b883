"""How good a classifier is on labelled reviews: the metrics, each with its interval.

The input is labels in {0, 1} and scores, the log-odds z = x.w + b of a positive
review; of `model` only its formulas are used, and no file or config is known. A
metric that is undefined is NaN in Python and null in JSON. The order of the rows
changes no metric, not even in its last bit.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from pipeline.evaluation.calibration import Bin, expected_calibration_error, reliability
from pipeline.evaluation.uncertainty import Interval, Scored
from pipeline.evaluation.uncertainty import intervals as bootstrap_intervals
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import cross_entropy, decide, sigmoid
from pipeline.storage.files import null_for_nan


@dataclass(frozen=True)
class Confusion:
    """How many reviews of each class were taken for which: gold label, then decision."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int


@dataclass(frozen=True)
class ClassMetrics:
    """What was found of one class; NaN where a ratio has nothing to divide by."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Every metric of one set of reviews; docs/metrics.md defines each field.

    `precision`, `recall` and `f1` are the macro averages. `intervals` has a key for each
    of `uncertainty.METRICS`, and none where there were no resamples.
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

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold: NaN becomes None."""
        values: dict[str, Any] = null_for_nan(asdict(self))
        return values


def evaluate(
    y: Labels,
    scores: Floats,
    threshold: float = 0.5,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    bins: int = 10,
) -> Evaluation:
    """Compare the scores of labelled reviews with their labels.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.
    threshold : float in (0, 1)
        A review is called positive where its probability is above this.
    confidence : float in (0, 1)
        Coverage of the intervals.
    resamples, seed : int
        Of the reviews, for `intervals`; >= 0. None are computed of 0 resamples.
    bins : int
        Of the probabilities, for `calibration`; >= 1.

    Raises
    ------
    CorpusError
        If there is no review. This and the next two hold for every metric below.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ, a label is not 0 or 1, or a number is out of range.
    """
    counts = confusion(y, scores, threshold)
    negative, positive = class_metrics(counts)
    n = negative.support + positive.support
    correct = counts.true_negative + counts.true_positive
    low, high = wilson_interval(correct, n, confidence)
    calibration = reliability(y, scores, bins)
    model = Scored(scores, threshold)
    return Evaluation(
        n=n,
        prevalence=positive.support / n,
        threshold=float(threshold),
        accuracy=correct / n,
        accuracy_low=low,
        accuracy_high=high,
        confidence=float(confidence),
        precision=(negative.precision + positive.precision) / 2,
        recall=(negative.recall + positive.recall) / 2,
        f1=(negative.f1 + positive.f1) / 2,
        negative=negative,
        positive=positive,
        confusion=counts,
        roc_auc=roc_auc(y, scores),
        average_precision=average_precision(y, scores),
        log_loss=log_loss(y, scores),
        brier=brier(y, scores),
        ece=expected_calibration_error(calibration),
        calibration=calibration,
        intervals=bootstrap_intervals(y, model, confidence, resamples, seed) if resamples else {},
    )


def confusion(y: Labels, scores: Floats, threshold: float = 0.5) -> Confusion:
    """Count gold labels against decisions: positive where sigmoid(z) > threshold.

    A probability at the threshold is a negative: the decision boundary of Jurafsky &
    Martin, Speech and Language Processing, chapter on logistic regression.
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold: expected a number in (0, 1), got {threshold}")
    gold, z = checked(y, scores)
    called = decide(sigmoid(z), threshold)
    true_positive = int(np.count_nonzero(gold & called))
    false_positive = int(np.count_nonzero(called)) - true_positive
    false_negative = int(np.count_nonzero(gold)) - true_positive
    true_negative = gold.size - true_positive - false_positive - false_negative
    return Confusion(true_negative, false_positive, false_negative, true_positive)


def class_metrics(counts: Confusion) -> tuple[ClassMetrics, ClassMetrics]:
    """Return the metrics of the negative and of the positive class.

    With TP, FP and FN seen from the side of the class in question:

        precision = TP / (TP + FP)           NaN where nothing is called that class
        recall    = TP / (TP + FN)           NaN where no review has that class
        F1        = 2 TP / (2 TP + FP + FN)  NaN where both hold
    """
    return (
        _of_class(counts.true_negative, counts.false_negative, counts.false_positive),
        _of_class(counts.true_positive, counts.false_positive, counts.false_negative),
    )


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, NaN twice where n is 0.

    With k successes in n trials and q the standard normal quantile of
    (1 + confidence) / 2, the ends are

        (k + q^2 / 2  -+  q sqrt(k (n - k) / n + q^2 / 4)) / (n + q^2)

    which never leave [0, 1] and keep their coverage near 0 and 1, where the
    textbook p -+ q sqrt(p (1 - p) / n) does not.

    Wilson (1927), JASA 22; Brown, Cai & DasGupta (2001), Statistical Science 16.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes: expected a count from 0 to {n}, got {successes}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence}")
    if n == 0:
        return math.nan, math.nan
    # The lower tail: (1 + confidence) / 2 rounds to 1 before confidence does.
    q = -NormalDist().inv_cdf((1 - confidence) / 2)
    middle = successes + q * q / 2
    reach = q * math.sqrt(successes * (n - successes) / n + q * q / 4)
    low = (middle - reach) / (n + q * q)
    # Of n out of n the end is 1 by algebra, but only near it by arithmetic.
    high = 1.0 if successes == n else (middle + reach) / (n + q * q)
    return low, high


def roc_auc(y: Labels, scores: Floats) -> float:
    """Return the chance that a positive outscores a negative; NaN with one class only.

    Over all pairs of a positive i and a negative j,

        AUC = mean_ij [z_i > z_j] + [z_i = z_j] / 2

    which is the area under the ROC curve, and the Mann-Whitney U of midranks over
    the number of pairs (Hanley & McNeil 1982). Counted in integers, divided once.
    """
    positives, negatives = _sorted_by_class(y, scores)
    if not positives.size or not negatives.size:
        return math.nan
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    half_wins = int(below.sum()) + int(not_above.sum())
    return half_wins / (2 * positives.size * negatives.size)


def average_precision(y: Labels, scores: Floats) -> float:
    """Return precision averaged over recall; NaN where no review is positive.

    Going down the distinct scores t_1 > t_2 > ..., with P_k and R_k the precision
    and recall of calling every review with z >= t_k positive,

        AP = sum_k (R_k - R_{k-1}) P_k = mean over the positives i of P at t = z_i

    A step-wise sum: linear interpolation between points of a precision-recall
    curve is too hopeful (Davis & Goadrich 2006). As in scikit-learn.
    """
    positives, negatives = _sorted_by_class(y, scores)
    if not positives.size:
        return math.nan
    true_positive = positives.size - np.searchsorted(positives, positives, side="left")
    false_positive = negatives.size - np.searchsorted(negatives, positives, side="left")
    return float(np.mean(true_positive / (true_positive + false_positive)))


def log_loss(y: Labels, scores: Floats) -> float:
    """Return the mean cross-entropy in nats, straight from the log-odds.

        L = mean_i -y_i ln a_i - (1 - y_i) ln(1 - a_i),  a_i = sigmoid(z_i)
          = mean_i log(1 + e^z_i) - y_i z_i

    The second form never takes the log of a probability that rounded to 0.
    """
    gold, z = checked(y, scores)
    return _mean(cross_entropy(z, gold))


def brier(y: Labels, scores: Floats) -> float:
    """Return the mean squared error of the probabilities, mean_i (sigmoid(z_i) - y_i)^2.

    Brier (1950), Monthly Weather Review 78, in its form for two classes.
    """
    gold, z = checked(y, scores)
    return _mean((sigmoid(z) - gold) ** 2)


def _sorted_by_class(y: Labels, scores: Floats) -> tuple[Floats, Floats]:
    """Return the scores of the positives and of the negatives, each in ascending order."""
    gold, z = checked(y, scores)
    return np.sort(z[gold]), np.sort(z[~gold])


def _of_class(hits: int, false_alarms: int, misses: int) -> ClassMetrics:
    return ClassMetrics(
        precision=_ratio(hits, hits + false_alarms),
        recall=_ratio(hits, hits + misses),
        f1=_ratio(2 * hits, 2 * hits + false_alarms + misses),
        support=hits + misses,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _mean(values: Floats) -> float:
    # Sorted, because a floating-point sum depends on the order of its terms.
    return float(np.mean(np.sort(values)))
