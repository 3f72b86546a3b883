"""A file to read and how it is written: its format, and its content as UTF-8."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from pipeline.corpus.compression import COMPRESSED, open_unpacked, unpacked_name
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.encoding import as_utf8
from pipeline.errors import CorpusError

EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
}


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn an OSError into a CorpusError that names the file."""
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{path}: cannot read the file: {error.strerror}") from None


@dataclass(frozen=True)
class Source:
    """A file, and its dialect.

    Attributes
    ----------
    path : Path
    dialect : Dialect
    """

    path: Path
    dialect: Dialect = field(default_factory=Dialect)

    @cached_property
    def format(self) -> str | None:
        """The format: the one that is stated, or that of the extension; None if neither says."""
        if self.dialect.format is not None:
            return self.dialect.format
        return EXTENSIONS.get(Path(unpacked_name(self.path)).suffix.lower())

    @property
    def delimiter(self) -> str:
        """The character between two fields."""
        return self.dialect.delimiter or ("\t" if self.format == "tsv" else ",")

    @cached_property
    def encoding(self) -> str:
        """The encoding, by the byte-order mark or as it is stated."""
        with self._opened() as file:
            return as_utf8(file, self.dialect.encoding)[1]

    def open(self) -> BinaryIO:
        """Open the file for reading its text as UTF-8, unpacked and without a byte-order mark."""
        return as_utf8(self._opened(), self.dialect.encoding)[0]

    def for_arrow(self) -> str | BinaryIO:
        """Return what pyarrow reads: the file's name if it is UTF-8 as it is, or an open file."""
        is_packed = self.path.suffix.lower() in COMPRESSED
        return self.open() if is_packed or self.encoding != "utf-8" else str(self.path)

    def _opened(self) -> BinaryIO:
        with readable(self.path):
            return open_unpacked(self.path)
