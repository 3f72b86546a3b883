"""How far training stopped from the optimum: a bound that needs no optimum.

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2,   z = X w + b

Let b(w) be the intercept that is best for w. What is left, J(w) = J(w, b(w)), is strongly
convex: its curvature is at least that of the penalty, l2, in every direction. So

    J(w) - J*  <=  ||grad J(w)||^2 / (2 l2)

after Boyd & Vandenberghe, Convex Optimization, section 9.1.2. The gradient by w of what is
left is that of J(w, b), for the slope by b is 0 there.

Weights that SGD found are a little off at the words of every review, where the gradient is
steep and a step is short: the bound is then many times the distance, and may say nothing. So
it can be taken a few Newton steps further on, where it is small: from any v,
J* >= J(v) - ||grad J(v)||^2 / (2 l2), and J(w) is known.
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

# A Newton step is solved for until this part of the gradient is left, or by so many products.
_LEFT, _PRODUCTS = 0.1, 25
_HALVINGS = 20
# A step is kept if J falls by this part of what its slope promises; on a parabola it is 1/2.
_FALL = 0.25
# The absolute and the relative precision of the intercept.
_ABSOLUTE, _RELATIVE = 1e-16, 4 * np.finfo(float).eps


@dataclass(frozen=True)
class Certificate:
    """Weights, judged: what J is and how much lower it could be at most.

    Attributes
    ----------
    objective : float
        J at the weights and the intercept below.
    intercept : float
        The best one for these weights, not the one that was learned; 0 where none is fitted.
    gradient_norm : float
        The Euclidean length of the gradient of J by w there.
    gap : float
        No weights and intercept have a J lower by more than this.
    l2 : float
        Strength of the penalty, > 0.
    n : int
        How many documents J is the mean over.
    """

    objective: float
    intercept: float
    gradient_norm: float
    gap: float
    l2: float
    n: int

    @property
    def plain_gap(self) -> float:
        """The bound at the weights themselves, ||grad J||^2 / (2 l2)."""
        return self.gradient_norm**2 / (2 * self.l2)

    @property
    def relative_gap(self) -> float:
        """The gap as a fraction of J, above 1 where the bound says nothing; NaN where J is 0."""
        return self.gap / self.objective if self.objective else math.nan


def certify(
    X: csr_array,
    y: Array,
    w: Array,
    l2: float,
    costs: Array | None = None,
    fit_intercept: bool = True,
    steps: int = 0,
) -> Certificate:
    """Bound the distance of J from its optimum.

    Parameters
    ----------
    X : csr_array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    w : float64 array, shape (d,)
        Any weights; the nearer to the optimum they are, the smaller is the bound.
    l2 : float
        Strength of the penalty, > 0.
    costs : float64 array, shape (n,), optional
        The weight c_i of each document; 1 by default.
    fit_intercept : bool
        Whether b is free; otherwise it is 0.
    steps : int
        Newton steps to the place that the bound is taken from. Without one it takes some
        passes over the counts; a step takes up to 50 more, and three or four make it narrow.

    Raises
    ------
    ConfigError
        If l2 is 0: the optimum may lie at infinity, and nothing bounds the way to it.
    CorpusError
        If the documents that cost something are not of two classes, and b is free.
    """
    if not l2 > 0:
        raise ConfigError(
            f"train.l2 = {l2:g}: the distance to the optimum has a bound only where l2 > 0; train "
            "with a small penalty, such as --set train.l2=1e-6"
        )
    problem = _Problem(X, y, l2, costs, fit_intercept)
    here = place = problem.at(w)
    at_least = here.at_least(l2)
    for _ in range(steps):
        place = problem.newton_step(place)
        at_least = max(at_least, place.at_least(l2))
    norm = math.sqrt(_dot(here.slope, here.slope))
    return Certificate(here.objective, here.b, norm, here.objective - at_least, l2, len(y))


class _Place(NamedTuple):
    """Weights with their best intercept, J there, and its gradient by w."""

    w: Array
    b: float
    objective: float
    slope: Array

    def at_least(self, l2: float) -> float:
        """Return a number that the lowest J is not below."""
        return self.objective - _dot(self.slope, self.slope) / (2 * l2)


@dataclass(frozen=True)
class _Problem:
    """J as a function of the weights; the fields are the parameters of `certify`."""

    X: csr_array
    y: Array
    l2: float
    costs: Array | None
    fit_intercept: bool

    def at(self, w: Array) -> _Place:
        """Look at J from some weights."""
        b = best_intercept(self.X @ w, self.y, self.costs) if self.fit_intercept else 0.0
        arguments = self.X, self.y, w, b, self.l2, self.costs
        return _Place(w, b, objective(*arguments), gradient(*arguments)[0])

    def newton_step(self, place: _Place) -> _Place:
        """Return the place after a damped Newton step.

        The step is halved until J falls by a quarter of what its slope promises (backtracking
        line search; Boyd & Vandenberghe, algorithm 9.2). Any smaller fall is not enough: where
        p is near 0 or 1 a full step goes far beyond the optimum, and the next one comes back.
        """
        direction = self._newton_direction(place)
        promised = _dot(place.slope, direction)
        for k in range(_HALVINGS):
            found = self.at(place.w + direction / 2**k)
            if found.objective < place.objective + _FALL * promised / 2**k:
                return found
        return place

    def _newton_direction(self, place: _Place) -> Array:
        """Solve H x = -gradient roughly, by conjugate gradients (Nocedal & Wright, chapter 7).

        H = X' D X + l2 I with D the curvature of each document's loss; where b follows w, its
        share is taken out. Divided by the diagonal, frequent words are like the others. The
        last digits depend on the threads of BLAS, but the bound holds wherever this leads.
        """
        p = sigmoid(self.X @ place.w + place.b)
        curvature = p * (1 - p) * (1.0 if self.costs is None else self.costs) / len(self.y)
        total = float(curvature.sum())

        def times_hessian(u: Array) -> Array:
            moved = self.X @ u
            if self.fit_intercept and total > 0:
                moved = moved - _dot(curvature, moved) / total
            product: Array = self.X.T @ (curvature * moved) + self.l2 * u
            return product

        diagonal = self.X.astype(np.float64).power(2).T @ curvature + self.l2
        shape = (len(diagonal), len(diagonal))
        hessian = LinearOperator(shape, times_hessian, dtype=np.float64)
        scale = LinearOperator(shape, lambda u: u / diagonal, dtype=np.float64)
        x: Array = cg(hessian, -place.slope, rtol=_LEFT, maxiter=_PRODUCTS, M=scale)[0]
        return x


def _dot(a: Array, b: Array) -> float:
    """Return a . b, not by BLAS, whose sums depend on the number of threads."""
    return float((a * b).sum())


def best_intercept(z: Array, y: Array, costs: Array | None = None) -> float:
    """Return the b where sum_i c_i (sigmoid(z_i + b) - y_i) = 0, to the precision of float64.

    The sum rises with b, so there is one such b. With p the share of the cost that is
    positive, sigmoid(min z + b) <= p <= sigmoid(max z + b): so b lies between
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
        If the documents that cost something are not of two classes: b would be infinite.
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
