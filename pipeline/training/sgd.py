"""The state of an SGD run between epochs: one rate, or a rate for each weight.

`GlobalRate` and `CoordinateRates` differ in how they choose the learning rate. `AveragedRuns` and
`MixedRuns` give them the order of the documents, and say when to average.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from pipeline.kernels import sgd as kernels
from pipeline.model.logistic import Array
from pipeline.storage.arrays import scratch

if TYPE_CHECKING:
    from scipy.sparse import csr_array


# Rows whose sizes are computed at once.
_BLOCK = 1 << 15


@dataclass(frozen=True)
class Problem:
    """The objective J(w, b) to minimise, as the kernels take it.

    Attributes
    ----------
    counts : csr_array, shape (n, d), float32
        In canonical format.
    targets : float64 array, shape (n,)
        c_i for a positive document, -c_i for a negative one, with c_i the cost of a mistake.
    l2 : float
        Strength of the penalty, >= 0.
    fit_intercept : bool
        Learn b; otherwise it is 0.
    folder : Path, optional
        Where a file without a name may hold what there is of each document; else it is in memory.
    """

    counts: csr_array
    targets: Array
    l2: float
    fit_intercept: bool
    folder: Path | None = field(default=None, kw_only=True)

    @functools.cached_property
    def triplet(self) -> tuple[Array, Array, Array]:
        """Data (float32), indices (int32) and indptr (int64) of the counts."""
        indices, indptr = self.counts.indices, self.counts.indptr
        if indptr.dtype != np.int64:
            indptr = scratch(len(indptr), np.int64, self.folder)
            indptr[:] = self.counts.indptr
        return self.counts.data, indices.astype(np.int32, copy=False), indptr

    def longest_row(self) -> int:
        """Return the most non-zeros of a row, from the sizes of a block of rows at a time."""
        indptr = self.counts.indptr
        blocks = (indptr[k : k + _BLOCK + 1] for k in range(0, len(indptr) - 1, _BLOCK))
        return max(int(np.diff(block).max()) for block in blocks)

    def table(self) -> Array:
        """Return what is known of each column at the start: zeros, float64, shape (d, 2)."""
        return np.zeros((self.counts.shape[1], 2))

    def learned(self, table: Array) -> Array:
        """Return what the steps change of a table: a view."""
        return table

    def workspace(self, n: int) -> Array:
        """Return zeros for n documents, columns or non-zeros: float64, shape (n,)."""
        return np.zeros(n)


class State(NamedTuple):
    """What a run has learned. The mean of several states is a state.

    Attributes
    ----------
    table : float64 array, shape (d, 2), or (d + 1, 2, n_classes) with more than two classes
        What is known of each column.
    scalars : float64 array, shape (STATE_SIZE,)
        As the kernels take it.
    """

    table: Array
    scalars: Array


class GlobalRate:
    """An SGD run with one learning rate for all coordinates.

    Parameters
    ----------
    problem : Problem
    batch_size : int
    learning_rate : float
    falling : bool
        If True, the rate of step t is learning_rate / (1 + learning_rate l2 t) (Bottou 2012,
        section 5.2); otherwise it is constant.
    """

    # The module of the loops: another one for more than two classes.
    kernels: Any = kernels

    def __init__(
        self, problem: Problem, batch_size: int, learning_rate: float, falling: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        self.learning_rate = learning_rate
        self.decay = learning_rate * problem.l2 if falling else 0.0
        self.vectors = problem.table()
        self.errors = problem.workspace(min(batch_size, problem.counts.shape[0]))
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.SCALE] = 1.0
        self.params = params_of(problem)

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents of `order` once; average the weights of its steps if asked."""
        n_steps = -(-len(order) // self.batch_size)
        first = self.state[kernels.STEP]
        rates = learning_rates(first, n_steps, self.learning_rate, self.decay)
        self.params[kernels.AVERAGING] = averaging
        rows = *self.problem.triplet, self.problem.targets, order
        self.kernels.sgd_epoch(*rows, rates, self.params, self.vectors, self.state, self.errors)
        self.state[kernels.STEP] += n_steps

    def take_state(self) -> State:
        """Return the state, after the scale of the weights is multiplied into them.

        Then v is w and -u is the sum of the averaged weights, so that a mean of states is that of
        weights and of sums.
        """
        state, d = self.state, self.problem.counts.shape[1]
        v, u = self.vectors[:d, 0], self.vectors[:d, 1]
        u -= state[kernels.SCALE_SUM] * v
        v *= state[kernels.SCALE]
        state[kernels.SCALE], state[kernels.SCALE_SUM] = 1.0, 0.0
        return State(self.problem.learned(self.vectors), state)

    def resume(self, state: State) -> None:
        """Go on from a state, which is copied."""
        self.problem.learned(self.vectors)[...], self.state[:] = state

    def weights(self) -> tuple[Array, Any]:
        """Return w and b: the averages if steps were averaged, else those of the last step."""
        v, u = self.vectors.T
        state = self.state
        n = state[kernels.N_AVERAGED]
        if n:
            averaged: Array = (state[kernels.SCALE_SUM] * v - u) / n
            return averaged, float(state[kernels.INTERCEPT_SUM] / n)
        return state[kernels.SCALE] * v, float(state[kernels.INTERCEPT])


class CoordinateRates:
    """An SGD run with a learning rate for each coordinate, which its gradients decrease.

    Parameters
    ----------
    problem : Problem
    batch_size : int
    learning_rate : float
    fisher : bool
        If True, a rate is the inverse of the Fisher information so far (Bordes, Bottou &
        Gallinari 2009); otherwise it is AdaGrad's (Duchi, Hazan & Singer 2011).
    """

    # The module of the loops: another one for more than two classes.
    kernels: Any = kernels

    def __init__(
        self, problem: Problem, batch_size: int, learning_rate: float, fisher: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        n_documents, n_columns = problem.counts.shape
        self.coordinates = problem.table()
        self.errors = problem.workspace(min(batch_size, n_documents))
        self.gradient = problem.workspace(n_columns)
        self.of_row: tuple[Array, ...] = (problem.workspace(problem.longest_row()),)
        self.state = np.zeros(kernels.STATE_SIZE)
        self.params = params_of(problem)
        self.params[kernels.RATE], self.params[kernels.FISHER] = learning_rate, fisher
        if fisher:
            self.coordinates[:, kernels.DIVISOR] = 1.0
            self.state[kernels.INTERCEPT_DIVISOR] = 1.0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents of `order` once. Steps are not averaged."""
        rows = *self.problem.triplet, self.problem.targets, order
        learned = self.params, self.coordinates, self.state
        if self.batch_size == 1:
            self.kernels.coordinate_epoch(*rows, *learned, *self.of_row)
        else:
            self.kernels.coordinate_batches(*rows, *learned, self.errors, self.gradient)

    def take_state(self) -> State:
        """Return the state.

        A mean of numerators and divisors gives each weight the mean of the runs' weights, by their
        divisors: a run that has seen more of a word counts for more.
        """
        return State(self.problem.learned(self.coordinates), self.state)

    def resume(self, state: State) -> None:
        """Go on from a state, which is copied."""
        self.problem.learned(self.coordinates)[...], self.state[:] = state

    def weights(self) -> tuple[Array, Any]:
        """Return w and b after the last step."""
        weights = self.problem.workspace(self.problem.counts.shape[1])
        shrink = self.params[kernels.RATE] * self.params[kernels.L2] * self.state[kernels.STEP]
        self.kernels.coordinate_weights(self.coordinates, shrink, weights)
        return weights.T, self.intercept()

    def intercept(self) -> Any:
        """Return b after the last step."""
        return float(self.state[kernels.INTERCEPT])


class SGDRun(Protocol):
    """A run of SGD, for two classes or for more."""

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents of `order` once; average the weights of its steps if asked."""

    def take_state(self) -> State:
        """Return the state: arrays of the run, which its next epoch changes."""

    def resume(self, state: State) -> None:
        """Go on from a state, which is copied."""

    def weights(self) -> tuple[Array, Any]:
        """Return w and b."""


def learning_rates(first: float, n_steps: int, learning_rate: float, decay: float) -> Array:
    """Return learning_rate / (1 + decay t) of the steps t = first, first + 1, ...: float64.

    >>> learning_rates(0, 3, 1.0, 0.5).round(4).tolist()
    [1.0, 0.6667, 0.5]
    """
    rates: Array = learning_rate / (1.0 + decay * (first + np.arange(n_steps)))
    return rates


def params_of(problem: Problem) -> Array:
    """Return the scalars of a problem, at the positions that `kernels.sgd` names."""
    params = np.zeros(kernels.N_PARAMS)
    params[kernels.L2], params[kernels.FIT_INTERCEPT] = problem.l2, problem.fit_intercept
    return params
