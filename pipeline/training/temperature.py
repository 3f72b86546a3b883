"""Fit the temperature that calibrates probabilities.

Labels are 0 or 1, scores are log-odds, and a probability is sigmoid(score / temperature).
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid

# The range of temperatures. At the lowest, probabilities are near 0 and 1; at the highest, all
# are near 0.5.
COLDEST, HOTTEST = 1e-3, 1e3


def fit_temperature(y_true: Labels, scores: Floats, sample_weight: Floats | None = None) -> float:
    """Return the temperature T that minimises the log loss of scores / T.

    With s = 1 / T and m_i = z_i for a positive review, -z_i for a negative one, the loss
    mean_i log(1 + e^(-s m_i)) is convex in s, with the slope -mean_i sigmoid(-s m_i) m_i.
    Brent's method finds the s where the slope is 0. Dividing by T changes no ranking, and no
    decision at 0.5.

    T lies between 1/1000 and 1000. It is 1/1000 if no score has the wrong sign, because the loss
    then falls with T; 1000 if the scores are no better than chance, because it then rises; and 1
    if all scores are 0, because T then has no effect.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels of reviews that the model has not learned from.
    scores : float64 array, shape (n,)
        Log-odds of the positive class.
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

    is_positive, z = checked(y_true, scores)
    margins = np.where(is_positive, z, -z)
    order = np.argsort(margins, kind="stable")
    margins, weighted = margins[order], margins[order]
    if sample_weight is not None:
        weighted = margins * sample_weight[order]
    if not margins.any():
        return 1.0

    def slope(log_s: float) -> float:
        return -float(np.mean(sigmoid(-math.exp(log_s) * margins) * weighted))

    low, high = -math.log(HOTTEST), -math.log(COLDEST)
    if slope(low) >= 0:
        return HOTTEST
    if slope(high) <= 0:
        return COLDEST
    return math.exp(-brentq(slope, low, high, xtol=1e-14, maxiter=1000))
