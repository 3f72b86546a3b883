"""Bytes of any encoding to UTF-8, while they are read.

What cannot be decoded becomes bytes that are not valid UTF-8. So those who check the UTF-8 of
each row find the rows at fault in every encoding.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, BinaryIO, Protocol

from pipeline.errors import CorpusError

# The longer mark first: that of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST = max(len(mark) for mark, _ in _MARKS)
_INVALID = "\udcff"


class SupportsRead1(Protocol):
    """A binary file that can return what has arrived so far."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes, without waiting for more than have arrived."""


def encoding_of(start: bytes, stated: str | None) -> tuple[str, int]:
    r"""Return the encoding of a file and the length of its byte-order mark.

    Parameters
    ----------
    start : bytes
        The first four bytes or more.
    stated : str or None
        The encoding if there is no mark; None for UTF-8.

    Examples
    --------
    >>> encoding_of(b"\xff\xfea\x00", "latin-1")
    ('utf-16-le', 2)
    >>> encoding_of(b"text", None)
    ('utf-8', 0)
    """
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    return codecs.lookup(stated or "utf-8").name, 0


def is_text_encoding(name: str) -> bool:
    """Return True for an encoding of text that can be decoded in pieces, past what is not valid.

    >>> [is_text_encoding(name) for name in ("cp1252", "idna", "base64", "latin-11")]
    [True, False, False, False]
    """
    try:
        if not codecs.lookup(name)._is_text_encoding:
            return False
        codecs.getincrementaldecoder(name)(_MARKER).decode(b"a")
    except (LookupError, ValueError):
        return False
    return True


def _require_mark(encoding: str, start: bytes, name: str) -> None:
    """Refuse text whose encoding asks for a byte-order mark, and that has none."""
    if start and encoding in ("utf-16", "utf-32"):
        raise CorpusError(
            f"{name}: encoding {encoding!r} expects a byte-order mark, and there is none; "
            f"expected {encoding}-le or {encoding}-be, or the encoding that the text has"
        )


def as_utf8(file: BinaryIO, stated: str | None, name: str) -> tuple[BinaryIO, str]:
    """Return an open file as a file of UTF-8 without a byte-order mark, and its encoding.

    Parameters
    ----------
    file : binary file
        At its start, with a `peek` method.
    stated : str or None
        As in `encoding_of`.
    name : str
        The file's name, for errors.

    Raises
    ------
    CorpusError
        If the encoding is UTF-16 or UTF-32 of either byte order, and no mark says which.
    """
    start = file.peek(_LONGEST)  # type: ignore[attr-defined]
    encoding, length = encoding_of(start[:_LONGEST], stated)
    _require_mark(encoding, start, name)
    file.read(length)
    if encoding == "utf-8":
        return file, encoding
    return io.BufferedReader(_Recoded(file, encoding), 1 << 20), encoding


class ArrivingText:
    """The text of a stream as UTF-8, as it arrives.

    Parameters
    ----------
    file : object with a method `read1`
    stated : str or None
        As in `encoding_of`.
    name : str, optional
        The stream's name, for errors. They are those of `as_utf8`.
    """

    def __init__(
        self, file: SupportsRead1, stated: str | None, name: str = "standard input"
    ) -> None:
        self._file, self._stated, self._name = file, stated, name
        self._at_start = True
        self._decoder: codecs.IncrementalDecoder | None = None

    def read1(self, size: int, /) -> bytes:
        """Return what has arrived, at least a byte; nothing at the end."""
        while True:
            data = self._file.read1(size)
            at_end = not data
            if self._at_start:
                data = self._begin(data, size)
            if self._decoder is not None:
                data = self._decoder.decode(data, at_end).encode("utf-8", "surrogatepass")
            if data or at_end:
                return data

    def _begin(self, start: bytes, size: int) -> bytes:
        """Look for a byte-order mark, of which a part may have arrived; return what follows."""
        while any(mark.startswith(start) and mark != start for mark, _ in _MARKS):
            more = self._file.read1(size) if start else b""
            if not more:
                break
            start += more
        encoding, length = encoding_of(start, self._stated)
        _require_mark(encoding, start, self._name)
        if encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)(_MARKER)
        self._at_start = False
        return start[length:]


def guessed_encoding(data: bytes) -> str | None:
    """Return the encoding that bytes look like if they are not UTF-8, or None.

    UTF-16 without a mark has a zero in every other byte of Latin text. Most bytes are valid
    cp1252, so it is guessed only where few are not ASCII, and most of those are letters or
    typographic marks within words.

    Examples
    --------
    >>> guessed_encoding("Le café est très bon, le thé aussi".encode("cp1252"))
    'cp1252'
    >>> guessed_encoding("It is good".encode("utf-16-le"))
    'utf-16-le'
    >>> guessed_encoding("房间很干净服务很好".encode("gbk")) is None
    True
    """
    if data.count(0) > len(data) // 4:
        first, second = data[0::2].count(0), data[1::2].count(0)
        if 4 * min(first, second) > max(first, second):
            return None  # what is not text has zeros anywhere
        return "utf-16-be" if first > second else "utf-16-le"
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    # A file of UTF-8 with some damage has more whole characters than broken ones.
    whole = sum(character > "\x7f" for character in data.decode("utf-8", "ignore"))
    control = sum(character < " " and character not in "\t\r\n\f" for character in text)
    other = [character for character in text if character > "\x7f"]
    usual = sum(character.isalpha() or character in _TYPOGRAPHIC for character in other)
    runs = len(_LONG_RUN.findall(data))
    if (
        control
        or not other
        or 3 * whole > len(other)
        or 3 * len(other) > len(text)
        or runs * 10 > len(other)
    ):
        return None
    return "cp1252" if usual * 10 >= len(other) * 8 else None


_TYPOGRAPHIC = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026€£°½¿¡«»·\xa0"
_LONG_RUN = re.compile(rb"[\x80-\xff]{4}")


class _Recoded(io.RawIOBase):
    """The text of an open file as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(_MARKER)
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        at_end = False
        while not self._waiting and not at_end:
            data = self._file.read1(1 << 20)  # type: ignore[attr-defined]
            at_end = not data
            text = self._decoder.decode(data, at_end)
            self._waiting = text.encode("utf-8", "surrogatepass")
        data, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _INVALID, error.end


_MARKER = "sentiment-mark-undecodable"
codecs.register_error(_MARKER, _mark)
