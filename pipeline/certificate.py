"""How far training stopped from the optimum: a bound that needs no optimum.

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2,   z = X w + b

Let b(w) be the intercept that is best for w. What is left, J(w, b(w)), is strongly convex
in w: its curvature is at least that of the penalty, l2, in every direction. So

    J(w, b(w)) - J*  <=  ||grad_w J(w, b(w))||^2 / (2 l2)

after Boyd & Vandenberghe, Convex Optimization, section 9.1.2. The gradient by w of what is
left is that of J, for the slope by b is 0 there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import ConfigError, CorpusError
from pipeline.model import Array, gradient, objective, sigmoid

if TYPE_CHECKING:
    from scipy.sparse import csr_array


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
    def relative_gap(self) -> float:
        """The gap as a fraction of J; NaN where J is 0, which only costs of 0 allow."""
        return self.gap / self.objective if self.objective else math.nan


def certify(
    X: csr_array,
    y: Array,
    w: Array,
    l2: float,
    costs: Array | None = None,
    fit_intercept: bool = True,
) -> Certificate:
    """Bound the distance of J from its optimum, in two passes over the counts.

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
    b = best_intercept(X @ w, y, costs) if fit_intercept else 0.0
    by_w, _ = gradient(X, y, w, b, l2, costs)
    # Not by BLAS, whose sums depend on the number of threads.
    squared = float(np.square(by_w).sum())
    return Certificate(
        objective(X, y, w, b, l2, costs), b, math.sqrt(squared), squared / (2 * l2), l2, len(y)
    )


def best_intercept(z: Array, y: Array, costs: Array | None = None) -> float:
    """Return the b where sum_i c_i (sigmoid(z_i + b) - y_i) = 0, to the precision of float64.

    The sum rises with b, so there is one such b. With p the share of the cost that is
    positive, sigmoid(min z + b) <= p <= sigmoid(max z + b): so b lies between
    logit(p) - max z and logit(p) - min z. Newton's steps find it there; where one leads out
    of the bracket, or did not halve the sum, the bracket is halved instead (Press et al.,
    Numerical Recipes, section 9.4).

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
    b, previous = (low + high) / 2, math.inf
    while low < b < high:
        p = sigmoid(z + b)
        slope = float((costs * (p - y)).sum())
        curvature = float((costs * p * (1 - p)).sum())
        newton = b - slope / curvature if curvature > 0 else math.nan
        if slope == 0 or newton == b:
            break
        low, high = (low, b) if slope > 0 else (b, high)
        steady = low < newton < high and abs(slope) <= previous / 2
        b, previous = newton if steady else (low + high) / 2, abs(slope)
    return b
