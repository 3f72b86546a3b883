"""`minimise`: L-BFGS from the weights of SGD to the minimum of J.

SGD comes near to the minimum in few passes, and L-BFGS goes the rest of the way (Agarwal, Chapelle,
Dudik & Langford 2014, A Reliable Effective Terascale Linear Learning System). The steps are those
of SciPy's L-BFGS-B; J and its gradient are sums over the parts: see `full_sums`.

The steps are taken in v_j = w_j sqrt(h_j), with h_j the second derivative of J by w_j at the start,
and b is scaled likewise. Frequent words have a curvature that is thousands of times that of rare
ones, and in v all are alike: IMDB takes a third to a fifth of the steps.

They end when J(w, b) - J* <= gap is certain. With b the best intercept for w, that difference is
at most ||grad J||^2 / (2 l2): see `certificate`. Newton steps find this b first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from pipeline.model.logistic import Array
from pipeline.training.full_sums import FullObjective, Place

# The most steps that are taken, and steps whose changes of the gradient are kept.
STEPS, _KEPT = 1000, 10
# The derivative by b is 0 if it is smaller than this part of the gradient by w.
_NOTHING, _NEWTON_STEPS = 1e-8, 20
_alone = threading.Lock()


@dataclass(frozen=True)
class Minimum:
    """How near to the minimum of J the weights are.

    Attributes
    ----------
    n_steps : int
        Steps of L-BFGS.
    objective : float
        J at the weights.
    gap : float
        J is above its minimum by at most this, as in `Certificate`.
    is_reached : bool
        Whether the gap is as small as was asked for. If not, STEPS were taken, or rounding left
        nothing to gain.
    """

    n_steps: int
    objective: float
    gap: float
    is_reached: bool

    def __str__(self) -> str:
        return f"{self.n_steps} steps, J {self.objective:.4f}, gap {self.gap:.1e}"


def minimise(
    goal: FullObjective, w: Array, b: Array, gap: float, fit_intercept: bool = True
) -> tuple[Array, Array, Minimum]:
    """Return the weights and intercepts at the minimum of J, and how near they are.

    Parameters
    ----------
    goal : FullObjective
        With l2 > 0, and documents of each class with a cost if `fit_intercept`.
    w : float64 array, shape (d, n_scores)
        Where to start.
    b : float64 array, shape (n_scores,)
    gap : float
        Stop when J is above its minimum by at most this.
    fit_intercept : bool
        Learn b; otherwise it stays.
    """
    search = _Search(goal, w, b, gap, fit_intercept)
    # Only the gap, the number of steps and a J that falls no more end it.
    options = {"maxiter": STEPS, "maxcor": _KEPT, "ftol": 0, "gtol": 0, "maxfun": 20 * STEPS}
    with _one_thread_of_blas():
        found = minimize(
            search.value_and_slope,
            search.start,
            jac=True,
            method="L-BFGS-B",
            callback=search.stop_if_near,
            options=options,
        )
    place = search.certified or search.with_best_intercept(search.place_at(found.x))
    reached = gap_at(goal, place)
    b = place.b - (place.b.mean() if fit_intercept and len(place.b) > 1 else 0.0)
    minimum = Minimum(search.n_steps, place.objective, reached, reached <= gap)
    return place.w, b, minimum


def gap_at(goal: FullObjective, place: Place) -> float:
    """Return ||grad J||^2 / (2 l2), with the gradient by w."""
    return float(np.square(place.by_w).sum()) / (2 * goal.l2)


class _Search:
    """What L-BFGS asks for at v: the weights and, if b is learned, the intercepts, scaled."""

    def __init__(
        self, goal: FullObjective, w: Array, b: Array, gap: float, fit_intercept: bool
    ) -> None:
        self.goal, self.gap, self.fit_intercept = goal, gap, fit_intercept
        self.shape, self.b = w.shape, b
        by_w, by_b = goal.curvature(w, b)
        # A mistake on every document, with certainty, has no curvature by b.
        self.scale = np.sqrt(self._flat(by_w, np.maximum(np.diag(by_b), goal.l2)))
        self.start = self._flat(w, b) * self.scale
        self.n_steps = 0
        self.certified: Place | None = None
        self._last: tuple[Array, Place] | None = None

    def place_at(self, v: Array) -> Place:
        """Return J and its gradient at v; those of the last v are kept."""
        if self._last is None or not np.array_equal(self._last[0], v):
            w, b = np.split(v / self.scale, [math.prod(self.shape)])
            place = self.goal.at(w.reshape(self.shape), b if self.fit_intercept else self.b)
            self._last = v.copy(), place
        return self._last[1]

    def value_and_slope(self, v: Array) -> tuple[float, Array]:
        """Return J and its gradient by v."""
        place = self.place_at(v)
        return place.objective, self._flat(place.by_w, place.by_b) / self.scale

    def _flat(self, by_w: Array, by_b: Array) -> Array:
        return np.append(by_w, by_b) if self.fit_intercept else by_w.ravel()

    def stop_if_near(self, v: Array) -> None:
        """Count a step, and end the search if the gap is small enough."""
        self.n_steps += 1
        place = self.place_at(v)
        if gap_at(self.goal, place) <= self.gap:
            place = self.with_best_intercept(place)
            if gap_at(self.goal, place) <= self.gap:
                self.certified = place
                raise StopIteration

    def with_best_intercept(self, place: Place) -> Place:
        """Return the place with the b that minimises J, found by Newton steps."""
        if not self.fit_intercept:
            return place
        _, curvature = self.goal.curvature(place.w, place.b)
        # Softmax does not change if all intercepts do, so its curvature has no inverse.
        inverse = np.linalg.pinv(curvature, hermitian=True)
        for _ in range(_NEWTON_STEPS):
            if np.abs(place.by_b).max() <= _NOTHING * np.sqrt(np.square(place.by_w).sum()):
                break
            place = self.goal.at(place.w, place.b - (inverse * place.by_b).sum(axis=1))
        return place


@contextmanager
def _one_thread_of_blas() -> Iterator[None]:
    """Let BLAS use one thread: L-BFGS-B sums with it, and the sums depend on the threads.

    The limit is that of the process, so one search runs at a time.
    """
    with _alone, threadpool_limits(1, "blas"):
        yield
