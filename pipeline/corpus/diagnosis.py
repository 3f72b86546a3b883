"""The reason why pyarrow refuses a file: the line or row at fault, and what is wrong with it.

This is plain Python and slow, and runs only when there is an error to explain. Each function
`*_problem` returns the text that follows the file's name in the error, or an empty string if it
finds nothing wrong.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

# pyarrow refuses a row that is longer than its block, by default one MiB.
BLOCK = 8 << 20  # bytes

NOT_UTF8 = "not valid UTF-8; expected UTF-8 text"
NO_ROWS = ": the file has no rows; expected one text a row"
_END = "\ue000 end of file"
# An integer is also read as a double, because a 1 may be followed by a 4.5.
JSON_TYPES = {
    "a string": pa.large_string(),
    "a number": pa.float64(),
    "true or false": pa.bool_(),
}


def csv_problem(path: Path, columns: list[str]) -> str:
    """Find the first line of a CSV or TSV file that does not fit its header."""
    with path.open("rb") as file:
        line = undecodable(file)
    if line:
        return f", line {line}: {NOT_UTF8}"
    records = _csv_records(path)
    _, header = next(records)
    if header == [_END]:
        return ": the file is empty; expected a header and one text a row"
    for column in columns:
        if column not in header:
            return missing_column(column, header)
    n_fields = len(header)
    for n_rows, (line, record) in enumerate(records):
        if record == [_END]:
            return "" if n_rows else NO_ROWS
        if record[-1].endswith(_END):
            return _unclosed(line)
        if len(record) != n_fields:
            return f", line {line}: expected {n_fields} fields as in the header, got {len(record)}"
    return ""


def stray_quote(path: Path, n_rows: int) -> str:
    """Find a misplaced quote, which makes pyarrow read several rows as one field."""
    quotes = lines = 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            quotes += block.count(b'"')
            lines += block.count(b"\n")
    # Only a row that spans several lines can hold other rows.
    if quotes and lines > n_rows + 1:
        limit = csv.field_size_limit(2**31 - 1)
        try:
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                reader = csv.reader(file, delimiter=delimiter(path), strict=True)
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
        for line, record in _csv_records(path):
            if record[-1].endswith(_END) and record != [_END]:
                return _unclosed(line)
    return ""


def _unclosed(line: int) -> str:
    return f", line {line}: a quoted field of this row is never closed; expected a closing quote"


def _csv_records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each record and the line it starts on; `_END` is last, or ends an unclosed field."""
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(itertools.chain(file, [_END]), delimiter=delimiter(path))
            line = 1
            for record in reader:
                if record:
                    yield line, record
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(limit)


def delimiter(path: Path) -> str:
    """Return the field delimiter of a CSV or TSV file."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def json_problem(path: Path, columns: list[str]) -> str:
    """Find the first line of a JSON lines file that cannot be read."""
    kinds = {columns[0]: "a string"}
    for line, record in json_records(path):
        if isinstance(record, str):
            return f", line {line}: {record}"
        for column in columns:
            kind = kind_of(record.get(column))
            any_kind = "a string, a number, true or false"
            expected = kinds.setdefault(column, kind if kind in JSON_TYPES else any_kind)
            if kind != expected:
                return f", line {line}: {column!r} is {kind}; expected {expected}"
    return ""


def json_records(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, and its object or what is wrong with it."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip():
                yield number, _record(line)


def _record(line: bytes) -> dict[str, Any] | str:
    try:
        record = json.loads(line.decode())
        # An escape may be half of a surrogate pair, which is not text.
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return NOT_UTF8
    except UnicodeEncodeError:
        return "an escape of half a surrogate pair; expected whole characters"
    except json.JSONDecodeError as error:
        what = f"{error.msg}, column {error.colno}"
        return f"malformed JSON ({what}); expected one JSON object a line"
    except (ValueError, RecursionError) as error:
        return f"malformed JSON ({error}); expected one JSON object a line"
    if not isinstance(record, dict):
        return f"got {kind_of(record)}; expected one JSON object a line"
    return record


def kind_of(value: object) -> str:
    """Return the kind of a JSON value in plain words."""
    if value is None:
        return "missing"
    kinds = {str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "a list" if isinstance(value, list) else "an object")


def parquet_problem(path: Path, columns: list[str]) -> str:
    """Find the first text of a Parquet file that is not UTF-8."""
    from pyarrow import parquet

    row = 0
    # A file that is not Parquet has no rows to look at.
    with (
        contextlib.suppress(pa.ArrowException, OSError),
        parquet.ParquetFile(path) as file,
    ):
        for batch in file.iter_batches(batch_size=4096, columns=columns[:1]):
            texts = batch.column(0).cast(pa.large_string()).cast(pa.large_binary())
            found = undecodable(texts.to_pylist())
            if found:
                return f", row {row + found}: {NOT_UTF8}"
            row += len(texts)
    return ""


def undecodable(values: Iterable[bytes]) -> int:
    """Return the position, counted from 1, of the first value that is not UTF-8, or 0."""
    for position, value in enumerate(values, 1):
        try:
            value.decode()
        except UnicodeDecodeError:
            return position
    return 0


def missing_column(column: str, there: Iterable[str]) -> str:
    """Return the message for a missing column, which names the columns there are."""
    return f": no column {column!r}; expected one of its columns: {', '.join(there)}"


def is_long_row(error: Exception) -> bool:
    """Return True if pyarrow refuses a row because it does not fit into a block."""
    return "straddl" in str(error)


def refusal(error: Exception) -> str:
    """Return pyarrow's own message on one line, when nothing else was found to be wrong."""
    if is_long_row(error):
        return f": a row is longer than the {BLOCK >> 20} MiB that are read at once"
    return f": cannot read the file: {' '.join(str(error).split())}"
