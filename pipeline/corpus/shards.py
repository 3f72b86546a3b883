"""The shards of a set: read and written part by part, each part on its own.

A part of a source is a file, or small files that follow each other. It becomes one Arrow file, or
several where it holds more than `SHARD` bytes of text. So the parts of a large source can be read
at the same time, and what is done with each shard later needs no other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.cluster.workers import Workers
from pipeline.corpus import batches
from pipeline.corpus.duplicates import statistics_file, text_statistics
from pipeline.corpus.tally import Tally
from pipeline.storage import files
from pipeline.storage.kept import NOTHING_KEPT, KeptShards, ShardTask
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
        Readers of the parts, in order. One that has `inputs` names the files that it reads.
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


def write_parts(
    wholes: Sequence[Path], sources: Sequence[SetSource], kept: KeptShards
) -> list[Written]:
    """Write the shards of each set under passing names; `named` gives them those of a set.

    Parameters
    ----------
    wholes : sequence of Path
        The path that each set has if it is a single shard.
    sources : sequence of SetSource
    kept : KeptShards
        Runs a task for each part.
    """
    tasks = [
        ShardTask(read, _passing(whole, "read", k), getattr(read, "inputs", ()))
        for whole, source in zip(wholes, sources, strict=True)
        for k, read in enumerate(source.parts)
    ]
    if not all(source.is_portable for source in sources):
        kept = NOTHING_KEPT
    results = iter(list(kept.map_in_threads(_write_part, tasks, SHARD)))
    todo = iter(tasks)
    written = []
    for source in sources:
        found = Written([], [], Tally())
        for task, result in itertools.islice(zip(todo, results, strict=True), len(source.parts)):
            found.shards.extend(task.target.with_name(name) for name in result["shards"])
            found.statistics.append(_statistics_path(task))
            found.tally.add(Tally.of_json(result["tally"]))
        written.append(found)
    return written


def _write_part(task: ShardTask, limit: int) -> dict[str, Any]:
    """Write the shards of a part and the statistics of its texts; return names and count."""
    tally = Tally()
    with statistics_file(_statistics_path(task)) as file:

        def measure(batch: pa.RecordBatch) -> None:
            text_statistics(batch.column(0)).appended(file)

        paths = batches.write(task.target, task.source(tally), limit, measure)
    return {"shards": [path.name for path in paths], "tally": tally.to_json()}


def _statistics_path(task: ShardTask) -> Path:
    return task.target.with_suffix(".safetensors")


def select(
    shards: Sequence[Path], rows: npt.NDArray[np.bool_], whole: Path, workers: Workers
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
    chosen = map(_Chosen, shards, np.split(rows, ends[:-1]))
    tasks = [ShardTask(each, _passing(whole, "kept", k)) for k, each in enumerate(chosen)]
    found = KeptShards(workers).map_in_threads(_select_rows, tasks, SHARD)
    return [
        task.target.with_name(name)
        for task, names in zip(tasks, found, strict=True)
        for name in names
    ]


class _Chosen(NamedTuple):
    """Some rows of a shard."""

    shard: Path
    rows: npt.NDArray[np.bool_]

    def __str__(self) -> str:
        return str(self.shard)


def _select_rows(task: ShardTask, limit: int) -> list[str]:
    """Write the rows of a shard; return the names of the files."""
    chosen = batches.select(files.read_batches(task.source.shard), task.source.rows)
    return [path.name for path in batches.write(task.target, chosen, limit)]


def read_shards(shards: Sequence[Path]) -> pa.Table:
    """Map the shards of a set into memory, as one table."""
    return pa.concat_tables([files.read_table(shard) for shard in shards])


def named(shards: Sequence[Path], whole: Path) -> None:
    """Give shards the names that a set of so many has."""
    for shard, path in zip(shards, shard_paths(whole, len(shards)), strict=True):
        shard.replace(path)


def _passing(whole: Path, kind: str, k: int) -> Path:
    return whole.with_name(f"{whole.stem}.{kind}-{k:05d}{whole.suffix}")
