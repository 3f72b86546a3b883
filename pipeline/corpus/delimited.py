"""CSV and TSV: rows of fields, read by pyarrow; the csv module explains its refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline.corpus.blocks import by_blocks
from pipeline.corpus.csv_records import END, count_line_ends, records
from pipeline.corpus.diagnosis import (
    NO_ROWS,
    duplicate_column,
    looks_like_data,
    missing_column,
    shown_names,
)
from pipeline.corpus.encoding import guessed_encoding
from pipeline.corpus.quoting import (
    CountingFile,
    Marks,
    as_text_hint,
    check_quoting,
    unclosed,
)
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

_UNNAMED = "\0"


def csv_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of a CSV or TSV file as large_string; None is all of them."""
    from pyarrow import csv as arrow_csv

    dialect = source.dialect
    names = _header(source)
    chosen = _chosen(source, names, columns)
    parsing = arrow_csv.ParseOptions(
        delimiter=source.delimiter,
        newlines_in_values=dialect.quoting != "none",
        quote_char=False if dialect.quoting == "none" else '"',
    )
    conversion = arrow_csv.ConvertOptions(
        # Rows that are not UTF-8 may be left out on request, so they are looked at later.
        check_utf8=False,
        include_columns=chosen,
        column_types=dict.fromkeys(names, pa.large_string()),
    )

    def read(block: int) -> Iterator[pa.RecordBatch]:
        reading = arrow_csv.ReadOptions(
            block_size=block, column_names=names if dialect.columns else None
        )
        with source.for_arrow() as file:
            content = file if isinstance(file, str) else CountingFile(file, marks)
            yield from arrow_csv.open_csv(content, reading, parsing, conversion)

    n_rows, marks = 0, Marks(source.delimiter)
    for batch in by_blocks(read):
        if n_rows == 0 and dialect.columns and chosen:
            _refuse_header(source, batch)
        n_rows += batch.num_rows
        yield batch
    if dialect.quoting != "none":
        if source.is_plain:
            marks.add_all(source)
        source.noticed.extend(check_quoting(source, len(names), n_rows, marks))


def _refuse_header(source: Source, batch: pa.RecordBatch) -> None:
    """Refuse a first row that has the names of the columns, which should not be there."""
    first = [column[0].cast(pa.large_binary()).as_py() for column in batch.columns]
    if first == [name.encode() for name in batch.schema.names]:
        key = source.dialect.key("columns")
        raise CorpusError(f"{source.path}, line 1: the file has a header; leave out {key}")


def _header(source: Source) -> list[str]:
    """Return the names of the columns: those that are stated, or those of the first record."""
    if source.dialect.columns:
        # A column without a name is not read, but pyarrow wants a name for each.
        return [name or f"{_UNNAMED}{k}" for k, name in enumerate(source.dialect.columns)]
    line, first = next(records(source))
    if first == [END]:
        raise CorpusError(f"{source.path}: the file is empty; expected a header and one text a row")
    if first[-1].endswith(END):
        first[-1] = first[-1].removesuffix(END)
    twice = duplicate_column(first)
    if twice:
        raise CorpusError(f"{source.path}, line {line}: {twice}{_header_hint(source, first)}")
    return first


def _chosen(source: Source, names: list[str], columns: Sequence[str] | None) -> list[str]:
    """Return the columns to read; say what a header looks like that has not all of them."""
    if columns is None:
        named = _named(source, names)
        if named.count("") > 1:
            raise CorpusError(f"{source.path}, line 1: two columns have no name; expected one each")
        return named
    for column in columns:
        if column not in names:
            raise CorpusError(f"{source.path}{_no_column(source, names, column)}")
    return list(columns)


def _named(source: Source, names: list[str]) -> list[str]:
    """Return the names without those that stand for a column that is not read."""
    if not source.dialect.columns:
        return names
    return [name for name in names if not name.startswith(_UNNAMED)]


def _no_column(source: Source, names: list[str], column: str) -> str:
    key = source.dialect.key
    there = _named(source, names)
    if source.dialect.columns:
        return f": no column {column!r}; {key('columns')} has {shown_names(there)}"
    problem = f", line 1: no column {column!r}; the columns are {shown_names(there)}"
    if "\0" in "".join(names):
        header = source.delimiter.join(names).encode()
        guess = source.guessed_encoding() or guessed_encoding(header)
        if guess is None:
            return f"{problem}: the file is binary, expected text"
        return f"{problem}: is the file UTF-16? set {source.dialect.setting('encoding', guess)}"
    if len(names) == 1:
        marks = [mark for mark in ";\t|," if mark != source.delimiter and mark in names[0]]
        if marks:
            mark = max(marks, key=names[0].count)
            return f"{problem}: is the delimiter {_shown_mark(mark)}? set {key('delimiter')}"
    if looks_like_data(names):
        return f"{problem}{_header_hint(source, names)}"
    return f", line 1: {missing_column(source, column, there)}"


def _header_hint(source: Source, names: list[str]) -> str:
    if not looks_like_data(names):
        return ""
    return f": does the file have no header? name its columns in {source.dialect.key('columns')}"


def _shown_mark(mark: str) -> str:
    return "a tab" if mark == "\t" else f"'{mark}'"


def _fields_hint(source: Source, has_more: bool) -> str:
    """Return what helps where a row has more fields than the header, or fewer."""
    dialect, mark = source.dialect, _shown_mark(source.delimiter)
    quotes = "in double quotes"
    if dialect.quoting == "none":
        quotes += f" and set {dialect.setting('quoting', 'double')}"
    if has_more:
        return f"put a text that holds {mark} {quotes}, or set {dialect.key('delimiter')}"
    return f"add the missing {mark}, or put a text that spans lines {quotes}"


def csv_problem(source: Source, columns: Sequence[str] | None) -> str:
    """Find the first line of a CSV or TSV file that does not fit its header."""
    dialect = source.dialect
    found = records(source)
    n_fields = len(dialect.columns) or len(next(found)[1])
    expected = "in the header"
    if dialect.columns:
        expected = f"in {dialect.key('columns')}"
    for n_rows, (line, record) in enumerate(found):
        if record == [END]:
            return "" if n_rows else NO_ROWS
        if record[-1].endswith(END):
            return unclosed(source, line, record)
        if len(record) != n_fields:
            hint = _fields_hint(source, len(record) > n_fields)
            if dialect.columns and not n_rows:
                hint = f"name each column in {dialect.key('columns')}, with '' if it is not read"
            elif any(map(count_line_ends, record)):
                hint = f"a quoted field spans lines: {as_text_hint(source)}"
            got = f"expected {n_fields} fields as {expected}, got {len(record)}"
            return f", line {line}: {got}; {hint}"
    return ""
