"""Keep other processes from writing to a folder, and say which folder cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RunError
from pipeline.storage.replacing import sweep


@contextmanager
def locked(path: Path, waits: bool = False) -> Iterator[None]:
    """Keep other processes from writing to a folder meanwhile; it is made where it is missing.

    What a killed process has left half written in it is removed.

    Raises
    ------
    RunError
        If another process is writing to it, unless this one waits for it, or it cannot be made.
    """
    from filelock import FileLock, Timeout

    with naming_the_folder(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock")
        try:
            lock.acquire(timeout=-1 if waits else 0)
        except Timeout:
            raise RunError(
                f"{path}: another process is writing to this run; wait for it, "
                "or choose another folder with --run"
            ) from None
    try:
        sweep(path)
        yield
    finally:
        lock.release()


@contextmanager
def naming_the_folder(path: Path) -> Iterator[None]:
    """Turn a failure to write into one line that names the run folder."""
    try:
        yield
    except OSError as error:
        # A stage also reads files, which stand elsewhere; a full disk names no file.
        # What locks a folder names its lock by its absolute path.
        if error.filename and not Path(error.filename).absolute().is_relative_to(path.absolute()):
            raise
        raise RunError(
            f"{error.filename or path}: cannot write the run: {error.strerror or error}; "
            "choose another folder with --run"
        ) from None
