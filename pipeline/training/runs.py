"""`Steps`: the SGD run that a schedule and a problem ask for; `AveragedRuns`: runs, their mean.

The runs of `AveragedRuns` may learn from different columns: a run whose problem is that of
`in_columns` leaves the other weights at 0. The mean of such runs is an ensemble of models that are
less alike, and makes fewer errors (Dietterich 2000, Ensemble Methods in Machine Learning). Scores
are linear in the weights, so the mean of the models' scores is the score of the mean weights: the
ensemble is one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.model.logistic import Array
from pipeline.parallel import ordered_map
from pipeline.storage.arrays import scratch
from pipeline.storage.counts import csr_of
from pipeline.training.parts import row_blocks
from pipeline.training.sgd import CoordinateRates, GlobalRate, Problem, SGDRun
from pipeline.training.shuffle import BUFFER, Shuffle
from pipeline.training.softmax import ClassCoordinateRates, ClassGlobalRate, ClassProblem


class Steps(NamedTuple):
    """How the steps of SGD are taken: see `SGDLogisticRegression`."""

    batch_size: int
    learning_rate: float
    schedule: str

    def run(self, problem: Problem) -> SGDRun:
        """Return a run that starts from zero weights."""
        how = self.batch_size, self.learning_rate, self.schedule in ("fisher", "inverse")
        by_coordinate = self.schedule in ("adagrad", "fisher")
        if isinstance(problem, ClassProblem):
            return (ClassCoordinateRates if by_coordinate else ClassGlobalRate)(problem, *how)
        return (CoordinateRates if by_coordinate else GlobalRate)(problem, *how)


def in_columns(problem: Problem, columns: Array, folder: Path | None = None) -> Problem:
    """Return a problem with the same columns, whose counts are 0 outside some of them.

    Parameters
    ----------
    problem : Problem
    columns : bool array, shape (d,)
        True for the columns whose counts stay.
    folder : Path, optional
        Where the counts lie, in files without names, if they are more than the shuffle's buffer
        holds.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> counts = csr_array(np.array([[1, 2], [0, 3]], np.float32))
    >>> narrow = in_columns(Problem(counts, np.ones(2), 0.0, True), np.array([True, False]))
    >>> narrow.counts.toarray().tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    counts, n = problem.counts, 0
    folder = folder if counts.nnz > BUFFER else None
    # Memory that is never written to is never allocated.
    data, indices = (scratch(counts.nnz, dtype, folder) for dtype in (np.float32, np.int32))
    indptr = np.zeros(counts.shape[0] + 1, np.int64)
    for rows in row_blocks(counts.indptr, np.arange(counts.shape[0])):
        block = slice(counts.indptr[rows[0]], counts.indptr[rows[-1] + 1])
        kept = columns[counts.indices[block]]
        ends = n + np.append(0, np.cumsum(kept))
        indptr[rows + 1] = ends[counts.indptr[rows + 1] - block.start]
        data[n : ends[-1]] = counts.data[block][kept]
        indices[n : ends[-1]] = counts.indices[block][kept]
        n = int(ends[-1])
    return replace(problem, counts=csr_of(data[:n], indices[:n], indptr, counts.shape))


class AveragedRuns:
    """SGD runs in threads, each with its own order of the documents, and their mean weights.

    This is parameter mixing (McDonald, Hall & Mann 2010, section 3; Zinkevich et al. 2010,
    algorithm 3). There each run has a shard of the documents; here each has all of them, so the
    runs differ only by the order.

    Parameters
    ----------
    runs : list of SGDRun
    shuffle : Shuffle
        Draws the orders.
    seed : int
        Seed of the orders. The order of the first run does not depend on the number of runs.
    """

    def __init__(self, runs: list[SGDRun], shuffle: Shuffle, seed: int) -> None:
        self.runs, self.shuffle = runs, shuffle
        # [seed, 1] draws the validation set.
        seeds = [[seed], *([seed, 1 + k] for k in range(1, len(runs)))]
        self._generators = [np.random.default_rng(seed) for seed in seeds]

    def epoch(self, averaging: bool) -> None:
        """Visit the documents once in each run, in a new order."""

        def visit(k: int) -> None:
            self.runs[k].epoch(self.shuffle.order(self._generators[k]), averaging)

        for _ in ordered_map(visit, range(len(self.runs))):
            pass

    def weights(self) -> tuple[Array, Any]:
        """Return the mean w and b of the runs."""
        return mean_weights(self.runs)


def mean_weights(runs: Sequence[SGDRun]) -> tuple[Array, Any]:
    """Return the mean w and b of some runs."""
    w, b = runs[0].weights()
    for run in runs[1:]:
        next_w, next_b = run.weights()
        w, b = w + next_w, b + next_b
    return (w / len(runs), b / len(runs)) if len(runs) > 1 else (w, b)
