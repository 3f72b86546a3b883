"""Stochastic gradient descent as an object: the compiled epochs and their state.

Each way of choosing the learning rate keeps its state from epoch to epoch; `training`
tells it in which order to visit the documents and when to average.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipeline.kernels import sgd as kernels
from pipeline.model.logistic import Array
from pipeline.parallel import ordered_map

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Problem:
    """What is minimised: J(w, b) over labelled counts.

    Attributes
    ----------
    counts : csr_array, shape (n, d), float32
        In canonical format.
    targets : float64 array, shape (n,)
        The label as the sign, the cost of the document as the size.
    l2 : float
    fit_intercept : bool
    """

    counts: csr_array
    targets: Array
    l2: float
    fit_intercept: bool

    @functools.cached_property
    def triplet(self) -> tuple[Array, Array, Array]:
        """Data, indices and indptr as the kernels take them."""
        indices, indptr = self.counts.indices, self.counts.indptr
        return (
            self.counts.data,
            indices.astype(np.int32, copy=False),
            indptr.astype(np.int64, copy=False),
        )


class SGDRun(Protocol):
    """A way of taking steps."""

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once, in an order; average the steps' weights if asked."""

    def weights(self) -> tuple[Array, float]:
        """Return w and b: averaged over steps if any were, else those of the last step."""


class AveragedRuns:
    """SGD runs in threads, each over orders of its own, and the mean of their weights.

    Averaging the weights of runs is parameter mixing (McDonald, Hall & Mann 2010, section
    3; Zinkevich et al. 2010, algorithm 3); there each has a shard of the documents, here all
    have all of them, so that only what depends on the order differs.

    Parameters
    ----------
    runs : list of SGDRun
    seed : int
        Seed of the orders. Those of the first run do not depend on the number of runs.
    """

    def __init__(self, runs: list[SGDRun], seed: int) -> None:
        self.runs = runs
        # [seed, 1] draws the validation part.
        seeds = [[seed], *([seed, 1 + k] for k in range(1, len(runs)))]
        self._generators = [np.random.default_rng(seed) for seed in seeds]

    def epoch(self, documents: Array, averaging: bool) -> None:
        """Visit documents once in each run, in a new order; see `SGDRun`."""

        def visit(k: int) -> None:
            self.runs[k].epoch(self._generators[k].permutation(documents), averaging)

        for _ in ordered_map(visit, range(len(self.runs))):
            pass

    def weights(self) -> tuple[Array, float]:
        """Return the means of the runs' w and b."""
        w, b = self.runs[0].weights()
        for run in self.runs[1:]:
            also_w, also_b = run.weights()
            w, b = w + also_w, b + also_b
        n = len(self.runs)
        return (w, b) if n == 1 else (w / n, b / n)


class GlobalRate:
    """Steps with one learning rate for all coordinates.

    Parameters
    ----------
    problem : Problem
    batch_size : int
    learning_rate : float
    falling : bool
        Whether the rate of step t is learning_rate / (1 + learning_rate l2 t)
        (Bottou 2012, section 5.2) or stays the same.
    """

    def __init__(
        self, problem: Problem, batch_size: int, learning_rate: float, falling: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        self.learning_rate, self.falling = learning_rate, falling
        self.vectors = np.zeros((problem.counts.shape[1], 2))
        self.errors = np.empty(min(batch_size, problem.counts.shape[0]))
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.SCALE] = 1.0
        self.params = _params(problem)
        self.n_steps = 0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once; see `SGDRun`."""
        t = self.n_steps + np.arange(-(-len(order) // self.batch_size))
        decay = self.learning_rate * self.problem.l2 * t if self.falling else np.zeros(len(t))
        self.params[kernels.AVERAGING] = averaging
        rows = *self.problem.triplet, self.problem.targets, order
        rates = self.learning_rate / (1.0 + decay)
        kernels.sgd_epoch(*rows, rates, self.params, self.vectors, self.state, self.errors)
        self.n_steps += len(t)

    def weights(self) -> tuple[Array, float]:
        """Return w and b; see `SGDRun`."""
        v, u = self.vectors.T
        state = self.state
        n = state[kernels.N_AVERAGED]
        if n:
            averaged: Array = (state[kernels.SCALE_SUM] * v - u) / n
            return averaged, float(state[kernels.INTERCEPT_SUM] / n)
        return state[kernels.SCALE] * v, float(state[kernels.INTERCEPT])


class CoordinateRates:
    """Steps with a learning rate for each coordinate, smaller the more it has moved.

    Parameters
    ----------
    problem : Problem
    batch_size : int
    learning_rate : float
    fisher : bool
        Whether rates are the inverse of the Fisher information so far (Bordes, Bottou &
        Gallinari 2009) or AdaGrad's (Duchi, Hazan & Singer 2011).
    """

    def __init__(
        self, problem: Problem, batch_size: int, learning_rate: float, fisher: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        n_documents, n_columns = problem.counts.shape
        self.coordinates = np.zeros((n_columns, 2))
        self.errors = np.empty(min(batch_size, n_documents))
        self.gradient = np.zeros(n_columns if batch_size > 1 else 0)
        self.row = np.empty(np.diff(problem.counts.indptr).max())
        self.state = np.zeros(kernels.STATE_SIZE)
        self.params = _params(problem)
        self.params[kernels.RATE], self.params[kernels.FISHER] = learning_rate, fisher
        if fisher:
            self.coordinates[:, kernels.DIVISOR] = 1.0
            self.state[kernels.INTERCEPT_DIVISOR] = 1.0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once; see `SGDRun`. Nothing is averaged."""
        rows = *self.problem.triplet, self.problem.targets, order
        learned = self.params, self.coordinates, self.state
        if self.batch_size == 1:
            kernels.coordinate_epoch(*rows, *learned, self.row)
        else:
            kernels.coordinate_batches(*rows, *learned, self.errors, self.gradient)

    def weights(self) -> tuple[Array, float]:
        """Return w and b; see `SGDRun`."""
        weights = np.empty(len(self.coordinates))
        shrink = self.params[kernels.RATE] * self.params[kernels.L2] * self.state[kernels.STEP]
        kernels.coordinate_weights(self.coordinates, shrink, weights)
        return weights, float(self.state[kernels.INTERCEPT])


def _params(problem: Problem) -> Array:
    """Return what an epoch needs of a problem besides its rows; see `kernels.sgd`."""
    params = np.zeros(kernels.N_PARAMS)
    params[kernels.L2], params[kernels.FIT_INTERCEPT] = problem.l2, problem.fit_intercept
    return params
