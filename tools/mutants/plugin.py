"""A plugin of pytest: puts one mutant in place, runs kernels as Python, times tests.

Variables of the environment say what to do:

    MUTANT        module and number, such as pipeline.model.logistic:12
    INTERPRETED   the modules whose kernels run as Python, separated by commas
    SECONDS       a test that takes more processor time fails
    ALL_SECONDS   and the process ends that takes more
    OUTCOMES      a file that receives outcome and seconds of each test, as JSON
    ENOUGH        seconds of a file after which its other tests are skipped

Hypothesis reports the first example that fails as it is, because to shrink it takes long. Where
kernels run as Python, or only lines are recorded, it tries a few examples.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import numpy as np
import pytest
from hypothesis import Phase, settings

sys.path.insert(0, str(Path(__file__).parents[1]))
from mutants.mutations import mutated


class _Loader(SourceFileLoader):
    """Loads a module with a mutant in it; its file stays as it is."""

    def __init__(self, name: str, path: str, number: int) -> None:
        super().__init__(name, path)
        self.number = number

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return compile(mutated(Path(path).read_text("utf-8"), self.number), path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, number: int) -> None:
        self.name, self.number = name, number

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name or path is None:
            return None
        file = str(Path(path[0]) / f"{fullname.rpartition('.')[2]}.py")
        loader = _Loader(fullname, file, self.number)
        return importlib.util.spec_from_file_location(fullname, file, loader=loader)


if "MUTANT" in os.environ:
    _name, _, _number = os.environ["MUTANT"].partition(":")
    sys.meta_path.insert(0, _Finder(_name, int(_number)))

if "ALL_SECONDS" in os.environ:
    resource.setrlimit(resource.RLIMIT_CPU, (int(os.environ["ALL_SECONDS"]),) * 2)

_interpreted = set(filter(None, os.environ.get("INTERPRETED", "").split(",")))
_seconds = float(os.environ.get("SECONDS", "0"))
_enough = float(os.environ.get("ENOUGH", "inf"))
_outcomes: dict[str, tuple[str, float]] = {}
_of_file: Counter[str] = Counter()
_EXAMPLES = 25


def pytest_configure() -> None:
    """Let the kernels of some modules run as Python, in one thread: a signal ends no other."""
    examples = {"max_examples": _EXAMPLES} if _interpreted or "OUTCOMES" in os.environ else {}
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    settings.register_profile("mutants", settings(phases=phases, **examples))
    settings.load_profile("mutants")
    if not _interpreted:
        return
    os.environ["SENTIMENT_THREADS"] = "1"
    from pipeline.kernels.compiled import Kernel

    native = Kernel.__call__

    def call(kernel: Kernel, *values: object) -> object:
        if kernel.__module__ in _interpreted:
            with np.errstate(over="ignore"):  # hashes wrap around
                return kernel.py_func(*values)
        return native(kernel, *values)

    Kernel.__call__ = call  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test function come once before one comes with other parameters, if time is short."""
    turns: Counter[str] = Counter()
    ranks = {}
    for item in items:
        function = item.nodeid.partition("[")[0]
        turns[function] += 1
        ranks[item] = turns[function]
    if "ENOUGH" in os.environ:
        items.sort(key=ranks.__getitem__)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test if those of its file took long enough."""
    if _of_file[item.location[0]] > _enough:
        pytest.skip("enough")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """End a test that takes too much time of the processor, whatever else it is busy with."""

    is_running = True

    def end(*_: object) -> None:
        if is_running:  # a signal may arrive late
            raise TimeoutError(f"longer than {_seconds:g} seconds")

    if _seconds:
        signal.signal(signal.SIGPROF, end)
        # And again each second, because Hypothesis repeats what failed.
        signal.setitimer(signal.ITIMER_PROF, _seconds, 1.0)
    try:
        return (yield)
    finally:
        is_running = False
        signal.setitimer(signal.ITIMER_PROF, 0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note how much time of the processor a test took, with what it needs."""
    before = time.process_time()
    try:
        return (yield)
    finally:
        outcome, _ = _outcomes[item.nodeid]
        took = time.process_time() - before
        _outcomes[item.nodeid] = outcome, took
        _of_file[item.location[0]] += took


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a test ended."""
    outcome, _ = _outcomes.get(report.nodeid, ("passed", 0.0))
    _outcomes[report.nodeid] = outcome if report.outcome == "passed" else report.outcome, 0.0


def pytest_sessionfinish() -> None:
    """Write the outcomes."""
    if "OUTCOMES" in os.environ:
        Path(os.environ["OUTCOMES"]).write_text(json.dumps(_outcomes), "utf-8")
