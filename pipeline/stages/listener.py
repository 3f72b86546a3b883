"""The base class of what shows the progress of stages and studies, and of their tasks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cluster.workers import in_this_process

if TYPE_CHECKING:
    from pipeline.cluster.workers import Item, Result, Workers
    from pipeline.stages.runner import StageResult
    from pipeline.training.history import Epoch


class Listener:
    """Hears of the progress of stages and studies; a subclass shows it, this class is silent."""

    def started(self, stage: str) -> None:
        """Hear that a stage starts to compute."""

    def epoch(self, epoch: Epoch, n_epochs: int) -> None:
        """Hear of an epoch of training, and how many there are at most."""

    def tasks_started(self, n_tasks: int) -> None:
        """Hear that tasks are given to workers, one a shard or a part of the rows."""

    def task_ended(self) -> None:
        """Hear that the results of one more task are there."""

    def ended(self, result: StageResult) -> None:
        """Hear that a stage is done, or was up to date."""

    def out_of_date(self, stage: str, reason: str) -> None:
        """Hear that a later stage, whose outputs stay, is out of date, and why."""

    def computed_with_others(self, changed: str) -> None:
        """Hear that stages are computed again because other versions computed them."""

    def study_started(self, study: str, n_steps: int, resumed_from: Path | None) -> None:
        """Hear that a study has begun, and which journal it resumes from, if any."""

    def study_estimated(self, seconds: float, basis: str) -> None:
        """Hear how long a study will take, and what that is based on."""

    def study_advanced(self, n_steps: int) -> None:
        """Hear that more steps are done; of a study that resumes, first of those of before."""

    def left_out(self, part: str, reason: str) -> None:
        """Hear that a study goes on without a part of it, and why."""

    def study_ended(self) -> None:
        """Hear that a study is done."""


class HeardWorkers:
    """Runs tasks on other workers, and tells a listener how many are done.

    Parameters
    ----------
    workers : Workers
    listener : Listener

    Examples
    --------
    >>> from pipeline.cluster.workers import HERE
    >>> list(HeardWorkers(HERE, SILENT).map(pow, [2, 3], 2))
    [4, 9]
    """

    def __init__(self, workers: Workers, listener: Listener) -> None:
        self.workers, self.listener = workers, listener
        self.in_this_process = in_this_process(workers)

    def map(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield the results of the tasks; see `Workers`."""
        return self._heard(items, self.workers.map(work, items, *shared))

    def map_in_threads(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield the results of the tasks; see `Workers`."""
        return self._heard(items, self.workers.map_in_threads(work, items, *shared))

    def _heard(self, items: Iterable[Any], results: Iterator[Result]) -> Iterator[Result]:
        n_tasks = operator.length_hint(items)
        if n_tasks < 2:  # one, or nobody knows
            yield from results
            return
        self.listener.tasks_started(n_tasks)
        for result in results:
            self.listener.task_ended()
            yield result


SILENT = Listener()
