"""Paths that come from outside: with ~, too long for the system, of a device or a pipe.

Each function takes the exception to raise, because a path may stand in a config, name a corpus or
belong to a run.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from pipeline.errors import PipelineError, RunError


def expanded(name: str | Path, error: type[PipelineError]) -> Path:
    """Return the path that a user means: `~` is their home folder, `~name` that of another.

    Examples
    --------
    >>> from pipeline.errors import CorpusError
    >>> expanded("~nosuchuser/a.csv", CorpusError)
    Traceback (most recent call last):
    pipeline.errors.CorpusError: ~nosuchuser/a.csv: no home folder for ~nosuchuser; write it in full
    """
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # no such user, or none at all
        home = Path(name).parts[0]
        raise error(f"{name}: no home folder for {home}; write it in full") from None
    return usable(path, error)


def usable(path: Path, error: type[PipelineError]) -> Path:
    """Return a path, which need not exist; refuse one that the system cannot look up."""
    try:
        os.lstat(path)
    except ValueError:  # a zero byte, or half of a surrogate pair
        raise error(f"{str(path)!r}: not a path; expected one without {_odd(path)}") from None
    except OSError as found:
        if found.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            text = str(path)
            shown = text if len(text) <= 80 else f"{text[:40]}...{text[-40:]}"
            raise error(
                f"{shown}: not a path that the system takes: {found.strerror} "
                f"({len(os.fsencode(path)):,} bytes)"
            ) from None
    return path


def _odd(path: Path) -> str:
    return "a zero byte" if "\0" in str(path) else "characters that are not valid"


def regular(path: Path, error: type[PipelineError] = RunError) -> os.stat_result:
    """Return the status of a regular file; refuse a folder, a device, a pipe and a missing file.

    Raises
    ------
    PipelineError
        The given one, for any of those. A device or a pipe may have no end.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as found:  # the latter for a path that holds a zero byte
        reason = getattr(found, "strerror", None) or found
        raise error(f"{path}: cannot be read: {reason}") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or a pipe"
        raise error(f"{path}: cannot be read: expected a file, got {kind}")
    return status


def read_regular(path: Path, largest: int, error: type[PipelineError] = RunError) -> bytes:
    """Return the content of a regular file of at most `largest` bytes."""
    if regular(path, error).st_size > largest:
        raise error(f"{path}: cannot be read: larger than {largest:,} bytes")
    try:
        return path.read_bytes()
    except OSError as found:
        raise error(f"{path}: cannot be read: {found.strerror}") from None
