"""The fault tables: each bad input is told in one line, with its exit code, in time."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from click.testing import Result
from faults import command_lines, configs, corpora, hub, models, runs
from faults.ground import Fault, Ground

TABLES = (configs, corpora, models, runs, command_lines, hub)
ROWS = [
    pytest.param(fault, id=f"{table.__name__.rpartition('.')[2]}-{fault.name}")
    for table in TABLES
    for fault in table.TABLE
    if table is not hub
]


@pytest.fixture
def ground(tmp_path, small_run) -> Ground:
    (tmp_path / "row").mkdir()
    return Ground(tmp_path / "row", small_run.path, small_run.config)


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Raise an error where a command would go on; only the main thread can be stopped."""

    def stop(*_: int | FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def require_told(fault: Fault, ground: Ground, sentiment: Callable[..., Result]) -> None:
    """Run a row, and hold what it says, how it ends and what it takes to the table."""
    args = fault.arrange(ground)
    start = time.perf_counter()
    with stopped_after(6 * fault.seconds):
        result = sentiment(*args)
    seconds = time.perf_counter() - start
    lines = [line for line in result.stderr.splitlines() if not line.startswith("config  ")]
    assert lines, result.output
    assert fault.told(lines[-1].removeprefix("sentiment: "), ground), lines[-1]
    assert result.exit_code == fault.code
    assert len(lines) == 1 or lines[0].startswith("Usage: ")
    assert seconds < fault.seconds


@pytest.mark.parametrize("fault", ROWS)
def test_it_is_told_in_one_line_with_its_code_and_in_time(fault, ground, sentiment):
    require_told(fault, ground, sentiment)


def test_the_tables_hold_at_least_120_rows_and_no_name_twice():
    names = [(table.__name__, fault.name) for table in TABLES for fault in table.TABLE]
    assert len(names) >= 120
    assert len(set(names)) == len(names)
    assert all(len(table.TABLE) >= 10 for table in TABLES)


def test_the_documentation_says_how_many_rows_there_are():
    page = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = page.partition("## Bad inputs")[2].partition("\n## ")[0]
    stated = [int(n) for n in re.findall(r"\| +(\d+) \|$", section, re.MULTILINE)]
    counts = [len(table.TABLE) for table in TABLES]
    assert stated == [*counts, sum(counts)]


@pytest.mark.parametrize("fault", hub.TABLE, ids=lambda fault: fault.name)
def test_what_the_hub_answers_is_told_in_one_line_and_in_time(
    fault, ground, sentiment, monkeypatch
):
    with hub.answering(fault.name, ground, monkeypatch):
        require_told(fault, ground, sentiment)
