"""Fit the temperature that calibrates probabilities.

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


def fit_temperature(y_true: Labels, scores: Floats, sample_weight: Floats | None = None) -> float:
    """Return the temperature T that minimises the log loss of scores / T.

    With s = 1 / T and m_i = z_i for a positive review, -z_i for a negative one, the loss
    mean_i log(1 + e^(-s m_i)) is convex in s, with the slope -mean_i sigmoid(-s m_i) m_i.
    Brent's method finds the s where the slope is 0. Dividing by T changes no ranking, and no
    decision at 0.5. With more than two classes, the loss log sum_k e^(s z_ik) - s z_iy has the
    slope mean_i sum_k p_ik (z_ik - z_iy), with p_i the softmax of s z_i.

    T lies between 1/1000 and 1000. It is 1/1000 if no score has the wrong sign (no other class a
    higher score than the true one), because the loss then falls with T; 1000 if the scores are no
    better than chance, because it then rises; and 1 if all scores are 0 (of a review, all equal),
    because T then has no effect.

    Parameters
    ----------
    y_true : int array, shape (n,)
        True labels of reviews that the model has not learned from.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one.
    sample_weight : float64 array, shape (n,), optional
        A review with weight 2 counts twice.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks, ICML;
    Platt (1999) without the intercept.

    Examples
    --------
    >>> y_true = np.array([1, 1, 1, 0])  # positive 3 times in 4, at log-odds of 2 ln 3
    >>> round(fit_temperature(y_true, np.full(4, 2 * np.log(3))), 4)
    2.0
    """
    from scipy.optimize import brentq  # slow to import, and rarely needed

    slope = _slope_of_two if np.ndim(scores) == 1 else _slope_of_more
    margins, weights = _margins(y_true, scores, sample_weight)
    if not margins.any():
        return 1.0

    def slope_at(log_s: float) -> float:
        return slope(math.exp(log_s), margins, weights)

    low, high = -math.log(HOTTEST), -math.log(COLDEST)
    if slope_at(low) >= 0:
        return HOTTEST
    if slope_at(high) <= 0:
        return COLDEST
    return math.exp(-brentq(slope_at, low, high, xtol=1e-14, maxiter=1000))


def _margins(
    y_true: Labels, scores: Floats, sample_weight: Floats | None
) -> tuple[Floats, Floats | None]:
    """Return the margins in an order of their own, and the weights in it.

    A sum depends on the order of its terms, and the order of the reviews must change nothing.
    """
    if np.ndim(scores) == 1:
        is_positive, z = checked(y_true, scores)
        margins = np.where(is_positive, z, -z)
        order = np.argsort(margins, kind="stable")
    else:
        margins = scores - np.take_along_axis(scores, np.asarray(y_true)[:, None], axis=1)
        order = np.lexsort(margins.T)
    return margins[order], None if sample_weight is None else sample_weight[order]


def _slope_of_two(s: float, margins: Floats, weights: Floats | None) -> float:
    weighted = margins if weights is None else margins * weights
    return -float(np.mean(sigmoid(-s * margins) * weighted))


def _slope_of_more(s: float, margins: Floats, weights: Floats | None) -> float:
    slopes = (softmax(s * margins) * margins).sum(axis=1)
    return float(np.mean(slopes if weights is None else slopes * weights))
