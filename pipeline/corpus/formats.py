"""Tables in files, a batch of rows at a time: CSV, TSV, JSON lines and Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus import diagnosis
from pipeline.corpus.columnar import BATCH, parquet_batches, parquet_problem
from pipeline.corpus.delimited import csv_batches, csv_problem
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.json_rows import json_batches, json_problem
from pipeline.corpus.source import EXTENSIONS, Source, readable
from pipeline.errors import CorpusError

__all__ = ["BATCH", "TABLES", "table_batches", "text_batches"]

TABLES = {
    "csv": (csv_batches, csv_problem),
    "tsv": (csv_batches, csv_problem),
    "json": (json_batches, json_problem),
    "parquet": (parquet_batches, parquet_problem),
}


def table_batches(
    path: Path, columns: Sequence[str] | None = None, dialect: Dialect | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table in batches.

    Parameters
    ----------
    path : Path
        A file whose format is in `TABLES`, by its dialect or its extension; it may be compressed.
    columns : sequence of str, optional
        The columns that are read, in this order, each once; None for all of them.
    dialect : Dialect, optional

    Yields
    ------
    RecordBatch
        The columns of CSV and TSV are large_string. Those of other formats have their own type.
        Values may be null.

    Raises
    ------
    CorpusError
        If the file cannot be read, is of another format, malformed, or has no such column or no
        rows. The message names the file and, where there is one, the line or row.
    """
    source = Source(path, dialect or Dialect())
    if source.format not in TABLES:
        got = path.suffix or "none"
        raise CorpusError(f"{path}: expected an extension of {', '.join(EXTENSIONS)}; got {got}")
    read, problem_of = TABLES[source.format]
    n_rows = 0
    # An OSError of pyarrow may also mean corrupt data. One from here cannot.
    with readable(path):
        path.open("rb").close()
    try:
        for batch in read(source, columns):
            n_rows += batch.num_rows
            yield batch
    except (pa.ArrowException, OSError) as error:
        problem = problem_of(source, list(columns or ())) or diagnosis.refusal(error)
        raise CorpusError(f"{path}{problem}") from None
    if n_rows == 0:
        raise CorpusError(f"{path}{diagnosis.NO_ROWS}")


def text_batches(path: Path, columns: Sequence[str], dialect: Dialect) -> Iterator[pa.RecordBatch]:
    """Yield columns of a table; the first is the text, which is checked and made large_string.

    Raises
    ------
    CorpusError
        As in `table_batches`, and if a text is missing, not a string, or not valid UTF-8.
    """
    row = 0
    for batch in table_batches(path, columns, dialect):
        texts = _as_text(batch.column(0), f"{path}: column {columns[0]!r}")
        if texts.null_count:
            row += pc.index(texts.is_null(), True).as_py() + 1
            raise CorpusError(f"{path}, row {row}: the text is missing; expected a string")
        try:
            # Only the CSV reader has looked at the encoding by now.
            texts.validate(full=True)
        except pa.ArrowInvalid as error:
            source = Source(path, dialect)
            assert source.format is not None
            problem = TABLES[source.format][1](source, columns) or diagnosis.refusal(error)
            raise CorpusError(f"{path}{problem}") from None
        yield pa.record_batch([texts, *batch.columns[1:]], names=list(columns))
        row += batch.num_rows


def _as_text(column: pa.Array, what: str) -> pa.LargeStringArray:
    kind = column.type
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if values not in (pa.string(), pa.large_string(), pa.string_view()):
        raise CorpusError(f"{what} is of type {kind}; expected a string column")
    return column.cast(pa.large_string())
