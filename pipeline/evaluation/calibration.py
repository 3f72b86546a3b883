"""Bins of probability against observed frequency, and the ECE.

Of the reviews to which a calibrated model gives a probability of 0.8, 80% are positive. Labels
are 0 or 1, scores are log-odds, and a probability is sigmoid(score).
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
    """The reviews whose probability is in (low, high]; the first bin also holds 0.

    The mean probability and the share that is positive are NaN if the bin is empty.
    """

    low: float
    high: float
    n: int
    mean_probability: float
    share_positive: float


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


def reliability(y_true: Labels, scores: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """Return the mean probability and the share of positives in bins of equal width.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    scores : float64 array, shape (n,)
        Log-odds of the positive class.
    bins : int
        Number of bins from 0 to 1, >= 1.

    References
    ----------
    DeGroot & Fienberg (1983), The Statistician 32.

    Examples
    --------
    >>> low, high = reliability(np.array([1, 0, 1, 0]), np.array([0, 0, 2, -2]), bins=2)
    >>> low.n, round(low.mean_probability, 4), round(low.share_positive, 4)
    (3, 0.3731, 0.3333)
    """
    is_positive, z = checked(y_true, scores)
    order = np.lexsort((is_positive, z))  # because a sum depends on the order of its terms
    return bins_of(sigmoid(z[order]), is_positive[order], bins)


def bins_of(probability: Floats, is_so: NDArray[np.bool_], bins: int) -> tuple[Bin, ...]:
    """Return the mean probability of something, and the share where it is so, in bins.

    Of two classes, that a review is positive; of more, that its prediction is right.

    Parameters
    ----------
    probability : float64 array, shape (n,)
    is_so : bool array, shape (n,)
    bins : int
        Number of bins from 0 to 1, >= 1.
    """
    if bins < 1:
        raise ValueError(f"bins: expected a number >= 1, got {bins}")
    number = bin_of(probability, bins)
    return tuple(
        Bin(
            low=k / bins,
            high=(k + 1) / bins,
            n=int(np.count_nonzero(inside)),
            mean_probability=_mean(probability[inside]),
            share_positive=_mean(is_so[inside]),
        )
        for k in range(bins)
        for inside in [number == k]
    )


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Return the ECE; NaN if the bins hold no review.

        ECE = sum_b (n_b / n) |mean probability of b - share positive of b|

    in its form for two classes, over the probability of the positive one. It depends on the
    number of bins, and is above 0 on a small sample even of a calibrated model.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), AAAI; Guo, Pleiss, Sun & Weinberger (2017), ICML.

    Examples
    --------
    >>> bins = reliability(np.array([1, 0, 1, 0]), np.array([0, 0, 2, -2]), bins=2)
    >>> round(expected_calibration_error(bins), 4)
    0.0596
    """
    n = sum(each.n for each in bins)
    gaps = (
        each.n * abs(each.mean_probability - each.share_positive) for each in bins if each.n > 0
    )
    return math.fsum(gaps) / n if n else math.nan


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if values.size else math.nan
