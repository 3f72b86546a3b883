"""The shards of a set: read and written part by part, each part on its own.

A part of a source is a file, or small files that follow each other. It becomes one Arrow file, or
several where it holds more than `SHARD` bytes of text. So the parts of a large source can be read
at the same time, and what is done with each shard later needs no other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.cluster.workers import HERE, Workers
from pipeline.corpus import batches
from pipeline.corpus.duplicates import statistics_file, text_statistics
from pipeline.corpus.tally import Tally
from pipeline.storage import files
from pipeline.storage.shards import shard_paths

# Bytes of text and offsets, after which a shard ends.
SHARD = 1 << 28

# Yields the labelled rows of a part, and counts them.
Reader = Callable[[Tally], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class SetSource:
    """What a set is read from.

    Attributes
    ----------
    parts : sequence of callables
        Readers of the parts, in order.
    is_portable : bool
        Whether other processes can call them.
    """

    parts: Sequence[Reader]
    is_portable: bool = False


class Written(NamedTuple):
    """The shards that were written, files of their texts' statistics, and the count of their rows.

    The statistics are in files because those of many texts are large.
    """

    shards: list[Path]
    statistics: list[Path]
    tally: Tally

    @classmethod
    def joined(cls, parts: Iterable[Written]) -> Written:
        """Return what was written part after part as one."""
        whole = cls([], [], Tally())
        for part in parts:
            whole.shards.extend(part.shards)
            whole.statistics.extend(part.statistics)
            whole.tally.add(part.tally)
        return whole


def write_parts(
    wholes: Sequence[Path], sources: Sequence[SetSource], workers: Workers = HERE
) -> list[Written]:
    """Write the shards of each set under passing names; `named` gives them those of a set.

    Parameters
    ----------
    wholes : sequence of Path
        The path that each set has if it is a single shard.
    sources : sequence of SetSource
    workers : Workers
    """
    tasks = [
        (part, _passing(whole, "read", k))
        for whole, source in zip(wholes, sources, strict=True)
        for k, part in enumerate(source.parts)
    ]
    at = workers if all(source.is_portable for source in sources) else HERE
    found = at.map_in_threads(_write_part, tasks, SHARD)
    return [Written.joined(itertools.islice(found, len(source.parts))) for source in sources]


def _write_part(task: tuple[Reader, Path], limit: int) -> Written:
    read, path = task
    tally, statistics = Tally(), path.with_suffix(".safetensors")
    with statistics_file(statistics) as file:

        def measure(batch: pa.RecordBatch) -> None:
            text_statistics(batch.column(0)).appended(file)

        shards = batches.write(path, read(tally), limit, measure)
    return Written(shards, [statistics], tally)


def select(
    shards: Sequence[Path],
    rows: npt.NDArray[np.bool_],
    whole: Path,
    workers: Workers = HERE,
) -> list[Path]:
    """Write the rows of shards where `rows` is true, under passing names.

    Parameters
    ----------
    shards : sequence of Path
    rows : bool array
        One for each row of all shards.
    whole : Path
        The path that the set has if it is a single shard.
    workers : Workers
    """
    ends = np.cumsum([files.read_table(shard).num_rows for shard in shards])
    tasks = [
        (shard, kept, _passing(whole, "kept", k))
        for k, (shard, kept) in enumerate(zip(shards, np.split(rows, ends[:-1]), strict=True))
    ]
    found = workers.map_in_threads(_select_rows, tasks, SHARD)
    return [path for paths in found for path in paths]


def _select_rows(task: tuple[Path, npt.NDArray[np.bool_], Path], limit: int) -> list[Path]:
    shard, kept, path = task
    return batches.write(path, batches.select(files.read_batches(shard), kept), limit)


def read_shards(shards: Sequence[Path]) -> pa.Table:
    """Map the shards of a set into memory, as one table."""
    return pa.concat_tables([files.read_table(shard) for shard in shards])


def named(shards: Sequence[Path], whole: Path) -> None:
    """Give shards the names that a set of so many has."""
    for shard, path in zip(shards, shard_paths(whole, len(shards)), strict=True):
        shard.replace(path)


def _passing(whole: Path, kind: str, k: int) -> Path:
    return whole.with_name(f"{whole.stem}.{kind}-{k:05d}{whole.suffix}")
