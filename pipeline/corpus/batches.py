"""A corpus on its way to a file and out of it again: batches of reviews, never all of them.

A split's file is cut into batches by the reviews alone, so the same reviews are the same
bytes, whatever source they come from and however it was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus.duplicates import TextStatistics, scan
from pipeline.corpus.labels import TABLE_SCHEMA
from pipeline.storage import arrow, files

# Of text and offsets. One core's share of work at a time, and what is held while reading.
BATCH_BYTES = 1 << 22


def write(path: Path, batches: Iterable[pa.RecordBatch]) -> list[TextStatistics]:
    """Write labelled texts as they come, and return scans of them, taken as they pass."""
    scans: list[TextStatistics] = []

    def scanned() -> Iterator[pa.RecordBatch]:
        for batch in cut(batches, BATCH_BYTES):
            scans.append(scan(batch.column(0)))
            yield batch
            # Arrow would keep the memory for later batches.
            del batch
            pa.default_memory_pool().release_unused()

    files.write_batches(path, TABLE_SCHEMA, scanned())
    return scans


def cut(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Cut batches anew: each ends with the document that fills it up.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        The first column is the text, large_string without nulls.
    size : int
        Bytes of text and offsets; the last batch may have less.
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
    """Yield the rows for which `rows`, a bool for each one of all batches, is true."""
    start = 0
    for batch in batches:
        yield batch.filter(arrow.mask(rows[start : start + batch.num_rows]))
        start += batch.num_rows


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    (whole,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return whole
