"""CSV and TSV: rows of fields, read by pyarrow, whose refusals are explained by the csv module."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import pyarrow as pa

from pipeline.corpus.blocks import by_blocks
from pipeline.corpus.diagnosis import NO_ROWS, NOT_UTF8, missing_column, undecodable
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

_END = "\ue000 end of file"


def csv_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of a CSV or TSV file as large_string; None is all of them."""
    from pyarrow import csv as arrow_csv

    dialect = source.dialect
    names = list(header(source))
    parsing = arrow_csv.ParseOptions(
        delimiter=source.delimiter,
        newlines_in_values=dialect.quoting != "none",
        quote_char=False if dialect.quoting == "none" else '"',
    )
    named = [name for name in names if not name.startswith("\0")]
    chosen = named if columns is None else list(columns)
    conversion = arrow_csv.ConvertOptions(
        include_columns=chosen, column_types=dict.fromkeys(names, pa.large_string())
    )
    given = names if dialect.columns else None

    def read(block: int) -> Iterable[pa.RecordBatch]:
        reading = arrow_csv.ReadOptions(block_size=block, column_names=given)
        batches: Iterable[pa.RecordBatch] = arrow_csv.open_csv(
            source.for_arrow(), reading, parsing, conversion
        )
        return batches

    n_rows = 0
    for batch in by_blocks(read):
        n_rows += batch.num_rows
        yield batch
    problem = stray_quote(source, n_rows)
    if problem:
        raise CorpusError(f"{source.path}{problem}")


def header(source: Source) -> list[str]:
    """Return the names of the columns: those that are stated, or those of the first record."""
    if source.dialect.columns:
        # A column without a name is not read, but pyarrow wants a name for each.
        return [name or f"\0{k}" for k, name in enumerate(source.dialect.columns)]
    _, first = next(_records(source))
    return [] if first == [_END] else first


def csv_problem(source: Source, columns: Sequence[str]) -> str:
    """Find the first line of a CSV or TSV file that does not fit its header."""
    with source.open() as file:
        line = undecodable(file)
    if line:
        return f", line {line}: {NOT_UTF8}"
    names = header(source)
    if not names:
        return ": the file is empty; expected a header and one text a row"
    for column in columns:
        if column not in names:
            return missing_column(column, names)
    records = _records(source)
    if not source.dialect.columns:
        next(records)
    n_fields = len(names)
    for n_rows, (line, record) in enumerate(records):
        if record == [_END]:
            return "" if n_rows else NO_ROWS
        if record[-1].endswith(_END):
            return _unclosed(line)
        if len(record) != n_fields:
            return f", line {line}: expected {n_fields} fields as in the header, got {len(record)}"
    return ""


def stray_quote(source: Source, n_rows: int) -> str:
    """Find a misplaced quote, which makes pyarrow read several rows as one field."""
    if source.dialect.quoting == "none":
        return ""
    quotes = lines = 0
    with source.open() as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            quotes += block.count(b'"')
            lines += block.count(b"\n")
    # Only a row that spans several lines can hold other rows.
    if quotes and lines > n_rows + 1:
        limit = csv.field_size_limit(2**31 - 1)
        try:
            with _text(source) as file:
                reader = csv.reader(file, delimiter=source.delimiter, strict=True)
                for _ in reader:
                    pass
        except csv.Error as error:
            if "expected after" in str(error):
                return (
                    f", line {reader.line_num}: text after the closing quote of a field; "
                    "expected a quote inside a field to be doubled and the field quoted"
                )
        finally:
            csv.field_size_limit(limit)
    # An odd number of quotes may be harmless: a quote inside an unquoted field.
    if quotes % 2:
        for line, record in _records(source):
            if record[-1].endswith(_END) and record != [_END]:
                return _unclosed(line)
    return ""


def _unclosed(line: int) -> str:
    return f", line {line}: a quoted field of this row is never closed; expected a closing quote"


def _records(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield each record and the line it starts on; `_END` is last, or ends an unclosed field."""
    quoting: Literal[0, 3] = (
        csv.QUOTE_NONE if source.dialect.quoting == "none" else csv.QUOTE_MINIMAL
    )
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with _text(source) as file:
            lines = itertools.chain(file, [_END])
            reader = csv.reader(lines, delimiter=source.delimiter, quoting=quoting)
            line = 1
            for record in reader:
                if record:
                    yield line, record
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)


def _text(source: Source) -> io.TextIOWrapper:
    return io.TextIOWrapper(source.open(), "utf-8", errors="replace", newline="")
