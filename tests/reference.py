"""A dense reference of training: slow, obvious NumPy that shares no code with `pipeline`.

Every step moves every coordinate against the gradient of the batch's mean loss plus l2 w, even
if no document of the batch has it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit, logsumexp


def reviews(n=60, d=8, seed=0, noise=0.15):
    """Return counts of d words in n documents, and labels that depend on them, with noise."""
    draw = np.random.default_rng(seed)
    counts = draw.poisson(draw.uniform(0.1, 1.0, d), (n, d))
    scores = counts @ draw.normal(size=d)
    y = (scores > np.median(scores)).astype(np.int64)
    y[draw.random(n) < noise] ^= 1
    return csr_array(counts, dtype=np.float32), y


@dataclass(frozen=True)
class Settings:
    """The settings of the update rule."""

    learning_rate: float = 0.1
    schedule: str = "constant"
    l2: float = 0.0
    batch_size: int = 1
    average_from: int = 0
    fit_intercept: bool = True


@dataclass(frozen=True)
class Trace:
    """The weights after each epoch, and how well conditioned the computation was.

    Attributes
    ----------
    weights : list of (float64 array of shape (d,), float)
        w and b after each epoch, averaged from the epoch `average_from`.
    sharpness : float
        The smallest ratio |sum| / sum |terms| of a batch's gradient in a coordinate. If it is
        tiny, terms cancel to rounding noise. The first step of AdaGrad has the same length for
        every slope, so it amplifies the noise: two correct programs that add in different orders
        then differ.
    """

    weights: list[tuple[np.ndarray, float]]
    sharpness: float


def train(X, y, orders, settings, costs=None):
    """Return the weights after each epoch of the update rule.

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
    l2 = settings.l2
    w, b = np.zeros(X.shape[1]), 0.0
    w_squares, b_squares = np.zeros(X.shape[1]), 0.0
    w_sum, b_sum, n_averaged = np.zeros(X.shape[1]), 0.0, 0
    step, sharpness, weights = 0, np.inf, []

    for epoch, order in enumerate(orders, start=1):
        for first in range(0, len(order), settings.batch_size):
            batch = order[first : first + settings.batch_size]
            w_slope, b_slope, sharp = mean_slope(X[batch], y[batch], costs[batch], w, b)
            sharpness = min(sharpness, sharp)
            w_squares = w_squares + w_slope**2
            b_squares = b_squares + b_slope**2
            w_rate, b_rate = rates(settings, step, w_squares, b_squares)
            w = w - w_rate * (w_slope + l2 * w)
            if settings.fit_intercept:
                b = b - b_rate * b_slope
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


def rates(settings, step, w_squares, b_squares):
    """Return the learning rates of w and of b, from the number of steps and the gradients so far.

    A coordinate without a gradient so far has weight 0 at any rate.
    """
    rate, decay = settings.learning_rate, settings.learning_rate * settings.l2
    match settings.schedule:
        case "constant":
            return rate, rate
        case "inverse":
            return (rate / (1 + decay * step),) * 2
        case "adagrad":
            divisor, b_divisor = np.sqrt(w_squares), np.sqrt(b_squares)
            used, b_used = w_squares > 0, b_squares > 0
        case "fisher":
            divisor, b_divisor = 1 + rate * w_squares / 2, 1 + rate * b_squares / 2
            used, b_used = np.full(w_squares.shape, True), True
    w_rates = np.zeros_like(w_squares)
    w_rates[used] = rate / (divisor[used] + decay * (step + 1))
    return w_rates, rate / b_divisor if b_used else 0.0


def objective(X, y, w, b, l2, costs=None):
    """Return J(w, b), with the loss as log(exp(0) + exp(-s z))."""
    sign = np.where(np.asarray(y) == 1, 1.0, -1.0)
    losses = np.logaddexp(0.0, -sign * (np.asarray(X, np.float64) @ w + b))
    costs = np.ones(len(y)) if costs is None else costs
    return float(np.mean(costs * losses) + l2 / 2 * np.sum(w**2))


def train_classes(X, y, orders, settings, n_classes, costs=None, ratio=None):
    """Return W and b after each epoch of softmax regression: shapes (K, d) and (K,).

    The parameters are those of `train`; y numbers the classes from 0. `ratio`, of shape (K, d),
    multiplies the counts of each class. Weights are averaged from the epoch `average_from`.
    """
    X = np.asarray(X, np.float64)
    X = np.column_stack([X, np.ones(len(X))])
    costs = np.ones(len(y)) if costs is None else costs
    d = X.shape[1] - 1
    factor = np.ones((n_classes, d + 1))
    if ratio is not None:
        factor[:, :-1] = ratio
    W, squares, total = (np.zeros((n_classes, d + 1)) for _ in range(3))
    step, n_averaged, weights = 0, 0, []
    for epoch, order in enumerate(orders, start=1):
        for first in range(0, len(order), settings.batch_size):
            batch = order[first : first + settings.batch_size]
            z = X[batch] @ (factor * W).T
            errors = np.exp(z - logsumexp(z, axis=1)[:, None])
            # Of the true class, p - 1 is minus the sum of the others, which does not cancel.
            true = np.arange(len(batch)), y[batch]
            errors[true] = 0
            errors[true] = -errors.sum(axis=1)
            slope = factor * ((costs[batch, None] * errors).T @ X[batch]) / len(batch)
            squares = squares + slope**2
            for k in range(n_classes):
                w_rate, b_rate = rates(settings, step, squares[k, :-1], squares[k, -1])
                W[k, :-1] -= w_rate * (slope[k, :-1] + settings.l2 * W[k, :-1])
                W[k, -1] -= b_rate * slope[k, -1] if settings.fit_intercept else 0.0
            step += 1
            if 0 < settings.average_from <= epoch:
                total, n_averaged = total + W, n_averaged + 1
        kept = total / n_averaged if n_averaged else W.copy()
        weights.append((kept[:, :-1], kept[:, -1]))
    return weights
