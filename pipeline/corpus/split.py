"""Write the training and the test set, as they are given or split at random by class and group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.cluster.workers import HERE, Workers
from pipeline.corpus.duplicates import TextStatistics
from pipeline.corpus.groups import group_numbers
from pipeline.corpus.shards import SetSource, named, read_shards, select, write_parts
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError
from pipeline.storage import arrow
from pipeline.storage.kept import NOTHING_KEPT, KeptShards
from pipeline.storage.shards import shards_in
from pipeline.stratified import TWO_CLASSES, draw_by_class

SET_NAMES = {"train": "training", "test": "test"}


class WrittenSets(NamedTuple):
    """The statistics of the training texts and then the test texts, and the count of each's rows.

    Of a test set that is drawn from the training set there is no count of its own.
    """

    statistics: TextStatistics
    tallies: list[Tally]


def write_sets(
    folder: Path,
    sources: Sequence[SetSource],
    test_fraction: float,
    seed: int,
    names: Sequence[str] = TWO_CLASSES,
    kept: KeptShards = NOTHING_KEPT,
) -> WrittenSets:
    """Write the shards of the training set and of the test set.

    Parameters
    ----------
    folder : Path
    sources : one or two SetSources
        Labelled texts of the training set and of the test set. If there is no second one, the
        test set is drawn from the first.
    test_fraction, seed
        As in `draw_test`.
    names : sequence of str
        The name of each class.
    kept : KeptShards
        Runs the tasks.

    Raises
    ------
    CorpusError
        If a set is empty, or the training set has no review of a class.
    """
    wholes = [folder / f"{name}.arrow" for name in SET_NAMES]
    written = write_parts(wholes[: len(sources)], sources, kept)
    counted = rows_counted(len(sources))
    for name, kind, found in zip(SET_NAMES.values(), counted, written, strict=False):
        if not found.shards:
            left_out = found.tally.sentences(kind)
            raise CorpusError("; ".join([f"corpus: the {name} set is empty", *left_out]))
    statistics = _joined([path for found in written for path in found.statistics], folder)
    train = read_shards(written[0].shards)
    require_each_class(arrow.values(train["label"]), "", names)
    shards = [found.shards for found in written]
    if len(sources) == 1:
        labels, groups = arrow.values(train["label"]), group_numbers(train)
        in_test = draw_test(labels, test_fraction, seed, groups, names)
        sides = ~in_test, in_test
        drawn = [
            select(shards[0], rows, whole, kept.workers)
            for rows, whole in zip(sides, wholes, strict=True)
        ]
        _remove(shards[0])
        shards = drawn
        rows = np.concatenate([np.flatnonzero(side) for side in sides])
        statistics = statistics.take(rows, folder)
    for paths, whole in zip(shards, wholes, strict=True):
        named(paths, whole)
    return WrittenSets(statistics, [found.tally for found in written])


def rows_counted(n_sources: int) -> list[str]:
    """Return what the rows of each source are, as `Tally.sentences` takes it.

    A test set may be drawn from the only source: then its rows are of no set yet.

    >>> rows_counted(1), rows_counted(2)
    (['reviews'], ['rows of the training set', 'rows of the test set'])
    """
    if n_sources == 1:
        return ["reviews"]
    return [f"rows of the {name} set" for name in SET_NAMES.values()]


def read_sets(folder: Path) -> tuple[pa.Table, pa.Table]:
    """Map the training set and the test set into memory."""
    train, test = (read_shards(shards_in(folder / f"{name}.arrow")) for name in SET_NAMES)
    return train, test


def drop_from_train(
    folder: Path,
    rows: npt.NDArray[np.bool_],
    statistics: TextStatistics,
    names: Sequence[str] = TWO_CLASSES,
    workers: Workers = HERE,
) -> TextStatistics:
    """Drop the training reviews where `rows` is true; return the statistics of what is left.

    Raises
    ------
    CorpusError
        If no review of a class is left.
    """
    whole = folder / "train.arrow"
    shards = shards_in(whole)
    labels = arrow.values(read_shards(shards)["label"])
    require_each_class(labels[~rows], " that are not in the test set", names)
    left = select(shards, ~rows, whole, workers)
    _remove(shards)
    named(left, whole)
    n_test = len(statistics.counts) - len(rows)
    kept = np.concatenate([~rows, np.ones(n_test, np.bool_)])
    return statistics.take(np.flatnonzero(kept), folder)


def _joined(paths: Sequence[Path], folder: Path) -> TextStatistics:
    """Return the statistics in files, and delete these."""
    statistics = TextStatistics.joined([TextStatistics.read(path) for path in paths], folder)
    _remove(paths)
    return statistics


def _remove(shards: Iterable[Path]) -> None:
    for shard in shards:
        shard.unlink()


def draw_test(
    labels: npt.NDArray[np.int8],
    test_fraction: float,
    seed: int,
    groups: npt.NDArray[np.int64] | None = None,
    names: Sequence[str] = TWO_CLASSES,
) -> npt.NDArray[np.bool_]:
    """Draw a test set at random, the same fraction of each class; no group is in both sets.

    Parameters
    ----------
    labels : int8 array, shape (n_reviews,)
        Number of each review's class.
    test_fraction : float in (0, 1)
    seed : int
    groups : int64 array, shape (n_reviews,), optional
        Reviews with equal numbers belong together.
    names : sequence of str
        The name of each class.

    Returns
    -------
    bool array, shape (n_reviews,)
        True for the reviews of the test set.

    Raises
    ------
    CorpusError
        If a class is too small to have reviews in both sets, or groups are too large.
    """
    draw = np.random.default_rng(seed)
    return draw_by_class(labels, test_fraction, draw, "corpus.test_fraction", groups, names)


def require_each_class(labels: npt.NDArray[np.int8], which: str, names: Sequence[str]) -> None:
    """Refuse labels of a training set without a review of each class.

    `which` follows "training reviews" in the message, to say which ones are meant.
    """
    there = set(np.flatnonzero(np.bincount(labels, minlength=len(names))).tolist())
    if not there:
        raise CorpusError(f"corpus: there are no training reviews{which}")
    missing = [name for number, name in enumerate(names) if number not in there]
    if len(there) == 1:
        *others, last = sorted(names, reverse=True)
        raise CorpusError(
            f"corpus: all {len(labels):,} training reviews{which} are {names[there.pop()]}; "
            f"expected {', '.join(others)} and {last} ones"
        )
    if missing:
        raise CorpusError(
            f"corpus: expected training reviews{which} of each class, got none of "
            f"{', '.join(missing)}"
        )
