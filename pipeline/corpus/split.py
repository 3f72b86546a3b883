"""Write the training and the test set, as they are given or split at random by class and group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus import batches
from pipeline.corpus.duplicates import TextStatistics
from pipeline.corpus.groups import group_numbers
from pipeline.corpus.tally import CountedRows
from pipeline.errors import CorpusError
from pipeline.parallel import ordered_map
from pipeline.storage import arrow, files
from pipeline.stratified import TWO_CLASSES, draw_by_class

SET_NAMES = {"train": "training", "test": "test"}


def write_sets(
    folder: Path,
    sources: Sequence[Iterable[pa.RecordBatch]],
    test_fraction: float,
    seed: int,
    names: Sequence[str] = TWO_CLASSES,
) -> TextStatistics:
    """Write `train.arrow` and `test.arrow`; return the statistics of both, training set first.

    Parameters
    ----------
    folder : Path
    sources : one or two iterables of pyarrow.RecordBatch
        Labelled texts of the training set and of the test set. If there is no second one, the
        test set is drawn from the first.
    test_fraction, seed
        As in `draw_test`.
    names : sequence of str
        The name of each class.

    Raises
    ------
    CorpusError
        If a set is empty, or the training set has no review of a class.
    """
    written = [folder / f"{name}.arrow" for name in list(SET_NAMES)[: len(sources)]]
    statistics: list[TextStatistics] = []
    works = list(zip(written, sources, strict=True))
    for found in ordered_map(lambda work: batches.write(*work), works):
        statistics += found
    for path, source in zip(written, sources, strict=True):
        if not files.read_table(path).num_rows:
            name = SET_NAMES[path.stem]
            left_out = source.tally.sentences(name) if isinstance(source, CountedRows) else []
            raise CorpusError("; ".join([f"corpus: the {name} set is empty", *left_out]))
    table = files.read_table(written[0])
    require_each_class(table, "", names)
    if len(sources) == 1:
        labels = arrow.values(table["label"])
        in_test = draw_test(labels, test_fraction, seed, group_numbers(table), names)
        statistics = _select(written[0], in_test, folder / "test.arrow")
        statistics[:0] = _select(written[0], ~in_test, written[0])
    return TextStatistics.joined(statistics)


def read_sets(folder: Path) -> tuple[pa.Table, pa.Table]:
    """Map the training set and the test set into memory."""
    train, test = (files.read_table(folder / f"{name}.arrow") for name in SET_NAMES)
    return train, test


def drop_from_train(
    folder: Path,
    rows: npt.NDArray[np.bool_],
    statistics: TextStatistics,
    names: Sequence[str] = TWO_CLASSES,
) -> TextStatistics:
    """Drop the training reviews where `rows` is true; return the statistics of what is left.

    Raises
    ------
    CorpusError
        If no review of a class is left.
    """
    path = folder / "train.arrow"
    _select(path, ~rows, path)
    require_each_class(files.read_table(path), " that are not in the test set", names)
    n_test = len(statistics.counts) - len(rows)
    return statistics.select(np.concatenate([~rows, np.ones(n_test, np.bool_)]))


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


def require_each_class(train: pa.Table, which: str, names: Sequence[str]) -> None:
    """Refuse a training set without a review of each class.

    `which` follows "training reviews" in the message, to say which ones are meant.
    """
    there = set(train["label"].unique().to_pylist())
    if not there:
        raise CorpusError(f"corpus: there are no training reviews{which}")
    missing = [name for number, name in enumerate(names) if number not in there]
    if len(there) == 1:
        *others, last = sorted(names, reverse=True)
        raise CorpusError(
            f"corpus: all {train.num_rows:,} training reviews{which} are {names[there.pop()]}; "
            f"expected {', '.join(others)} and {last} ones"
        )
    if missing:
        raise CorpusError(
            f"corpus: expected training reviews{which} of each class, got none of "
            f"{', '.join(missing)}"
        )


def _select(source: Path, rows: npt.NDArray[np.bool_], target: Path) -> list[TextStatistics]:
    """Write the rows of a file where `rows` is true to a file, which may be the same one."""
    partial = target.with_name(f"{target.name}.partial")
    statistics = batches.write(partial, batches.select(files.read_batches(source), rows))
    partial.replace(target)
    return statistics
