"""Which test reviews to show: the most wrong, and those nearest to the decision boundary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.logistic import cross_entropy, predictions

Rows = NDArray[np.int64]


def most_wrong(y: NDArray[np.int8], scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the rows of misclassified reviews, the least probable true label first.

    Parameters
    ----------
    y : int8 array, shape (n_reviews,)
        True labels: the numbers of classes, of two 1 is positive.
    scores : float64 array, shape (n_reviews,), or (n_reviews, n_classes) above two classes
        Of two classes, the log-odds of the positive one.
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
    of_truth = np.where(y == 1, scores, -scores) if scores.ndim == 1 else -cross_entropy(scores, y)
    rows: Rows = np.argsort(of_truth, kind="stable")
    wrong: Rows = rows[predictions(scores, threshold)[rows] != y[rows]]
    return wrong[:n]


def least_certain(scores: NDArray[np.float64], threshold: float, n: int) -> Rows:
    """Return the rows of the reviews whose score is nearest to the decision boundary.

    Of more than two classes, these are the reviews whose highest score is the least above the
    second highest. Parameters and return value are those of `most_wrong`.

    Examples
    --------
    >>> least_certain(np.array([4.0, -0.5, 0.1]), threshold=0.5, n=2).tolist()
    [2, 1]
    >>> least_certain(np.array([[3.0, 0.0, 1.0], [2.0, 2.5, 0.0]]), threshold=0.5, n=1).tolist()
    [1]
    """
    if scores.ndim == 2:
        second, first = np.partition(scores, (-2, -1), axis=1)[:, -2:].T
        distance = first - second
    else:
        distance = np.abs(scores - (np.log(threshold) - np.log1p(-threshold)))
    rows: Rows = np.argsort(distance, kind="stable")
    return rows[:n]
