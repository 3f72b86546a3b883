"""Rows of any source to labelled rows: what is left out is counted, what is wrong is refused.

An error waits for the last row, so that it can say how many rows are wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus.columns import Columns, as_text
from pipeline.corpus.faults import Fault, Origin, Rows, other_columns, text_faults
from pipeline.corpus.labels import LabelRule, Meaning, Scalar, label_values, meanings, shown
from pipeline.corpus.suggestions import suggested_keys
from pipeline.corpus.tally import EXAMPLES, Tally
from pipeline.errors import CorpusError
from pipeline.storage import arrow

_LISTED = 10
_MOST_DISTINCT = 1000  # unknown labels that are kept apart: a text may be taken for a label


def labelled_batches(
    batches: Iterable[pa.RecordBatch],
    columns: Columns,
    rule: LabelRule,
    origin: Origin,
    tally: Tally | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield texts and the numbers of their classes; groups and weights where they are asked for.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        They have the `columns`: a column of strings, and labels of any type that `label_values`
        takes.
    columns : Columns
    rule : LabelRule
    origin : Origin
    tally : Tally, optional
        Where rows are counted.

    Yields
    ------
    RecordBatch
        Of the schema `columns.schema()`, without the rows that the rule leaves out.

    Raises
    ------
    CorpusError
        After the last batch, if there are rows without a class that the rule does not leave out,
        or whose group or weight is wrong. An error in reading the batches comes first, because it
        is often the cause of a strange label.
    """
    reader = _RowReader(columns, rule, origin, Tally() if tally is None else tally)
    for batch in batches:
        labelled = reader.labelled(batch)
        if not reader.problems:
            yield labelled
    reader.check()


@dataclass
class _Problem:
    """Rows that are refused: their number, and the first one with its reason."""

    first: int
    reason: str
    count: int = 0


