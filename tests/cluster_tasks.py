"""What the tests of clusters run on workers: functions of a module, which a worker can import."""

import os
import threading
from pathlib import Path
from typing import Any

from pipeline.errors import CorpusError


def process_of(item: Any, *shared: Any) -> tuple[int, int]:
    """Return the number of the process, and where in its memory the shared object is."""
    return os.getpid(), id(shared[0]) if shared else 0


def threads(item: Any) -> tuple[str | None, str]:
    """Return how many threads a task may use, and the name of the one that runs this."""
    return os.environ.get("SENTIMENT_THREADS"), threading.current_thread().name


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
