"""`FullObjective`: J, its gradient and its curvature over all documents, part by part.

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2

The sums over documents are made for each part, in blocks of rows that threads share, and added in
the order of the blocks and of the parts. So they are the same for any number of workers and
threads, and for parts in memory and in files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.cluster.workers import Workers
from pipeline.kernels import lbfgs as kernels
from pipeline.model.logistic import Array, cross_entropy, penalty, sigmoid
from pipeline.model.softmax import softmax
from pipeline.parallel import ordered_map
from pipeline.training.costs import costs_of
from pipeline.training.intercepts import summed
from pipeline.training.parts import Part, Parts, row_blocks, total


class Place(NamedTuple):
    """Weights, and J and its gradient there.

    Attributes
    ----------
    w : float64 array, shape (d, n_scores)
        Two classes have one score, more have one each.
    b : float64 array, shape (n_scores,)
    objective : float
    by_w, by_b : float64 arrays
        The gradient, of the shapes of w and b.
    """

    w: Array
    b: Array
    objective: float
    by_w: Array
    by_b: Array


@dataclass(frozen=True)
class FullObjective:
    """J as a sum over parts.

    Attributes
    ----------
    parts : Parts
    workers : Workers
    n : int
        Number of documents.
    l2 : float
    """

    parts: Parts
    workers: Workers
    n: int
    l2: float

    def at(self, w: Array, b: Array) -> Place:
        """Return J and its gradient: two passes over the counts."""
        loss, by_w, by_b = self._sum(gradient_of_part, w, b)
        objective = float(loss) / self.n + penalty(w, self.l2)
        return Place(w, b, objective, by_w / self.n + self.l2 * w, by_b / self.n)

    def curvature(self, w: Array, b: Array) -> tuple[Array, Array]:
        """Return the diagonal of the Hessian by w, and the Hessian by b, (n_scores, n_scores)."""
        by_w, by_b = self._sum(curvature_of_part, w, b)
        return by_w / self.n + self.l2, by_b / self.n

    def _sum(
        self, of_part: Callable[..., tuple[Array, ...]], w: Array, b: Array
    ) -> tuple[Array, ...]:
        numbers = range(self.parts.n_parts)
        return total(self.workers.map(of_part, numbers, self.parts, w, b))


def gradient_of_part(number: int, parts: Parts, w: Array, b: Array) -> tuple[Array, ...]:
    """Return the sum of c_i L(z_i, y_i) over a part, and its gradient by w and by b."""

    def of_block(part: Part, rows: Array, z: Array) -> tuple[Array, ...]:
        losses, errors = _losses_and_errors(part, rows, z)
        return np.asarray(losses.sum()), _sum_rows(part, rows, errors), errors.sum(axis=0)

    loss, by_w, by_b = _over_blocks(of_block, parts.part(number), w, b)
    return loss, _folded(parts.part(number), by_w), by_b


def curvature_of_part(number: int, parts: Parts, w: Array, b: Array) -> tuple[Array, ...]:
    """Return the diagonal of the second derivative by w of the same sum, and that by b."""

    def of_block(part: Part, rows: Array, z: Array) -> tuple[Array, ...]:
        p = softmax(z) if z.shape[1] > 1 else sigmoid(z)
        costs = costs_of(part.problem.targets[rows])[:, None]
        bend = _sum_rows(part, rows, costs * p * (1 - p), squared=True)
        return bend, summed(p, costs)

    by_w, by_b = _over_blocks(of_block, parts.part(number), w, b)
    return _folded(parts.part(number), _folded(parts.part(number), by_w)), by_b


def _over_blocks(
    of_block: Callable[[Part, Array, Array], tuple[Array, ...]], part: Part, w: Array, b: Array
) -> tuple[Array, ...]:
    """Return the sum over blocks of rows of what a function makes of their scores."""
    folded = np.ascontiguousarray(_folded(part, w))

    def work(rows: Array) -> tuple[Array, ...]:
        z = np.empty((len(rows), len(b)))
        kernels.row_scores(*part.problem.triplet, rows, folded, b, z)
        return of_block(part, rows, z)

    return total(ordered_map(work, row_blocks(part.problem.counts.indptr, part.rows)))


def _losses_and_errors(part: Part, rows: Array, z: Array) -> tuple[Array, Array]:
    """Return c_i L(z_i, y_i), shape (n,), and its derivative by the scores, of their shape."""
    targets = part.problem.targets[rows]
    costs = costs_of(targets)
    if z.shape[1] > 1:
        y = targets[:, 0].astype(np.int64)
        errors = softmax(z)
        errors[np.arange(len(y)), y] -= 1.0
        return costs * cross_entropy(z, y), costs[:, None] * errors
    y = (targets > 0).astype(np.int64)
    return costs * cross_entropy(z[:, 0], y), (costs * (sigmoid(z[:, 0]) - y))[:, None]


def _sum_rows(part: Part, rows: Array, factors: Array, squared: bool = False) -> Array:
    """Return the sum of some rows, each times its factors: float64, shape (d, n_scores)."""
    sums = np.zeros((part.problem.counts.shape[1], factors.shape[1]))
    kernels.add_rows(*part.problem.triplet, rows, factors, squared, sums)
    return sums


def _folded(part: Part, w: Array) -> Array:
    """Return weights times the ratios of the classes, if they have any."""
    ratio: Array | None = getattr(part.problem, "ratio", None)
    return w if ratio is None else w * ratio.T