class _RowReader:
    """Gives the rows of one origin their labels, and remembers what is wrong with them."""

    def __init__(self, columns: Columns, rule: LabelRule, origin: Origin, tally: Tally) -> None:
        self.columns, self.rule, self.origin, self.tally = columns, rule, origin, tally
        self.problems: dict[Meaning, _Problem] = {}
        self._n_rows = 0
        self._meaning_of = meanings(rule, origin.name, origin.classes)
        self._unknown: Counter[Scalar] = Counter()
        self._known: dict[Scalar, None] = {}

    def labelled(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows of a batch that have a class, in the schema `columns.schema()`."""
        columns, where = self.columns, self.origin.name
        texts = as_text(batch[columns.text], f"{where}: column {columns.text!r}")
        labels, faults = self._by_label(label_values(batch[columns.label], where))
        # What else is wrong with a row that is left out does not matter.
        faults = [
            *(fault for fault in faults if fault.meaning in _LEFT_OUT),
            *text_faults(texts, self.origin, "missing" in self.rule.drop),
            *(fault for fault in faults if fault.meaning not in _LEFT_OUT),
        ]
        others, more = other_columns(batch, columns, self.origin)
        values = [texts, arrow.numbers(labels), *others]
        faults += more
        kept = np.ones(batch.num_rows, np.bool_)
        left_out: list[tuple[int, str]] = []
        for fault in faults:
            if fault.rows.any():
                left_out += self._count(fault, fault.rows & kept)
                kept &= ~fault.rows
        self.tally.show((f"{where}, row {row}", reason) for row, reason in sorted(left_out))
        self._n_rows += batch.num_rows
        self.tally.n_rows += batch.num_rows
        rows = pa.record_batch(values, schema=columns.schema())
        return rows if kept.all() else rows.filter(arrow.mask(kept))

    def check(self) -> None:
        """Refuse the rows that have no class and are not left out.

        Raises
        ------
        CorpusError
            It counts the rows of the first kind of problem, names the first of them, and says
            which key of the config helps.
        """
        for meaning in (Meaning.INVALID, Meaning.MISSING, Meaning.UNKNOWN, Meaning.UNUSABLE):
            problem = self.problems.get(meaning)
            if problem is not None:
                count = f"{problem.count:,} of {self._n_rows:,} rows"
                raise CorpusError(
                    f"{self.origin.name}, row {problem.first}: {problem.reason} "
                    f"({count}{self._message(meaning)}"
                )

    def _by_label(self, labels: pa.Array) -> tuple[npt.NDArray[np.int8], list[Fault]]:
        """Return the label of each row, and the rows whose label gives no class."""
        encoded = labels.dictionary_encode()
        values = [*map(_value, encoded.dictionary), None]
        found = [
            Meaning.INVALID if value is _UNDECODABLE else self._meaning_of(value)
            for value in values
        ]
        codes = arrow.values(encoded.indices)
        if encoded.null_count:  # not `fill_null`, which imports pandas
            codes = np.where(arrow.mask_values(encoded.is_null()), len(values) - 1, codes)
        by_row = np.array(found, np.int8)[codes]
        self._known.update((v, None) for v, m in zip(values, found, strict=True) if m >= 0)
        if (by_row >= 0).all():
            return by_row, []
        return by_row, [*self._of_label(codes, values, found), *self._without_label(by_row)]

    def _of_label(
        self, codes: npt.NDArray[Any], values: list[Any], found: list[int]
    ) -> Iterator[Fault]:
        """Yield the rows of each label that is ignored or unknown; of many, the rest together."""
        rest = np.zeros(len(codes), np.bool_)
        first: Scalar | None = None
        for k in np.flatnonzero(np.bincount(codes, minlength=len(values))).tolist():
            value, meaning = values[k], found[k]
            if meaning == Meaning.IGNORED:
                reason = f"label {shown(value, self.origin.classes)} is ignored"
                yield Fault(Meaning.IGNORED, reason, codes == k)
            elif meaning == Meaning.UNKNOWN:
                if value in self._unknown or len(self._unknown) < _MOST_DISTINCT:
                    self._unknown[value] += 0
                    yield Fault(Meaning.UNKNOWN, self._unknown_reason(value), codes == k, value)
                else:
                    rest |= codes == k
                    first = value if first is None else first
        if first is not None:
            yield Fault(Meaning.UNKNOWN, self._unknown_reason(first), rest)

    def _unknown_reason(self, label: Scalar) -> str:
        return f"label {shown(label, self.origin.classes)} {self.rule.refusal()}"

    def _without_label(self, by_row: npt.NDArray[np.int8]) -> Iterator[Fault]:
        """Yield the rows whose label is between the classes, missing or cannot be decoded."""
        reason = "the rating lies between corpus.negative_to and corpus.positive_from"
        yield Fault(Meaning.BETWEEN, reason, by_row == Meaning.BETWEEN)
        yield Fault(Meaning.MISSING, "the label is missing", by_row == Meaning.MISSING)
        reason = f"the label is not valid {self.origin.encoding}"
        yield Fault(Meaning.INVALID, reason, by_row == Meaning.INVALID)

    def _count(self, fault: Fault, rows: Rows) -> list[tuple[int, str]]:
        """Count rows as left out if the rule says so, and return the first; else as a problem."""
        count = int(rows.sum())
        if not count:
            return []
        first_rows = np.flatnonzero(rows)[:EXAMPLES]
        found = first_rows + self._n_rows + 1
        dropped = {"missing": Meaning.MISSING, "invalid": Meaning.INVALID}
        if fault.meaning in _LEFT_OUT or fault.meaning in map(dropped.get, self.rule.drop):
            self.tally.leave_out(fault.reason, count)
            return [(row, fault.reason) for row in found.tolist()]
        first = _Problem(int(found[0]), fault.reason_of(int(first_rows[0])))
        problem = self.problems.setdefault(fault.meaning, first)
        if first.first < problem.first:
            problem.first, problem.reason = first.first, first.reason
        problem.count += count
        if fault.label is not None:
            self._unknown[fault.label] += count
        return []

    def _message(self, meaning: Meaning) -> str:
        """Return the end of the message about rows, after their number: what helps."""
        if meaning == Meaning.INVALID:
            hint = self.origin.encoding_hint()
            return f'); {hint}, or corpus.drop = ["invalid"] to leave such rows out'
        if meaning == Meaning.MISSING:
            return '); set corpus.drop = ["missing"] to leave such rows out'
        if meaning == Meaning.UNUSABLE:
            return "); expected finite numbers above 0 in the column that corpus.weight names"
        unknown = [(label, count) for label, count in self._unknown.most_common() if count]
        labels = [
            f"{shown(label, self.origin.classes)} {count:,}" for label, count in unknown[:_LISTED]
        ]
        if len(unknown) > _LISTED:
            labels.append("...")
        names = [self._named(label) for label, _ in unknown]
        known = list(map(self._named, self._known))
        keys = suggested_keys(names, self.rule, known, self.origin.takes_classes)
        return f": {', '.join(labels)}); {keys}{self.origin.label_hint}"

    def _named(self, label: Scalar) -> Scalar:
        """Return the name of a class for its number, where the classes have names."""
        names = self.origin.classes
        return names[label] if type(label) is int and 0 <= label < len(names) else label


_LEFT_OUT = (Meaning.IGNORED, Meaning.BETWEEN)
_UNDECODABLE = object()


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _UNDECODABLE
