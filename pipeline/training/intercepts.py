"""`best_intercept`: the intercepts that minimise the loss of given scores.

One number solves one equation, and a bracketing root finder finds it. With more than two classes
there are as many equations as classes, sum_i c_i (p_ik - [k = y_i]) = 0 with p = softmax(z + b).
Two kinds of steps lower the loss until they hold:

- b_k += ln(N_k / P_k), where N_k is the cost of the documents of class k and P_k the sum of
  c_i p_ik. This is iterative scaling (Darroch & Ratcliff 1972). It has no step size and goes far,
  but slows down near the minimum.
- b -= t H^-1 g, Newton's step with gradient g and Hessian H, damped by t = ln(1 + s) / s, where s
  is the largest component of the full step less the smallest. Along a step, the second derivative
  grows at most by exp(s t), so the loss falls at least until exp(s t) = 1 + s (Bach 2010,
  Self-concordant analysis for logistic regression).

Scores that are far apart leave no curvature to follow. Then b is found for z / T and multiplied by
T first, from a large T down to 1.

A number that is added to all intercepts changes no probability. The mean of those that are
returned is 0.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from pipeline.errors import CorpusError
from pipeline.model.logistic import Array, sigmoid
from pipeline.model.softmax import softmax

# The absolute and the relative precision of the intercept of two classes.
_ABSOLUTE, _RELATIVE = 1e-16, 4 * np.finfo(float).eps
# Scores that are further apart are divided first. Until they are whole, derivatives by the
# intercepts may be so large, as fractions of the costs.
_STEEP, _ROUGH = 16.0, 1e-4
# Then they are as small as rounding leaves them: this times the distance of the scores.
_ROUNDING = 4e-16
_STEPS = 200
# A smaller curvature is taken for this one, so that steps are finite.
_FLAT = 1e-15


def best_intercept(z: Array, y: Array, costs: Array | None = None) -> float | Array:
    """Return the b that minimises sum_i c_i L(z_i + b, y_i), to the precision of float64.

    Of two classes it solves sum_i c_i (sigmoid(z_i + b) - y_i) = 0. The sum increases with b, so
    there is one such b. With p the positive documents' share of the cost,
    sigmoid(min z + b) <= p <= sigmoid(max z + b). So b lies between logit(p) - max z and
    logit(p) - min z.

    Parameters
    ----------
    z : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Scores without an intercept.
    y : int array, shape (n,)
        Number of the true class: 0 or 1 for two.
    costs : float64 array, shape (n,), optional

    Returns
    -------
    float, or float64 array, shape (n_classes,), whose mean is 0

    Raises
    ------
    CorpusError
        If a class has no document with a cost above 0: b would be infinite.

    Examples
    --------
    >>> round(best_intercept(np.zeros(4), np.array([1, 1, 1, 0])), 4)  # ln 3
    1.0986
    >>> best_intercept(np.zeros((4, 3)), np.array([0, 1, 2, 2])).round(4).tolist()
    [-0.231, -0.231, 0.4621]
    """
    costs = np.ones(len(y)) if costs is None else costs
    if z.ndim == 2:
        return _intercepts(z, y, costs)
    positive, negative = float(costs[y == 1].sum()), float(costs[y == 0].sum())
    if not (positive > 0 and negative > 0):
        raise CorpusError(
            "the best intercept is infinite: expected documents of both classes with a cost "
            f"above 0, got a cost of {negative:g} in negative and {positive:g} in positive ones"
        )
    log_odds, used = math.log(positive) - math.log(negative), z[costs > 0]
    low, high = log_odds - float(used.max()), log_odds - float(used.min())

    def slope(b: float) -> float:
        return float((costs * (sigmoid(z + b) - y)).sum())

    if slope(low) >= 0:  # by rounding, where scores are equal
        return low
    if slope(high) <= 0:
        return high
    return float(brentq(slope, low, high, xtol=_ABSOLUTE, rtol=_RELATIVE, maxiter=1000))


def _intercepts(z: Array, y: Array, costs: Array) -> Array:
    """Return the best intercepts of more than two classes."""
    of_class = np.bincount(y, costs, z.shape[1])
    if not of_class.min() > 0:
        raise CorpusError(
            "the best intercepts are infinite: expected documents of each class with a cost above "
            f"0, got a cost of 0 in class {of_class.argmin()} of 0 to {len(of_class) - 1}"
        )
    share, of_class = costs[:, None] / costs.sum(), of_class / costs.sum()
    b, distance = np.zeros(len(of_class)), max(_STEEP, float(np.ptp(z)))
    for temperature in 2.0 ** np.arange(math.ceil(math.log2(distance / _STEEP)), -1, -1):
        nothing = _ROUNDING * distance if temperature == 1 else _ROUGH
        b = temperature * _descend(z / temperature, b / temperature, share, of_class, nothing)
    return b


def _descend(z: Array, b: Array, share: Array, of_class: Array, nothing: float) -> Array:
    """Return intercepts where no derivative is above `nothing`, found from b."""
    for _ in range(_STEPS):
        p = softmax(z + b)
        gradient = (share * p).sum(axis=0) - of_class
        if np.abs(gradient).max() <= nothing:
            break
        b = b + _newton_step(p, share, gradient)
        b = b + np.log(of_class) - _log_sums(z + b, share)
        b -= b.mean()
    return b


def _newton_step(p: Array, share: Array, gradient: Array) -> Array:
    """Return a damped Newton step; where there is no curvature it goes far."""
    values, vectors = np.linalg.eigh(summed(p, share))
    step: Array = -vectors @ ((gradient @ vectors) / np.maximum(values, _FLAT))
    size = float(step.max() - step.min())
    return step * (math.log1p(size) / size) if size else step


def curved(p: Array, share: Array, v: Array) -> Array:
    """Return D_i v_i of each document, with D_i = share_i (diag(p_i) - p_i p_i').

    D_i is the second derivative of a document's loss by its scores. Two classes have one score,
    and p = sigmoid(z): D_i = share_i p_i (1 - p_i).

    Parameters
    ----------
    p : float64 array, shape (n, n_scores)
    share : float64 array, shape (n, 1)
    v : float64 array, shape (n, n_scores) or (n_scores,)

    Examples
    --------
    >>> curved(np.array([[0.5, 0.5]]), np.array([[1.0]]), np.array([1.0, 0.0])).tolist()
    [[0.25, -0.25]]
    """
    product: Array = p * v
    product -= p * sum(product.T)[:, None]  # column by column, which is faster than by rows
    product *= share
    return product


def summed(p: Array, share: Array) -> Array:
    """Return the sum of D_i over the documents, shape (n_scores, n_scores); see `curved`."""
    return np.stack([curved(p, share, unit).sum(axis=0) for unit in np.eye(p.shape[1])])


def _log_sums(z: Array, share: Array) -> Array:
    """Return ln sum_i share_i softmax(z_i)_k of each class, finite where the sum underflows."""
    highest = z.max(axis=1, keepdims=True)
    log_p = z - highest - np.log(np.exp(z - highest).sum(axis=1, keepdims=True))
    log_p = log_p[share[:, 0] > 0] + np.log(share[share[:, 0] > 0])
    most: Array = log_p.max(axis=0)
    sums: Array = most + np.log(np.exp(log_p - most).sum(axis=0))
    return sums
