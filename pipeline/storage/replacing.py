"""Write under a hidden name, and take the place of the old file or folder when complete.

The hidden name ends with the name of the machine and the number of the process. What a killed
process left is removed by the next one that locks the folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import RunError

_HIDDEN = re.compile(r"\..+\.\d+(\.old)?")


def hidden(path: Path, suffix: str = "") -> Path:
    """Return the name under which this process writes a file or a folder.

    It holds the name of the machine, because a task may run again on another one while the first
    is late, and in containers their processes often have the same number.
    """
    return path.with_name(f".{path.name}{_of_this_process()}{suffix}")


def _of_this_process() -> str:
    return f".{os.uname().nodename}.{os.getpid()}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of `path` at the end; on an error it is removed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "words.txt")
    ...     with replacing(path) as file:
    ...         _ = file.write_text("awesome")
    ...         there_already = path.exists()
    ...     there_already, path.read_text()
    (False, 'awesome')
    """
    with _taking_the_place_of(path, hidden(path)) as partial:
        yield partial


@contextmanager
def _taking_the_place_of(path: Path, partial: Path) -> Iterator[Path]:
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder, which takes the place of `path` at the end."""
    old = hidden(path, ".old")
    try:
        with temporary_folder(path) as partial:
            yield partial
            if path.exists():
                path.rename(old)
            partial.rename(path)
    finally:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder next to `path`, under a hidden name; at the end it is removed."""
    folder = hidden(path)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replacing_alone(path: Path) -> Iterator[Path]:
    """Give a file to write as `replacing` does, where no lock of a folder keeps others out.

    Its name is always the same and it is locked, so the next process that writes to `path` takes
    over what a killed one has left.

    Raises
    ------
    RunError
        If another process is writing to `path`.
    """
    partial = path.with_name(f".{path.name}.partial")
    lock = os.open(partial, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between the two calls another process may have finished, and moved or removed it.
            is_ours = os.path.samestat(os.fstat(lock), partial.stat())
        except (BlockingIOError, FileNotFoundError):
            is_ours = False
        if not is_ours:
            raise RunError(f"{path}: another process is writing this file; wait for it")
        with _taking_the_place_of(path, partial):
            yield partial
    finally:
        os.close(lock)


def sweep(folder: Path, own: bool = False) -> None:
    """Remove what processes have half written in a folder, or only what this one has.

    To remove what others have, the caller holds the lock of the folder.
    """
    ending = _of_this_process() if own else ""
    for left in folder.glob(".*"):
        if _HIDDEN.fullmatch(left.name) and left.name.removesuffix(".old").endswith(ending):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
