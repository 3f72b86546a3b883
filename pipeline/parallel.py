"""Work on the pieces of a corpus in threads, with results in the order of the pieces.

Kernels release the interpreter's lock, so threads use as many processors as there are.
What is computed never depends on their number.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")


def n_threads() -> int:
    """Return how many threads to use: the variable SENTIMENT_THREADS, else the processors."""
    given = os.environ.get("SENTIMENT_THREADS", "")
    if not given:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(f"SENTIMENT_THREADS: expected a number >= 1, got {given!r}")
    return int(given)


class Workspace:
    """Arrays to work in, block after block.

    Memory that is new to a process is slow to touch, the more so for threads at the same time.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def array(self, name: str, size: int, dtype: npt.DTypeLike) -> np.ndarray[Any, Any]:
        """Return an array of at least so many items: what was there last, or anything."""
        array = self._arrays.get(name)
        if array is None or len(array) < size:
            array = self._arrays[name] = np.empty(size, dtype)
        return array

    def zeros(self, name: str, size: int, dtype: npt.DTypeLike) -> np.ndarray[Any, Any]:
        """Return an array of so many items: what was there last, or zeros.

        In large pages where the system has them: NumPy asks for these for an array that it
        fills, but not for `numpy.zeros`.
        """
        if name not in self._arrays:
            self._arrays[name] = np.full(size, 0, dtype)
        return self._arrays[name]


def map_with_workspace(
    work: Callable[[Item, Workspace], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield `work(item, workspace)` of each item in order, as `ordered_map` does.

    A result may lie in its workspace. It is valid until the next one is asked for, because the
    workspace then goes to another item.
    """
    free: list[Workspace] = []

    def with_workspace(item: Item) -> tuple[Result, Workspace]:
        try:
            workspace = free.pop()
        except IndexError:
            workspace = Workspace()
        return work(item, workspace), workspace

    for result, workspace in ordered_map(with_workspace, items):
        yield result
        free.append(workspace)


def ordered_map(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `work(item)` of each item in order, computed in threads ahead of their use.

    As many items as there are threads are in work or waiting to be taken, so memory
    does not grow with their number.
    """
    n = n_threads()
    if n == 1:
        yield from map(work, items)
        return
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(n) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > n:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


def interruptible(work: Callable[[], Result], give_up: Callable[[], None]) -> Result:
    """Return what work returns; it has a thread of its own, so Ctrl-C never lands in a kernel.

    Here it ends the process at once, with exit code 130; what is complete stays, for folders
    are moved into place whole.

    Parameters
    ----------
    work, give_up : callable
        What to do, and what to do last on Ctrl-C.
    """
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    worker = threading.Thread(target=run, daemon=True)
    try:
        worker.start()
        while worker.is_alive():
            worker.join(0.1)
    except KeyboardInterrupt:
        give_up()
        os._exit(130)
    if failure:
        raise failure[0]
    return outcome[0]


def chunks(offsets: np.ndarray[Any, Any], largest: int) -> Iterator[slice]:
    """Cut items into blocks for threads.

    Parameters
    ----------
    offsets : int64 array, shape (n + 1,)
        Item i is from `offsets[i]` to `offsets[i + 1]`.
    largest : int
        A block is so large, or a thread's equal share where that is less.
    """
    n_items, whole = len(offsets) - 1, int(offsets[-1] - offsets[0])
    # As many blocks to each thread.
    n_blocks = n_threads() * max(1, -(-whole // (n_threads() * largest)))
    size = max(1, -(-whole // n_blocks))
    start = 0
    while start < n_items:
        end = max(start + 1, int(np.searchsorted(offsets, offsets[start] + size)))
        yield slice(start, min(end, n_items))
        start = end
