"""What the tests of clusters run on workers: functions of a module, which a worker can import."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.cluster.tasks import Command, Introduction, introduce
from pipeline.errors import CorpusError


def process_of(item: Any, *shared: Any) -> tuple[int, int]:
    """Return the number of the process, and where in its memory the shared object is."""
    return os.getpid(), id(shared[0]) if shared else 0


def threads(item: Any) -> tuple[str | None, str, int]:
    """Return how many threads a task may use, the one that runs this, and its process."""
    return os.environ.get("SENTIMENT_THREADS"), threading.current_thread().name, os.getpid()


def fail_at(item: int, bad: int) -> int:
    """Raise an error of the project at one item."""
    if item == bad:
        raise CorpusError(f"reviews-{item:02}.parquet, row 3: no text")
    return item


def total(item: int, arrays: list[Any]) -> float:
    """Return a sum over arrays; compiled code needs them aligned."""
    assert all(array.flags.aligned and array.flags.c_contiguous for array in arrays)
    return float(sum(array.sum() for array in arrays)) + item


def note(item: int, folder: str) -> int:
    """Leave a file that says that the task has begun."""
    Path(folder, f"began-{item}").touch()
    return item


def process_when_told(item: Any, folder: str, *shared: Any) -> Any:
    """Say in a file that a task has begun, wait for the file `go`, and return the item."""
    partial = Path(folder, f".{os.getpid()}")
    partial.write_text(str(os.getpid()))
    partial.rename(Path(folder, f"began-{item}"))
    wait_for(Path(folder, "go"))
    return item


def wait_for(path: Path, seconds: float = 60) -> Path:
    """Wait until there is a file."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} has not come"
        time.sleep(0.01)
    return path


def die_once(command: Command) -> Introduction:
    """Kill the process that runs this if none has died yet, else introduce it."""
    try:
        command.token.with_name("died").touch(exist_ok=False)
    except FileExistsError:
        return introduce(command)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die(item: int, bad: int, times: int, folder: str) -> int:
    """Kill the process that runs this, at one item and so many times."""
    if item == bad:
        deaths = len(list(Path(folder).glob("death-*")))
        if deaths < times:
            Path(folder, f"death-{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return item


def described() -> dict[str, str]:
    """Return versions, of which the environment may name another, and a digest of the source."""
    from pipeline.stages.freshness import package_digest

    numpy = os.environ.get("TEST_NUMPY", "2.4.6")
    return {"numpy": numpy, "source": package_digest()[:12], "processor": "one"}


def with_a_death(item: Any, work: Callable[..., Any], event: str, when: str, *shared: Any) -> Any:
    """Do a task; the first process that makes the file of the event is killed meanwhile.

    That is before the task, when it opens its first file to write, or after it.
    """
    try:
        os.close(os.open(event, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return work(item, *shared)
    if when == "during":
        sys.addaudithook(_kill_writer)
    if when != "before":
        work(item, *shared)
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def _kill_writer(name: str, arguments: tuple[Any, ...]) -> None:
    if name == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        os.kill(os.getpid(), signal.SIGKILL)


def given(item: Any, work: Callable[..., Any], *shared: Any) -> Any:
    """Do the work that is given."""
    return work(item, *shared)
