"""How long a search will take: told once, when its second training is done, which is timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pipeline.cluster.workers import threads_of
from pipeline.studies.execution import Execution

Item = TypeVar("Item")
Result = TypeVar("Result")


class Forecast:
    """Runs trainings, and tells the listener how long all of them will take.

    The first one is not timed, because it loads native code and tokenises the reviews.

    Parameters
    ----------
    execution : Execution
    cost : callable
        Returns about how long a training takes, in any unit.

    Examples
    --------
    >>> from pipeline.stages.listener import Listener
    >>> class Heard(Listener):
    ...     def study_estimated(self, seconds, basis):
    ...         print(basis.partition(",")[0])
    >>> forecast = Forecast(Execution(listener=Heard()), float)
    >>> list(forecast.map(pow, [2, 3, 4], 10, 2))
    11 trainings to go
    [4, 9, 16]
    """

    def __init__(self, execution: Execution, cost: Callable[[Any], float]) -> None:
        self.execution, self.cost, self.is_told = execution, cost, False

    def map(
        self, work: Callable[..., Result], items: Sequence[Item], later: int, *shared: object
    ) -> Iterator[Result]:
        """Yield `work(item, *shared)` for each item, as `map_in_threads` does.

        Parameters
        ----------
        work : callable
        items : sequence
        later : int
            How many trainings follow that are not known yet.
        *shared : objects
        """
        run = self.execution.workers.map_in_threads
        if not self.is_told and len(items) > 1 and len(items) + later > 2:
            yield from run(work, items[:1], *shared)
            start = time.perf_counter()
            yield from run(work, items[1:2], *shared)
            self._tell(time.perf_counter() - start, list(map(self.cost, items)), later)
            items = items[2:]
        yield from run(work, items, *shared)

    def _tell(self, seconds: float, costs: Sequence[float], later: int) -> None:
        n_left, n_threads = len(costs) - 2 + later, threads_of(self.execution.workers)
        left = sum(costs[2:]) + later * sum(costs) / len(costs)
        basis = f"{n_left:,} trainings to go, by the time of the second one"
        self.execution.listener.study_estimated(seconds * left / costs[1] / n_threads, basis)
        self.is_told = True
