"""A corpus in files: CSV, TSV, JSON lines, Parquet, or folders of text files.

pyarrow reads, and reads only the columns that are asked for. Where it refuses a file,
a slow second look in plain Python finds the line, so that the error can name it.
"""

from __future__ import annotations

import codecs
import contextlib
import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus import diagnosis
from pipeline.corpus.labels import TABLE_SCHEMA, LabelRule, labelled_table
from pipeline.errors import CorpusError

BATCH = 4096  # texts


class SupportsRead1(Protocol):
    """A binary file that can return what has arrived so far."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes, without waiting for more than there are."""


def source_paths(pattern: str) -> list[Path]:
    """Return the files that a pattern stands for, in the order in which they are read.

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


def read_files(pattern: str, text: str, label: str, rule: LabelRule) -> pa.Table:
    """Read the labelled texts of a file, a glob, or a folder with ``pos/`` and ``neg/``.

    Parameters
    ----------
    pattern : str
        As in `source_paths`.
    text, label : str
        Names of the two columns; a folder has none, and its labels are its sub-folders.
    rule : LabelRule
        What the labels mean.

    Returns
    -------
    Table
        ``text`` (large_string) and ``label`` (int8, 0 or 1), one chunk each, no nulls.
        Documents that the rule drops are left out.

    Raises
    ------
    CorpusError
        If a file is missing, is not of a format that is read, or is malformed. The
        message names the file, and the line, or the row counted from 1 without a header.
    """
    paths = source_paths(pattern)
    if Path(pattern).expanduser().is_dir():
        return _read_folder(paths)
    for path in paths:
        if path.suffix.lower() not in _FORMATS:
            got = path.suffix or "none"
            raise CorpusError(f"{path}: expected an extension of {', '.join(_FORMATS)}; got {got}")
    tables = []
    for path in paths:
        table = pa.Table.from_batches(_batches(path, [text, label]))
        tables.append(labelled_table(table.column(0), table.column(1), rule, str(path)))
    return pa.concat_tables(tables).combine_chunks()


def read_texts(path: Path, text: str) -> Iterator[pa.LargeStringArray]:
    """Yield the texts of a file, at most `BATCH` at a time, without loading all of it.

    Parameters
    ----------
    path : Path
        A table by its extension, as in `read_files`; else a text file, one text a line.
    text : str
        Name of a table's text column; no other is read.

    Raises
    ------
    CorpusError
        As in `read_files`, when iteration reaches the place.
    """
    path = path.expanduser()
    if path.suffix.lower() not in _FORMATS:
        with _readable(path), path.open("rb") as file:
            yield from read_lines(file, str(path))
        return
    for batch in _batches(path, [text]):
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


def _read_folder(paths: list[Path]) -> pa.Table:
    contents = []
    for path in paths:
        with _readable(path):
            contents.append(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    try:
        texts = pa.array(contents, pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        path = paths[diagnosis.undecodable(contents) - 1]
        raise CorpusError(f"{path}: {diagnosis.NOT_UTF8}") from None
    labels = pa.array([path.parent.name == "pos" for path in paths]).cast(pa.int8())
    return pa.table({"text": texts, "label": labels}, schema=TABLE_SCHEMA)


def read_lines(file: SupportsRead1, name: str) -> Iterator[pa.LargeStringArray]:
    """Yield the lines of an open file as texts, as they arrive.

    Parameters
    ----------
    file : binary file, open for reading
        Its `read1` returns what is there, so a slow writer's lines are not held back.
    name : str
        What an error calls the file.

    Raises
    ------
    CorpusError
        If a line is not valid UTF-8.
    """
    n_lines, rest, at_end = 0, b"", False
    while not at_end:
        chunk = file.read1(1 << 20)
        at_end = not chunk
        *lines, rest = (rest + chunk).split(b"\n")
        if at_end and rest:
            lines.append(rest)
        if n_lines == 0 and lines:
            lines[0] = lines[0].removeprefix(codecs.BOM_UTF8)
        lines = [line.removesuffix(b"\r") for line in lines]
        try:
            texts = pa.array(lines, pa.large_binary()).cast(pa.large_string())
        except pa.ArrowInvalid:
            line = n_lines + diagnosis.undecodable(lines)
            raise CorpusError(f"{name}, line {line}: {diagnosis.NOT_UTF8}") from None
        if lines:
            yield texts
        n_lines += len(lines)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{path}: cannot read the file: {error.strerror}") from None


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of a table; the first is the text, checked and made large_string.

    pyarrow's streaming readers are as fast as its readers of whole files, so there is
    one way in for both.
    """
    read, look_at = _FORMATS[path.suffix.lower()]
    row = 0
    # An OSError of pyarrow may as well mean corrupt data; one from here cannot.
    with _readable(path):
        path.open("rb").close()
    try:
        for batch in read(path, columns):
            texts = batch.column(0).cast(pa.large_string())
            if texts.null_count:
                row += pc.index(texts.is_null(), True).as_py() + 1
                raise CorpusError(f"{path}, row {row}: the text is missing; expected a string")
            # Only the CSV reader has looked at the encoding by now.
            texts.validate(full=True)
            yield pa.record_batch([texts, *batch.columns[1:]], names=columns)
            row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        problem = look_at(path, columns) or diagnosis.refusal(error)
        raise CorpusError(f"{path}{problem}") from None
    if row == 0:
        raise CorpusError(f"{path}{diagnosis.NO_ROWS}")


