"""The progress of files that are predicted: a bar with the rate and the time left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from pipeline.cli.display.progress import TimeColumn, fetched_text
from pipeline.cli.display.terminal import can_animate, error_console
from pipeline.corpus.source import File, n_bytes

if TYPE_CHECKING:
    import pyarrow as pa


class FileProgress:
    """Shows how many files and reviews are done, on a terminal.

    The time left is that of the bytes that are left: of a Parquet file by its rows, of a text file
    by what was read, of a compressed one when it is done.
    """

    def __init__(self, paths: Sequence[File], quiet: bool) -> None:
        self.sizes = {path: n_bytes(path) for path in paths}
        self.n_started = self.n_rows = self.n_bytes_before = 0
        self.start = time.perf_counter()
        console = error_console()
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeColumn(),
            console=console,
            transient=True,
            disable=quiet or not can_animate(console),
        )
        self.task = self.progress.add_task("", total=sum(self.sizes.values()))

    def __enter__(self) -> FileProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def started(self, path: File) -> None:
        """Move the bar behind the files that are done."""
        done = list(self.sizes.values())[: self.n_started]
        self.n_started, self.n_bytes_before = self.n_started + 1, sum(done)
        self.size, self.n_file_rows, self.n_file_bytes = self.sizes[path], 0, 0
        self.n_expected = _n_rows(path)
        self._show()

    def advanced(self, rows: pa.RecordBatch) -> None:
        """Move the bar by a batch of rows."""
        self.n_rows += rows.num_rows
        self.n_file_rows += rows.num_rows
        self.n_file_bytes += rows.nbytes
        self._show()

    def fetched(self, url: str, n_bytes: int, size: int) -> None:
        """Show how much of a file at a URL is here."""
        self.progress.update(self.task, description=fetched_text(url, n_bytes, size))

    def summary(self, n_up_to_date: int) -> str:
        """Return what was done, in a line."""
        seconds = time.perf_counter() - self.start
        text = f"{_files(len(self.sizes))}, {self.n_rows:,} reviews ({seconds:.1f} s)"
        return text + (f"; {_files(n_up_to_date)} up to date" if n_up_to_date else "")

    def _show(self) -> None:
        if self.n_expected:
            share = self.n_file_rows / self.n_expected
        else:
            share = self.n_file_bytes / max(1, self.size)
        rate = self.n_rows / max(1e-9, time.perf_counter() - self.start)
        self.progress.update(
            self.task,
            completed=self.n_bytes_before + min(1.0, share) * self.size,
            description=f"file {self.n_started} of {len(self.sizes)}  "
            f"{self.n_rows:,} reviews, {rate:,.0f} a second",
        )


def _files(n: int) -> str:
    return f"{n:,} file" if n == 1 else f"{n:,} files"


def _n_rows(path: File) -> int:
    """Return the number of rows of a Parquet file; 0 for another file, which does not tell."""
    if not isinstance(path, Path) or path.suffix.lower() != ".parquet":
        return 0
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):  # reading it will say what is wrong
        return 0
