"""`MixedRuns`: SGD on parts of the documents, whose states are averaged after each epoch.

Iterative parameter mixing (McDonald, Hall & Mann 2010, Distributed Training Strategies for the
Structured Perceptron, section 4): the documents are shuffled once and cut into n parts. In each
epoch, n runs start from the same state s. Run p takes the steps of part p, in an order of its own,
and the next state is the mean

    s <- (1/n) sum_p run_p(s)

The parts differ by one document at most, so each has the same share, as in that paper. The state is
all that a run has learned: see `State`, and `take_state` of the runs for what its mean is. A part
takes one step in n of an epoch, and the mean is as far from s as one part has come. So more parts
need more epochs.

An epoch of a part depends on the part, its number, the seed and the state alone. So it gives the
same result in any process and whenever it is repeated. States are added in the order of the parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.cluster.workers import Workers
from pipeline.model.logistic import Array
from pipeline.training.parts import Parts, total
from pipeline.training.runs import Steps, mean_weights
from pipeline.training.sgd import SGDRun, State
from pipeline.training.shuffle import Shuffle


class MixedRuns:
    """SGD runs whose epochs are the means of those of parts: iterative parameter mixing.

    Parameters
    ----------
    runs : list of SGDRun
        Each has the same parts, in orders of its own. Their weights are averaged.
    steps : Steps
        What the runs of the parts are.
    parts : Parts
    workers : Workers
    seed : int
        Seed of the orders.
    """

    def __init__(
        self, runs: list[SGDRun], steps: Steps, parts: Parts, workers: Workers, seed: int
    ) -> None:
        self.runs, self.steps, self.parts = runs, steps, parts
        self.workers, self.seed = workers, seed
        self.n_epochs = 0

    def epoch(self, averaging: bool) -> None:
        """Visit the documents of each part once in each run, and average the states."""
        self.n_epochs += 1
        n_parts = self.parts.n_parts
        tasks = list(itertools.product(range(len(self.runs)), range(n_parts)))
        states = [run.take_state() for run in self.runs]
        epoch = PartEpoch(self.steps, self.seed, self.n_epochs, averaging)
        found = self.workers.map_in_threads(state_after, tasks, self.parts, epoch, states)
        for run in self.runs:
            summed = total(itertools.islice(found, n_parts))
            run.resume(State(*(each / n_parts for each in summed)))

    def weights(self) -> tuple[Array, Any]:
        """Return the mean w and b of the runs."""
        return mean_weights(self.runs)


class PartEpoch(NamedTuple):
    """What the tasks of an epoch share.

    Attributes
    ----------
    steps : Steps
    seed, number : int
        The number of the epoch is from 1.
    averaging : bool
        Whether the weights of its steps are averaged.
    """

    steps: Steps
    seed: int
    number: int
    averaging: bool


def state_after(
    task: tuple[int, int], parts: Parts, epoch: PartEpoch, states: Sequence[State]
) -> State:
    """Return the state of a run after an epoch on one part.

    Parameters
    ----------
    task : tuple of int
        The number of the run, and that of the part.
    parts : Parts
    epoch : PartEpoch
    states : sequence of State
        Where each run starts.
    """
    of_run, of_part = task
    problem, rows = parts.part(of_part)
    order = Shuffle(problem.counts.indptr, rows, problem.folder).order(
        np.random.default_rng([epoch.seed, of_run, 2 + of_part, epoch.number])
    )
    run = epoch.steps.run(problem)
    run.resume(states[of_run])
    run.epoch(order, epoch.averaging)
    return run.take_state()
