"""Files of reviews to Parquet files with predictions: one for each, finished or not there.

An output is written under a hidden name and renamed when it is complete, so one that is there is
whole. Its metadata say what it was computed from. If neither model, settings nor input have
changed since, it is up to date and not computed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.cluster.workers import HERE, Workers
from pipeline.corpus.compression import unpacked_name
from pipeline.corpus.diagnosis import NO_ROWS
from pipeline.corpus.source import File, readable
from pipeline.errors import ConfigError, CorpusError
from pipeline.model.checks import Mask
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.prediction.rows import Told, read_rows, unsure_of
from pipeline.prediction.scorer import ScoredRows, Scorer, scored_rows
from pipeline.prediction.settings import Settings, labels_of
from pipeline.storage import arrow, files
from pipeline.storage.replacing import replacing_alone

# A row group ends with the batch that brings it to one of these sizes.
ROW_GROUP_BYTES, ROW_GROUP_ROWS = 1 << 25, 1 << 17
_METADATA = b"sentiment"


class Job(NamedTuple):
    """An input, its output, and what the output depends on."""

    source: File
    target: Path
    stamp: str


def plan(
    sources: Sequence[File], folder: Path, model_folder: Path, settings: Settings
) -> list[Job]:
    """Return the output of each input: in `folder`, with its name and the extension .parquet.

    Raises
    ------
    ConfigError
        If two inputs would have one output, or an output would replace an input.
    """
    jobs: dict[Path, File] = {}
    inputs = {source.resolve() for source in sources if isinstance(source, Path)}
    for source in sources:
        name = unpacked_name(source if isinstance(source, Path) else Path(source.name))
        target = folder / f"{Path(name).stem}.parquet"
        if target.resolve() in inputs:
            raise ConfigError(f"--out: {target} is an input; expected another folder")
        if target in jobs:
            raise ConfigError(
                f"--out: {jobs[target]} and {source} would both be written to {target}; "
                "predict them into a folder each"
            )
        jobs[target] = source
    model = files.digest(model_folder / "model.json")
    return [Job(source, target, _stamp(model, source, settings)) for target, source in jobs.items()]


def _stamp(model: str, source: File, settings: Settings) -> str:
    """Return what an output depends on: the digest of the model, the settings, the input."""
    state: list[object]
    if isinstance(source, Path):
        with readable(source):
            status = source.stat()
        state = [status.st_size, status.st_mtime_ns]
    else:
        state = [source.state]
    depends = {
        "model": model,
        "settings": asdict(settings),
        "input": [str(source), *state],
    }
    return json.dumps(depends, sort_keys=True)


def is_up_to_date(job: Job) -> bool:
    """Return True if the output is there and has the stamp of its job."""
    from pyarrow import parquet

    if not job.target.is_file():
        return False
    try:
        metadata = parquet.read_metadata(job.target).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return bool(metadata.get(_METADATA) == job.stamp.encode())


def predict_file(
    scorer: Scorer,
    job: Job,
    settings: Settings,
    on_rows: Callable[[pa.RecordBatch], None],
    tell: Callable[[str], None] | None = None,
    workers: Workers = HERE,
) -> Told:
    """Write the rows of an input with their predictions, in their order.

    Parameters
    ----------
    scorer, job, settings
    on_rows : callable
        Called with the rows of each batch that was scored.
    tell : callable, optional
        As in `corpus.files.read_texts`.
    workers : Workers
        What runs the scoring; rows are read and written by this process.

    Raises
    ------
    CorpusError
        If the input cannot be read, or has a column with the name of a new one. Then, and if the
        call is interrupted, there is no output.
    """
    told, model = Told(), scorer.model
    batches = read_rows(job.source, settings.text, settings.keep, settings.dialect, tell)

    def predicted() -> Iterator[pa.RecordBatch]:
        for batch in scored_rows(scorer, batches, settings.text, f"{job.source}, rows", workers):
            unsure = unsure_of(model, batch.scores, settings)
            told.add(batch.scores, unsure, f"{job.source}, row")
            on_rows(batch.rows)
            yield _with_predictions(model, batch, unsure, settings, job.source)

    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        with replacing_alone(job.target) as file:
            if not _write(file, predicted(), job.stamp):
                raise CorpusError(f"{job.source}{NO_ROWS}")
    except OSError as error:
        raise ConfigError(f"--out: {job.target}: cannot be written: {error.strerror}") from None
    return told


def _with_predictions(
    model: TextClassifier, batch: ScoredRows, unsure: Mask | None, settings: Settings, source: File
) -> pa.RecordBatch:
    rows = batch.rows
    if settings.keep is not None:
        rows = rows.select(list(settings.keep))
    for name in settings.new_columns:
        if name in rows.schema.names:
            raise CorpusError(
                f"{source}: it has a column {name!r} already; set --prefix for the names of the "
                "new columns, or leave it out with --keep"
            )
    scores = batch.scores
    threshold = model.regression.threshold if settings.threshold is None else settings.threshold
    added = [
        labels_of(model.classes, scores.predictions(threshold), unsure),
        arrow.numbers(scores.probabilities()),
    ]
    if settings.top is not None:
        added.append(_most_probable(model.classes, *scores.ranked(threshold, settings.top)))
    if settings.known:
        added += [arrow.numbers(scores.n_tokens), arrow.numbers(scores.n_known)]
    names = [*rows.schema.names, *settings.new_columns]
    return pa.record_batch([*rows.columns, *added], names=names)


def _most_probable(classes: Sequence[Any], numbers: Array, probabilities: Array) -> pa.Array:
    """Return a list of labels with their probabilities for each row."""
    columns = [labels_of(classes, numbers.ravel()), arrow.numbers(probabilities.ravel())]
    pairs = pa.StructArray.from_arrays(columns, names=["label", "probability"])
    ends = np.arange(0, numbers.size + 1, numbers.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(arrow.numbers(ends), pairs)


def _write(path: Path, batches: Iterator[pa.RecordBatch], stamp: str) -> bool:
    """Write batches to a Parquet file, in row groups of bounded size; False if there are none."""
    from pyarrow import parquet

    writer: Any = None
    group: list[pa.RecordBatch] = []
    try:
        for batch in batches:
            if writer is None:
                schema = batch.schema.with_metadata({_METADATA: stamp})
                writer = parquet.ParquetWriter(path, schema)
            group.append(batch)
            n_rows = sum(each.num_rows for each in group)
            if n_rows >= ROW_GROUP_ROWS or sum(each.nbytes for each in group) >= ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group))
                group = []
        if group:
            writer.write_table(pa.Table.from_batches(group))
    finally:
        if writer is not None:
            writer.close()
    return writer is not None
