"""Parquet and Arrow files: rows in columns, read by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline.corpus.diagnosis import duplicate_column, missing_column
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

BATCH = 4096  # rows
_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}


def parquet_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of a Parquet file; None is all of them."""
    from pyarrow import parquet

    if source.is_compressed:
        raise CorpusError(
            f"{source.path}: Parquet cannot be read from a compressed file; unpack it"
        )
    # `read_table` would take parts of the path for columns. Without a buffer size, a whole row
    # group is held at once.
    with parquet.ParquetFile(source.content, pre_buffer=False, buffer_size=1 << 20) as file:
        chosen = _chosen(source, file.schema_arrow.names, columns)
        # There is a thread for each file already.
        for batch in file.iter_batches(BATCH, columns=chosen, use_threads=False):
            # The columns come in the order of the file.
            yield validated(batch.select(chosen))


def arrow_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of an Arrow file or stream, such as Feather writes; None is all of them."""
    with source.open_bytes() as file:
        is_file = file.peek(6)[:6] == b"ARROW1"  # type: ignore[attr-defined]
        if is_file:
            # It is read from its end, which a packed file does not have yet.
            content = pa.BufferReader(file.read()) if source.is_compressed else None
            found = pa.ipc.open_file(content or pa.memory_map(str(source.content)))
            batches = (found.get_batch(k) for k in range(found.num_record_batches))
        else:
            found = pa.ipc.open_stream(file)
            batches = iter(found)
        chosen = _chosen(source, found.schema.names, columns)
        for batch in batches:
            yield validated(batch.select(chosen))


def validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch; raise ArrowInvalid if an offset or an index in it is out of bounds.

    pyarrow takes what an Arrow file says, and reads foreign memory with it. Whether a string is
    UTF-8 is looked at later, because such rows may be left out on request.
    """
    for column in batch.columns:
        column.validate()
        (column.view(_BYTES[column.type]) if column.type in _BYTES else column).validate(full=True)
    return batch


def _chosen(source: Source, names: list[str], columns: Sequence[str] | None) -> list[str]:
    twice = duplicate_column(names)
    if twice:
        raise CorpusError(f"{source.path}: {twice}")
    if columns is None:
        return names
    for column in columns:
        if column not in names:
            raise CorpusError(f"{source.path}: {missing_column(source, column, names)}")
    return list(columns)
