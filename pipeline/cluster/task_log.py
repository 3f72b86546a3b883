"""A table of the tasks that workers ran: which, where, when, how long and in how much memory."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from pipeline.boundary.inert import one_line
from pipeline.cluster.tasks import Done
from pipeline.errors import RunError

_HEADER = "task\titems\tworker\thost\tstarted\tseconds\tpeak_mb\tended"


def named(items: list[Any]) -> str:
    """Return the items of a task as a message names them.

    The first member of a tuple says which it is; the others may be large.

    >>> named(["reviews-07.parquet"]), named([3, 4]), named([("train.arrow", [0.5] * 1000)])
    ('reviews-07.parquet', '3, 4', 'train.arrow')
    """
    return ", ".join(str(item[0] if type(item) is tuple else item) for item in items)


class TaskLog:
    """Writes a line for each task as soon as it has ended, so that the table can be followed.

    Parameters
    ----------
    path : Path
        A file, which the first task replaces.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> TaskLog:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # it was told when the line was written
                self._file.close()

    def done(self, label: str, items: list[Any], worker: str, done: Done) -> None:
        """Write that a task is done."""
        started = datetime.fromtimestamp(done.started, UTC).isoformat(timespec="milliseconds")
        took = f"{done.seconds:.3f}\t{done.peak_bytes / 1e6:.0f}"
        self._line(label, items, worker, f"{done.host}\t{started}\t{took}\tdone")

    def died(self, label: str, items: list[Any], worker: str) -> None:
        """Write that a worker died on a task."""
        self._line(label, items, worker, "\t\t\t\tworker died")

    def failed(self, label: str, items: list[Any], worker: str, error: BaseException) -> None:
        """Write that a task raised an error."""
        self._line(label, items, worker, f"\t\t\t\t{type(error).__name__}")

    def _line(self, label: str, items: list[Any], worker: str, rest: str) -> None:
        which = one_line(named(items))
        if which.startswith(("=", "+", "-", "@")):  # a formula, to a spreadsheet
            which = f"'{which}"
        self._write(f"{label.lstrip('_')}\t{which}\t{worker}\t{rest}")

    def _write(self, line: str) -> None:
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("w", encoding="utf-8")
                self._file.write(_HEADER + "\n")
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise RunError(
                f"{self._path}: cannot be written: {error.strerror}; choose another folder"
            ) from None
