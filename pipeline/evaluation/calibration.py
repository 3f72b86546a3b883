"""How well predicted probabilities match observed frequencies.

Of the reviews that a calibrated model gives 0.8, eight in ten are positive. Labels are
in {0, 1}, scores are log-odds; a probability is sigmoid(score).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid


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
    DeGroot & Fienberg (1983), The Statistician 32.
    """
    if bins < 1:
        raise ValueError(f"bins: expected a number >= 1, got {bins}")
    gold, z = checked(y, scores)
    order = np.lexsort((gold, z))  # for a sum depends on the order of its terms
    probability, positive = sigmoid(z[order]), gold[order]
    number = bin_of(probability, bins)
    return tuple(
        Bin(
            low=k / bins,
            high=(k + 1) / bins,
            n=int(np.count_nonzero(inside)),
            mean_probability=_mean(probability[inside]),
            share_positive=_mean(positive[inside]),
        )
        for k in range(bins)
        for inside in [number == k]
    )


def bin_of(probability: Floats, bins: int) -> NDArray[np.int64]:
    """Return the bin of each probability: k where it is in (k / bins, (k + 1) / bins].

    Bin 0 also holds 0. These are the bins of Guo et al. (2017). They agree with a decision at
    a threshold: a probability of exactly 0.5 is predicted negative, and is in the bin below 0.5.

    Examples
    --------
    >>> bin_of(np.array([0.0, 0.1, 0.5, 0.500001, 1.0]), bins=10).tolist()
    [0, 0, 4, 5, 9]
    """
    return np.searchsorted(np.arange(1, bins + 1) / bins, probability, side="left")


def expected_calibration_error(bins: Sequence[Bin]) -> float:
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


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if values.size else math.nan
