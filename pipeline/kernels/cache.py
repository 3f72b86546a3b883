"""Where compiled kernels are kept: written for this user alone, refused if others could write them.

An object file is machine code that runs as whoever loads it. So it is taken only from a place where
this user and root alone can write, and only with a seal: a digest of its name and its content. In
the user's own cache the seal has a key, which lies in the same private folder. In the package it
has none, so that one installation serves all users; whoever can write there can edit the sources.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SEAL_BYTES = 32
_KEY = "key"


class Place(NamedTuple):
    """A folder for object files.

    Attributes
    ----------
    folder : Path
    above : Path or None
        A folder that contains it and must be out of the reach of others, too.
    is_private : bool
        True if it is for this user alone.
    """

    folder: Path
    above: Path | None
    is_private: bool


def places() -> Iterator[Place]:
    """Yield the places for object files in the order to look: the package, the user's cache.

    As the XDG specification has it, a relative `XDG_CACHE_HOME` is ignored.
    """
    yield Place(Path(__file__).parent / "__pycache__", None, False)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        cache = Path(os.path.expanduser("~"), ".cache")  # noqa: PTH111  Path raises without a home
    if cache.is_absolute():
        yield Place(cache / "sentiment-pipeline", cache, True)


def is_trusted(status: os.stat_result) -> bool:
    """Return True if nobody but this user and root can change a file, or replace a folder's files.

    In a folder with the sticky bit, such as /tmp, users can only replace files of their own.
    """
    is_safe_folder = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not is_safe_folder
    return status.st_uid in (0, os.geteuid()) and not others_write


def find(name: str) -> tuple[bytes | None, list[Path]]:
    """Return the content of a kept file, or None; and what was refused, because others can write.

    A file that is damaged, or that was sealed under another name or key, is as good as none.
    """
    refused: list[Path] = []
    for place in places():
        sealed = _read(place, name, refused)
        key = _key_of(place, refused)
        if sealed is None or key is None:
            continue
        content = sealed[_SEAL_BYTES:]
        if sealed[:_SEAL_BYTES] == _seal(name, content, key):
            return content, refused
    return None, refused


def keep(name: str, content: bytes) -> bool:
    """Write a file to the first place that can be written to; return True if there is one."""
    for place in places():
        try:
            _make(place)
            if _untrusted_folder(place) is not None:
                continue
            key = _key_of(place, [])
            if key is None:
                key = os.urandom(_SEAL_BYTES)
                _write(place, _KEY, key)
            _write(place, name, _seal(name, content, key) + content)
        except OSError:
            continue
        return True
    return False


def _seal(name: str, content: bytes, key: bytes) -> bytes:
    text = name.encode() + b"\0" + content
    return hashlib.blake2b(text, digest_size=_SEAL_BYTES, key=key).digest()


def _key_of(place: Place, refused: list[Path]) -> bytes | None:
    """Return the key of the seals of a place, b"" if they need none; None if it is missing."""
    if not place.is_private:
        return b""
    key = _read(place, _KEY, refused)
    return key if key is not None and len(key) == _SEAL_BYTES else None


def _make(place: Place) -> None:
    """Make the folder of a place, whatever the umask."""
    if place.above is None:
        place.folder.mkdir(exist_ok=True)
        return
    place.above.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.folder.mkdir(mode=0o700, exist_ok=True)
    status = place.folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
        place.folder.chmod(0o700)


def _untrusted_folder(place: Place) -> Path | None:
    """Return a folder of a place that others can write to; None if all are this user's alone."""
    status = place.folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not is_trusted(status):
        return place.folder
    return place.above if place.above is not None and not is_trusted(place.above.stat()) else None


def _read(place: Place, name: str, refused: list[Path]) -> bytes | None:
    """Return the content of a file; None if it is missing, unreadable or refused."""
    try:
        # Neither wait for a pipe nor follow a link to a file of someone else.
        file = os.open(place.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(file, "rb") as opened:
            untrusted = _untrusted_folder(place)
            if untrusted is None and not is_trusted(os.fstat(file)):
                untrusted = place.folder / name
            if untrusted is None:
                return opened.read()
    except OSError:
        return None
    refused.append(untrusted)
    return None


def _write(place: Place, name: str, content: bytes) -> None:
    """Write a file in one step; in a private place only this user can read it."""
    partial = place.folder / f"{name}.{os.getpid()}"
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(partial, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600 if place.is_private else 0o644)
            file.write(content)
        partial.replace(place.folder / name)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
