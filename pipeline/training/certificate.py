"""`certify`: bound how far J is above its minimum, tightened by Newton steps.

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2,   z = X w + b

Let b(w) be the best intercept for w. The objective J(w) = J(w, b(w)) is strongly convex: its
curvature is at least l2, the curvature of the penalty, in every direction. Therefore

    J(w) - J*  <=  ||grad J(w)||^2 / (2 l2)

(Boyd & Vandenberghe, Convex Optimization, section 9.1.2). The gradient of J(w) is that of
J(w, b) by w, because the derivative by b is 0 there.

Weights learned by SGD are slightly off for words that occur in every review. The gradient is
steep there, so the bound is many times the distance and may say nothing. A few Newton steps make
it tighter: at any v that they reach, J* >= J(v) - ||grad J(v)||^2 / (2 l2), and J(w) is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator, cg

from pipeline.errors import ConfigError, CorpusError
from pipeline.model.logistic import Array, gradient, objective, sigmoid

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Conjugate gradients stop at this fraction of the gradient, or after so many products.
_RESIDUAL, _PRODUCTS = 0.1, 25
_HALVINGS = 20
# A step is kept if J falls by this part of what its slope promises; on a parabola it is 1/2.
_FALL = 0.25
# The absolute and the relative precision of the intercept.
_ABSOLUTE, _RELATIVE = 1e-16, 4 * np.finfo(float).eps


@dataclass(frozen=True)
class Certificate:
    """The objective at some weights, and a bound on how much lower it could be.

    Attributes
    ----------
    objective : float
        J at the weights, with the intercept below.
    intercept : float
        The best intercept for these weights, not the one that was learned; 0 if none is fitted.
    gradient_norm : float
        Euclidean length of the gradient of J by w.
    gap : float
        The minimum of J is lower by at most this.
    l2 : float
        Strength of the penalty, > 0.
    n : int
        Number of documents that J is the mean over.
    """

    objective: float
    intercept: float
    gradient_norm: float
    gap: float
    l2: float
    n: int

    @property
    def plain_gap(self) -> float:
        """The bound without Newton steps, ||grad J||^2 / (2 l2)."""
        return self.gradient_norm**2 / (2 * self.l2)

    @property
    def relative_gap(self) -> float:
        """The gap as a fraction of J: above 1 if the bound says nothing, NaN if J is 0."""
        return self.gap / self.objective if self.objective else math.nan


class _Place(NamedTuple):
    """Weights with their best intercept, J there, and its gradient by w."""

    w: Array
    b: float
    objective: float
    slope: Array

    def at_least(self, l2: float) -> float:
        """Return a lower bound of J*."""
        return self.objective - _dot(self.slope, self.slope) / (2 * l2)


@dataclass(frozen=True)
class Objective:
    """J as a function of the weights, with the best intercept for them.

    Attributes
    ----------
    X : csr_array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    l2 : float
        Strength of the penalty, > 0.
    costs : float64 array, shape (n,), optional
        The cost c_i of a mistake on each document; 1 by default.
    fit_intercept : bool
        Whether b is free; otherwise it is 0.
    """

    X: csr_array
    y: Array
    l2: float
    costs: Array | None = None
    fit_intercept: bool = True

    def at(self, w: Array) -> _Place:
        """Return the weights with the best intercept, J and its gradient."""
        b = best_intercept(self.X @ w, self.y, self.costs) if self.fit_intercept else 0.0
        arguments = self.X, self.y, w, b, self.l2, self.costs
        return _Place(w, b, objective(*arguments), gradient(*arguments)[0])


def certify(goal: Objective, w: Array, steps: int = 0) -> Certificate:
    """Bound the distance of J from its optimum.

    Parameters
    ----------
    goal : Objective
    w : float64 array, shape (d,)
        Any weights; the nearer to the optimum they are, the smaller is the bound.
    steps : int
        Newton steps that narrow the bound. It takes a few passes over the counts without one,
        and up to 50 more with each; three or four are enough.

    Raises
    ------
    ConfigError
        If l2 is 0: the optimum may lie at infinity, and nothing bounds the distance to it.
    CorpusError
        If the documents with a cost above 0 are not of two classes, and b is free.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> goal = Objective(csr_array([[1.0], [0.0], [1.0]]), np.array([1, 0, 0]), l2=0.1)
    >>> found = certify(goal, np.array([0.5]), steps=3)
    >>> print(f"J = {found.objective:.4f}, at most {found.gap:.4f} above the optimum")
    J = 0.5995, at most 0.0048 above the optimum
    """
    if not goal.l2 > 0:
        raise ConfigError(
            f"train.l2 = {goal.l2:g}: the distance to the optimum has a bound only where l2 > 0; "
            "train with a small penalty, such as --set train.l2=1e-6"
        )
    here = place = goal.at(w)
    at_least = here.at_least(goal.l2)
    for _ in range(steps):
        place = _newton_step(goal, place)
        at_least = max(at_least, place.at_least(goal.l2))
    norm = math.sqrt(_dot(here.slope, here.slope))
    gap = here.objective - at_least
    return Certificate(here.objective, here.b, norm, gap, goal.l2, len(goal.y))


def _newton_step(goal: Objective, place: _Place) -> _Place:
    """Return the place after a damped Newton step.

    The step is halved until J falls by a quarter of what its slope promises (backtracking line
    search; Boyd & Vandenberghe, algorithm 9.2). Any smaller fall is not enough: where p is near
    0 or 1 a full step goes far beyond the optimum, and the next one comes back.
    """
    direction = _newton_direction(goal, place)
    promised = _dot(place.slope, direction)
    for k in range(_HALVINGS):
        found = goal.at(place.w + direction / 2**k)
        if found.objective < place.objective + _FALL * promised / 2**k:
            return found
    return place


def _newton_direction(goal: Objective, place: _Place) -> Array:
    """Solve H x = -gradient roughly, by conjugate gradients (Nocedal & Wright, chapter 7).

    H = X' D X + l2 I, where D is the curvature of each document's loss; if b follows w, its share
    is subtracted. Dividing by the diagonal makes frequent words like the others. The last digits
    depend on the threads of BLAS, but the bound holds at any place.
    """
    p = sigmoid(goal.X @ place.w + place.b)
    curvature = p * (1 - p) * (1.0 if goal.costs is None else goal.costs) / len(goal.y)
    total = float(curvature.sum())

    def times_hessian(u: Array) -> Array:
        moved = goal.X @ u
        if goal.fit_intercept and total > 0:
            moved = moved - _dot(curvature, moved) / total
        product: Array = goal.X.T @ (curvature * moved) + goal.l2 * u
        return product

    diagonal = goal.X.astype(np.float64).power(2).T @ curvature + goal.l2
    shape = (len(diagonal), len(diagonal))
    hessian = LinearOperator(shape, times_hessian, dtype=np.float64)
    scale = LinearOperator(shape, lambda u: u / diagonal, dtype=np.float64)
    x: Array = cg(hessian, -place.slope, rtol=_RESIDUAL, maxiter=_PRODUCTS, M=scale)[0]
    return x


def _dot(a: Array, b: Array) -> float:
    """Return a . b without BLAS, whose sums depend on the number of threads."""
    return float((a * b).sum())


def best_intercept(z: Array, y: Array, costs: Array | None = None) -> float:
    """Return the b where sum_i c_i (sigmoid(z_i + b) - y_i) = 0, to the precision of float64.

    The sum increases with b, so there is one such b. With p the positive documents' share of
    the cost, sigmoid(min z + b) <= p <= sigmoid(max z + b). So b lies between
    logit(p) - max z and logit(p) - min z.

    Parameters
    ----------
    z : float64 array, shape (n,)
        Scores without an intercept.
    y : array of 0 and 1, shape (n,)
    costs : float64 array, shape (n,), optional

    Raises
    ------
    CorpusError
        If the documents with a cost above 0 are not of two classes: b would be infinite.

    Examples
    --------
    >>> round(best_intercept(np.zeros(4), np.array([1, 1, 1, 0])), 4)  # ln 3
    1.0986
    """
    costs = np.ones(len(y)) if costs is None else costs
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
