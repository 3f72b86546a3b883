"""Tasks on the workers of a Dask cluster, each of which gets one at a time.

Which worker runs a task is decided here, not by Dask's scheduler: a worker gets nothing before it
has introduced itself, and if one dies it is certain which task it ran.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from pipeline.cluster import tasks
from pipeline.cluster.members import Members, lost
from pipeline.cluster.task_log import TaskLog, named
from pipeline.errors import RunError

if TYPE_CHECKING:
    from distributed import Future

    from pipeline.cluster.workers import Item, Result

# After so many workers have died on a task, no other one gets it.
MOST_DEATHS = 3
# Tasks for each worker that run or wait for the oldest one: a result may be weights, of which
# memory shall hold few.
_AHEAD = 2
# Seconds between two looks at the cluster while nothing arrives.
_WAIT = 0.5
# Seconds for results to arrive from a worker, before a look whether it is still there.
_FETCH = 5.0


class DaskWorkers:
    """Runs tasks on the workers of a cluster; see `Workers`.

    Parameters
    ----------
    members : Members
    log : TaskLog
    """

    def __init__(self, members: Members, log: TaskLog) -> None:
        self.members, self.log = members, log

    @property
    def n_threads(self) -> int:
        """The threads of all workers that are there."""
        return max(1, sum(self.members.n_threads.values()))

    def map(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield `work(item, *shared)` for each item; a task uses all threads of its worker."""
        return _Call(self, work, items, shared, in_threads=False).results()

    def map_in_threads(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield the same as `map`; a worker runs as many at a time as it has threads."""
        return _Call(self, work, items, shared, in_threads=True).results()


@dataclass(eq=False)
class _Task:
    """Items that a worker computes together."""

    items: list[Any]
    worker: str = ""
    future: Future | None = None
    results: list[Any] | None = None
    died: list[str] = field(default_factory=list)


class _Call:
    """A call of `map`: what was not given yet, what runs, and what has arrived out of order."""

    def __init__(
        self,
        workers: DaskWorkers,
        work: Callable[..., Any],
        items: Iterable[Any],
        shared: tuple[Any, ...],
        in_threads: bool,
    ) -> None:
        self.members, self.log = workers.members, workers.log
        self.client, self.work, self.shared = self.members.client, work, shared
        self.in_threads = in_threads
        self.items = iter(items)
        # Taken, and not yet given to a worker.
        self.taken: deque[Any] = deque()
        # Where the work is to call a function that it is given, that is what a reader looks for.
        given = [each for each in (work, *shared) if inspect.isroutine(each)]
        self.label: str = given[-1].__name__
        self.name = f"{self.label}-{uuid.uuid4().hex[:12]}"
        self.numbers = itertools.count()
        self.shared_future: Future | None = None
        self.is_over = False
        # In the order of the items; those that wait for a worker again; those that run.
        self.waiting: deque[_Task] = deque()
        self.again: deque[_Task] = deque()
        self.running: dict[str, _Task] = {}
        self.arrived: SimpleQueue[tuple[_Task, Future]] = SimpleQueue()

    def results(self) -> Iterator[Any]:
        """Yield the results in the order of the items."""
        try:
            while True:
                while self.waiting and self.waiting[0].results is not None:
                    yield from self.waiting.popleft().results or ()
                self.fill()
                if self.is_over and not self.waiting:
                    return
                if not self.waiting or self.waiting[0].results is None:
                    self.listen()
        finally:
            futures = [task.future for task in self.running.values() if task.future is not None]
            if futures and self.client.status == "running":
                # What runs goes on to its end, what it returns is dropped.
                with contextlib.suppress(OSError, TimeoutError):
                    self.client.cancel(futures)

    def fill(self) -> None:
        """Give a task to each worker that has none."""
        for worker, n_threads in list(self.members.n_threads.items()):
            if worker not in self.running and (task := self.next_task(n_threads)) is not None:
                self.submit(task, worker)

    def next_task(self, n_threads: int) -> _Task | None:
        """Return the next task for a worker; None if there is none, or too much has arrived."""
        if self.again:
            return self.again.popleft()
        known = self.members.n_threads
        if len(self.waiting) >= _AHEAD * len(known):
            return None
        most = sum(known.values()) if self.in_threads else 1
        self.taken.extend(itertools.islice(self.items, most - len(self.taken)))
        # The last items are spread over all workers that are free.
        n_free = len(known.keys() - self.running.keys())
        n = min(n_threads, -(-len(self.taken) // n_free)) if self.in_threads else 1
        items = [self.taken.popleft() for _ in range(min(n, len(self.taken)))]
        if not items:
            self.is_over = True
            return None
        self.waiting.append(_Task(items))
        return self.waiting[-1]

    def submit(self, task: _Task, worker: str) -> None:
        """Give a task to a worker."""
        task.worker, self.running[worker] = worker, task
        try:
            if self.shared and (
                self.shared_future is None or self.shared_future.status != "finished"
            ):
                # One worker gets it from here; the others get it from those that have it.
                [self.shared_future] = self.client.scatter(
                    [self.shared], [worker], timeout=_FETCH, hash=False
                )
            future = self.client.submit(
                tasks.run,
                self.members.command.id,
                self.work,
                task.items,
                self.in_threads,
                self.shared_future if self.shared else (),
                key=f"{self.name}-{next(self.numbers)}",
                pure=False,
                workers=[worker],
            )
        except (KeyError, OSError, TimeoutError):  # the worker is gone, or the scheduler
            self.members.look(at_once=True)
            self.repeat(task)
            return
        task.future = future
        future.add_done_callback(lambda future: self.arrived.put((task, future)))

    def listen(self) -> None:
        """Wait for a task to end, for a moment at most, and see who has come or gone."""
        with contextlib.suppress(Empty):
            task, future = self.arrived.get(timeout=_WAIT)
            if task.future is future:
                self.take(task, future)
        self.members.look()
        for worker in self.running.keys() - self.members.n_threads.keys():
            self.bury(self.running[worker])

    def take(self, task: _Task, future: Future) -> None:
        """Take what has become of a task."""
        if future.status == "error":
            error = future.exception()
            if isinstance(error, tasks.NotIntroducedError):
                self.bury(task)
                return
            self.log.failed(self.label, task.items, task.worker, error)
            raise _as_ours(error, task)
        if future.status != "finished":  # its worker is gone, or what all tasks share, or all is
            self.lose(task)
            return
        try:
            done: tasks.Done = future.result(timeout=_FETCH)
        except TimeoutError:
            self.arrived.put((task, future))
            return
        except Exception:  # the result was lost with its worker
            if future.status == "error":
                raise
            self.lose(task)
            return
        del self.running[task.worker]
        task.results, task.future = done.results, None
        self.log.done(self.label, task.items, task.worker, done)

    def lose(self, task: _Task) -> None:
        """Repeat a task that has no result, after a look whether its worker has died."""
        self.members.look(at_once=True)
        if task.worker in self.members.n_threads:
            self.repeat(task)
        else:
            self.bury(task)

    def bury(self, task: _Task) -> None:
        """Give a task of a worker that has died to another one, unless too many have died on it."""
        self.members.remove(task.worker)
        self.log.died(self.label, task.items, task.worker)
        task.died.append(task.worker)
        if len(task.died) >= MOST_DEATHS:
            raise _deadly(task)
        self.repeat(task)

    def repeat(self, task: _Task) -> None:
        """Let a task wait for a worker again."""
        if self.client.status != "running":
            raise lost(self.members.address)
        del self.running[task.worker]
        if task.future is not None:
            task.future.release()
        task.future = None
        self.again.append(task)


def _as_ours(error: BaseException, task: _Task) -> BaseException:
    """Return the error of a task; as one of this project if Dask has raised it."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return _deadly(task)
    if isinstance(error, RuntimeError) and "deserialization of the task graph" in str(error):
        return RunError(
            "the scheduler cannot read a task: expected the same sentiment-pipeline there as here; "
            "start the scheduler and its workers again, with the version that is installed here"
        )
    return error


def _deadly(task: _Task) -> RunError:
    return RunError(
        f"{named(task.items)}: {max(MOST_DEATHS, len(task.died))} workers died on it, the last was "
        f"{task.worker}; do they have enough memory? completed work is kept"
    )
