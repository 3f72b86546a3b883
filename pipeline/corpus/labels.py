"""What a label means: a column of any source becomes 1 (positive), 0 (negative) or null.

Sources differ in how they spell a label: 1, 1.0, true, "pos", nine stars out of ten.
This module knows the spellings; where the column comes from is its caller's affair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import CorpusError
from pipeline.storage import arrow

Scalar = str | int | float | bool
Meaning = int | None
_NOT_UTF8 = "label is not valid UTF-8; expected UTF-8 text"
_ACCEPTED_AS_THEY_ARE = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_integer,
    pa.types.is_boolean,
    pa.types.is_null,
)


TABLE_SCHEMA = pa.schema({"text": pa.large_string(), "label": pa.int8()})


@dataclass(frozen=True)
class LabelRule:
    """What a label means: values that are positive, values that are negative, or star thresholds.

    Attributes
    ----------
    positive, negative : tuple of str, int, float or bool
        The labels of each class. They compare by their text: 1, 1.0 and "1" are one label.
    positive_from, negative_to : float, optional
        A label is a rating: positive from the one upwards, negative down from the
        other, and dropped in between. Where both are set they replace the values.
    """

    positive: tuple[Scalar, ...]
    negative: tuple[Scalar, ...]
    positive_from: float | None = None
    negative_to: float | None = None


def binary_labels(
    column: pa.ChunkedArray | pa.Array,
    rule: LabelRule,
    where: str,
    names: Sequence[str] = (),
    rows_before: int = 0,
) -> pa.Int8Array:
    """Return 1 for each positive label, 0 for each negative one, null for a rating in between.

    Only the distinct labels become Python objects, so the cost hardly depends on the rows.

    Parameters
    ----------
    column : Array or ChunkedArray of strings, numbers or booleans, shape (n_documents,)
    rule : LabelRule
    where : str
        What the column was read from, as an error names it.
    names : sequence of str
        Class names: the integer k may be meant by k or by ``names[k]``, as in a
        ClassLabel column of Hugging Face datasets.
    rows_before : int
        How many rows of the source come before these, as an error counts them.

    Returns
    -------
    Int8Array, shape (n_documents,)
        Nulls are documents for the caller to drop.

    Raises
    ------
    CorpusError
        If a label is missing or has no meaning by the rule, or the rule gives one
        label both meanings. The message names the first row, counted from 1.
    """
    values = _values(column, where)
    if values.null_count:
        row = rows_before + pc.index(values.is_null(), True).as_py() + 1
        raise CorpusError(f"{where}, row {row}: the label is missing; expected {_accepted(rule)}")
    encoded = values.dictionary_encode()
    meaning_of = _meaning(rule, where, names)
    meanings: list[Meaning] = []
    for code, value in enumerate(encoded.dictionary):
        try:
            meanings.append(meaning_of(value.as_py()))
        except ValueError as error:
            # Text that is not UTF-8 is a ValueError too, of another wording.
            problem = _NOT_UTF8 if isinstance(error, UnicodeError) else error
            row = rows_before + pc.index(encoded.indices, code).as_py() + 1
            raise CorpusError(f"{where}, row {row}: {problem}") from None
    # What has no meaning is null; the -1 that stands under it is never seen.
    found = arrow.numbers(np.array([-1 if m is None else m for m in meanings], np.int8))
    known = arrow.mask(np.array([m is not None for m in meanings], np.bool_))
    return pc.if_else(known, found, pa.nulls(len(found), pa.int8())).take(encoded.indices)


def labelled_batches(
    batches: Iterable[pa.RecordBatch],
    rule: LabelRule,
    where: str,
    names: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Yield texts with what their labels mean, as `TABLE_SCHEMA` has them, a batch at a time.

    Documents that the rule drops are left out.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Of a text, without nulls, and a label, in any type that `binary_labels` takes.
    rule, where, names
        As in `binary_labels`.

    Raises
    ------
    CorpusError
        As `binary_labels`, once the batches are at their end: an error of reading them is
        the cause of many a strange label, and goes before it.
    """
    n_rows = 0
    problem: CorpusError | None = None
    for batch in batches:
        if problem is not None:
            continue
        texts, labels = batch.columns
        try:
            meanings = binary_labels(labels, rule, where, names, n_rows)
        except CorpusError as error:
            problem = error
            continue
        n_rows += batch.num_rows
        found = pa.record_batch([texts.cast(pa.large_string()), meanings], schema=TABLE_SCHEMA)
        yield found.filter(meanings.is_valid()) if meanings.null_count else found
    if problem is not None:
        raise problem


