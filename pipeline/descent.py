"""Stochastic gradient descent as an object: the compiled epochs and their state.

Each way of choosing the learning rate keeps its state from epoch to epoch; `training`
tells it in which order to visit the documents and when to average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from pipeline.kernels import sgd as kernels
from pipeline.model import Array


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


def scores(counts: csr_array, w: Array, b: float) -> Array:
    """Return x . w + b for every row: float64, shape (n,)."""
    result: Array = kernels.scores(counts.data, counts.indices, counts.indptr, w, b)
    return result


class Descent(Protocol):
    """A way of taking steps."""

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once, in an order; average the steps' weights if asked."""

    def weights(self) -> tuple[Array, float]:
        """Return w and b: averaged over steps if any were, else those of the last step."""


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
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.SCALE] = 1.0
        self.state[kernels.FIT_INTERCEPT] = problem.fit_intercept
        self.n_steps = 0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once; see `Descent`."""
        counts, l2 = self.problem.counts, self.problem.l2
        t = self.n_steps + np.arange(-(-len(order) // self.batch_size))
        decay = self.learning_rate * l2 * t if self.falling else np.zeros(len(t))
        self.state[kernels.AVERAGING] = averaging
        kernels.sgd_epoch(
            counts.data,
            counts.indices,
            counts.indptr,
            self.problem.targets,
            order,
            self.batch_size,
            self.learning_rate / (1.0 + decay),
            l2,
            self.vectors,
            self.state,
        )
        self.n_steps += len(t)

    def weights(self) -> tuple[Array, float]:
        """Return w and b; see `Descent`."""
        v, u = self.vectors.T
        state = self.state
        n = state[kernels.N_AVERAGED]
        if n:
            averaged: Array = (state[kernels.SCALE_SUM] * v - u) / n
            return averaged, float(state[kernels.INTERCEPT_SUM] / n)
        return state[kernels.SCALE] * v, float(state[kernels.INTERCEPT])


class CoordinateRates:
    """Steps with a learning rate for each coordinate: AdaGrad (Duchi, Hazan & Singer 2011).

    Parameters
    ----------
    problem : Problem
    batch_size : int
    learning_rate : float
        The step that a coordinate takes at its first gradient.
    """

    def __init__(self, problem: Problem, batch_size: int, learning_rate: float) -> None:
        self.problem, self.batch_size = problem, batch_size
        self.learning_rate = learning_rate
        n_columns = problem.counts.shape[1]
        self.vectors = np.zeros((n_columns, 4)), np.zeros(n_columns)
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.FIT_INTERCEPT] = problem.fit_intercept

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit documents once; see `Descent`."""
        counts, l2 = self.problem.counts, self.problem.l2
        self.state[kernels.AVERAGING] = averaging
        kernels.adagrad_epoch(
            counts.data,
            counts.indices,
            counts.indptr,
            self.problem.targets,
            order,
            self.batch_size,
            self.learning_rate,
            l2,
            self.vectors,
            self.state,
        )
        # Settled at the end of each epoch, so that weights can be read and averaging begun.
        kernels.settle(self.vectors, self.state[kernels.STEP], l2, averaging)

    def weights(self) -> tuple[Array, float]:
        """Return w and b; see `Descent`."""
        coordinates, sums = self.vectors
        n = self.state[kernels.N_AVERAGED]
        if n:
            averaged: Array = sums / n
            return averaged, float(self.state[kernels.INTERCEPT_SUM] / n)
        return coordinates[:, kernels.WEIGHT].copy(), float(self.state[kernels.INTERCEPT])
