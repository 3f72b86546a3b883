"""A file to read and how it is written: its format, and its content as UTF-8."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.corpus.compression import COMPRESSED, open_unpacked, unpacked_name
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.encoding import as_utf8, encoding_of, guessed_encoding
from pipeline.corpus.remote import RemoteFile, fetched
from pipeline.errors import CorpusError

File = Path | RemoteFile
EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".vw": "vw",
}
_SAMPLE = 4 << 20  # bytes
_AT_ONCE = 16  # small files that are fetched together: each is waiting, not work
_SEPARATOR_LINE = re.compile(rb'("?)sep=([^"\r\n\0\x80-\xff])\1(?=[\r\n])', re.IGNORECASE)


@contextlib.contextmanager
def readable(path: File) -> Iterator[None]:
    """Turn an OSError into a CorpusError that names the file."""
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{path}: cannot read the file: {error.strerror}") from None


def n_bytes(file: File) -> int:
    """Return the size of a file, 0 if it is not there; for that of a URL, as it was listed."""
    if isinstance(file, RemoteFile):
        return file.size
    return file.stat().st_size if file.exists() else 0


@dataclass(frozen=True)
class Source:
    """A file, and its dialect.

    Attributes
    ----------
    path : Path or RemoteFile
        What messages name.
    dialect : Dialect
    noticed : list
        What was noticed while it was read, such as `QuotedFields`.
    keys : dict of str to str
        The key of each column that is read, for messages; "text" where it is not there.
    copy : Path, optional
        Where a remote file is while it is read; see `at_hand`.
    """

    path: File
    dialect: Dialect = field(default_factory=Dialect)
    noticed: list[Any] = field(default_factory=list, compare=False)
    keys: dict[str, str] = field(default_factory=dict, compare=False)
    copy: Path | None = field(default=None, compare=False)

    @contextlib.contextmanager
    def at_hand(self) -> Iterator[Source]:
        """Give the file as one that can be opened: a remote one is fetched, and deleted at the end.

        Raises
        ------
        CorpusError
            As in `remote.fetched`.
        """
        if isinstance(self.path, RemoteFile) and self.copy is None:
            with fetched(self.path) as copy:
                yield dataclasses.replace(self, copy=copy)
        else:
            yield self

    @property
    def content(self) -> Path:
        """The file that is opened; of a remote one that is not at hand, one that cannot be."""
        return self.copy or (self.path if isinstance(self.path, Path) else Path())

    @cached_property
    def format(self) -> str | None:
        """The format: the one that is stated, or that of the extension; None if neither says."""
        stated = self.dialect.format
        if stated is not None:
            return "json" if stated == "jsonl" else stated
        return EXTENSIONS.get(Path(unpacked_name(self.content, str(self.path))).suffix.lower())

    def of_format(self, name: str) -> Source:
        """Return the file as one of another format."""
        dialect = dataclasses.replace(self.dialect, format=name)
        return dataclasses.replace(self, dialect=dialect)

    @property
    def delimiter(self) -> str:
        """The character between two fields."""
        usual = "\t" if self.format == "tsv" else ","
        return self.dialect.delimiter or self._separator_line[1] or usual

    @cached_property
    def _separator_line(self) -> tuple[int, str]:
        """The length of a first line such as ``sep=;``, which is for Excel, and its delimiter."""
        if self.format not in ("csv", "tsv") or not self.content.is_file():
            return 0, ""
        with self._open_text() as file:
            found = _SEPARATOR_LINE.match(file.read(16))
        return (len(found[0]), found[2].decode()) if found else (0, "")

    @cached_property
    def encoding(self) -> str:
        """The encoding, by the byte-order mark or as it is stated."""
        if not self.content.is_file():  # a pipe can be opened only once
            return encoding_of(b"", self.dialect.encoding)[0]
        with self.open_bytes() as file:
            return as_utf8(file, self.dialect.encoding, str(self.path))[1]

    @property
    def encoding_name(self) -> str:
        """The encoding as a message has it."""
        return self.encoding.upper() if self.encoding.startswith("utf") else self.encoding

    def guessed_encoding(self) -> str | None:
        """Return the encoding that the bytes look like if they are not UTF-8, or None."""
        if not self.content.is_file():
            return None
        with self.open_bytes() as file:
            return guessed_encoding(file.read(_SAMPLE))

    def encoding_hint(self) -> str:
        """Return which encoding to set where the text cannot be decoded."""
        key, found = self.dialect.key("encoding"), self.guessed_encoding()
        if found is None or found == self.encoding:
            return f"expected {self.encoding_name} text, or another {key}"
        return f"the bytes are valid {found}: set {self.dialect.setting('encoding', found)}"

    def open(self) -> BinaryIO:
        """Open the file for reading its text as UTF-8, unpacked and without a byte-order mark.

        A line ``sep=;`` becomes an empty one, which no reader of CSV takes for a row.
        """
        file = self._open_text()
        file.read(self._separator_line[0])
        return file

    def _open_text(self) -> BinaryIO:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(self.open_bytes())
            found, _ = as_utf8(file, self.dialect.encoding, str(self.path))
            stack.pop_all()  # whoever has it closes it
        return found

    def open_bytes(self) -> BinaryIO:
        """Open the file for reading its bytes, unpacked."""
        with readable(self.path):
            return open_unpacked(self.content, str(self.path))

    @property
    def is_compressed(self) -> bool:
        """Whether the file has to be unpacked."""
        return self.path.suffix.lower() in COMPRESSED

    @property
    def is_plain(self) -> bool:
        """Whether the file is read as it is: UTF-8, and not packed."""
        is_changed = self.is_compressed or self._separator_line[0] > 0
        return self.encoding == "utf-8" and not is_changed

    @contextlib.contextmanager
    def for_arrow(self) -> Iterator[str | BinaryIO]:
        """Give what pyarrow reads: the file's name if it is UTF-8 as it is, or an open file."""
        if self.is_plain:
            yield str(self.content)
        else:
            with self.open() as file:
                yield file


def contents(sources: Sequence[Source]) -> Iterator[bytes]:
    """Yield the content of each file as UTF-8; those of URLs are fetched several at a time."""
    if not any(isinstance(source.path, RemoteFile) for source in sources):
        yield from map(_content, sources)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(_content, sources)


def _content(source: Source) -> bytes:
    with source.at_hand() as source, readable(source.path), source.open() as file:
        return file.read()
