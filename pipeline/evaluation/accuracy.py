"""The interval of an accuracy, and the p-value of two: Wilson, McNemar, and their forms for groups.

Reviews of one group (a film, a product, an author) are alike, so they tell less than as many
independent ones. With groups, the interval counts an effective number of reviews, and the test
takes a whole group as one observation.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pipeline.model.checks import Mask

# The number of each review's group: reviews with equal numbers belong together.
Groups = NDArray[np.int64]


def accuracy_interval(
    right: Mask, confidence: float = 0.95, groups: Groups | None = None
) -> tuple[float, float]:
    """Return the interval of the share of predictions that are right.

    Without groups it is Wilson's. With groups it is Wilson's of an effective number of reviews
    (Korn & Graubard 1998): the number n of reviews, divided by the design effect and by the
    squared ratio of Student's quantiles with G - 1 and n - 1 degrees of freedom, for G groups.
    The design effect (Kish 1965) is the variance of the share if groups are drawn, divided by
    that if reviews are; it is taken for at least 1, and for n / G where all predictions are
    right or all are wrong, because the variance then says nothing.

    Parameters
    ----------
    right : bool array, shape (n,)
    confidence : float in (0, 1)
    groups : int64 array, shape (n,), optional
        If each review has its own, the interval is Wilson's.

    Returns
    -------
    low, high : float
        NaN twice if there is no review.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24; Kish (1965), Survey Sampling.

    Examples
    --------
    >>> right = np.array([True, True, False, False] * 25)
    >>> print("{:.3f} to {:.3f}".format(*accuracy_interval(right)))
    0.404 to 0.596
    >>> print("{:.3f} to {:.3f}".format(*accuracy_interval(right, groups=np.arange(100) // 2)))
    0.364 to 0.636
    """
    n, successes = len(right), int(np.count_nonzero(right))
    if groups is None or n == 0:
        return wilson_interval(successes, n, confidence)
    if len(groups) != n:
        raise ValueError(f"groups: expected one for each of {n:,} reviews, got {len(groups):,}")
    effective = _effective_number(right, groups, confidence)
    return wilson_interval(successes / n * effective, effective, confidence)


def _effective_number(right: Mask, groups: Groups, confidence: float) -> float:
    """Return how many independent reviews tell as much as those in groups."""
    from scipy.special import stdtrit  # slow to import, and rarely needed

    _, code, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n, n_groups = len(right), len(sizes)
    if n_groups == 1:
        return 1.0
    if n_groups == n:
        return float(n)
    share = np.count_nonzero(right) / n
    design_effect = n / n_groups
    if 0 < share < 1:
        # Sorted, because a sum depends on the order of its terms.
        residuals = np.sort(np.square(np.bincount(code, right) - share * sizes))
        variance = n_groups / (n_groups - 1) * float(residuals.sum()) / n**2
        design_effect = max(1.0, variance / (share * (1 - share) / (n - 1)))
    tail = (1 - confidence) / 2
    few, many = (float(stdtrit(m - 1, tail)) for m in (n_groups, n))
    return n / design_effect * (many / few) ** 2


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion; NaN twice if n is 0.

    With k successes in n trials and q the standard normal quantile of (1 + confidence) / 2,
    the ends are

        (k + q^2 / 2  -+  q sqrt(k (n - k) / n + q^2 / 4)) / (n + q^2)

    They never leave [0, 1] and keep their coverage near 0 and 1, where the textbook
    p -+ q sqrt(p (1 - p) / n) does not.

    References
    ----------
    Wilson (1927), JASA 22; Brown, Cai & DasGupta (2001), Statistical Science 16.

    Examples
    --------
    >>> low, high = wilson_interval(22_250, 25_000)
    >>> print(f"{low:.4f} to {high:.4f}")
    0.8861 to 0.8938
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
    # With n of n the end is 1 by algebra, but only near it by arithmetic.
    high = 1.0 if successes == n else (middle + reach) / (n + q * q)
    return low, high


def paired_p_value(right_a: Mask, right_b: Mask, groups: Groups | None = None) -> float:
    """Return the two-sided p-value of two models that predict the same reviews.

    Without groups it is that of McNemar's exact test. With groups it is that of Fisher's
    randomisation test of pairs: if the models are equally accurate, a group in which a is right
    d times more often than b might as well have been one in which b is. So each group's
    difference is as likely to have the other sign, and p is the probability of a sum at least
    as far from 0. If each review has its own group, this is McNemar's test.

    Parameters
    ----------
    right_a, right_b : bool array, shape (n,)
        Whether each model predicts a review correctly.
    groups : int64 array, shape (n,), optional

    References
    ----------
    McNemar (1947), Psychometrika 12; Fisher (1935), The Design of Experiments, section 21.

    Examples
    --------
    >>> right_a = np.array([True, True, True, True, False])
    >>> right_b = np.array([False, False, False, False, False])
    >>> paired_p_value(right_a, right_b)
    0.125
    >>> paired_p_value(right_a, right_b, groups=np.array([1, 1, 2, 2, 2]))
    0.5
    """
    if groups is None:
        only_a, only_b = (np.count_nonzero(m) for m in (right_a & ~right_b, right_b & ~right_a))
        return mcnemar(int(only_a), int(only_b))
    _, code = np.unique(groups, return_inverse=True)
    differences = np.bincount(code, right_a.astype(np.int64) - right_b).astype(np.int64)
    # The probability of each sum, from -span to span, as one group after the other is added.
    chances = np.ones(1)
    for step in np.sort(np.abs(differences[differences != 0])).tolist():
        flipped = np.zeros(len(chances) + 2 * step)
        flipped[: len(chances)] += chances / 2
        flipped[2 * step :] += chances / 2
        chances = flipped
    sums = np.arange(len(chances)) - len(chances) // 2
    return min(1.0, float(chances[np.abs(sums) >= abs(int(differences.sum()))].sum()))


def mcnemar(only_a_right: int, only_b_right: int) -> float:
    """Return the exact two-sided p-value of McNemar's test of two models on the same reviews.

    If the models are equally accurate, a review that only one of them predicts correctly is
    a fair coin: it is as likely to be a's as b's. With k the smaller count and m their sum,

        p = min(1, 2 sum_{i <= k} C(m, i) / 2^m)

    in whole numbers, divided once. Reviews that both predict correctly, or neither, have no
    influence.

    Parameters
    ----------
    only_a_right, only_b_right : int
        Number of reviews that only this model predicts correctly.

    References
    ----------
    McNemar (1947), Psychometrika 12; Dietterich (1998), Neural Computation 10.

    Examples
    --------
    >>> mcnemar(1, 9)
    0.021484375
    """
    if min(only_a_right, only_b_right) < 0:
        raise ValueError(f"expected counts >= 0, got {only_a_right} and {only_b_right}")
    m = only_a_right + only_b_right
    ways = tail = 1
    for i in range(min(only_a_right, only_b_right)):
        ways = ways * (m - i) // (i + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << m))
