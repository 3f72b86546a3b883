"""Labelled reviews with a model's scores of them: the checks before anything is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError, DivergenceError

Labels = NDArray[np.int8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def checked(y: Labels, scores: Floats) -> tuple[Mask, Floats]:
    """Return which rows are positive, and the scores, once both are fit to use.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    scores : array of float64, shape (n,)
        Log-odds of the positive class.

    Raises
    ------
    CorpusError
        If there is no review.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ, or a label is not 0 or 1.
    """
    y, z = np.asarray(y), np.ascontiguousarray(scores, dtype=np.float64)
    if y.shape != z.shape or y.ndim != 1:
        raise ValueError(f"expected as many labels as scores, got shapes {y.shape} and {z.shape}")
    if not z.size:
        raise CorpusError("expected at least one review to evaluate, got none")
    gold = y == 1
    unknown = ~gold & (y != 0)
    if unknown.any():
        row = int(unknown.argmax())
        raise ValueError(f"label of row {row}: expected 0 or 1, got {y[row]}")
    finite = np.isfinite(z)
    if not finite.all():
        row = int(finite.argmin())
        raise DivergenceError(f"score of row {row}: expected a finite number, got {z[row]}")
    return gold, z
