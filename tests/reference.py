"""The dense twin of training: slow, obvious numpy, and no code shared with `pipeline`.

Every step moves every coordinate. A global rate takes the explicit gradient of the
batch's mean loss plus l2 w; AdaGrad takes its own step in each coordinate, then the
decay exp(-eta_j l2) in every coordinate, whether the batch has it or not.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Settings:
    """What a run of the update rule depends on, besides the documents and their order."""

    learning_rate: float = 0.1
    schedule: str = "constant"
    l2: float = 0.0
    batch_size: int = 1
    average_from: int = 0
    fit_intercept: bool = True


@dataclass(frozen=True)
class Trace:
    """The weights after each epoch, and how well conditioned the way to them was.

    Attributes
    ----------
    weights : list of (float64 array of shape (d,), float)
        w and b after each epoch, averaged where averaging has begun.
    sharpness : float
        The smallest ratio |sum| / sum |terms| of a batch's gradient in a coordinate.
        Where it is tiny, terms cancel to rounding noise, and AdaGrad, whose first
        step has the same length for every slope, makes the noise large: two correct
        programs that add in different orders then differ.
    """

    weights: list[tuple[np.ndarray, float]]
    sharpness: float


def train(X, y, orders, settings, costs=None):
    """Follow the update rule through epochs.

    Parameters
    ----------
    X : float array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    orders : sequence of int arrays
        The rows that each epoch visits, in order.
    settings : Settings
    costs : float array, shape (n,), optional

    Returns
    -------
    Trace
    """
    X = np.asarray(X, np.float64)
    costs = np.ones(len(y)) if costs is None else costs
    rate, l2 = settings.learning_rate, settings.l2
    w, b = np.zeros(X.shape[1]), 0.0
    w_squares, b_squares = np.zeros(X.shape[1]), 0.0
    w_sum, b_sum, n_averaged = np.zeros(X.shape[1]), 0.0, 0
    step, sharpness, weights = 0, np.inf, []

    for epoch, order in enumerate(orders, start=1):
        for first in range(0, len(order), settings.batch_size):
            batch = order[first : first + settings.batch_size]
            w_slope, b_slope, sharp = mean_slope(X[batch], y[batch], costs[batch], w, b)
            sharpness = min(sharpness, sharp)
            if settings.schedule == "adagrad":
                w_squares = w_squares + w_slope**2
                b_squares = b_squares + b_slope**2
                w_rates = rates_by_coordinate(rate, w_squares)
                w = (w - w_rates * w_slope) * np.exp(-w_rates * l2)
                b_step = rates_by_coordinate(rate, np.array([b_squares]))[0] * b_slope
            else:
                falls = settings.schedule == "inverse"
                now = rate / (1 + rate * l2 * step) if falls else rate
                w = w - now * (w_slope + l2 * w)
                b_step = now * b_slope
            if settings.fit_intercept:
                b = b - b_step
            step += 1
            if 0 < settings.average_from <= epoch:
                w_sum, b_sum, n_averaged = w_sum + w, b_sum + b, n_averaged + 1
        weights.append((w_sum / n_averaged, b_sum / n_averaged) if n_averaged else (w, b))
    return Trace(weights, sharpness)


def mean_slope(X, y, costs, w, b):
    """Return the gradient of a batch's mean loss by w and by b, and its sharpness.

    The error sigmoid(z) - y is written as -s sigmoid(-s z) with s = +-1 for the class,
    which does not cancel where the probability is near 1.
    """
    sign = np.where(np.asarray(y) == 1, 1.0, -1.0)
    errors = -costs * sign * expit(-sign * (X @ w + b))
    terms = np.column_stack([errors[:, None] * X, errors])
    total, size = terms.sum(axis=0), np.abs(terms).sum(axis=0)
    used = size > 0
    sharpness = float((np.abs(total[used]) / size[used]).min()) if used.any() else np.inf
    slope = total / len(y)
    return slope[:-1], slope[-1], sharpness


def rates_by_coordinate(rate, squares):
    """Return rate / sqrt(squares), and 0 where there was no gradient yet."""
    rates = np.zeros_like(squares)
    seen = squares > 0
    rates[seen] = rate / np.sqrt(squares[seen])
    return rates


def objective(X, y, w, b, l2, costs=None):
    """Return J(w, b), with the loss as log(exp(0) + exp(-s z))."""
    sign = np.where(np.asarray(y) == 1, 1.0, -1.0)
    losses = np.logaddexp(0.0, -sign * (np.asarray(X, np.float64) @ w + b))
    costs = np.ones(len(y)) if costs is None else costs
    return float(np.mean(costs * losses) + l2 / 2 * np.sum(w**2))
