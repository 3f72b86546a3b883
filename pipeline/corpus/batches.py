"""Batches of reviews, written to a file and selected from it, without holding all of them.

Where a batch ends depends on the reviews alone. So the same reviews give the same file,
whatever batches their source came in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus.columns import TABLE_SCHEMA
from pipeline.corpus.duplicates import TextStatistics, text_statistics
from pipeline.storage import arrow, files

# Bytes of text and offsets: what a thread works on at a time, and what is held while reading.
BATCH_BYTES = 1 << 22


def write(path: Path, batches: Iterable[pa.RecordBatch]) -> list[TextStatistics]:
    """Write labelled texts, and what else they have, as they come; return their statistics.

    The schema is that of the first batch, or `TABLE_SCHEMA` where there is none.
    """
    statistics: list[TextStatistics] = []
    batches = iter(batches)
    first = next(batches, None)
    schema = TABLE_SCHEMA if first is None else first.schema
    if first is not None:
        batches = itertools.chain([first], batches)
        del first

    def measured() -> Iterator[pa.RecordBatch]:
        for batch in rebatch(batches, BATCH_BYTES):
            statistics.append(text_statistics(batch.column(0)))
            yield batch
            # Arrow would keep the memory for later batches.
            del batch
            pa.default_memory_pool().release_unused()

    files.write_batches(path, schema, measured())
    return statistics


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
