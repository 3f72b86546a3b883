"""Rounds in alternation, and child processes measured from outside."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from benchmarks.corpora import Corpus

Result = TypeVar("Result")

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_EVERY = 0.01  # seconds between looks at a child's memory, where that is asked for
PACKAGES = {
    "sklearn": "scikit-learn",
    "vowpalwabbit": "vowpalwabbit",
    "fasttext": "fasttext",
    "matplotlib": "matplotlib",
}


class MissingError(Exception):
    """What a figure needs is not there."""


@dataclass(frozen=True)
class Setting:
    """What every question gets.

    Attributes
    ----------
    corpus : Corpus
    folder : Path
        For files of this run; it is deleted afterwards.
    rounds : int
        How often each side of a comparison works.
    quick : bool
        Whether a look is enough: a small corpus, few rounds.
    """

    corpus: Corpus
    folder: Path
    rounds: int
    quick: bool

    def some(self, settings: tuple[Result, ...]) -> tuple[Result, ...]:
        """Return all that are to be tried; where a look is enough, the first two."""
        return settings[:2] if self.quick else settings


@dataclass(frozen=True)
class Child:
    """What became of a process.

    Attributes
    ----------
    seconds : float
        From its start to its end.
    peak_bytes, peak_anonymous : int
        Its largest resident size, and that of the part which is no mapped file. The second
        is 0 where nobody looked.
    output : str
        Its standard output.
    cpu_seconds : float
        Its time on processors, with that of the processes that it waited for.
    peak_anonymous_largest, peak_anonymous_sum : int
        The anonymous memory of the largest process among it and its descendants, and of all.
    written_bytes : int
        What it wrote to disk, with what it deleted again.
    """

    seconds: float
    peak_bytes: int
    peak_anonymous: int
    output: str
    cpu_seconds: float = 0.0
    peak_anonymous_largest: int = 0
    peak_anonymous_sum: int = 0
    written_bytes: int = 0


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Time one call. Garbage is collected before it, and its result dropped after it."""
    gc.collect()
    start = time.perf_counter()
    result = work(*arguments)
    end = time.perf_counter()
    del result
    return end - start


def alternate(
    sides: Mapping[str, Callable[[], Result]], rounds: int
) -> dict[str, tuple[Result, ...]]:
    """Let each side work once a round; every second round goes through them backwards.

    Parameters
    ----------
    sides : mapping from name to callable
    rounds : int

    Returns
    -------
    dict from name to tuple
        What the callable returned in each round.
    """
    results: dict[str, list[Result]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            show_progress(f"round {number + 1} of {rounds}: {name}")
            results[name].append(sides[name]())
    show_progress("")
    return {name: tuple(values) for name, values in results.items()}


def alternate_timed(
    sides: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, tuple[float, ...]]:
    """Time each side once a round."""
    timed = {name: lambda work=work: seconds(work) for name, work in sides.items()}
    return alternate(timed, rounds)


def show_progress(text: str) -> None:
    """Overwrite the last line of a terminal; elsewhere say nothing."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_child(
    command: Sequence[str | Path],
    stdin: str = "",
    sample_every: float = 0.0,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Run a command to its end and measure it.

    Parameters
    ----------
    command : sequence of str or Path
    stdin : str
        What it reads.
    sample_every : float
        Seconds between looks at its memory; 0 does not look. A process that sets its peak
        back, as this project does after each stage, has to be looked at.
    environment : mapping, optional
        Variables to add.

    Raises
    ------
    RuntimeError
        If it fails; with what it wrote to standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        launcher = [sys.executable, "-I", "-S", ROOT / "benchmarks" / "measure.py"]
        done = subprocess.run(
            [*map(str, (*launcher, report, sample_every, *command))],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
        facts = json.loads(report.read_text()) if report.exists() else {"status": None}
    if facts["status"] != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    del facts["status"]
    return Child(output=done.stdout, **facts)


def python_child(module: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command that runs a module of this suite in a process of its own."""
    code = f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); " + (
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", code, *arguments]


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    """Let this project use so many threads for tokenising and counting."""
    before = os.environ.get("SENTIMENT_THREADS")
    os.environ["SENTIMENT_THREADS"] = str(number)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SENTIMENT_THREADS"]
        else:
            os.environ["SENTIMENT_THREADS"] = before


def is_installed(module: str) -> bool:
    """Return True if a peer is installed."""
    return importlib.util.find_spec(module) is not None


def missing(module: str) -> str:
    """Say that a peer is not there, in one line."""
    return f"{PACKAGES[module]} is not installed (pip install '.[bench]'), so it is left out."


def measured(
    description: str, names: Sequence[str], measure: Callable[[str, Path | None], Result]
) -> Iterator[tuple[str, Result]]:
    """Yield each name that the command line asks for and what `measure` finds; all by default.

    Parameters
    ----------
    description : str
        Of the program.
    names : sequence of str
        What `--only` may name.
    measure : callable
        Takes a name and the folder of the data. What it lacks is skipped, in a line that says so.
    """
    parser = argparse.ArgumentParser(description=description)
    data = os.environ.get("SENTIMENT_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None)
    parser.add_argument("--only", nargs="+", default=list(names), choices=list(names))
    options = parser.parse_args()
    for name in options.only:
        try:
            found = measure(name, options.data)
        except (MissingError, PipelineError) as error:
            print(f"skipped {name}: {error}")
            continue
        yield name, found
    show_progress("")
