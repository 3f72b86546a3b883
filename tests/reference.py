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


def three_classes(n=90, d=8):
    """Return counts of d words in n documents, and one of three classes that they make likely."""
    X, _ = reviews(n, d, seed=1)
    draw = np.random.default_rng(2)
    return X, (X @ draw.normal(size=(d, 3)) + draw.gumbel(size=(n, 3))).argmax(axis=1)


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
    return train_parts(X, y, [[order] for order in orders], settings, costs)


def train_parts(X, y, orders, settings, costs=None):
    """Return what `train` does, where each epoch has the orders of several parts.

    Every part starts from the same state, and the next one is the mean: see `mixed`.
    """
    X = np.asarray(X, np.float64)
    costs = np.ones(len(y)) if costs is None else costs
    state, sharpness, weights = State.zeros(X.shape[1] + 1), [np.inf], []

    def after(state, order, averages):
        for first in range(0, len(order), settings.batch_size):
            batch = order[first : first + settings.batch_size]
            w, b = state.weights[:-1], state.weights[-1]
            w_slope, b_slope, sharp = mean_slope(X[batch], y[batch], costs[batch], w, b)
            sharpness.append(sharp)
            state = state.moved(np.append(w_slope, b_slope), settings, averages)
        return state

    for epoch, parts in enumerate(orders, start=1):
        averages = 0 < settings.average_from <= epoch
        state = mixed([after(state, order, averages) for order in parts], settings)
        weights.append((state.result[:-1], state.result[-1]))
    return Trace(weights, min(sharpness))


@dataclass(frozen=True)
class State:
    """What a run has learned; the last column is the intercept's.

    Attributes
    ----------
    weights, squares, total : float64 arrays, shape (d + 1,) or (K, d + 1)
        The weights, the sums of squared gradients, the sums of averaged weights.
    n_averaged, step : float
    """

    weights: np.ndarray
    squares: np.ndarray
    total: np.ndarray
    n_averaged: float = 0.0
    step: float = 0.0

    @classmethod
    def zeros(cls, *shape):
        return cls(*(np.zeros(shape) for _ in range(3)))

    @property
    def result(self):
        return self.total / self.n_averaged if self.n_averaged else self.weights

    def moved(self, slope, settings, averages):
        """Return the state after a step against a gradient."""
        squares, weights = self.squares + slope**2, self.weights.copy()
        w, b = (..., slice(-1)), (..., -1)
        w_rate, b_rate = rates(settings, self.step, squares[w], squares[b])
        weights[w] -= w_rate * (slope[w] + settings.l2 * weights[w])
        if settings.fit_intercept:
            weights[b] -= b_rate * slope[b]
        total = self.total + weights if averages else self.total
        return State(weights, squares, total, self.n_averaged + averages, self.step + 1)


def mixed(states, settings):
    """Return the mean of states.

    With a rate for each weight, a weight is the mean by the divisors of its rate, and the next
    divisor is their mean without the penalty's share. The intercept's weight is a plain mean.
    """
    if len(states) == 1:
        return states[0]
    weights, squares, totals = (
        np.mean([getattr(state, name) for state in states], axis=0)
        for name in ("weights", "squares", "total")
    )
    n_averaged, step = (
        np.mean([getattr(state, name) for state in states]) for name in ("n_averaged", "step")
    )
    if settings.schedule in ("adagrad", "fisher"):
        decay = settings.learning_rate * settings.l2
        half = settings.learning_rate / 2
        is_fisher = settings.schedule == "fisher"
        own = [1 + half * s.squares if is_fisher else np.sqrt(s.squares) for s in states]
        mean = np.mean(own, axis=0)
        squares = (mean - 1) / half if is_fisher else mean**2
        whole = np.stack([d + decay * s.step for d, s in zip(own, states, strict=True)])
        top = (whole * np.stack([s.weights for s in states])).sum(axis=0)
        by_divisor = np.divide(top, whole.sum(axis=0), out=np.zeros_like(top), where=mean > 0)
        weights[..., :-1] = by_divisor[..., :-1]
    return State(weights, squares, totals, n_averaged, step)


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
    if settings.schedule in ("constant", "inverse"):
        one = rate / (1 + decay * step) if settings.schedule == "inverse" else rate
        return one, one
    is_fisher = settings.schedule == "fisher"
    divisors = [1 + rate * s / 2 if is_fisher else np.sqrt(s) for s in (w_squares, b_squares)]
    found = []
    for divisor, shrink in zip(divisors, (decay * (step + 1), 0.0), strict=True):
        whole = np.asarray(divisor + shrink)
        used = np.asarray(divisor) > 0
        found.append(np.divide(rate, whole, out=np.zeros_like(whole), where=used))
    return tuple(found)


def objective(X, y, w, b, l2, costs=None):
    """Return J(w, b), with the loss as log(exp(0) + exp(-s z))."""
    sign = np.where(np.asarray(y) == 1, 1.0, -1.0)
    losses = np.logaddexp(0.0, -sign * (np.asarray(X, np.float64) @ w + b))
    costs = np.ones(len(y)) if costs is None else costs
    return float(np.mean(costs * losses) + l2 / 2 * np.sum(w**2))


def train_classes(X, y, orders, settings, n_classes, costs=None, ratio=None):
    """Return W and b after each epoch of softmax regression: shapes (K, d) and (K,).

    The parameters are those of `train_parts`; y numbers the classes from 0. `ratio`, of shape
    (K, d), multiplies the counts of each class. Weights are averaged from the epoch `average_from`.
    """
    X = np.asarray(X, np.float64)
    X = np.column_stack([X, np.ones(len(X))])
    costs = np.ones(len(y)) if costs is None else costs
    factor = np.ones((n_classes, X.shape[1]))
    if ratio is not None:
        factor[:, :-1] = ratio
    state, weights = State.zeros(n_classes, X.shape[1]), []

    def after(state, order, averages):
        for first in range(0, len(order), settings.batch_size):
            batch = order[first : first + settings.batch_size]
            z = X[batch] @ (factor * state.weights).T
            errors = np.exp(z - logsumexp(z, axis=1)[:, None])
            # Of the true class, p - 1 is minus the sum of the others, which does not cancel.
            true = np.arange(len(batch)), y[batch]
            errors[true] = 0
            errors[true] = -errors.sum(axis=1)
            slope = factor * ((costs[batch, None] * errors).T @ X[batch]) / len(batch)
            state = state.moved(slope, settings, averages)
        return state

    for epoch, parts in enumerate(orders, start=1):
        averages = 0 < settings.average_from <= epoch
        state = mixed([after(state, order, averages) for order in parts], settings)
        weights.append((state.result[:, :-1], state.result[:, -1]))
    return weights
