"""JSON: one object a row, on a line of its own or in one array.

pyarrow reads JSON lines, and the json module explains its refusals. An array is read by the json
module, a piece of the file at a time, and so are lines whose values have no type of Arrow.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from pipeline.corpus.blocks import by_blocks
from pipeline.corpus.diagnosis import missing_column, not_decodable, shown_names
from pipeline.corpus.json_array import DuplicateKeyError, array_objects, unique_keys
from pipeline.corpus.json_columns import column_of, kind_of, learn_kinds
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

# An integer is also read as a double, because a 1 may be followed by a 4.5.
_TYPES = {
    "a string": pa.large_string(),
    "a number": pa.float64(),
    "a whole number": pa.int64(),
    "true or false": pa.bool_(),
}
_BATCH = 4096  # objects of an array
_EXPECTED = "expected one JSON object a line"


def json_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of JSON lines or of a JSON array, of which the first is the text.

    The type of a column is that of its first value, a double for a number. None is all columns,
    as `exact_json_batches` yields them.
    """
    if columns is None:
        yield from exact_json_batches(source, None)
    else:
        yield from _batches(source, _first_kinds(source, columns))


def exact_json_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of JSON, None is all of them, of types that hold every value as it is.

    A column whose values are lists or objects, or of several kinds, is JSON text. The types are
    learned from all objects, which takes longer than reading them.
    """
    kinds: dict[str, str] = {}
    for line, record in objects(source):
        if isinstance(record, str):
            raise CorpusError(f"{source.path}, line {line}: {record}")
        learn_kinds(kinds, record)
    if kinds:
        _require(source, columns or (), list(kinds), list(kinds))
    yield from _batches(source, {name: kinds[name] for name in columns or kinds if name in kinds})


def _batches(source: Source, kinds: dict[str, str]) -> Iterator[pa.RecordBatch]:
    kinds = {name: "a string" if kind == "missing" else kind for name, kind in kinds.items()}
    if not kinds:
        return
    _check_keys(source, kinds)
    if is_array(source) or set(kinds.values()) - _TYPES.keys():
        yield from _by_object(source, kinds)
        return
    from pyarrow import json as arrow_json

    schema = pa.schema({name: _TYPES[kind] for name, kind in kinds.items()})
    parsing = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")

    def read(block: int) -> Iterator[pa.RecordBatch]:
        reading = arrow_json.ReadOptions(block_size=block)
        with source.for_arrow() as file:
            yield from arrow_json.open_json(file, reading, parsing)

    yield from by_blocks(read)


def _first_kinds(source: Source, columns: Sequence[str]) -> dict[str, str]:
    """Return the kind of the first value of each column; the first column is of strings.

    Raises
    ------
    CorpusError
        If no object has a column, or one that had to be looked at is malformed.
    """
    kinds: dict[str, str] = {}
    keys: list[str] = []
    for line, record in objects(source):
        if isinstance(record, str):
            raise CorpusError(f"{source.path}, line {line}: {record}")
        keys = keys or list(record)
        for column in columns:
            if column in record and kinds.get(column, "missing") == "missing":
                kinds[column] = kind_of(record[column])
        if all(kinds.get(column, "missing") != "missing" for column in columns):
            break
    if keys:
        _require(source, columns, list(kinds), keys)
    # A value that is of none of the types is refused by the reader, which names its line.
    return {
        column: kinds[column] if k and kinds[column] in _TYPES else "a string"
        for k, column in enumerate(columns)
        if column in kinds
    }


def _check_keys(source: Source, keys: Iterable[str]) -> None:
    """Refuse a key that cannot be decoded, or that an escape gives half a surrogate pair."""
    for key in keys:
        try:
            key.encode("utf-8", "surrogateescape").decode()
        except UnicodeDecodeError:
            problem = not_decodable(source)
        except UnicodeEncodeError:
            problem = _HALF
        else:
            continue
        raise CorpusError(f"{source.path}: the key {shown_names([key])}: {problem}")


def _require(source: Source, columns: Sequence[str], there: list[str], shown: list[str]) -> None:
    for column in columns:
        if column not in there:
            problem = missing_column(source, column, shown)
            raise CorpusError(f"{source.path}: {problem}")


def _by_object(source: Source, kinds: dict[str, str]) -> Iterator[pa.RecordBatch]:
    found = objects(source)
    while several := list(itertools.islice(found, _BATCH)):
        records: list[tuple[int, dict[str, Any]]] = []
        for line, record in several:
            if isinstance(record, str):
                raise CorpusError(f"{source.path}, line {line}: {record}")
            records.append((line, record))
        columns = []
        for name, kind in kinds.items():
            try:
                columns.append(column_of([record.get(name) for _, record in records], kind))
            except (TypeError, UnicodeEncodeError, OverflowError):
                raise CorpusError(f"{source.path}{_wrong_value(records, name, kind)}") from None
        yield pa.record_batch(columns, names=list(kinds))


def _wrong_value(records: list[tuple[int, Any]], name: str, kind: str) -> str:
    """Return the line of the first value that is of another kind, and what it is."""
    for line, record in records:
        try:
            column_of([record.get(name)], kind)
        except UnicodeEncodeError:
            return f", line {line}: {_HALF}"
        except (TypeError, OverflowError):
            return f", line {line}: {name!r} is {kind_of(record.get(name))}; expected {kind}"
    return ""


def json_problem(source: Source, columns: Sequence[str] | None) -> str:
    """Find the first line of a JSON lines file that cannot be read."""
    kinds = {columns[0]: "a string"} if columns else {}
    for line, record in objects(source):
        if isinstance(record, str):
            return f", line {line}: {record}"
        for column in columns or ():
            kind = kind_of(record.get(column))
            any_kind = "a string, a number, true or false"
            expected = kinds.setdefault(column, kind if kind in _TYPES else any_kind)
            if kind not in (expected, "missing"):
                hint = _hint(record, column)
                return f", line {line}: {column!r} is {kind}; expected {expected}{hint}"
    return ""


def _hint(record: dict[str, Any], column: str) -> str:
    """Return what to do with an object of columns, as pandas writes a table by default."""
    value = record.get(column)
    if isinstance(value, dict) and "0" in value:
        return '; pandas writes an object a line with to_json(..., orient="records", lines=True)'
    return ""


def is_array(source: Source) -> bool:
    """Return True if a file of JSON holds one array, by its first character."""
    with source.open() as file:
        while piece := file.read(1 << 10).lstrip():
            return piece.startswith(b"[")
    return False


def objects(source: Source) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the line of each object and the object, or what is wrong with it."""
    if is_array(source):
        yield from array_objects(source)
        return
    with source.open() as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _record(source, line)


def _record(source: Source, line: bytes) -> dict[str, Any] | str:
    try:
        record = json.loads(line.decode(), object_pairs_hook=unique_keys)
        # An escape may be half of a surrogate pair, which is not text.
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return not_decodable(source)
    except UnicodeEncodeError:
        return _HALF
    except DuplicateKeyError as error:
        return str(error)
    except json.JSONDecodeError as error:
        return f"malformed JSON ({error.msg}, column {error.colno}); {_EXPECTED}"
    except (ValueError, RecursionError) as error:
        return f"malformed JSON ({error}); {_EXPECTED}"
    return record if isinstance(record, dict) else f"got {kind_of(record)}; {_EXPECTED}"


_HALF = "an escape of half a surrogate pair; expected whole characters"
