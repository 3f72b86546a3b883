"""The state of an SGD run between epochs for more than two classes.

`ClassGlobalRate` and `ClassCoordinateRates` are `GlobalRate` and `CoordinateRates` of `sgd` with a
weight vector for each class. What all classes have of a feature lies side by side: see
`kernels.softmax`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.kernels import softmax as kernels
from pipeline.kernels.sgd import N_AVERAGED, SCALE, SCALE_SUM
from pipeline.model.logistic import Array
from pipeline.training.sgd import CoordinateRates, GlobalRate, Problem


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

    def learned(self, table: Array) -> Array:
        """Return a table without the ratios, which no step changes: a view."""
        return table[:, : kernels.RATIO]

    def workspace(self, n: int) -> Array:
        """Return zeros for each class: float64, shape (n, n_classes)."""
        return np.zeros((n, self.n_classes))


class ClassGlobalRate(GlobalRate):
    """An SGD run with one learning rate for all weights."""

    kernels = kernels

    def weights(self) -> tuple[Array, Array]:
        """Return W and b: the averages if steps were averaged, else those of the last step."""
        v, u = (self.vectors[:, plane].T for plane in (kernels.V, kernels.U))
        n = self.state[N_AVERAGED]
        if n:
            averaged: Array = (self.state[SCALE_SUM] * v[:, :-1] - u[:, :-1]) / n
            return averaged, u[:, -1] / n
        return self.state[SCALE] * v[:, :-1], v[:, -1].copy()


class ClassCoordinateRates(CoordinateRates):
    """An SGD run with a learning rate for each weight."""

    kernels = kernels

    def __init__(
        self, problem: ClassProblem, batch_size: int, learning_rate: float, fisher: bool
    ) -> None:
        super().__init__(problem, batch_size, learning_rate, fisher)
        self.of_row = (*self.of_row, self.errors[0])

    def intercept(self) -> Array:
        """Return b after the last step."""
        b: Array = self.coordinates[-1, kernels.NUMERATOR].copy()
        return b
