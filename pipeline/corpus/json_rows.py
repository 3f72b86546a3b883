"""JSON lines: one object a row, read by pyarrow; the json module explains its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from pipeline.corpus.blocks import by_blocks
from pipeline.corpus.diagnosis import NOT_UTF8, missing_column
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

# An integer is also read as a double, because a 1 may be followed by a 4.5.
JSON_TYPES = {
    "a string": pa.large_string(),
    "a number": pa.float64(),
    "true or false": pa.bool_(),
}


def json_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of JSON lines; the first is the text. None is all of them, as they come."""
    from pyarrow import json as arrow_json

    number, first = next(json_records(source), (0, {}))
    if isinstance(first, str):
        raise CorpusError(f"{source.path}, line {number}: {first}")
    if not number:
        return
    for column in columns or ():
        if column not in first:
            raise CorpusError(f"{source.path}{missing_column(column, first)}")
    types = {
        column: JSON_TYPES.get(kind_of(first[column]), pa.large_string())
        for column in columns or ()
    }
    if columns:
        types[columns[0]] = pa.large_string()
    parsing = arrow_json.ParseOptions(
        explicit_schema=pa.schema(types),
        unexpected_field_behavior="infer" if columns is None else "ignore",
    )

    def read(block: int) -> Iterable[pa.RecordBatch]:
        reading = arrow_json.ReadOptions(block_size=block)
        batches: Iterable[pa.RecordBatch] = arrow_json.open_json(
            source.for_arrow(), reading, parsing
        )
        return batches

    yield from by_blocks(read)


def json_problem(source: Source, columns: Sequence[str]) -> str:
    """Find the first line of a JSON lines file that cannot be read."""
    kinds = {columns[0]: "a string"}
    for line, record in json_records(source):
        if isinstance(record, str):
            return f", line {line}: {record}"
        for column in columns:
            kind = kind_of(record.get(column))
            any_kind = "a string, a number, true or false"
            expected = kinds.setdefault(column, kind if kind in JSON_TYPES else any_kind)
            if kind != expected:
                return f", line {line}: {column!r} is {kind}; expected {expected}"
    return ""


def json_records(source: Source) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, and its object or what is wrong with it."""
    with source.open() as file:
        for number, line in enumerate(file, 1):
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
