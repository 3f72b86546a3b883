"""A double of `Workers` that runs tasks in processes of their own, so that nothing is shared.

What a task takes and returns is pickled, as for a cluster: a closure or an open file fails. What
an earlier task has left in the memory of its process is lost, unless `are_kept`.
"""

import multiprocessing
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# New processes are copies of one that has imported what most tasks use, and nothing else: to
# import it takes most of a task's time.
_COPIED = multiprocessing.get_context("forkserver")
_COPIED.set_forkserver_preload(
    [
        *("scipy.sparse", "llvmlite.binding", "pipeline.corpus.split", "pipeline.tokens.tokenizer"),
        *("pipeline.stages.runner", "pipeline.studies.crossval", "pipeline.training.estimator"),
    ]
)
_received: dict[str, Any] = {}


@dataclass
class Processes:
    """Workers that are processes, each started for one task.

    Attributes
    ----------
    n : int
        How many tasks run at a time.
    are_kept : bool
        Whether a process runs one task after the other, as the worker of a cluster does.
    item_sizes, shared_sizes, result_sizes : list of int
        Bytes of each item and of each result that were pickled, and, for each map, of what its
        tasks share.

    Examples
    --------
    >>> workers = Processes()
    >>> list(workers.map(pow, [2, 3], 2))
    [4, 9]
    >>> len(workers.item_sizes)
    2
    """

    n: int = 2
    are_kept: bool = False
    item_sizes: list[int] = field(default_factory=list)
    shared_sizes: list[int] = field(default_factory=list)
    result_sizes: list[int] = field(default_factory=list)

    def map(self, work: Callable[..., Any], items: Iterable[Any], *shared: Any) -> Iterator[Any]:
        """Yield `work(item, *shared)` for each item, in order."""
        common = pickle.dumps((work, shared))
        self.shared_sizes.append(len(common))
        given = common, dict(os.environ)
        pool = _COPIED.Pool(self.n, _receive, given, None if self.are_kept else 1)
        with pool:
            for result in pool.imap(_run, map(self._pickled, items)):
                self.result_sizes.append(len(result))
                yield pickle.loads(result)

    def map_in_threads(
        self, work: Callable[..., Any], items: Iterable[Any], *shared: Any
    ) -> Iterator[Any]:
        """Yield the same as `map`, in the same way: a task has a process of its own."""
        return self.map(work, items, *shared)

    def _pickled(self, item: Any) -> bytes:
        pickled = pickle.dumps(item)
        self.item_sizes.append(len(pickled))
        return pickled


class Backwards:
    """Workers in this process that finish the last task first."""

    def map(self, work: Callable[..., Any], items: Iterable[Any], *shared: Any) -> Iterator[Any]:
        """Yield `work(item, *shared)` for each item, in order."""
        items = list(items)
        results = {n: work(items[n], *shared) for n in reversed(range(len(items)))}
        return (results[n] for n in range(len(items)))

    def map_in_threads(
        self, work: Callable[..., Any], items: Iterable[Any], *shared: Any
    ) -> Iterator[Any]:
        """Yield the same as `map`."""
        return self.map(work, items, *shared)


def _receive(common: bytes, environment: dict[str, str]) -> None:
    """Keep what all tasks of a process take, in the environment of the test."""
    os.environ.clear()
    os.environ.update(environment)
    _received["work"], _received["shared"] = pickle.loads(common)


def _run(item: bytes) -> bytes:
    return pickle.dumps(_received["work"](pickle.loads(item), *_received["shared"]))


def process_of(item: Any, *shared: Any) -> int:
    """Return the number of the process that runs the task."""
    return os.getpid()