def _values(column: pa.ChunkedArray | pa.Array, where: str) -> pa.Array:
    """Return a label column as one array of strings, integers, doubles or booleans."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif not any(accepts(kind) for accepts in _ACCEPTED_AS_THEY_ARE):
        raise CorpusError(
            f"{where}: the label column is of type {kind}; expected strings, numbers or booleans"
        )
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _meaning(rule: LabelRule, where: str, names: Sequence[str]) -> Callable[[Scalar], Meaning]:
    """Return the rule as a function of one label; it raises ValueError for one without meaning."""
    if rule.positive_from is not None and rule.negative_to is not None:
        positive_from, negative_to = rule.positive_from, rule.negative_to
        return lambda value: _rated(value, positive_from, negative_to)
    positive = {_canonical(value) for value in rule.positive}
    negative = {_canonical(value) for value in rule.negative}
    both = sorted(positive & negative)
    if both:
        raise CorpusError(
            f"{where}: label {both[0]} is listed both as positive ({_listed(rule.positive)}) "
            f"and as negative ({_listed(rule.negative)}); "
            "expected a label in one of corpus.positive and corpus.negative"
        )

    def meaning_of(value: Scalar) -> Meaning:
        spellings = _spellings(value, names)
        is_positive = not positive.isdisjoint(spellings)
        is_negative = not negative.isdisjoint(spellings)
        if is_positive != is_negative:
            return int(is_positive)
        either, nor = ("both", "and") if is_positive else ("neither", "nor")
        raise ValueError(
            f"label {_shown(value, names)} is {either} positive ({_listed(rule.positive)}) "
            f"{nor} negative ({_listed(rule.negative)}); set corpus.positive and corpus.negative"
        )

    return meaning_of


def _rated(value: Scalar, positive_from: float, negative_to: float) -> Meaning:
    try:
        rating = float(_canonical(value))
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        raise ValueError(
            f"label {_shown(value)} is not a finite number, as corpus.positive_from "
            f"= {positive_from:g} and corpus.negative_to = {negative_to:g} expect"
        )
    if rating >= positive_from:
        return 1
    return 0 if rating <= negative_to else None


def _canonical(value: Scalar) -> str:
    """Return the text by which labels compare: true, 1 (for 1.0 as well), or a string stripped."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _spellings(value: Scalar, names: Sequence[str]) -> list[str]:
    """Return a label's text and, where it numbers a class, the class' name."""
    spellings = [_canonical(value)]
    # A data set of Hugging Face marks an unlabelled document by -1: no class' number.
    if type(value) is int and 0 <= value < len(names):
        spellings.append(_canonical(names[value]))
    return spellings


def _shown(value: Scalar, names: Sequence[str] = ()) -> str:
    """Return a label as an error shows it: on one line, and not the whole of a long one."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    number, *name = _spellings(value, names)
    return f"{number} ({name[0]})" if name else number


def _listed(values: tuple[Scalar, ...]) -> str:
    return ", ".join(_canonical(value) for value in values)


def _accepted(rule: LabelRule) -> str:
    if rule.positive_from is not None and rule.negative_to is not None:
        return (
            f"a finite number (corpus.positive_from = {rule.positive_from:g}, "
            f"corpus.negative_to = {rule.negative_to:g})"
        )
    return f"positive ({_listed(rule.positive)}) or negative ({_listed(rule.negative)})"
