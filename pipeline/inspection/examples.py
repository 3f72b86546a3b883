"""Which test reviews to show: the most wrong, and those nearest to the threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.logistic import decide, sigmoid

Rows = NDArray[np.int64]


def most_wrong(y: NDArray[np.int8], scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the rows of misclassified reviews, the least probable true label first.

    Parameters
    ----------
    y : int8 array, shape (n_reviews,)
        True labels: 0 negative, 1 positive.
    scores : float64 array, shape (n_reviews,)
        Log-odds of the positive class.
    threshold : float in (0, 1)
    n : int
        The largest number of rows to return.

    Returns
    -------
    int64 array, shape (at most n,)
        Ties in row order.

    Examples
    --------
    >>> y = np.array([1, 0, 1], np.int8)
    >>> most_wrong(y, np.array([-1.0, 2.0, 3.0]), threshold=0.5, n=5).tolist()
    [1, 0]
    """
    rows: Rows = np.argsort(np.where(y == 1, scores, -scores), kind="stable")
    wrong: Rows = rows[decide(sigmoid(scores), threshold)[rows] != y[rows]]
    return wrong[:n]


def least_certain(scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the rows of the reviews whose score is nearest to the decision boundary.

    Parameters and return value are those of `most_wrong`.

    Examples
    --------
    >>> least_certain(np.array([4.0, -0.5, 0.1]), threshold=0.5, n=2).tolist()
    [2, 1]
    """
    boundary = np.log(threshold) - np.log1p(-threshold)
    rows: Rows = np.argsort(np.abs(scores - boundary), kind="stable")
    return rows[:n]
