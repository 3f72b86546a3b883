"""Threads: a map that keeps the order, scratch arrays for each thread, and chunks of work.

Kernels release the interpreter's lock, so threads use all processors. No result depends on the
number of threads.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


# Set in threads that work alone.
_in_thread = threading.local()


def n_threads() -> int:
    """Return the number of threads: the variable SENTIMENT_THREADS, or else the processors.

    It is 1 in a thread of `map_arriving` or `begin`, which has its share of the processors already.
    """
    if getattr(_in_thread, "alone", False):
        return 1
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
    """Named arrays that one item of work after the other uses as scratch memory.

    To touch memory for the first time is slow, above all for several threads at a time.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def array(self, name: str, size: int, dtype: npt.DTypeLike) -> np.ndarray[Any, Any]:
        """Return an array of at least `size` items, with the values that were left in it."""
        array = self._arrays.get(name)
        if array is None or len(array) < size:
            array = self._arrays[name] = np.empty(size, dtype)
        return array

    def zeros(self, name: str, size: int, dtype: npt.DTypeLike) -> np.ndarray[Any, Any]:
        """Return an array of `size` items: zeros at first, later the values that were left in it.

        It is filled, because NumPy asks for large pages then, unlike in `numpy.zeros`.
        """
        if name not in self._arrays:
            self._arrays[name] = np.full(size, 0, dtype)
        return self._arrays[name]


def map_with_workspace(
    work: Callable[[Item, Workspace], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield `work(item, workspace)` for each item, as `ordered_map` does.

    A result may be an array of its workspace. Then it is valid until the next iteration, when
    the workspace goes to another item.
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


def with_workspaces(work: Callable[[Item, Workspace], Result]) -> Callable[[Item], Result]:
    """Return `work` as a function of an item, which takes a workspace that no other call uses.

    A result may not be an array of its workspace.
    """
    free: list[Workspace] = []

    def with_workspace(item: Item) -> Result:
        try:
            workspace = free.pop()
        except IndexError:
            workspace = Workspace()
        try:
            return work(item, workspace)
        finally:
            free.append(workspace)

    return with_workspace


def ordered_map(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `work(item)` for each item in order, computed in threads.

    No more results are computed ahead than there are threads, so memory does not grow with the
    number of items.

    Examples
    --------
    >>> list(ordered_map(len, ["one", "three", "no"]))
    [3, 5, 2]
    """
    n = n_threads()
    items = iter(items)
    first_two = list(itertools.islice(items, 2 if n > 1 else 0))
    items = itertools.chain(first_two, items)
    # To start threads takes longer than to tokenise one text.
    if len(first_two) < 2:
        yield from map(work, items)
        return
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(n)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > n:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def in_slices(work: Callable[[slice], None], n_items: int, size: int) -> None:
    """Call `work` with slices of some items, each of `size` items, in threads.

    >>> found = np.zeros(5)
    >>> in_slices(lambda part: found[part].fill(part.start), len(found), 2)
    >>> found
    array([0., 0., 2., 2., 4.])
    """
    starts = range(0, n_items, size)
    for _ in ordered_map(work, (slice(i, min(i + size, n_items)) for i in starts)):
        pass


def map_arriving(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield `work(item)` for each item in order, as soon as it is there.

    As `ordered_map`, but the items are taken in a thread of their own: a result does not wait
    until the next item has arrived, and items are read while others are worked on. If the
    iteration is left early, that thread ends with the process.

    Examples
    --------
    >>> list(map_arriving(len, ["one", "three", "no"]))
    [3, 5, 2]
    """
    from concurrent.futures import Future
    from queue import Empty, SimpleQueue

    n = n_threads()
    room, is_over = threading.Semaphore(2 * n), threading.Event()
    waiting: SimpleQueue[Future[Result] | None] = SimpleQueue()
    pool = _threads_alone(n)

    def take() -> None:
        try:
            for item in items:
                room.acquire()
                if is_over.is_set():
                    return
                waiting.put(pool.submit(work, item))
            waiting.put(None)
        except BaseException as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            waiting.put(failed)

    def next_future() -> Future[Result] | None:
        # An interrupt that comes just before the wait begins is noticed when the wait ends.
        while True:
            with contextlib.suppress(Empty):
                return waiting.get(timeout=0.2)

    threading.Thread(target=take, daemon=True).start()
    try:
        while (future := next_future()) is not None:
            yield future.result()
            room.release()
    finally:
        is_over.set()
        room.release()
        pool.shutdown(cancel_futures=True)


def begin(work: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Begin `work(*arguments)` in a thread, which has one processor.

    Examples
    --------
    >>> begin(len, "three").result()
    5
    """
    pool = _threads_alone(1)
    future = pool.submit(work, *arguments)
    pool.shutdown(wait=False)
    return future


def _threads_alone(n: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(n, initializer=lambda: setattr(_in_thread, "alone", True))


def chunks(offsets: np.ndarray[Any, Any], largest: int) -> Iterator[slice]:
    """Yield slices of items, one for each chunk of work.

    Parameters
    ----------
    offsets : int64 array, shape (n_items + 1,)
        The size of item i is `offsets[i + 1] - offsets[i]`.
    largest : int
        A chunk ends with the item that brings it to this size. Chunks are smaller if that gives
        every thread an equal number of them.

    Examples
    --------
    >>> list(chunks(np.array([0, 3, 6, 9]), largest=3))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    n_items, total = len(offsets) - 1, int(offsets[-1] - offsets[0])
    # A multiple of the number of threads.
    n_chunks = n_threads() * max(1, -(-total // (n_threads() * largest)))
    size = max(1, -(-total // n_chunks))
    start = 0
    while start < n_items:
        end = max(start + 1, int(np.searchsorted(offsets, offsets[start] + size)))
        yield slice(start, min(end, n_items))
        start = end
