"""`Steps`: the SGD run that a schedule and a problem ask for; `AveragedRuns`: runs, their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.model.logistic import Array
from pipeline.parallel import ordered_map
from pipeline.training.sgd import CoordinateRates, GlobalRate, Problem, SGDRun
from pipeline.training.shuffle import Shuffle
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
