"""Rows that cannot be used, by what their columns hold; where rows come from, for messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus.columns import Columns, group_column, weight_column
from pipeline.corpus.diagnosis import undecodable_rows
from pipeline.corpus.labels import Meaning, Scalar, shown
from pipeline.storage import arrow

Rows = npt.NDArray[np.bool_]


class Origin(NamedTuple):
    """Where rows come from.

    Attributes
    ----------
    name : str
        The file or the split; a message names it.
    classes : sequence of str
        Class names, as in `meanings`.
    encoding : str
        The encoding of the rows.
    encoding_hint : callable
        Returns what helps where rows cannot be decoded.
    label_hint : str
        What to add to a message about unknown labels.
    takes_classes : bool
        Whether the user may have other classes: not where a trained model has its own.
    """

    name: str
    classes: Sequence[str] = ()
    encoding: str = "UTF-8"
    encoding_hint: Callable[[], str] = lambda: "expected UTF-8 text"
    label_hint: str = ""
    takes_classes: bool = True


class Fault(NamedTuple):
    """Rows that have no class, and why: meaning, reason in words, and label if it is unknown.

    Where the reason ends with what a row holds, `held` is the column to look at.
    """

    meaning: Meaning
    reason: str
    rows: Rows
    label: Scalar | None = None
    held: pa.Array | None = None

    def reason_of(self, row: int) -> str:
        """Return the reason for one of the rows."""
        if self.held is None:
            return self.reason
        try:
            return f"{self.reason} {shown(self.held[row].as_py())}"
        except UnicodeDecodeError:
            return f"{self.reason} text that cannot be decoded"


def text_faults(texts: pa.LargeStringArray, origin: Origin, needs_words: bool) -> list[Fault]:
    """Return the rows whose text is missing, not decodable, or blank where it `needs_words`."""
    undecodable = _undecodable(texts, origin)
    faults = [undecodable, _missing(texts, "the text")]
    if needs_words:
        if undecodable.rows.any():
            texts = pc.if_else(arrow.mask(undecodable.rows), arrow.scalar("-"), texts)
        blank = pc.equal(pc.utf8_trim_whitespace(texts), arrow.scalar("")).fill_null(False)
        faults.append(Fault(Meaning.MISSING, "the text is empty", arrow.mask_values(blank)))
    return faults


def other_columns(
    batch: pa.RecordBatch, columns: Columns, origin: Origin
) -> tuple[list[pa.Array], list[Fault]]:
    """Return the columns that are asked for besides text and label, and rows that lack a value.

    Raises
    ------
    CorpusError
        If a column is of a type that cannot be used.
    """
    values: list[pa.Array] = []
    faults: list[Fault] = []
    if columns.group is not None:
        groups = group_column(batch[columns.group], f"{origin.name}: column {columns.group!r}")
        # A blank field of CSV is no group that reviews have in common.
        nulls = pa.nulls(len(groups), pa.large_string())
        groups = pc.if_else(pc.equal(groups, arrow.scalar("")), nulls, groups)
        faults += _undecodable(groups, origin), _missing(groups, repr(columns.group))
        values.append(groups)
    if columns.weight is not None:
        what = f"{origin.name}: column {columns.weight!r}"
        held = batch[columns.weight]
        weights, wrong = weight_column(held, what)
        faults.append(_missing(weights, repr(columns.weight)))
        faults.append(Fault(Meaning.UNUSABLE, f"column {columns.weight!r} holds", wrong, held=held))
        values.append(weights)
    if columns.by is not None:
        by = group_column(batch[columns.by], f"{origin.name}: column {columns.by!r}")
        faults.append(_undecodable(by, origin))
        values.append(by)
    return values, faults


def _undecodable(texts: pa.LargeStringArray, origin: Origin) -> Fault:
    return Fault(Meaning.INVALID, f"not valid {origin.encoding}", undecodable_rows(texts))


def _missing(column: pa.Array, what: str) -> Fault:
    rows = np.zeros(len(column), np.bool_)
    if column.null_count:
        rows = arrow.mask_values(column.is_null())
    return Fault(Meaning.MISSING, f"{what} is missing", rows)
