"""A row of the fault tables, and where its files are laid."""

import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from click.testing import Result


@dataclass(frozen=True)
class Ground:
    """A folder for the files of one row, and a run to copy.

    Attributes
    ----------
    folder : Path
    small_run, small_config : Path
        A run of every stage, which a row does not change, and its config.
    """

    folder: Path
    small_run: Path
    small_config: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self) -> Path:
        """Return a copy of the run."""
        return Path(shutil.copytree(self.small_run, self.folder / "run"))

    def model(self) -> Path:
        """Return a copy of the run's model alone."""
        return Path(shutil.copytree(self.small_run / "model", self.folder / "model"))


Arguments = list[object]


class Fault(NamedTuple):
    """A bad input, and what the user is told.

    Attributes
    ----------
    name : str
    arrange : callable
        Lays the files and returns the command line.
    line : str
        All of the last line, without `sentiment: `. `FOLDER` is the row's folder, and `...` stands
        for any text.
    code : int
        The exit code.
    seconds : float
        The most that the command may take.
    """

    name: str
    arrange: Callable[[Ground], Arguments]
    line: str
    code: int = 2
    seconds: float = 10

    def told(self, line: str, ground: Ground) -> bool:
        """Return True if a line is the expected one."""
        expected = re.escape(self.line.replace("FOLDER", str(ground.folder)))
        return re.fullmatch(expected.replace(re.escape("..."), ".*"), line) is not None


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
