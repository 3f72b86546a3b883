"""Which reviews are worth a look: those most wrong, and those least certain.

Rows are numbers from 0; those that tie come in their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.logistic import decide, sigmoid

Rows = NDArray[np.int64]


def most_wrong(y: NDArray[np.int8], scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the reviews whose label was missed, those first that gave it the least probability.

    Parameters
    ----------
    y : array of 0 and 1, shape (n_reviews,)
    scores : float64 array, shape (n_reviews,)
        Log-odds of the positive class.
    threshold : float in (0, 1)
    n : int
        How many, at most.
    """
    rows: Rows = np.argsort(np.where(y == 1, scores, -scores), kind="stable")
    missed: Rows = rows[decide(sigmoid(scores), threshold)[rows] != y[rows]]
    return missed[:n]


def least_certain(scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the reviews whose score is nearest to where the decision changes."""
    boundary = np.log(threshold) - np.log1p(-threshold)
    rows: Rows = np.argsort(np.abs(scores - boundary), kind="stable")
    return rows[:n]
