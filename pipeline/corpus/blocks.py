"""pyarrow's readers, which read a file in blocks of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from pipeline.corpus import diagnosis


def by_blocks(read: Callable[[int], Iterable[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
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
