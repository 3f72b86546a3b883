"""Parquet: rows in columns, read by pyarrow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline.corpus.diagnosis import NOT_UTF8, missing_column, undecodable
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

BATCH = 4096  # rows


def parquet_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of a Parquet file; None is all of them."""
    from pyarrow import parquet

    # `read_table` would take parts of the path for columns. Without a buffer size, a whole row
    # group is held at once.
    with parquet.ParquetFile(source.path, pre_buffer=False, buffer_size=1 << 20) as file:
        names = file.schema_arrow.names
        chosen = names if columns is None else list(columns)
        for column in chosen:
            if column not in names:
                raise CorpusError(f"{source.path}{missing_column(column, names)}")
        # There is a thread for each file already.
        for batch in file.iter_batches(BATCH, columns=chosen, use_threads=False):
            # The columns come in the order of the file.
            yield batch.select(chosen)


def parquet_problem(source: Source, columns: Sequence[str]) -> str:
    """Find the first text of a Parquet file that is not UTF-8."""
    from pyarrow import parquet

    row = 0
    # A file that is not Parquet has no rows to look at.
    with (
        contextlib.suppress(pa.ArrowException, OSError),
        parquet.ParquetFile(source.path) as file,
    ):
        for batch in file.iter_batches(batch_size=4096, columns=list(columns[:1])):
            texts = batch.column(0).cast(pa.large_string()).cast(pa.large_binary())
            found = undecodable(texts.to_pylist())
            if found:
                return f", row {row + found}: {NOT_UTF8}"
            row += len(texts)
    return ""
