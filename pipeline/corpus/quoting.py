"""Quotes of CSV and TSV: where they are misplaced, and which fields they may have swallowed.

To pyarrow a quoted field may hold anything, also the rows up to the next stray quote. The counts
of quotes, lines and delimiters of a file say whether some field holds a line break or a
delimiter; only then are the rows read once more, by the csv module.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from pipeline.corpus.csv_records import END, count_line_ends, records, text_of, unlimited_fields
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

_EXAMPLES = 3
_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon"}


@dataclass(frozen=True)
class QuotedFields:
    """Quoted fields that hold a line break or the delimiter, in a file where most do not.

    Attributes
    ----------
    file, holds : str
        The file, and what the fields hold.
    n_rows : int
        The rows of the file.
    n_holding : int
        The rows with such a field.
    lines : tuple of int
        The lines on which the quotes of the first few open.
    setting : str
        What makes quotes text.
    """

    file: str
    holds: str
    n_rows: int
    n_holding: int
    lines: tuple[int, ...]
    setting: str

    def is_unusual(self) -> bool:
        """Return True if the fields may be a mistake: many a text holds a comma."""
        return self.holds != "comma" or self.n_holding * 10 <= self.n_rows

    def sentence(self) -> str:
        """Return what a user should know of them.

        >>> print(QuotedFields("a.tsv", "tab", 17, 1, (2,), "--quoting none").sentence())
        a.tsv: a quoted field holds a tab in 1 of 17 rows (the quote opens on line 2); if quotes \
are text in this file, set --quoting none.
        """
        rows = f"{self.n_holding:,} of {self.n_rows:,} rows"
        more = ", ..." if self.n_holding > len(self.lines) else ""
        opens = "the quote opens on line" if self.n_holding == 1 else "the quotes open on lines"
        return (
            f"{self.file}: a quoted field holds a {self.holds} in {rows} ({opens} "
            f"{', '.join(map(str, self.lines))}{more}); if quotes are text in this file, "
            f"set {self.setting}."
        )


@dataclass
class _Holding:
    """The rows that have been found, and the lines of the first few."""

    n_rows: int = 0
    lines: tuple[int, ...] = ()

    def add(self, line: int) -> None:
        self.n_rows += 1
        if len(self.lines) < _EXAMPLES:
            self.lines += (line,)


class Marks:
    """How many quotes, lines and delimiters a file has; a last line may have no end."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = ord(delimiter)
        self.clear()

    def clear(self) -> None:
        """Begin with the first byte of the file."""
        self.quotes = self.delimiters = self._line_ends = 0
        self._last = b"\n"

    @property
    def lines(self) -> int:
        """The number of lines."""
        return self._line_ends + (self._last != b"\n")

    def add(self, block: bytes) -> None:
        """Count what the next bytes of the file have."""
        values = np.frombuffer(block, np.uint8)
        self.quotes += int(np.count_nonzero(values == ord('"')))
        self._line_ends += int(np.count_nonzero(values == ord("\n")))
        self.delimiters += int(np.count_nonzero(values == self._delimiter))
        self._last = block[-1:] or self._last

    def add_all(self, source: Source) -> None:
        """Count what a whole file has."""
        self.clear()
        with source.open() as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                self.add(block)


class CountingFile(io.RawIOBase):
    """An open file that counts the marks of what is read, so that it is unpacked only once."""

    def __init__(self, file: BinaryIO, marks: Marks) -> None:
        self._file, self._marks = file, marks
        marks.clear()

    def readable(self) -> bool:  # noqa: D102
        return True

    def read(self, size: int = -1, /) -> bytes:  # noqa: D102
        block = self._file.read(size)
        self._marks.add(block)
        return block


def check_quoting(source: Source, n_fields: int, n_rows: int, marks: Marks) -> list[QuotedFields]:
    """Look for quoted fields that may have swallowed others.

    Parameters
    ----------
    source : Source
        A file that pyarrow has read.
    n_fields, n_rows : int
        Its columns, and its rows without the header.
    marks : Marks
        Those of the whole file.

    Returns
    -------
    list of QuotedFields
        Those that fewer than half of the rows have.

    Raises
    ------
    CorpusError
        If a quote is misplaced. The message names the line on which it opens.
    """
    n_records = n_rows + (not source.dialect.columns)
    if not marks.quotes:
        return []
    spans = marks.lines > n_records
    # Where most rows have quotes, they are how the file is written.
    holds = marks.quotes < n_rows and marks.delimiters > n_records * (n_fields - 1)
    breaks, delimiters = _Holding(), _Holding() if holds else None
    if spans or holds:
        _count_fields(source, breaks, delimiters)
    if marks.quotes % 2:
        # An odd number of quotes may be harmless: a quote inside an unquoted field.
        for line, record in records(source):
            if record[-1].endswith(END) and record != [END]:
                raise CorpusError(f"{source.path}{unclosed(source, line, record)}")
    name = _NAMES.get(source.delimiter, f"{source.delimiter!r}")
    setting = source.dialect.setting("quoting", "none")
    return [
        QuotedFields(str(source.path), what, n_rows, found.n_rows, found.lines, setting)
        for what, found in (("line break", breaks), (name, delimiters))
        if found is not None and 0 < 2 * found.n_rows <= n_rows
    ]


def _count_fields(source: Source, breaks: _Holding, delimiters: _Holding | None) -> None:
    """Count the rows with fields that hold a line break or the delimiter; refuse stray quotes."""
    is_header = not source.dialect.columns
    start = 1
    with unlimited_fields(), text_of(source) as file:
        reader = csv.reader(file, delimiter=source.delimiter, strict=True)
        try:
            for record in reader:
                line, start = start, reader.line_num + 1
                if is_header or not record:
                    is_header = is_header and not record
                    continue
                if reader.line_num > line:
                    breaks.add(_opening_line(record, line, "\n\r"))
                if delimiters is not None and any(source.delimiter in value for value in record):
                    delimiters.add(_opening_line(record, line, source.delimiter))
        except csv.Error as error:
            if "expected after" in str(error):
                line = _stray_line(source, start, reader.line_num)
                raise CorpusError(
                    f"{source.path}, line {line}: a quote opens a field that has text after its "
                    f"closing quote, on line {reader.line_num}; expected a quote inside a field to "
                    f"be doubled, or {as_text_hint(source)}"
                ) from None


def _opening_line(record: list[str], line: int, marks: str) -> int:
    """Return the line on which the first field opens that holds one of some characters."""
    for value in record:
        if any(mark in value for mark in marks):
            return line
        line += count_line_ends(value)
    return line


def _stray_line(source: Source, start: int, end: int) -> int:
    """Return the line of the last quote that opens a field between two lines of a file."""
    opened, within = start, False
    with text_of(source) as file:
        for number, line in enumerate(file, 1):
            if not start <= number <= end:
                continue
            before = source.delimiter
            for character in line.rstrip("\r\n"):
                if character == '"' and within:
                    within = False
                elif character == '"' and before in (source.delimiter, '"'):
                    within = True
                    opened = opened if before == '"' else number
                before = character
    return opened


def unclosed(source: Source, line: int, record: list[str]) -> str:
    """Return the message for a quoted field that is never closed: the last one of a record."""
    line += sum(map(count_line_ends, record[:-1]))
    return (
        f", line {line}: the quoted field that opens here is never closed; "
        f"expected a closing quote, or {as_text_hint(source)}"
    )


def as_text_hint(source: Source) -> str:
    """Return the key that makes quotes text."""
    return f"{source.dialect.setting('quoting', 'none')} if quotes are text in this file"
