"""Batches of reviews, written to files and selected from them, without holding all of them.

Where a batch and a file end depends on the reviews alone. So the same reviews give the same files,
whatever batches their source came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.storage import arrow, files

# Bytes of text and offsets: what a thread works on at a time, and what is held while reading.
BATCH_BYTES = 1 << 22


def write(
    path: Path,
    batches: Iterable[pa.RecordBatch],
    limit: int,
    tell: Callable[[pa.RecordBatch], None] = lambda batch: None,
) -> list[Path]:
    """Write labelled texts, and what else they have, as they come; return the files.

    Parameters
    ----------
    path : Path
        Its name, with a number behind the stem, is that of each file. No row, no file.
    batches : iterable of pyarrow.RecordBatch
    limit : int
        Bytes of text and offsets, after which a file ends and the next one begins.
    tell : callable
        Called with each batch before it is written.
    """
    waiting = rebatch(batches, BATCH_BYTES)
    paths: list[Path] = []

    def of_one_file(first: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        batch, size = first, 0
        del first
        while batch is not None:
            tell(batch)
            size += int(batch.column(0).nbytes)
            yield batch
            # Arrow would keep the memory for later batches.
            del batch
            pa.default_memory_pool().release_unused()
            batch = next(waiting, None) if size < limit else None

    while (first := next(waiting, None)) is not None:
        paths.append(path.with_name(f"{path.stem}-{len(paths):05d}{path.suffix}"))
        content = of_one_file(first)
        schema = first.schema
        del first
        files.write_batches(paths[-1], schema, content)
    return paths


def rebatch(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of a size: each ends with the row that reaches it.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        The first column is the text, large_string without nulls.
    size : int
        Bytes of text and offsets; the last batch may have fewer.
    """
    waiting: list[pa.RecordBatch] = []
    room = size
    for batch in batches:
        if batch.num_rows == 0:
            continue
        ends = arrow.buffers(batch.column(0))[1] + 8 * np.arange(batch.num_rows + 1)
        start = 0
        while start < batch.num_rows:
            end = min(int(np.searchsorted(ends, ends[start] + room)), batch.num_rows)
            waiting.append(batch.slice(start, end - start))
            room -= int(ends[end] - ends[start])
            start = end
            if room <= 0:
                yield _joined(waiting)
                waiting, room = [], size
    if waiting:
        yield _joined(waiting)


def select(
    batches: Iterable[pa.RecordBatch], rows: npt.NDArray[np.bool_]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows where `rows` is true: bool, one for each row of all batches."""
    start = 0
    for batch in batches:
        yield batch.filter(arrow.mask(rows[start : start + batch.num_rows]))
        start += batch.num_rows


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    (whole,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return whole
