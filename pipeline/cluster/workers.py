"""`Workers`: what runs the tasks of a stage or a study; `HERE` runs them in this process.

A task is a function of a module and one item, such as a shard. It reads files of the run and
returns little, or writes a file and returns where. It gives the same result wherever it runs, and
however often, so that a task of a worker that died can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from pipeline.parallel import n_threads, ordered_map

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(Protocol):
    """What runs tasks, and yields their results in the order of the items."""

    def map(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield `work(item, *shared)` for each item, where a task uses all threads of its worker.

        Parameters
        ----------
        work : callable
            A function of a module.
        items : iterable
            What differs between tasks: small, such as paths and numbers.
        *shared : objects
            What all tasks take, such as a vocabulary. Each worker receives it once, and its tasks
            get the same object, which may keep for the next task what one has computed.
        """

    def map_in_threads(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield the same as `map`, where a task uses one thread, so a worker runs several."""


def in_this_process(workers: Workers) -> bool:
    """Return True if tasks see what is in the memory of this process; those of `HERE` do.

    Examples
    --------
    >>> in_this_process(HERE)
    True
    """
    return bool(getattr(workers, "in_this_process", False))


def threads_of(workers: Workers) -> int:
    """Return how many tasks of `map_in_threads` run at a time, as far as it is known.

    Examples
    --------
    >>> threads_of(HERE) == n_threads()
    True
    """
    return n_threads() if in_this_process(workers) else getattr(workers, "n_threads", 1)


class ThisProcess:
    """Runs tasks in this process.

    Examples
    --------
    >>> list(HERE.map(pow, [2, 3], 2))
    [4, 9]
    """

    in_this_process = True

    def map(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield `work(item, *shared)` for each item, one after the other."""
        return (work(item, *shared) for item in items)

    def map_in_threads(
        self, work: Callable[..., Result], items: Iterable[Item], *shared: Any
    ) -> Iterator[Result]:
        """Yield the same as `map`, computed in threads."""
        return ordered_map(lambda item: work(item, *shared), items)


HERE = ThisProcess()
