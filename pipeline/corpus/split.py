"""The two parts of a corpus, train and test: written as they are read, or drawn from one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus import batches
from pipeline.corpus.duplicates import TextStatistics
from pipeline.errors import CorpusError
from pipeline.parallel import ordered_map
from pipeline.storage import arrow, files

_PARTS = ("train", "test")


def write_parts(
    folder: Path, sources: Sequence[Iterable[pa.RecordBatch]], test_fraction: float, seed: int
) -> TextStatistics:
    """Write `train.arrow` and `test.arrow`, side by side, and return the scan of both.

    Parameters
    ----------
    folder : Path
    sources : one or two iterables of pyarrow.RecordBatch
        Labelled texts, of train and of test; without the second, test is drawn from the first.
    test_fraction, seed
        As in `draw_test`.

    Raises
    ------
    CorpusError
        If a part is empty, or train has reviews of one class only.
    """
    written = [folder / f"{name}.arrow" for name in _PARTS[: len(sources)]]
    scans: list[TextStatistics] = []
    for part in ordered_map(
        lambda part: batches.write(*part), list(zip(written, sources, strict=True))
    ):
        scans += part
    for path in written:
        if not files.read_table(path).num_rows:
            raise CorpusError(f"corpus: the {path.stem} part is empty")
    table = files.read_table(written[0])
    require_both_classes(table, "")
    if len(sources) == 1:
        in_test = draw_test(arrow.values(table["label"]), test_fraction, seed)
        scans = _select(written[0], in_test, folder / "test.arrow")
        scans[:0] = _select(written[0], ~in_test, written[0])
    return TextStatistics.joined(scans)


def read_parts(folder: Path) -> tuple[pa.Table, pa.Table]:
    """Map train and test into memory."""
    train, test = (files.read_table(folder / f"{name}.arrow") for name in _PARTS)
    return train, test


def drop_from_train(
    folder: Path, rows: npt.NDArray[np.bool_], scan: TextStatistics
) -> TextStatistics:
    """Write train without the rows for which `rows` is true; return the scan of what is left.

    Raises
    ------
    CorpusError
        If what is left of train has reviews of one class only.
    """
    path = folder / "train.arrow"
    _select(path, ~rows, path)
    require_both_classes(files.read_table(path), " that are not in test")
    n_test = len(scan.counts) - len(rows)
    return scan.select(np.concatenate([~rows, np.ones(n_test, np.bool_)]))


def draw_test(
    labels: npt.NDArray[np.int8], test_fraction: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Draw a test part at random, the same fraction of each class.

    Parameters
    ----------
    labels : int8 array of 0 and 1, shape (n_reviews,)
    test_fraction : float in (0, 1)
    seed : int

    Returns
    -------
    bool array, shape (n_reviews,)
        True for the reviews of the test part.

    Raises
    ------
    CorpusError
        If a class is too small to have reviews in both parts.
    """
    from pipeline.stratified import draw_by_class

    draw = np.random.default_rng(seed)
    return draw_by_class(labels, test_fraction, draw, "corpus.test_fraction")


def require_both_classes(train: pa.Table, which: str) -> None:
    """Refuse training reviews of one class, or none; `which` says what they are, in an error."""
    classes = train["label"].unique().to_pylist()
    if not classes:
        raise CorpusError(f"corpus: there are no training reviews{which}")
    if len(classes) < 2:
        only = "positive" if classes == [1] else "negative"
        raise CorpusError(
            f"corpus: all {train.num_rows:,} training reviews{which} are {only}; "
            "expected positive and negative ones"
        )


def _select(source: Path, rows: npt.NDArray[np.bool_], target: Path) -> list[TextStatistics]:
    """Write some rows of a part of the corpus to a file, which may be its own."""
    partial = target.with_name(f"{target.name}.partial")
    scans = batches.write(partial, batches.select(files.read_batches(source), rows))
    partial.replace(target)
    return scans
