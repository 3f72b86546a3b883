"""The workers of a cluster that may get tasks: those with the same versions and files."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.cluster.tasks import Command, Introduction, introduce
from pipeline.errors import PipelineError, RunError

if TYPE_CHECKING:
    from distributed import Client, Future

# Seconds: how long a first worker, or another one after the last, is waited for.
PATIENCE = 60.0
# Seconds between two looks at who is there.
_INTERVAL = 0.5
# Seconds that a worker may take to introduce itself at the start: it may be busy for someone else.
_GREETING = 20.0
_FETCH = 5.0  # seconds for what it has said to come; it never comes if the worker died meanwhile
# What differs from machine to machine without harm, but perhaps in the last bit of a result.
PROCESSOR = "processor"

# Of `dask worker`.
_OPTIONS = "--nthreads 1 --memory-limit 0"
_ENDED = "it ended as it was asked for its versions; install the same sentiment-pipeline everywhere"


class Members:
    """The workers that may get tasks; looks who has come and who has gone.

    Parameters
    ----------
    client : distributed.Client
    address : str
        Of the scheduler, or the option that started local workers; for messages.
    command : Command
    say : callable
        Takes a line for the user.

    Attributes
    ----------
    n_threads : dict
        The number of threads of each worker that may get tasks, by its address.
    """

    def __init__(
        self, client: Client, address: str, command: Command, say: Callable[[str], None]
    ) -> None:
        self.client, self.address, self.command, self.say = client, address, command, say
        self.n_threads: dict[str, int] = {}
        self._greeted: dict[str, Future] = {}
        self._refused: set[str] = set()
        self._numbers = itertools.count()
        self._looked = self._last_there = time.monotonic()
        self._said: set[str] = set()
        self._is_local = "://" not in address

    def wait_for_first(self) -> None:
        """Wait until all workers that are there have introduced themselves, and one is.

        Raises
        ------
        RunError
            If a worker has other versions, or does not see the folder of the run, or if there is
            none.
        """
        waited, start = False, time.monotonic()
        while True:
            self._look(is_start=True)
            late = time.monotonic() - start > _GREETING
            if self.n_threads and (late or not self._greeted):
                return
            if not waited and not self._greeted and not self._is_local:
                waited = True
                self.say(
                    f"cluster   {self.address} has no workers yet: waiting {PATIENCE:.0f} seconds "
                    "for the first"
                )
            self._lose_patience()
            time.sleep(0.02 if self._greeted else _INTERVAL)

    def look(self, at_once: bool = False) -> None:
        """See who has come and who has gone; unless `at_once`, a look of just now is enough.

        Raises
        ------
        RunError
            If the scheduler is lost, or no worker is left.
        """
        if at_once or time.monotonic() - self._looked >= _INTERVAL:
            self._look()
            self._lose_patience()

    def remove(self, worker: str) -> None:
        """Take a worker for gone: it has to introduce itself again."""
        if self.n_threads.pop(worker, None) is not None:
            self.say(f"cluster   worker {worker} is gone: a task that it was running runs again")

    def _look(self, is_start: bool = False) -> None:
        there = self._all()
        self._looked = time.monotonic()
        for worker in self.n_threads.keys() - there.keys():
            self.remove(worker)
        self._refused &= there.keys()
        for worker in self._greeted.keys() - there.keys():
            del self._greeted[worker]
            if self._is_local:
                self.say(f"cluster   worker {worker} is gone: another one starts")
            else:
                self._refuse(worker, _ENDED, is_start)
        for worker in there.keys() - self.n_threads.keys() - self._greeted.keys() - self._refused:
            self._greeted[worker] = self.client.submit(
                introduce,
                self.command,
                key=f"introduce-{self.command.id}-{next(self._numbers)}",
                pure=False,
                workers=[worker],
            )
        for worker, future in list(self._greeted.items()):
            if future.done():
                del self._greeted[worker]
                self._admit(worker, there[worker], future, is_start)
        if self.n_threads:
            self._last_there = time.monotonic()

    def _all(self) -> dict[str, int]:
        """Return the workers that the scheduler knows, and how many tasks each runs at a time."""
        try:
            if self.client.status != "running":
                raise OSError
            there: dict[str, int] = self.client.nthreads()
        except OSError:
            raise lost(self.address) from None
        return there

    def _admit(self, worker: str, n_tasks: int, future: Future, is_start: bool) -> None:
        """Give a worker tasks from now on, or refuse it."""
        if future.status == "error":
            refusal = _failure(future.exception())
        else:
            try:
                introduction: Introduction = future.result(timeout=_FETCH)
            except Exception:  # it was lost with the worker, which is greeted again if it is there
                return
            refusal = _refusal(introduction, n_tasks, self.command)
        if refusal:
            self._refused.add(worker)
            self._refuse(worker, refusal, is_start)
            return
        self.n_threads[worker] = introduction.n_threads
        self._compare_processors(worker, introduction)
        if not is_start:
            self.say(f"cluster   worker {worker} has joined")

    def _refuse(self, worker: str, reason: str, is_start: bool) -> None:
        if is_start:
            raise RunError(f"worker {worker}: {reason}")
        if reason not in self._said:  # those that start again and again have new addresses
            self._said.add(reason)
            self.say(f"cluster   worker {worker}: {reason}; it gets no tasks")

    def _compare_processors(self, worker: str, introduction: Introduction) -> None:
        ours = self.command.describe().get(PROCESSOR)
        theirs = introduction.installed.get(PROCESSOR)
        if ours != theirs and PROCESSOR not in self._said:
            self._said.add(PROCESSOR)
            self.say(
                f"cluster   worker {worker} has another processor ({theirs}; here {ours}): the "
                "last bit of a number may differ"
            )

    def _lose_patience(self) -> None:
        if time.monotonic() - self._last_there > PATIENCE:
            start = ""
            if not self._is_local:
                start = f"start some with `dask worker {self.address} {_OPTIONS}`, then "
            raise RunError(
                f"{self.address}: no worker has been there for {PATIENCE:.0f} seconds; {start}run "
                "the same command again: completed work is kept"
            )


def lost(address: str) -> PipelineError:
    """Return the error that says that the scheduler is lost."""
    return RunError(
        f"{address}: the connection to the scheduler is lost; completed work is kept, and the same "
        "command resumes it"
    )


def _failure(error: BaseException) -> str:
    """Return why a worker gets no tasks that could not introduce itself."""
    if isinstance(error, PipelineError):
        return str(error)
    found = " ".join(f"{type(error).__name__}: {error}".split())
    return f"expected the same sentiment-pipeline there and in the scheduler as here; {found}"


def _refusal(introduction: Introduction, n_tasks: int, command: Command) -> str:
    """Return why a worker gets no tasks; empty if it may."""
    for name, here in command.describe().items():
        there = introduction.installed.get(name, "none")
        if name != PROCESSOR and there != here:
            return (
                f"{name} {there}, but {here} here; install the same versions everywhere, then "
                "start it again"
            )
    if n_tasks != 1:
        return f"it runs {n_tasks} tasks at a time; start it with {_OPTIONS}"
    if introduction.missing:
        return (
            f"it does not see the folder {introduction.missing} as this command does; all workers "
            "need the same files at the same path"
        )
    return ""
