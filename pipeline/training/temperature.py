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
