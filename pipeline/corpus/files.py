"""A corpus in files: CSV, TSV, JSON lines, Parquet, or folders of text files.

This module finds the files, gives their rows labels, and reads texts that are not in tables.
`formats` reads the tables.
"""

from __future__ import annotations

import codecs
import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus import diagnosis
from pipeline.corpus.columns import TABLE_SCHEMA, Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.formats import BATCH, TABLES, text_batches
from pipeline.corpus.labels import LabelRule, labelled_batches
from pipeline.corpus.source import EXTENSIONS, Source, readable
from pipeline.errors import CorpusError
from pipeline.storage import arrow

CHUNK = 1 << 20  # bytes that are read at once


class SupportsRead1(Protocol):
    """A binary file that can return what has arrived so far."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes, without waiting for more than have arrived."""


def source_paths(pattern: str) -> list[Path]:
    """Return the files that a pattern matches, in the order in which they are read.

    Parameters
    ----------
    pattern : str
        A file, a glob (``**`` is any number of folders), or a folder with ``pos/`` and
        ``neg/`` of ``*.txt`` files. A relative one starts from the working directory.

    Raises
    ------
    CorpusError
        If there is no such file, or a folder lacks ``pos/`` or ``neg/``.
    """
    path = Path(pattern).expanduser()
    if path.is_dir():
        return _folder_paths(path)
    # A file is taken by its name first: a name may hold brackets.
    if path.is_file():
        return [path]
    # Not Path.glob, which takes no absolute pattern.
    names = glob.glob(str(path), recursive=True)  # noqa: PTH207
    found = sorted(name for name in names if Path(name).is_file())
    if not found:
        what = "no file matches" if glob.has_magic(pattern) else "no such file"
        raise CorpusError(
            f"{pattern}: {what}; expected a file, a glob, or a folder with pos/ and neg/"
        )
    return [Path(name) for name in found]


def read_batches(
    pattern: str, columns: Columns, rule: LabelRule, dialect: Dialect | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the labelled texts of a file, a glob, or a folder with ``pos/`` and ``neg/``.

    Parameters
    ----------
    pattern : str
        As in `source_paths`.
    columns : Columns
        Names of the columns. They are ignored for a folder, whose sub-folders are the labels.
    rule : LabelRule
    dialect : Dialect, optional

    Yields
    ------
    RecordBatch
        ``text`` (large_string) and ``label`` (int8, 0 or 1), and where `columns` names them
        ``group`` (large_string) and ``weight`` (float64), without nulls. Documents that the rule
        drops are left out.

    Raises
    ------
    CorpusError
        If a file is missing, malformed, or not of a format in `TABLES`. The message names the
        file and the line or row. Rows are counted from 1, without the header.
    """
    paths = source_paths(pattern)
    if Path(pattern).expanduser().is_dir():
        for start in range(0, len(paths), BATCH):
            yield _folder_batch(paths[start : start + BATCH])
        return
    dialect = dialect or Dialect()
    for path in paths:
        if Source(path, dialect).format not in TABLES:
            got = path.suffix or "none"
            accepted = ", ".join(EXTENSIONS)
            raise CorpusError(f"{path}: expected an extension of {accepted}; got {got}")
    for path in paths:
        batches = text_batches(path, columns.names(), dialect)
        yield from labelled_batches(batches, columns, rule, str(path))


def read_texts(
    path: Path, text: str, dialect: Dialect | None = None
) -> Iterator[pa.LargeStringArray]:
    """Yield the texts of a file, at most `BATCH` at a time, without loading all of it.

    Parameters
    ----------
    path : Path
        A table if its format is in `TABLES`, otherwise a text file with one text a line.
    text : str
        Name of a table's text column, the only one that is read.
    dialect : Dialect, optional

    Raises
    ------
    CorpusError
        As in `read_batches`, when the iteration reaches the place.
    """
    path = path.expanduser()
    source = Source(path, dialect or Dialect())
    if source.format not in TABLES:
        with readable(path), source.open() as file:
            yield from read_lines(cast("SupportsRead1", file), str(path))
        return
    for batch in text_batches(path, [text], source.dialect):
        for start in range(0, batch.num_rows, BATCH):
            yield batch.column(0).slice(start, BATCH)


def _folder_paths(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for name in ("pos", "neg"):
        found = sorted((folder / name).glob("*.txt"))
        if not found:
            there = ", ".join(sorted(entry.name for entry in folder.iterdir())[:10]) or "nothing"
            raise CorpusError(
                f"{folder}: expected *.txt files in the sub-folders pos/ and neg/; "
                f"found none in {name}/ (the folder holds {there})"
            )
        paths += found
    return paths


def _folder_batch(paths: list[Path]) -> pa.RecordBatch:
    contents = []
    for path in paths:
        with readable(path):
            contents.append(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    try:
        texts = _texts(contents)
    except pa.ArrowInvalid:
        path = paths[diagnosis.undecodable(contents) - 1]
        raise CorpusError(f"{path}: {diagnosis.NOT_UTF8}") from None
    labels = np.array([path.parent.name == "pos" for path in paths], np.int8)
    return pa.record_batch([texts, arrow.numbers(labels)], schema=TABLE_SCHEMA)


def _texts(contents: list[bytes]) -> pa.LargeStringArray:
    """Return bytes as texts; raise ArrowInvalid if some are not UTF-8."""
    offsets = np.zeros(len(contents) + 1, np.int64)
    np.cumsum([len(content) for content in contents], out=offsets[1:])
    texts = arrow.of_bytes(b"".join(contents), offsets)
    texts.validate(full=True)
    return texts


def read_lines(file: SupportsRead1, name: str) -> Iterator[pa.LargeStringArray]:
    """Yield the lines of an open file as texts, while they arrive.

    Parameters
    ----------
    file : binary file, open for reading
        Its `read1` returns what has arrived, so that a slow writer's lines are not held back.
    name : str
        The name of the file in an error.

    Raises
    ------
    CorpusError
        If a line is not valid UTF-8.
    """
    n_lines = 0
    for data in _whole_lines(file):
        # Arrow cuts a text natively, which takes a tenth of the time of a Python object a line.
        lines = data.replace(b"\r\n", b"\n").removesuffix(b"\n")
        try:
            whole = _texts([lines])
        except pa.ArrowInvalid:
            line = n_lines + diagnosis.undecodable(lines.split(b"\n"))
            raise CorpusError(f"{name}, line {line}: {diagnosis.NOT_UTF8}") from None
        texts = pc.split_pattern(whole, "\n").flatten()
        yield texts
        n_lines += len(texts)


def _whole_lines(file: SupportsRead1) -> Iterator[bytes]:
    """Yield the bytes of a file without a byte-order mark, some whole lines at a time.

    The parts of a long line are joined when it ends, so that none is copied again and again.
    """
    parts: list[bytes] = []
    at_start = True
    while chunk := file.read1(CHUNK):
        end = chunk.rfind(b"\n") + 1
        if not end:
            parts.append(chunk)
            continue
        lines = b"".join((*parts, chunk[:end]))
        yield lines.removeprefix(codecs.BOM_UTF8) if at_start else lines
        parts, at_start = [chunk[end:]], False
    rest = b"".join(parts)
    rest = rest.removeprefix(codecs.BOM_UTF8) if at_start else rest
    if rest:
        yield rest.removesuffix(b"\r")
