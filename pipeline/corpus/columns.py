"""The columns of a labelled corpus: text, label and, where asked for, group, weight and others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
    by : str, optional
        A column by whose values reviews are compared. Values may be missing.

    Examples
    --------
    >>> Columns("review", "stars", weight="votes").names()
    ['review', 'stars', 'votes']
    """

    text: str = "text"
    label: str = "label"
    group: str | None = None
    weight: str | None = None
    by: str | None = None

    def names(self) -> list[str]:
        """Return the names that are read, each once."""
        named = (self.text, self.label, self.group, self.weight, self.by)
        return list(dict.fromkeys(name for name in named if name is not None))

    def keys(self) -> dict[str, str]:
        """Return the key of each name, such as "weight".

        >>> Columns("review", "stars", weight="votes").keys()
        {'review': 'text', 'stars': 'label', 'votes': 'weight'}
        """
        keys = ("text", "label", "group", "weight", "by")
        named = {getattr(self, key): key for key in reversed(keys)}
        return {name: named[name] for name in self.names()}

    def schema(self) -> pa.Schema:
        """Return the schema of labelled batches: `TABLE_SCHEMA`, and a field for each option."""
        fields = list(TABLE_SCHEMA)
        if self.group is not None:
            fields.append(pa.field("group", pa.large_string()))
        if self.weight is not None:
            fields.append(pa.field("weight", pa.float64()))
        if self.by is not None:
            fields.append(pa.field("by", pa.large_string()))
        return pa.schema(fields)


def as_text(column: pa.Array, what: str) -> pa.LargeStringArray:
    """Return a column of strings as large_string; `what` names it in the error.

    Raises
    ------
    CorpusError
        If it is of another type.
    """
    kind = column.type
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if values not in (pa.string(), pa.large_string(), pa.string_view()):
        raise CorpusError(f"{what} is of type {kind}; expected a string column")
    return column.cast(pa.large_string())


def group_column(column: pa.Array, what: str) -> pa.LargeStringArray:
    """Return the groups as text; a number that is whole is written without a fraction.

    Raises
    ------
    CorpusError
        If the column holds neither strings nor numbers; `what` names it.
    """
    column = _decoded(column)
    if pa.types.is_floating(column.type):
        whole = pc.cast(column, pa.int64(), safe=False)
        is_whole = pc.equal(pc.cast(whole, pa.float64(), safe=False), column)
        as_decimal = pc.cast(column, pa.large_string())
        return pc.if_else(is_whole, pc.cast(whole, pa.large_string()), as_decimal)
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(f"{what} is of type {column.type}; expected strings or numbers") from None


def weight_column(column: pa.Array, what: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return the weights as float64, and which of them are not finite numbers above 0.

    Raises
    ------
    CorpusError
        If the column holds neither numbers nor strings; `what` names it.
    """
    column = _decoded(column)
    if column.type in (pa.string(), pa.large_string()):
        known = arrow.mask(~arrow.mask_values(column.is_null()))
        numbers = np.array([_number(value) for value in column], np.float64)
        column = pc.if_else(known, arrow.numbers(numbers), pa.nulls(len(numbers), pa.float64()))
    try:
        weights = column.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise CorpusError(f"{what} is of type {column.type}; expected numbers") from None
    values = arrow.values(weights)
    wrong = ~(np.isfinite(values) & (values > 0))
    if weights.null_count:
        wrong &= ~arrow.mask_values(weights.is_null())
    return weights, wrong


def _decoded(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _number(value: pa.Scalar) -> float:
    try:
        return float(value.as_py())
    except (TypeError, ValueError):  # nothing, or no number
        return math.nan
