"""Tables in files: CSV, TSV, JSON lines and Parquet, a batch of rows at a time.

pyarrow reads the columns that are asked for, and no others. If it refuses a file, `diagnosis`
finds the line at fault, so that the error can name it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus import diagnosis
from pipeline.errors import CorpusError

BATCH = 4096  # texts


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn an OSError into a CorpusError that names the file."""
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{path}: cannot read the file: {error.strerror}") from None


def table_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of a table; the first is the text, which is checked and made large_string."""
    read, problem_of = FORMATS[path.suffix.lower()]
    row = 0
    # An OSError of pyarrow may also mean corrupt data. One from here cannot.
    with readable(path):
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
        problem = problem_of(path, columns) or diagnosis.refusal(error)
        raise CorpusError(f"{path}{problem}") from None
    if row == 0:
        raise CorpusError(f"{path}{diagnosis.NO_ROWS}")


def _by_blocks(read: Callable[[int], Iterable[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
    """Yield what is read in small blocks, and in larger ones after a row that does not fit.

    Memory depends on the size of a block, because pyarrow reads about thirty blocks ahead.
    """
    n_rows = 0
    for block in (diagnosis.BLOCK // 16, diagnosis.BLOCK):
        known = n_rows
        try:
            for batch in read(block):
                new = batch.slice(min(known, batch.num_rows))
                known -= batch.num_rows - new.num_rows
                n_rows += new.num_rows
                if new.num_rows:
                    yield new
            return
        except pa.ArrowInvalid as error:
            if block == diagnosis.BLOCK or not diagnosis.is_long_row(error):
                raise


def _csv_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv

    parsing = arrow_csv.ParseOptions(delimiter=diagnosis.delimiter(path), newlines_in_values=True)
    conversion = arrow_csv.ConvertOptions(
        include_columns=columns, column_types=dict.fromkeys(columns, pa.large_string())
    )

    def read(block: int) -> Iterable[pa.RecordBatch]:
        reading = arrow_csv.ReadOptions(block_size=block)
        batches: Iterable[pa.RecordBatch] = arrow_csv.open_csv(path, reading, parsing, conversion)
        return batches

    n_rows = 0
    for batch in _by_blocks(read):
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
    parsing = arrow_json.ParseOptions(
        explicit_schema=pa.schema(types), unexpected_field_behavior="ignore"
    )

    def read(block: int) -> Iterable[pa.RecordBatch]:
        reading = arrow_json.ReadOptions(block_size=block)
        batches: Iterable[pa.RecordBatch] = arrow_json.open_json(path, reading, parsing)
        return batches

    yield from _by_blocks(read)


def _parquet_batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    # `read_table` would take parts of the path for columns. Without a buffer size, a whole row
    # group is held at once.
    with parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
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
        # There is a thread for each file already.
        for batch in file.iter_batches(BATCH, columns=columns, use_threads=False):
            # The columns come in the order of the file.
            yield batch.select(columns)


FORMATS = {
    ".csv": (_csv_batches, diagnosis.csv_problem),
    ".tsv": (_csv_batches, diagnosis.csv_problem),
    ".jsonl": (_json_batches, diagnosis.json_problem),
    ".ndjson": (_json_batches, diagnosis.json_problem),
    ".json": (_json_batches, diagnosis.json_problem),
    ".parquet": (_parquet_batches, diagnosis.parquet_problem),
}
