"""The state of an SGD run between epochs for more than two classes.

`ClassGlobalRate` and `ClassCoordinateRates` do for a weight vector a class what `GlobalRate` and
`CoordinateRates` of `sgd` do for one. What all classes have of a feature lies side by side: see
`kernels.softmax`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.kernels import softmax as kernels
from pipeline.kernels.sgd import (
    AVERAGING,
    FISHER,
    L2,
    N_AVERAGED,
    RATE,
    SCALE,
    SCALE_SUM,
    STATE_SIZE,
    STEP,
)
from pipeline.model.logistic import Array
from pipeline.training.sgd import Problem, learning_rates, params_of


@dataclass(frozen=True)
class ClassProblem(Problem):
    """The objective J(W, b) to minimise, as the kernels take it.

    Attributes
    ----------
    targets : float64 array, shape (n, 2)
        The number of the true class of each document, and the cost of a mistake.
    n_classes : int
        More than two.
    ratio : float64 array, shape (n_classes, d), or None
        The log-count ratio that multiplies the counts, for each class.
    """

    n_classes: int
    ratio: Array | None

    def table(self) -> Array:
        """Return zeros and the ratios: float64, shape (d + 1, 3, n_classes)."""
        table = np.zeros((self.counts.shape[1] + 1, 3, self.n_classes))
        table[:-1, kernels.RATIO] = 1.0 if self.ratio is None else self.ratio.T
        return table


class ClassGlobalRate:
    """An SGD run with one learning rate for all weights; the parameters are `GlobalRate`'s."""

    def __init__(
        self, problem: ClassProblem, batch_size: int, learning_rate: float, falling: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        self.learning_rate = learning_rate
        self.decay = learning_rate * problem.l2 if falling else 0.0
        self.vectors = problem.table()
        self.errors = np.empty((min(batch_size, problem.counts.shape[0]), problem.n_classes))
        self.state = np.zeros(STATE_SIZE)
        self.state[SCALE] = 1.0
        self.params = params_of(problem)
        self.n_steps = 0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents of `order` once; average the weights of its steps if asked."""
        n_steps = -(-len(order) // self.batch_size)
        rates = learning_rates(self.n_steps, n_steps, self.learning_rate, self.decay)
        self.params[AVERAGING] = averaging
        rows = *self.problem.triplet, self.problem.targets, order
        kernels.sgd_epoch(*rows, rates, self.params, self.vectors, self.state, self.errors)
        self.n_steps += n_steps

    def weights(self) -> tuple[Array, Array]:
        """Return W and b: the averages if steps were averaged, else those of the last step."""
        v, u = (self.vectors[:, plane].T for plane in (kernels.V, kernels.U))
        n = self.state[N_AVERAGED]
        if n:
            averaged: Array = (self.state[SCALE_SUM] * v[:, :-1] - u[:, :-1]) / n
            return averaged, u[:, -1] / n
        return self.state[SCALE] * v[:, :-1], v[:, -1].copy()


class ClassCoordinateRates:
    """An SGD run with a learning rate for each weight; the parameters are `CoordinateRates`'."""

    def __init__(
        self, problem: ClassProblem, batch_size: int, learning_rate: float, fisher: bool
    ) -> None:
        self.problem, self.batch_size = problem, batch_size
        n_documents, n_columns = problem.counts.shape
        self.coordinates = problem.table()
        self.errors = np.empty((min(batch_size, n_documents), problem.n_classes))
        self.gradient = np.zeros((n_columns if batch_size > 1 else 0, problem.n_classes))
        longest = np.diff(problem.counts.indptr).max()
        self.row = np.empty((longest, problem.n_classes))
        self.state = np.zeros(STATE_SIZE)
        self.params = params_of(problem)
        self.params[RATE], self.params[FISHER] = learning_rate, fisher
        if fisher:
            self.coordinates[:, kernels.DIVISOR] = 1.0

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents of `order` once. Steps are not averaged."""
        rows = *self.problem.triplet, self.problem.targets, order
        learned = self.params, self.coordinates, self.state
        if self.batch_size == 1:
            kernels.coordinate_epoch(*rows, *learned, self.row, self.errors[0])
        else:
            kernels.coordinate_batches(*rows, *learned, self.errors, self.gradient)

    def weights(self) -> tuple[Array, Array]:
        """Return W and b after the last step."""
        weights = np.empty((self.problem.n_classes, len(self.coordinates) - 1))
        shrink = self.params[RATE] * self.params[L2] * self.state[STEP]
        kernels.coordinate_weights(self.coordinates, shrink, weights)
        return weights, self.coordinates[-1, kernels.NUMERATOR].copy()
