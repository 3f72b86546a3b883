"""Labels that are probably wrong, by what a model says of reviews that it did not learn from.

Confident learning (Northcutt, Jiang & Chuang 2021). A review counts as confidently of a class if
its probability of that class is at least the class's threshold: the mean probability of the
class over the reviews that have its label. Counts of labels against confident classes are the
confident joint. A review off its diagonal is confidently of the other class.

With two classes both of the paper's rankings, by self-confidence (the probability of the label)
and by normalised margin (that less the probability of the other class), give the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import sigmoid


@dataclass(frozen=True)
class LabelErrors:
    """The reviews whose label is probably wrong.

    Attributes
    ----------
    thresholds : tuple of float, length 2
        Probability of the class from which a review is confidently of it: negative, positive.
    joint : tuple of tuple of int, shape (2, 2)
        The confident joint: rows are labels, columns confident classes. A review that reaches
        no threshold is not counted.
    rows : int64 array, shape (n_suspects,)
        Reviews off the diagonal, the least probable label first; ties in row order.
    """

    thresholds: tuple[float, float]
    joint: tuple[tuple[int, int], tuple[int, int]]
    rows: NDArray[np.int64]


def find_label_errors(labels: Labels, scores: Floats) -> LabelErrors:
    """Return the reviews that are confidently of the class that is not their label.

    Parameters
    ----------
    labels : int8 array, shape (n,)
        Labels, 0 negative and 1 positive, of which some may be wrong.
    scores : float64 array, shape (n,)
        Log-odds of the positive class, each by a model that did not learn from the review.

    Raises
    ------
    CorpusError
        If there are not two classes.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset
    Labels, JAIR 70, sections 3.1 and 3.2.

    Examples
    --------
    >>> labels = np.array([1, 1, 1, 0, 0, 0])
    >>> found = find_label_errors(labels, np.array([3.0, 2.0, -4.0, -2.0, -3.0, 1.0]))
    >>> found.rows.tolist(), found.joint
    ([2, 5], ((2, 1), (1, 2)))
    """
    is_positive, z = checked(labels, scores)
    if is_positive.all() or not is_positive.any():
        raise CorpusError("label errors: expected reviews of two classes, got one")
    # sigmoid(-z) keeps the digits that 1 - sigmoid(z) loses.
    of_class = np.stack([sigmoid(-z), sigmoid(z)])
    thresholds = tuple(_mean(of_class[k, is_positive == k]) for k in (0, 1))
    reaches = of_class >= np.array(thresholds)[:, None]
    # Where both thresholds are reached, the more probable class counts.
    confident = np.where(reaches.all(axis=0), z > 0, reaches[1])
    counted = reaches.any(axis=0)
    cells = np.bincount((2 * is_positive + confident)[counted], minlength=4).tolist()
    suspects = np.flatnonzero(counted & (confident != is_positive))
    toward_label = np.where(is_positive, z, -z)[suspects]
    return LabelErrors(
        (thresholds[0], thresholds[1]),
        ((cells[0], cells[1]), (cells[2], cells[3])),
        suspects[np.argsort(toward_label, kind="stable")],
    )


def _mean(values: Floats) -> float:
    # Sorted, because a sum depends on the order of its terms.
    return float(np.sort(values).mean())
