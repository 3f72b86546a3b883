"""Whether probabilities mean what they say, and the temperature that makes them.

Of the reviews that a calibrated model gives 0.8, eight in ten are positive. Labels are
in {0, 1}, scores are log-odds; a probability is sigmoid(score).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid

# The range of temperatures: at one end little but the sign of a score counts, at the other
# not even that.
COLDEST, HOTTEST = 1e-3, 1e3


@dataclass(frozen=True)
class Bin:
    """The reviews whose probability is in (low, high]; the first bin holds 0 too.

    The mean probability and the share that is positive are NaN where there is no review.
    """

    low: float
    high: float
    n: int
    mean_probability: float
    share_positive: float


def reliability(y: Labels, scores: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """Compare mean probability and share of positives within bins of equal width.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.
    bins : int
        Over the probabilities from 0 to 1, >= 1.

    References
    ----------
    DeGroot & Fienberg (1983), The Statistician 32; the bins are those of Guo et al. (2017),
    so that a probability at an edge falls where a threshold there would put it.
    """
    if bins < 1:
        raise ValueError(f"bins: expected a number >= 1, got {bins}")
    gold, z = checked(y, scores)
    order = np.lexsort((gold, z))  # for a sum depends on the order of its terms
    probability, positive = sigmoid(z[order]), gold[order]
    edges = np.arange(bins + 1) / bins
    number = np.searchsorted(edges[1:], probability, side="left")
    return tuple(
        Bin(
            low=float(edges[k]),
            high=float(edges[k + 1]),
            n=int(np.count_nonzero(inside)),
            mean_probability=_mean(probability[inside]),
            share_positive=_mean(positive[inside]),
        )
        for k in range(bins)
        for inside in [number == k]
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error, NaN where the bins hold no review.

        ECE = sum_b (n_b / n) |mean probability of b - share positive of b|

    in its form for two classes, over the probability of the positive one. It depends on
    the number of bins, and a small sample of a calibrated model has some too.

    Naeini, Cooper & Hauskrecht (2015), AAAI; Guo, Pleiss, Sun & Weinberger (2017), ICML.
    """
    n = sum(each.n for each in bins)
    gaps = (
        each.n * abs(each.mean_probability - each.share_positive) for each in bins if each.n > 0
    )
    return math.fsum(gaps) / n if n else math.nan


def fit_temperature(y: Labels, scores: Floats) -> float:
    """Return the T that minimises the log loss of scores / T, between 1/1000 and 1000.

    With s = 1 / T and m_i = z_i for a positive review, -z_i for a negative one, the loss
    mean_i log(1 + e^(-s m_i)) is convex in s. With q_i = sigmoid(-s m_i), it has

        slope      -mean_i q_i m_i
        curvature   mean_i q_i (1 - q_i) m_i^2

    Newton's method finds where the slope is 0, inside a bracket that it halves where a
    step would leave it. Dividing by T changes no ranking, and no decision at 0.5.

    Where the loss has no minimiser, the end of the range on its side is the answer: 1/1000
    where no score is on the wrong side of 0 (the sharper, the better), 1000 where scores
    are no better than a guess (the flatter, the better). If all scores are 0, every T is as
    good, and 1 is the answer.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, of reviews that the model has not learned from.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks, ICML;
    Platt (1999) without the intercept.
    """
    gold, z = checked(y, scores)
    margins = np.sort(np.where(gold, z, -z))
    if not margins.any():
        return 1.0
    low, high = 1 / HOTTEST, 1 / COLDEST
    if _slopes(low, margins)[0] >= 0:
        return HOTTEST
    if _slopes(high, margins)[0] <= 0:
        return COLDEST
    s = 1.0
    while True:
        slope, curvature = _slopes(s, margins)
        if slope == 0:
            return 1 / s
        low, high = (s, high) if slope < 0 else (low, s)
        step = s - slope / curvature if curvature > 0 else math.nan
        # Halved in the logarithm, for the range is wide. NaN is not inside either.
        new = step if low < step < high else math.sqrt(low * high)
        if abs(new - s) <= 1e-12 * s:
            return 1 / new
        s = new


def _slopes(s: float, margins: Floats) -> tuple[float, float]:
    """Return the first and the second derivative of the loss by s."""
    wrong = sigmoid(-s * margins)
    slope = -np.mean(wrong * margins)
    return float(slope), float(np.mean(wrong * (1 - wrong) * margins * margins))


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if values.size else math.nan
