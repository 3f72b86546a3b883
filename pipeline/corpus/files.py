"""A corpus in files: tables, lines, or folders of text files, whose rows are given labels.

`places` finds the files, `formats` reads their rows, and `rows` gives them labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boundary.paths import expanded
from pipeline.corpus.columns import TABLE_SCHEMA, Columns, as_text
from pipeline.corpus.compression import unpacked_name
from pipeline.corpus.diagnosis import not_decodable, undecodable_rows
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.encoding import SupportsRead1
from pipeline.corpus.faults import Origin
from pipeline.corpus.formats import BATCH, is_binary, no_format, require_unpacked, source_batches
from pipeline.corpus.labels import LabelRule, meanings
from pipeline.corpus.lines import (
    labelled_format,
    last_field,
    read_lines,
    texts_of,
)
from pipeline.corpus.places import Part, Place, place_parts
from pipeline.corpus.rows import labelled_batches
from pipeline.corpus.source import File, Source, contents, readable
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError
from pipeline.storage import arrow


def read_batches(
    place: Place,
    columns: Columns,
    rule: LabelRule,
    dialect: Dialect | None = None,
    tally: Tally | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the labelled texts of files.

    Parameters
    ----------
    place : str, sequence of str, or dict of them
        As in `place_parts`.
    columns : Columns
        Names of the columns. That of the labels is not used where a folder or a dict says them.
    rule : LabelRule
    dialect : Dialect, optional
        How the files are written. Where neither it nor the extension says their format, a line
        holds a review: with a label first, or alone if its class is known.
    tally : Tally, optional
        Where rows are counted.

    Yields
    ------
    RecordBatch
        ``text`` (large_string) and ``label`` (int8, 0 or 1), and where `columns` names them
        ``group`` (large_string) and ``weight`` (float64), without nulls.

    Raises
    ------
    CorpusError
        If a file is missing or malformed, or a row has no class and is not left out. The message
        names the file and the line or row. Rows are counted from 1, without the header.
    """
    tally = Tally() if tally is None else tally
    dialect = dialect or Dialect()
    for part in place_parts(place, rule):
        yield from read_part(part, columns, rule, dialect, tally)


