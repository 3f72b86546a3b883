"""Labels of any source to 1 (positive), 0 (negative) or null (neither).

Sources spell a label in different ways: 1, 1.0, true, "pos", nine stars out of ten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus.columns import Columns, group_column, weight_column
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


@dataclass(frozen=True)
class LabelRule:
    """Which labels are positive and which are negative: by value or by rating.

    Attributes
    ----------
    positive, negative : tuple of str, int, float or bool
        The labels of each class. They are compared as text: 1, 1.0 and "1" are one label.
    positive_from, negative_to : float, optional
        If both are given, labels are ratings: positive from `positive_from` upwards, negative
        up to `negative_to`, and dropped in between. `positive` and `negative` are ignored.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rule = LabelRule(positive=("pos", 1), negative=("neg", 0))
    >>> binary_labels(pa.array(["neg", "pos", "1"]), rule, "reviews.csv").to_pylist()
    [0, 1, 1]
    >>> stars = LabelRule((), (), positive_from=4, negative_to=2)
    >>> binary_labels(pa.array([5, 1, 3]), stars, "reviews.csv").to_pylist()
    [1, 0, None]
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

    Only the distinct labels become Python objects.

    Parameters
    ----------
    column : Array or ChunkedArray of strings, numbers or booleans, shape (n_documents,)
    rule : LabelRule
    where : str
        The source of the column; an error names it.
    names : sequence of str
        Class names. The rule may call the integer k either k or ``names[k]``, as in a
        ClassLabel column of Hugging Face datasets.
    rows_before : int
        The number of rows of the source before these; an error adds it to its row.

    Returns
    -------
    Int8Array, shape (n_documents,)
        The caller drops documents whose label is null.

    Raises
    ------
    CorpusError
        If a label is missing, or the rule gives it no class or both. The message names the
        first such row, counted from 1.
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
            # A UnicodeError is a ValueError too, but its message would not help.
            problem = _NOT_UTF8 if isinstance(error, UnicodeError) else error
            row = rows_before + pc.index(encoded.indices, code).as_py() + 1
            raise CorpusError(f"{where}, row {row}: {problem}") from None
    # The -1 under a null is never seen.
    found = arrow.numbers(np.array([-1 if m is None else m for m in meanings], np.int8))
    known = arrow.mask(np.array([m is not None for m in meanings], np.bool_))
    return pc.if_else(known, found, pa.nulls(len(found), pa.int8())).take(encoded.indices)


def labelled_batches(
    batches: Iterable[pa.RecordBatch],
    columns: Columns,
    rule: LabelRule,
    where: str,
    names: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Yield texts and binary labels, and groups and weights where they are asked for.

    Documents whose label is null are left out.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        They have the `columns`: a text column without nulls, and a label column of any type that
        `binary_labels` takes.
    columns : Columns
    rule, where, names
        As in `binary_labels`.

    Yields
    ------
    RecordBatch
        Of the schema `columns.schema()`.

    Raises
    ------
    CorpusError
        As `binary_labels`, `group_column` and `weight_column`, after the last batch. An error in
        reading the batches comes first, because it is often the cause of a strange label.
    """
    n_rows = 0
    problem: CorpusError | None = None
    schema = columns.schema()
    for batch in batches:
        if problem is not None:
            continue
        try:
            meanings = binary_labels(batch[columns.label], rule, where, names, n_rows)
            found = [batch[columns.text].cast(pa.large_string()), meanings]
            if columns.group is not None:
                found.append(group_column(batch[columns.group], columns.group, where, n_rows))
            if columns.weight is not None:
                found.append(weight_column(batch[columns.weight], columns.weight, where, n_rows))
        except CorpusError as error:
            problem = error
            continue
        n_rows += batch.num_rows
        labelled = pa.record_batch(found, schema=schema)
        yield labelled.filter(meanings.is_valid()) if meanings.null_count else labelled
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
    """Return the rule as a function of a label; it raises ValueError if the label has no class."""
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
    """Return a label as the text that is compared: true, 1 (also for 1.0), a stripped string."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _spellings(value: Scalar, names: Sequence[str]) -> list[str]:
    """Return a label's text and, if it is the number of a class, the name of the class."""
    spellings = [_canonical(value)]
    # Hugging Face marks an unlabelled document with -1, which is not the number of a class.
    if type(value) is int and 0 <= value < len(names):
        spellings.append(_canonical(names[value]))
    return spellings


def _shown(value: Scalar, names: Sequence[str] = ()) -> str:
    """Return a label as an error shows it: on one line, and shortened if it is long."""
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