def _csv_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv

    n_rows = 0
    batches = arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(block_size=diagnosis.BLOCK),
        parse_options=arrow_csv.ParseOptions(
            delimiter=diagnosis.delimiter(path), newlines_in_values=True
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.large_string()),
        ),
    )
    for batch in batches:
        n_rows += batch.num_rows
        yield batch
    problem = diagnosis.stray_quote(path, n_rows)
    if problem:
        raise CorpusError(f"{path}{problem}")


def _json_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import json as arrow_json

    number, first = next(diagnosis.json_records(path), (0, {}))
    if isinstance(first, str):
        raise CorpusError(f"{path}, line {number}: {first}")
    if not number:
        return
    for column in columns:
        if column not in first:
            raise CorpusError(f"{path}{diagnosis.missing_column(column, first)}")
    types = {
        column: diagnosis.JSON_TYPES.get(diagnosis.kind_of(first[column]), pa.large_string())
        for column in columns
    }
    types[columns[0]] = pa.large_string()
    yield from arrow_json.open_json(
        path,
        read_options=arrow_json.ReadOptions(block_size=diagnosis.BLOCK),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=pa.schema(types), unexpected_field_behavior="ignore"
        ),
    )


def _parquet_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    # A single file by name: read_table would take parts of its path for columns.
    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        for column in columns:
            if column not in schema.names:
                raise CorpusError(f"{path}{diagnosis.missing_column(column, schema.names)}")
        kind = schema.field(columns[0]).type
        values = kind.value_type if pa.types.is_dictionary(kind) else kind
        if values not in (pa.string(), pa.large_string(), pa.string_view()):
            raise CorpusError(
                f"{path}: column {columns[0]!r} is of type {kind}; expected a string column"
            )
        for batch in file.iter_batches(batch_size=BATCH, columns=columns):
            # A file keeps its own order of columns.
            yield batch.select(columns)


_FORMATS = {
    ".csv": (_csv_batches, diagnosis.csv_problem),
    ".tsv": (_csv_batches, diagnosis.csv_problem),
    ".jsonl": (_json_batches, diagnosis.json_problem),
    ".ndjson": (_json_batches, diagnosis.json_problem),
    ".json": (_json_batches, diagnosis.json_problem),
    ".parquet": (_parquet_batches, diagnosis.parquet_problem),
}
