"""The objective, its optimum, and an oracle that comes near it in few passes.

J(w, b) = (1/n) sum_i log(1 + exp(-y_i (x_i . w + b))) + (l2/2) ||w||^2, b unpenalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit

STEPS, CLOSE = 20, 1e-2  # of Newton for one dual: at most so many, until so little changes


@dataclass(frozen=True)
class Problem:
    """Counts, signs (-1 and 1) and the strength of the penalty."""

    counts: csr_array
    signs: np.ndarray
    l2: float

    def objective(self, w: np.ndarray, b: float) -> float:
        """Return J(w, b)."""
        margins = self.signs * (self.counts @ w + b)
        return float(np.logaddexp(0, -margins).mean() + self.l2 / 2 * (w @ w))


@dataclass(frozen=True)
class Optimum:
    """The smallest J that was found, and how far it is from the smallest there is, at most."""

    objective: float
    bound: float


def find_optimum(problem: Problem) -> Optimum:
    """Minimise J with SciPy's Newton method in a trust region, to a tight tolerance.

    The bound is ||gradient||^2 / (2 l2), for J is l2-strongly convex in w. It holds where
    b is optimal; the tolerance sees to that.
    """
    n = len(problem.signs)
    X = problem.counts.astype(np.float64)
    columns = X.T.tocsr()

    def value_and_gradient(v: np.ndarray) -> tuple[float, np.ndarray]:
        margins = problem.signs * (X @ v[:-1] + v[-1])
        slopes = -problem.signs * expit(-margins) / n
        gradient = np.append(columns @ slopes + problem.l2 * v[:-1], slopes.sum())
        return problem.objective(v[:-1], v[-1]), gradient

    def curvature_along(v: np.ndarray, p: np.ndarray) -> np.ndarray:
        a = expit(X @ v[:-1] + v[-1])
        bent = a * (1 - a) / n * (X @ p[:-1] + p[-1])
        return np.append(columns @ bent + problem.l2 * p[:-1], bent.sum())

    found = minimize(
        value_and_gradient,
        np.zeros(X.shape[1] + 1),
        jac=True,
        hessp=curvature_along,
        method="trust-ncg",
        options={"gtol": 1e-7},
    )
    return Optimum(float(found.fun), float(found.jac @ found.jac) / (2 * problem.l2))


def ascend(problem: Problem, epochs: int, seed: int = 0) -> tuple[np.ndarray, float]:
    """Maximise the dual by coordinates (Shalev-Shwartz & Zhang 2013); the oracle.

    Each document has a dual variable a in (0, 1), and w = sum_i a_i y_i x_i / (l2 n). One is
    set at a time, to its best value, the others held. The intercept is the weight of a
    feature that is always 1 and is penalised like the rest, which moves the optimum a little.

    Returns
    -------
    w : float64 array, shape (d,)
    b : float
    """
    X, y = problem.counts, problem.signs
    n, d = X.shape
    squares = np.asarray(X.multiply(X).sum(axis=1), np.float64).ravel() + 1
    w = np.zeros(d + 1)  # the last is the intercept
    duals = np.full(n, 1e-3)
    w[:d] = X.T @ (duals * y) / (problem.l2 * n)
    w[d] = (duals @ y) / (problem.l2 * n)
    shuffle = np.random.default_rng(seed)
    for _ in range(epochs):
        order = shuffle.permutation(n)
        _ascend_once(X.data, X.indices, X.indptr, y, order, squares, problem.l2 * n, duals, w)
    return w[:d], float(w[d])


@numba.njit(cache=True)
def _ascend_once(data, indices, indptr, y, order, squares, l2n, duals, w):
    """Set every dual once, by Newton steps in the equation of its log-odds."""
    for i in order:
        start, end = indptr[i], indptr[i + 1]
        z = w[-1]
        for k in range(start, end):
            z += data[k] * w[indices[k]]
        curvature = squares[i] / l2n
        before = duals[i]
        a = before
        for _ in range(STEPS):
            # log(a / (1 - a)) + y z + (a - before) curvature = 0 at the best value.
            slope = np.log(a / (1 - a)) + y[i] * z + (a - before) * curvature
            step = slope / (1 / (a * (1 - a)) + curvature)
            # At most nine tenths of the way to an end of the interval.
            a = min(max(a - step, a / 10), 1 - (1 - a) / 10)
            if abs(step) < CLOSE * a * (1 - a):
                break
        change = (a - before) * y[i] / l2n
        duals[i] = a
        w[-1] += change
        for k in range(start, end):
            w[indices[k]] += data[k] * change
