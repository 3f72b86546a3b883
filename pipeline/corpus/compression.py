"""Files that are compressed: .gz, .bz2, .zst, .xz, and the one member of a .zip.

They are unpacked while they are read. A file that is damaged or cut off raises a CorpusError
where the damage is reached, never an end of the file.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from pipeline.errors import CorpusError

_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
COMPRESSED = (*_CODECS, ".xz", ".zip")
# The first bytes of each kind of file. Those of Office are a workbook's before 2007.
_STARTS = re.compile(
    rb"(?P<gz>\x1f\x8b\x08)|(?P<bz2>BZh[1-9]1AY&SY)|(?P<zst>\x28\xb5\x2f\xfd)|(?P<xz>\xfd7zXZ\0)"
    rb"|(?P<zip>PK\x03\x04)|(?P<xls>\xd0\xcf\x11\xe0)"
)
# The zipfile module raises the others for a name that cannot be decoded, or that is empty.
_DAMAGE = (
    *(OSError, EOFError, lzma.LZMAError, zlib.error),
    *(zipfile.BadZipFile, RuntimeError, NotImplementedError),
    *(UnicodeDecodeError, IndexError),
)


def unpacked_name(path: Path, shown: str = "") -> str:
    """Return the name of the file that is packed in a file, or the file's own name.

    >>> unpacked_name(Path("data/reviews.csv.gz"))
    'reviews.csv'
    """
    shown = shown or str(path)
    named = Path(shown)
    suffix = named.suffix.lower()
    if suffix not in COMPRESSED:
        return named.name
    if suffix == ".zip" and not Path(named.stem).suffix and path.is_file():
        return Path(_guarded(shown, lambda: _member(path, shown)[1].filename)).name
    return named.stem


def packed_as(path: Path) -> str:
    """Return the extension that suits a packed file or an Excel workbook by its first bytes.

    It is an empty string for any other file.
    """
    if not path.is_file():  # a pipe can be read only once
        return ""
    with path.open("rb") as file:
        found = _STARTS.match(file.read(16))
    kind = f".{found.lastgroup}" if found else ""
    return ".xlsx" if kind == ".zip" and _is_workbook(path) else kind


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except _DAMAGE:
        return False


def open_unpacked(path: Path, shown: str = "") -> BinaryIO:
    """Open a file for reading its unpacked bytes.

    Parameters
    ----------
    path : Path
    shown : str
        Its name, if that is not its path: its extension says how it is packed.

    Raises
    ------
    OSError
        If the file itself cannot be opened.
    """
    shown = shown or str(path)
    if Path(shown).suffix.lower() not in COMPRESSED:
        return path.open("rb", 1 << 16)
    path.open("rb").close()
    with contextlib.ExitStack() as stack:
        stream = _guarded(shown, lambda: _opened(path, shown, stack))
        stack.enter_context(stream)
        return io.BufferedReader(_Unpacked(shown, stream, stack.pop_all()), 1 << 20)


def _opened(path: Path, shown: str, stack: contextlib.ExitStack) -> Any:
    suffix = Path(shown).suffix.lower()
    if suffix in _CODECS:
        file = stack.enter_context(pa.OSFile(str(path)))
        return pa.CompressedInputStream(file, _CODECS[suffix])
    if suffix == ".xz":
        return lzma.open(path)
    archive, member = _member(path, shown)
    stack.enter_context(archive)
    return archive.open(member)


def _member(path: Path, shown: str) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    archive = zipfile.ZipFile(path)
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        archive.close()
        names = ", ".join(member.filename for member in members[:3]) or "none"
        more = ", ..." if len(members) > 3 else ""
        raise CorpusError(
            f"{shown}: the archive holds {len(members):,} files ({names}{more}); expected one"
        )
    return archive, members[0]


class _Unpacked(io.RawIOBase):
    """The bytes of an open stream; damage of the packed file is raised as a CorpusError."""

    def __init__(self, shown: str, stream: Any, opened: contextlib.ExitStack) -> None:
        self._shown, self._stream, self._opened = shown, stream, opened

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = cast("bytes", _guarded(self._shown, lambda: self._stream.read(len(buffer))))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._opened.close()
        super().close()


def _guarded(shown: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except _DAMAGE as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise CorpusError(
            f"{shown}: the {Path(shown).suffix.lower()} file cannot be unpacked: it is damaged or "
            f"cut off ({what})"
        ) from None
