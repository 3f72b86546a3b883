"""The split of a corpus that comes without a test part."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.sampling import draw_by_class


def split(table: pa.Table, test_fraction: float, seed: int) -> tuple[pa.Table, pa.Table]:
    """Draw a test part at random, the same fraction of each class.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns `text` and `label`.
    test_fraction : float in (0, 1)
    seed : int

    Returns
    -------
    train, test : pyarrow.Table
        Both in the order of the table.

    Raises
    ------
    CorpusError
        If a class is too small to have reviews in both parts.
    """
    draw = np.random.default_rng(seed)
    in_test = draw_by_class(table["label"].to_numpy(), test_fraction, draw, "corpus.test_fraction")
    mask = pa.array(in_test)
    return table.filter(pa.array(~in_test)).combine_chunks(), table.filter(mask).combine_chunks()
