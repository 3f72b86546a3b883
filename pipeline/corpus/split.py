"""The split of a corpus that comes without a test part."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError


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
    labels = table["label"].to_numpy()
    in_test = np.zeros(len(labels), bool)
    for label, name in ((0, "negative"), (1, "positive")):
        rows = np.flatnonzero(labels == label)
        n_test = round(test_fraction * len(rows))
        if len(rows) and not 0 < n_test < len(rows):
            raise CorpusError(
                f"corpus: {len(rows)} {name} reviews cannot be split with "
                f"test_fraction = {test_fraction:g}"
            )
        in_test[draw.permutation(rows)[:n_test]] = True
    mask = pa.array(in_test)
    return table.filter(pa.array(~in_test)).combine_chunks(), table.filter(mask).combine_chunks()
