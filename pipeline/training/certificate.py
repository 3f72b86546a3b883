"""`certify`: bound how far J is above its minimum, tightened by Newton steps.

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2,   z = X w + b

Let b(w) be the best intercept for w. The objective J(w) = J(w, b(w)) is strongly convex: its
curvature is at least l2, the curvature of the penalty, in every direction. Therefore

    J(w) - J*  <=  ||grad J(w)||^2 / (2 l2)

(Boyd & Vandenberghe, Convex Optimization, section 9.1.2). The gradient of J(w) is that of
J(w, b) by w, because the derivative by b is 0 there.

All of this holds for more than two classes, where w is a matrix W with a row for each class,
||W||^2 the sum of the squares of its entries, and b a vector. L is then the cross-entropy of
softmax(z), convex in z like that of the sigmoid; the row k of the gradient is

    (1/n) sum_i c_i (softmax(z_i)_k - [k = y_i]) x_i + l2 w_k

and that J does not change if a number is added to all intercepts does no harm, because J(W) is
the minimum over b. Two classes of softmax have the certificate of the sigmoid with half the l2:
their best weights are w/2 and -w/2, and l2 (||w/2||^2 + ||-w/2||^2) = (l2/2) ||w||^2.

Weights learned by SGD are slightly off for words that occur in every review. The gradient is
steep there, so the bound is many times the distance and may say nothing. A few Newton steps make
it tighter: at any v that they reach, J* >= J(v) - ||grad J(v)||^2 / (2 l2), and J(w) is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from pipeline.errors import ConfigError
from pipeline.model import logistic
from pipeline.model.logistic import Array, penalty, probabilities
from pipeline.training.intercepts import best_intercept, curved, summed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Conjugate gradients stop at this fraction of the gradient, or after so many products.
_RESIDUAL, _PRODUCTS = 0.1, 25
_HALVINGS = 20
# A step is kept if J falls by this part of what its slope promises; on a parabola it is 1/2.
_FALL = 0.25


@dataclass(frozen=True)
class Certificate:
    """The objective at some weights, and a bound on how much lower it could be.

    Attributes
    ----------
    objective : float
        J at the weights, with the intercept below.
    intercept : float, or tuple of float with more than two classes
        The best intercept for these weights, not the one that was learned; 0 if none is fitted.
        The mean of those of more than two classes is 0.
    gradient_norm : float
        Euclidean length of the gradient of J by all weights.
    gap : float
        The minimum of J is lower by at most this.
    l2 : float
        Strength of the penalty, > 0.
    n : int
        Number of documents that J is the mean over.
    """

    objective: float
    intercept: float | tuple[float, ...]
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
    b: float | Array
    objective: float
    slope: Array

    def at_least(self, l2: float) -> float:
        """Return a lower bound of J*."""
        return self.objective - _dot(self.slope, self.slope) / (2 * l2)


@dataclass(frozen=True)
class Objective:
    """J as a function of the weights w and the intercept b.

    With more than two classes, w has the shape (n_classes, d) and b (n_classes,).

    Attributes
    ----------
    X : csr_array, shape (n, d)
    y : int array, shape (n,)
        Number of the true class: 0 or 1 for two.
    l2 : float
        Strength of the penalty, > 0.
    costs : float64 array, shape (n,), optional
        The cost c_i of a mistake on each document; 1 by default.
    fit_intercept : bool
        Whether b is free; otherwise it is 0.
    ratio : float64 array of the shape of w, optional
        What multiplies the counts, for each class. The penalty is on w, without it.
    """

    X: csr_array
    y: Array
    l2: float
    costs: Array | None = None
    fit_intercept: bool = True
    ratio: Array | None = None

    def value(self, w: Array, b: float | Array) -> float:
        """Return J(w, b)."""
        folded = self.folded(w)
        return logistic.objective(self.X, self.y, folded, b, 0.0, self.costs) + penalty(w, self.l2)

    def gradient(self, w: Array, b: float | Array) -> tuple[Array, float | Array]:
        """Return the gradient of J by w and by b, of their shapes."""
        by_w, by_b = logistic.gradient(self.X, self.y, self.folded(w), b, 0.0, self.costs)
        return self.folded(by_w) + self.l2 * w, by_b

    def at(self, w: Array) -> _Place:
        """Return the weights with the best intercept, J and its gradient."""
        b: float | Array = 0.0 if w.ndim == 1 else np.zeros(len(w))
        if self.fit_intercept:
            b = best_intercept(self.X @ self.folded(w).T, self.y, self.costs)
        return _Place(w, b, self.value(w, b), self.gradient(w, b)[0])

    def folded(self, w: Array) -> Array:
        """Return weights of the counts, without a ratio."""
        return w if self.ratio is None else w * self.ratio


def certify(goal: Objective, w: Array, steps: int = 0) -> Certificate:
    """Bound the distance of J from its optimum.

    Parameters
    ----------
    goal : Objective
    w : float64 array, shape (d,), or (n_classes, d) with more than two classes
        Any weights; the nearer to the optimum they are, the smaller is the bound.
    steps : int
        Newton steps that narrow the bound. It takes a few passes over the counts without one,
        and up to 50 more with each; three or four are enough.

    Raises
    ------
    ConfigError
        If l2 is 0: the optimum may lie at infinity, and nothing bounds the distance to it.
    CorpusError
        If a class has no document with a cost above 0, and b is free.

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
    b = here.b if isinstance(here.b, float) else tuple(here.b.tolist())
    return Certificate(here.objective, b, norm, gap, goal.l2, len(goal.y))


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

    H = X' D X + l2 I, where D is the curvature of each document's loss by its scores, of which two
    classes have one (see `curved`); if b follows w, its share is subtracted. Dividing by the
    diagonal makes frequent words like the others. The last digits depend on the threads of BLAS,
    but the bound holds at any place.
    """
    z = goal.X @ goal.folded(place.w).T + place.b
    p = probabilities(z)[:, 1:] if z.ndim == 1 else probabilities(z)
    share = np.full((len(p), 1), 1 / len(p))
    if goal.costs is not None:
        share *= goal.costs[:, None]
    shape = goal.X.shape[1], p.shape[1]
    # Zero where all documents are flat, as where b is not free.
    to_intercept = np.linalg.pinv(summed(p, share) * goal.fit_intercept, hermitian=True)

    def times_hessian(u: Array) -> Array:
        u = u.reshape(shape)
        bent = curved(p, share, goal.X @ goal.folded(u.T).T)
        bent -= curved(p, share, to_intercept @ bent.sum(axis=0))
        product: Array = goal.folded((goal.X.T @ bent).T).T + goal.l2 * u
        return product.ravel()

    squares = goal.X.astype(np.float64).power(2).T @ (share * p * (1 - p))
    diagonal = (goal.folded(goal.folded(squares.T)).T + goal.l2).ravel()
    size = (len(diagonal), len(diagonal))
    hessian = LinearOperator(size, times_hessian, dtype=np.float64)
    scale = LinearOperator(size, lambda u: u / diagonal, dtype=np.float64)
    downhill = -place.slope.T.ravel()
    x = cg(hessian, downhill, rtol=_RESIDUAL, maxiter=_PRODUCTS, M=scale)[0]
    direction: Array = x.reshape(shape).T.reshape(place.slope.shape)
    return direction


def _dot(a: Array, b: Array) -> float:
    """Return a . b without BLAS, whose sums depend on the number of threads."""
    return float((a * b).sum())
