"""Values of JSON objects to columns of Arrow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.storage import arrow

_KINDS = {str: "a string", bool: "true or false", int: "a number", float: "a number"}


def kind_of(value: object) -> str:
    """Return the kind of a JSON value in plain words.

    >>> kind_of("1"), kind_of(1), kind_of(None), kind_of([1])
    ('a string', 'a number', 'missing', 'a list')
    """
    if value is None:
        return "missing"
    return _KINDS.get(type(value), "a list" if isinstance(value, list) else "an object")


def learn_kinds(kinds: dict[str, str], record: Mapping[str, Any]) -> None:
    """Add the kinds of an object's values to those of the objects before.

    >>> kinds = {}
    >>> for record in ({"n": 1, "x": None}, {"n": 2, "x": 0.5, "y": "a"}, {"y": 3}):
    ...     learn_kinds(kinds, record)
    >>> kinds
    {'n': 'a whole number', 'x': 'a number', 'y': 'JSON'}
    """
    for name, value in record.items():
        kind = kind_of(value)
        if type(value) is int and -(2**63) <= value < 2**63:
            kind = "a whole number"
        elif kind in ("a list", "an object"):
            kind = "JSON"
        before = kinds.get(name, "missing")
        if before == "missing":
            kinds[name] = kind
        elif kind not in (before, "missing"):
            numbers = {"a number", "a whole number"}
            kinds[name] = "a number" if {before, kind} == numbers else "JSON"


def column_of(values: list[Any], kind: str) -> pa.Array:
    """Return values of one kind, or None, as a column.

    Raises
    ------
    TypeError, OverflowError
        If a value is of another kind.
    UnicodeEncodeError
        If a string holds half a surrogate pair.
    """
    known = [value is not None for value in values]
    if kind == "JSON":
        values = [None if v is None else json.dumps(v, ensure_ascii=False) for v in values]
        kind = "a string"
    if kind == "a string":
        # What was not UTF-8 in the file is not here either, and is found as in other formats.
        encoded = [str.encode(v or "", "utf-8", "surrogateescape") for v in _checked(values, str)]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        column = arrow.of_bytes(b"".join(encoded), offsets)
    elif kind == "true or false":
        column = arrow.mask(np.array([bool(v) for v in _checked(values, bool)], np.bool_))
    else:
        dtype = np.int64 if kind == "a whole number" else np.float64
        numbers = [0 if v is None else v for v in _checked(values, (int, float))]
        column = arrow.numbers(np.array(numbers, dtype))
    if all(known):
        return column
    return pc.if_else(
        arrow.mask(np.array(known, np.bool_)), column, pa.nulls(len(known), column.type)
    )


def _checked(values: list[Any], kind: Any) -> list[Any]:
    for value in values:
        if value is not None and (
            not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        ):
            raise TypeError
    return values
