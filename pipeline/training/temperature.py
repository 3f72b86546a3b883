"""The temperature that makes probabilities fit the validation set.

Labels are in {0, 1}, scores are log-odds; a probability is sigmoid(score / temperature).
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid

# The range of temperatures: at one end little but the sign of a score counts, at the other
# not even that.
COLDEST, HOTTEST = 1e-3, 1e3


def fit_temperature(y: Labels, scores: Floats) -> float:
    """Return the T that minimises the log loss of scores / T, between 1/1000 and 1000.

    With s = 1 / T and m_i = z_i for a positive review, -z_i for a negative one, the loss
    mean_i log(1 + e^(-s m_i)) is convex in s, with the slope -mean_i sigmoid(-s m_i) m_i.
    Brent's method finds where the slope is 0. Dividing by T changes no ranking, and no
    decision at 0.5.

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
    from scipy.optimize import brentq  # slow to import, and seldom needed

    gold, z = checked(y, scores)
    margins = np.sort(np.where(gold, z, -z))
    if not margins.any():
        return 1.0

    def slope(log_s: float) -> float:
        return -float(np.mean(sigmoid(-math.exp(log_s) * margins) * margins))

    low, high = -math.log(HOTTEST), -math.log(COLDEST)
    if slope(low) >= 0:
        return HOTTEST
    if slope(high) <= 0:
        return COLDEST
    return math.exp(-brentq(slope, low, high, xtol=1e-14, maxiter=1000))
