"""`fit_temperature`: what divides scores so that probabilities match frequencies.

A probability is sigmoid(score / temperature), or softmax(scores / temperature) where there are more
than two classes.
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid
from pipeline.model.softmax import softmax

# The range of temperatures. At the lowest, probabilities are near 0 and 1; at the highest, all
# are near 0.5.
COLDEST, HOTTEST = 1e-3, 1e3
# Newton steps, or halvings of the range in the logarithm. Few are needed.
_STEPS = 200
# Reviews whose terms are added up at once. It is no setting, because sums depend on it.
_BLOCK = 1 << 18


def fit_temperature(y_true: Labels, scores: Floats, sample_weight: Floats | None = None) -> float:
    """Return the temperature T at which the probabilities of scores / T match the labels best.

    With s = 1 / T and the margins m_ik = z_ik - z_iy, T minimises

        mean_i log(sum_k e^(s m_ik)) + (s - log s) / n

    The first term is the log loss of n reviews. The second is a gamma prior of s with its mode at
    1. It counts where reviews are few, or all scores have the right sign, or are no better than
    chance: without it T would then be 0, or infinite. The sum is strictly convex in s, with the
    slope mean_i sum_k p_ik m_ik + (1 - 1 / s) / n, and Newton's method finds the s where that is 0.
    Dividing by T changes no ranking, and no decision at 0.5.

    Parameters
    ----------
    y_true : int array, shape (n,)
        True labels of reviews that the model has not learned from.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice in the mean.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks, ICML;
    Platt (1999) without the intercept.

    Examples
    --------
    >>> y_true = np.array([1, 1, 1, 0] * 1000)  # positive 3 times in 4, at log-odds of 2 ln 3
    >>> round(fit_temperature(y_true, np.full(4000, 2 * np.log(3))), 2)
    2.0
    >>> z = np.array([-1.0, 1.0] * 50)  # of 100 reviews, all have the right sign
    >>> round(fit_temperature(np.array([0, 1] * 50), z), 2)
    0.21
    """
    margins, weights = _margins(y_true, scores, sample_weight)
    if not margins.any():
        return 1.0
    n, s = len(margins), 1.0
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_STEPS):
        of_loss, curvature_of_loss = _means(s, margins, weights)
        slope, curvature = of_loss + (1 - 1 / s) / n, curvature_of_loss + 1 / (n * s * s)
        low, high = (low, s) if slope > 0 else (s, high)
        after = s - slope / curvature
        if not low < after < high:
            after = math.sqrt(low * high)
        if math.isclose(after, s, rel_tol=1e-14):
            break
        s = after
    return min(max(1 / s, COLDEST), HOTTEST)


def _margins(
    y_true: Labels, scores: Floats, sample_weight: Floats | None
) -> tuple[Floats, Floats | None]:
    """Return the margins in an order of their own, and the weights in it.

    A sum depends on the order of its terms, and the order of the reviews must change nothing.
    """
    if np.ndim(scores) == 1:
        is_positive, z = checked(y_true, scores)
        margins = z.copy()  # of the other class
        np.negative(margins, out=margins, where=is_positive)
        if sample_weight is None:
            margins.sort(kind="stable")
            return margins, None
        order = np.argsort(margins, kind="stable")
    else:
        margins = scores - np.take_along_axis(scores, np.asarray(y_true)[:, None], axis=1)
        order = np.lexsort(margins.T)
    return margins[order], None if sample_weight is None else sample_weight[order]


def _means(s: float, margins: Floats, weights: Floats | None) -> tuple[float, float]:
    """Return the mean slope and curvature of the reviews' losses by s, from sums over blocks."""
    moments = _moments_of_two if margins.ndim == 1 else _moments_of_more
    sums = np.zeros(2)
    for start in range(0, len(margins), _BLOCK):
        block = slice(start, start + _BLOCK)
        of_block = moments(s, margins[block])
        sums += [(each if weights is None else each * weights[block]).sum() for each in of_block]
    first, second = sums / (len(margins) if weights is None else weights.sum())
    return float(first), float(second)


def _moments_of_two(s: float, margins: Floats) -> tuple[Floats, Floats]:
    """Return the slope and the curvature of each review's loss by s."""
    p = sigmoid(s * margins)
    return p * margins, (p * margins) * ((1 - p) * margins)  # where margins^2 overflows, too


def _moments_of_more(s: float, margins: Floats) -> tuple[Floats, Floats]:
    """Return the same: mean and variance of the margins m_ik under the probabilities p_ik."""
    p = softmax(s * margins)
    mean = (p * margins).sum(axis=1)
    away = margins - mean[:, None]
    return mean, ((p * away) * away).sum(axis=1)
