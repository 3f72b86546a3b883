"""What a worker of a cluster runs: its introduction, and tasks.

A worker introduces itself once to each command that uses it, before it gets tasks: what it has
installed, and whether it sees the folder of the run. A worker that has started again has to do so
again.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.parallel import n_threads, ordered_map

# The working directories of the commands to which this process has introduced itself.
_commands: dict[str, str] = {}


@dataclass(frozen=True)
class Command:
    """What a worker learns about the command that it is to work for.

    Attributes
    ----------
    id : str
    working_directory : str
        Paths that do not begin with a slash are relative to it, as they are for the command.
    token : Path
        A file in the folder of the run.
    content : str
        What the file holds.
    describe : callable
        Returns what is installed, by name.
    """

    id: str
    working_directory: str
    token: Path
    content: str
    describe: Callable[[], dict[str, str]]


@dataclass(frozen=True)
class Introduction:
    """What a worker says about itself.

    Attributes
    ----------
    installed : dict
        Versions by name.
    n_threads : int
        How many threads a task may use.
    missing : str
        The folder that the worker does not see as the command does; empty if there is none.
    """

    installed: dict[str, str]
    n_threads: int
    missing: str


@dataclass(frozen=True)
class Done:
    """The results of a task, and what it took.

    Attributes
    ----------
    results : list
    host : str
    started : float
        The time of the worker's clock, in seconds.
    seconds : float
    peak_bytes : int
        The largest resident size of the worker so far.
    """

    results: list[Any]
    host: str
    started: float
    seconds: float
    peak_bytes: int


class NotIntroducedError(Exception):
    """The worker has started again since it introduced itself."""


def introduce(command: Command) -> Introduction:
    """Return what is installed here, and whether this process sees the folder of the run."""
    missing = ""
    try:
        os.chdir(command.working_directory)
    except OSError:
        missing = command.working_directory
    try:
        sees = command.token.read_text(encoding="utf-8") == command.content
    except OSError:
        sees = False
    if not missing and not sees:
        missing = str(command.token.parent)
    if not missing:
        _commands[command.id] = command.working_directory
    return Introduction(command.describe(), n_threads(), missing)


def run(
    command: str,
    work: Callable[..., Any],
    items: list[Any],
    in_threads: bool,
    shared: tuple[Any, ...],
) -> Done:
    """Return the results of some items, one after the other or in threads.

    Raises
    ------
    NotIntroducedError
        If this process has started after the introduction.
    """
    if command not in _commands:
        raise NotIntroducedError
    os.chdir(_commands[command])
    started, clock = time.time(), time.perf_counter()
    each = ordered_map if in_threads else map
    results = list(each(lambda item: work(item, *shared), items))
    return Done(results, socket.gethostname(), started, time.perf_counter() - clock, _peak_memory())


def _peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
