"""Parts of a set in files, each of which is read by a task of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_part
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.places import Part
from pipeline.corpus.source import File, n_bytes
from pipeline.corpus.tally import Tally

# Bytes of small files that are read as one part.
TOGETHER = 1 << 19


@dataclass(frozen=True)
class PartReader:
    """Reads the labelled texts of files that are read alike; see `read_part`."""

    part: Part
    columns: Columns
    rule: LabelRule
    dialect: Dialect

    def __call__(self, tally: Tally) -> Iterator[pa.RecordBatch]:
        """Yield the labelled texts, and count their rows."""
        return read_part(self.part, self.columns, self.rule, self.dialect, tally)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the files."""
        return tuple(map(str, self.part.paths))

    def __str__(self) -> str:
        first, *others = self.inputs
        return f"{first} and {len(others)} more" if others else first


def small_parts(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts with one file each; small files that follow each other stay together.

    So do the files of a folder that are a review each.
    """
    for part in parts:
        if part.is_whole:
            yield part
            continue
        together: list[File] = []
        size = 0
        for path in part.paths:
            together.append(path)
            size += n_bytes(path)
            if size >= TOGETHER:
                yield part._replace(paths=together)
                together, size = [], 0
        if together:
            yield part._replace(paths=together)