def read_part(
    part: Part, columns: Columns, rule: LabelRule, dialect: Dialect, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Yield the labelled texts of files that are read alike, as `read_batches` does."""
    if part.is_whole:
        yield from _whole_files(part, columns, rule, dialect, tally)
        return
    for path in part.paths:
        with Source(path, dialect, keys=columns.keys()).at_hand() as source:
            yield from _file_batches(source, part.label, columns, rule, tally)


def _file_batches(
    source: Source, label: int | None, columns: Columns, rule: LabelRule, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Yield the labelled texts of a file, whose rows have a label of their own if it is None."""
    hint = ""
    if source.format is None:
        require_unpacked(source)
        if is_binary(source):
            raise no_format(source)
        source = source.of_format("lines" if label is not None else labelled_format(source))
        if label is None:
            hint = _format_hint(source, rule)
    origin = Origin(
        str(source.path),
        encoding=source.encoding_name,
        encoding_hint=source.encoding_hint,
        label_hint=hint,
        takes_classes=source.dialect.in_config,
    )
    if label is None:
        batches = source_batches(source, columns.names())
    else:
        names = [name for name in columns.names() if name != columns.label]
        batches = (
            batch.append_column(columns.label, _repeated(str(label), batch.num_rows))
            for batch in source_batches(source, names)
        )
        rule = _by_class(rule)
    yield from labelled_batches(batches, columns, rule, origin, tally)
    tally.quoted += source.noticed


def _format_hint(source: Source, rule: LabelRule) -> str:
    """Return how a file without a known extension was read, and which keys read it otherwise."""
    read = f"; no extension says the format, so a line was read as {source.format!r}"
    setting = source.dialect.setting
    last = last_field(source) if source.format == "labelled" else None
    is_found = rule.found is not None  # then any text would be a label
    if last is not None and not is_found and meanings(rule, str(source.path))(last) >= 0:
        return (
            f"{read}, but its last field is a label: set {setting('format', 'tsv')}, "
            f'{source.dialect.key("columns")} = ["text", "label"] and {setting("quoting", "none")}'
        )
    return f"{read}: {source.dialect.key('format')} states another"


def _by_class(rule: LabelRule) -> LabelRule:
    """Return a rule whose labels are the numbers of the classes."""
    numbered = {name: (k,) for k, name in enumerate(rule.names)}
    return LabelRule(classes=numbered, drop=rule.drop)


def _repeated(value: str, count: int) -> pa.LargeStringArray:
    return texts_of([value.encode()] * count)


def _whole_files(
    part: Part, columns: Columns, rule: LabelRule, dialect: Dialect, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Yield the labelled texts of files that are one review each."""
    assert part.label is not None
    for name in columns.names():
        if name in (columns.text, columns.label):
            continue
        raise CorpusError(f"{part.paths[0].parent}: a folder of texts has no column {name!r}")
    invalid: list[Source] = []
    for start in range(0, len(part.paths), BATCH):
        sources = [Source(path, dialect) for path in part.paths[start : start + BATCH]]
        texts = texts_of(contents(sources))
        wrong = undecodable_rows(texts)
        reasons = dict.fromkeys(np.flatnonzero(wrong).tolist(), "not valid UTF-8")
        invalid += [sources[row] for row in reasons]
        if "missing" in rule.drop:
            blank = [
                row for row, text in enumerate(texts) if not wrong[row] and not text.as_py().strip()
            ]
            reasons |= dict.fromkeys(blank, "the text is empty")
        tally.n_rows += len(texts)
        for reason in reasons.values():
            tally.leave_out(reason, 1)
        tally.show((str(sources[row].path), reasons[row]) for row in sorted(reasons))
        kept = np.ones(len(texts), np.bool_)
        kept[list(reasons)] = False
        labels = arrow.numbers(np.full(len(texts), part.label, np.int8))
        batch = pa.record_batch([texts, labels], schema=TABLE_SCHEMA)
        yield batch if kept.all() else batch.filter(arrow.mask(kept))
    if invalid and "invalid" not in rule.drop:
        count = f"{len(invalid):,} of {len(part.paths):,} files"
        with invalid[0].at_hand() as source:
            raise CorpusError(
                f"{source.path}: {not_decodable(source)} ({count}); or set "
                f'corpus.drop = ["invalid"] to leave such files out'
            )


def read_texts(
    path: File,
    text: str,
    dialect: Dialect | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[pa.LargeStringArray]:
    """Yield the texts of a file, at most `BATCH` at a time, without loading all of it.

    Parameters
    ----------
    path : Path or RemoteFile
        Its format is that of its dialect or its extension, otherwise one text a line; the labels
        of fastText are no part of the text.
    text : str
        Name of a table's text column, the only one that is read.
    dialect : Dialect, optional
    tell : callable, optional
        Called at the end with sentences about quoted fields that may have swallowed texts.

    Raises
    ------
    CorpusError
        If the file cannot be read or is malformed, or a text is missing or cannot be decoded,
        when the iteration reaches the place; or if neither its extension nor its content is that
        of a format.
    """
    if isinstance(path, Path):
        path = expanded(path, CorpusError)
    with Source(path, dialect or Dialect()).at_hand() as source:
        yield from source_texts(source, text, tell)


def source_texts(
    source: Source, text: str, tell: Callable[[str], None] | None = None
) -> Iterator[pa.LargeStringArray]:
    """Yield the texts of a source that is at hand, as `read_texts` does."""
    if source.format is None and source.content.is_file():
        require_unpacked(source)
        # In a text file, a zero is a character.
        name = unpacked_name(source.content, str(source.path))
        if not name.lower().endswith(".txt") and is_binary(source):
            raise no_format(source)
        if labelled_format(source) == "fasttext":
            source = source.of_format("fasttext")  # a label is no part of its text
    if source.format is None or source.format == "lines":
        with readable(source.path), source.open() as file:
            yield from read_lines(
                cast("SupportsRead1", file), str(source.path), lambda: not_decodable(source)
            )
        return
    n_rows = 0
    for batch in source_batches(source, [text]):
        texts = checked_texts(source, batch.column(0), text, n_rows)
        n_rows += len(texts)
        for start in range(0, len(texts), BATCH):
            yield texts.slice(start, BATCH)
    tell_of_quotes(source, tell)


def tell_of_quotes(source: Source, tell: Callable[[str], None] | None) -> None:
    """Tell of the quoted fields of a file, which has been read, that may be a mistake."""
    for fields in source.noticed:
        if tell is not None and fields.is_unusual():
            tell(fields.sentence())


def checked_texts(
    source: Source, column: pa.Array, name: str, n_before: int
) -> pa.LargeStringArray:
    """Return a column of texts as large_string, of which none is missing or cannot be decoded.

    Parameters
    ----------
    source : Source
    column : pyarrow.Array
    name : str
        That of the column.
    n_before : int
        The rows of the file before these.

    Raises
    ------
    CorpusError
        If the column is of another type, or a text is missing or cannot be decoded.
    """
    texts = as_text(column, f"{source.path}: column {name!r}")
    if texts.null_count:
        row = n_before + pc.index(texts.is_null(), True).as_py() + 1
        raise CorpusError(f"{source.path}, row {row}: the text is missing; expected a string")
    _check_decodable(source, texts, n_before)
    return texts


def checked_values(source: Source, column: pa.Array, name: str, n_before: int) -> pa.Array:
    """Return a column of any type; as in `checked_texts`, its strings can be decoded."""
    if column.type in (pa.string(), pa.large_string()):
        _check_decodable(source, column, n_before, f"column {name!r}: ")
    return column


def _check_decodable(source: Source, column: pa.Array, n_before: int, what: str = "") -> None:
    wrong = undecodable_rows(column)
    if wrong.any():
        row = n_before + int(wrong.argmax()) + 1
        raise CorpusError(f"{source.path}, row {row}: {what}{not_decodable(source)}")
