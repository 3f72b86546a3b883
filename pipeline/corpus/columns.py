"""The columns of a labelled corpus: text, label and, where asked for, group and weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import CorpusError
from pipeline.storage import arrow

TABLE_SCHEMA = pa.schema({"text": pa.large_string(), "label": pa.int8()})


@dataclass(frozen=True)
class Columns:
    """The names of the columns that are read from a table.

    Attributes
    ----------
    text, label : str
    group : str, optional
        The column whose values say which reviews belong together.
    weight : str, optional
        The column of what a review costs: finite numbers above 0.

    Examples
    --------
    >>> Columns("review", "stars", weight="votes").names()
    ['review', 'stars', 'votes']
    """

    text: str = "text"
    label: str = "label"
    group: str | None = None
    weight: str | None = None

    def names(self) -> list[str]:
        """Return the names that are read, each once."""
        named = (self.text, self.label, self.group, self.weight)
        return list(dict.fromkeys(name for name in named if name is not None))

    def schema(self) -> pa.Schema:
        """Return the schema of labelled batches: `TABLE_SCHEMA`, and a field for each option."""
        fields = list(TABLE_SCHEMA)
        if self.group is not None:
            fields.append(pa.field("group", pa.large_string()))
        if self.weight is not None:
            fields.append(pa.field("weight", pa.float64()))
        return pa.schema(fields)


def group_column(column: pa.Array, name: str, where: str, rows_before: int = 0) -> pa.Array:
    """Return the groups as text; a number that is whole is written without a fraction.

    Raises
    ------
    CorpusError
        If a value is missing. Rows are counted from 1.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    _require(column.is_null(), name, where, rows_before, "is missing; expected a value")
    if pa.types.is_floating(column.type):
        whole = pc.cast(column, pa.int64(), safe=False)
        is_whole = pc.equal(pc.cast(whole, pa.float64(), safe=False), column)
        as_text = pc.cast(column, pa.large_string())
        return pc.if_else(is_whole, pc.cast(whole, pa.large_string()), as_text)
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(
            f"{where}: column {name!r} is of type {column.type}; expected strings or numbers"
        ) from None


def weight_column(column: pa.Array, name: str, where: str, rows_before: int = 0) -> pa.Array:
    """Return the weights as float64.

    Raises
    ------
    CorpusError
        If a value is missing, or not a finite number above 0. Rows are counted from 1.
    """
    _require(column.is_null(), name, where, rows_before, "is missing; expected a number above 0")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = arrow.numbers(np.array([_number(v.as_py()) for v in column], np.float64))
    try:
        weights = column.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(
            f"{where}: column {name!r} is of type {column.type}; expected numbers"
        ) from None
    values = arrow.values(weights)
    wrong = arrow.mask(~(np.isfinite(values) & (values > 0)))
    _require(wrong, name, where, rows_before, "is not a finite number above 0")
    return weights


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _require(wrong: pa.Array, name: str, where: str, rows_before: int, problem: str) -> None:
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        raise CorpusError(f"{where}, row {rows_before + row + 1}: {name!r} {problem}")
