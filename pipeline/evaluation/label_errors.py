"""Labels that are probably wrong, by what a model says of reviews that it did not learn from.

Confident learning (Northcutt, Jiang & Chuang 2021). A review counts as confidently of a class if
its probability of that class is at least the class's threshold: the mean probability of the
class over the reviews that have its label. Where it reaches several thresholds, the most probable
of these classes counts. Counts of labels against confident classes are the confident joint. A
review off its diagonal is confidently of another class, which is suggested.

Suspects are ranked by the paper's normalised margin: the probability of the label less that of
the most probable other class. With two classes its other ranking, by self-confidence (the
probability of the label), gives the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError
from pipeline.evaluation.class_sums import Ints, checked_classes
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import probabilities


@dataclass(frozen=True)
class LabelErrors:
    """The reviews whose label is probably wrong.

    Attributes
    ----------
    thresholds : tuple of float, length n_classes
        Probability of the class from which a review is confidently of it.
    joint : tuple of tuple of int, shape (n_classes, n_classes)
        The confident joint: rows are labels, columns confident classes. A review that reaches
        no threshold is not counted.
    rows : int64 array, shape (n_suspects,)
        Reviews off the diagonal, the lowest margin first; ties in row order.
    suggested : int64 array, shape (n_suspects,)
        The class that each of them is confidently of.
    """

    thresholds: tuple[float, ...]
    joint: tuple[tuple[int, ...], ...]
    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]


def find_label_errors(labels: Labels, scores: Floats) -> LabelErrors:
    """Return the reviews that are confidently of a class that is not their label.

    Parameters
    ----------
    labels : int8 array, shape (n,)
        Labels, of which some may be wrong: the numbers of classes, of two 1 is positive.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one. Each is by a model that did not learn
        from the review.

    Raises
    ------
    CorpusError
        If a class has no review.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset
    Labels, JAIR 70, sections 3.1 and 3.2.

    Examples
    --------
    >>> labels = np.array([1, 1, 1, 0, 0, 0])
    >>> found = find_label_errors(labels, np.array([3.0, 2.0, -4.0, -2.0, -3.0, 1.0]))
    >>> found.rows.tolist(), found.suggested.tolist(), found.joint
    ([2, 5], [0, 1], ((2, 1), (1, 2)))
    """
    y, z, p = _checked(labels, scores)
    n_classes = z.shape[1]
    thresholds = [_mean(p[y == k, k]) for k in range(n_classes)]
    reaches = p >= thresholds
    counted = reaches.any(axis=1)
    # In the order of scores, which tell apart what probabilities round to 1.
    confident = np.where(reaches, z, -np.inf).argmax(axis=1)
    cells = np.bincount((n_classes * y + confident)[counted], minlength=n_classes**2)
    suspects = np.flatnonzero(counted & (confident != y))
    own = y[suspects]
    # By scores where the margins of probabilities are equal; of two classes they give the order.
    keys = [_margin(z[suspects], own)] + [_margin(p[suspects], own)] * (n_classes > 2)
    rows = suspects[np.lexsort(keys)]
    return LabelErrors(
        tuple(thresholds),
        tuple(map(tuple, cells.reshape(n_classes, n_classes).tolist())),
        rows,
        confident[rows],
    )


def _checked(labels: Labels, scores: Floats) -> tuple[Ints, Floats, Floats]:
    """Return labels, and a score and a probability of each class: shape (n, n_classes)."""
    if scores.ndim == 1:
        is_positive, z = checked(labels, scores)
        y, of_class = is_positive.astype(np.int64), np.column_stack([-z, z])
    else:
        y, z = checked_classes(labels, scores, scores.shape[1])
        of_class = z
    n_of_class = np.bincount(y, minlength=of_class.shape[1])
    if not n_of_class.all():
        expected = "two classes, got one" if z.ndim == 1 else "each class"
        raise CorpusError(f"label errors: expected reviews of {expected}")
    return y, of_class, probabilities(z)


def _margin(values: Floats, own: Ints) -> Floats:
    """Return the value of each row's own class less the highest of the others."""
    rows, others = np.arange(len(own)), values.copy()
    others[rows, own] = -np.inf
    margin: Floats = values[rows, own] - others.max(axis=1)
    return margin


def _mean(values: Floats) -> float:
    # Sorted, because a sum depends on the order of its terms.
    return float(np.sort(values).mean())
