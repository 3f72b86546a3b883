"""`resolve`: the epochs and the learning rate that stand for "auto", from the rows at hand.

The rate. The first AdaGrad step of a weight has the size of the rate, whatever its gradient, and
the k-th is at most rate / sqrt(k) where gradients are alike. So after E epochs, the weight of a
feature that occurs once in each has moved by at most

    rate (1 + 1/sqrt(2) + ... + 1/sqrt(E)), about 2 rate sqrt(E)

The score of a row with m features of the value a sums up m such weights times a. Terms of random
sign sum up to sqrt(m) of them. So the score of a review that says little moves by about
2 rate sqrt(E) a sqrt(m), and the rule asks for the same movement on every corpus:

    rate = ADAGRAD / (a sqrt(m E))

with m the mean number of non-zeros in a row, and a the mean of their absolute values: 1 for rows of
ones, less for rows of unit length. Long reviews get small steps and short ones large steps. Four
times the epochs go with half the rate. Two other measures of a row did worse: its Euclidean length,
most of which frequent words have that learn little, and its values times log-count ratios.

The steps of the other schedules are in proportion to the gradient: a step moves the score of its
row by at most rate a^2 m, and the steps of E epochs move it by at most E times as much. So there

    rate = PROPORTIONAL / (a^2 m E)

divided by the mean cost of a mistake, which AdaGrad's steps do not depend on. It is at most the
inverse of the curvature of the loss, 4 / (a^2 m), and half of that of the penalty, 1 / l2.

The epochs. More epochs with smaller steps classified as well or better, but take their time: E is
STEPS / n for n documents, within two bounds. So a small corpus, whose epochs are cheap, gets more
of them. With `parts`, n is the number of documents of a part.

The constants were chosen on held-out training reviews of the bundled reviews, IMDB,
`movie_reviews` and `sentence_polarity`: 200 to 20,000 reviews, cut to 5, 10, 20 and 50 tokens or
whole. The benchmark `training_rule` compares the rule with grids; docs/training.md has its table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.model.logistic import Array
from pipeline.training.costs import costs_of
from pipeline.training.parts import row_blocks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

AUTO = "auto"
ADAGRAD = 0.85
PROPORTIONAL = {"constant": 10.0, "inverse": 10.0, "fisher": 50.0}
STEPS, FEWEST, MOST = 250_000, 10, 20


class RowSize(NamedTuple):
    """How large the rows of the training set are, each weighted by its cost as in J.

    Attributes
    ----------
    n_nonzeros : float
        Mean number of non-zeros in a row.
    value : float
        Mean absolute value of the non-zeros.
    cost : float
        Mean cost of a mistake.
    """

    n_nonzeros: float
    value: float = 1.0
    cost: float = 1.0

    @classmethod
    def of(cls, counts: csr_array, rows: Array, targets: Array) -> RowSize:
        """Measure some rows, a block of them at a time.

        Parameters
        ----------
        counts : csr_array, shape (n, d)
        rows : int array
            In ascending order.
        targets : float64 array, shape (n,) or (n, 2)
            Labels and costs: see `costs.targets_of`.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> RowSize.of(csr_array([[1, 0, 3], [0, -2, 0]]), np.array([0, 1]), np.array([-1.0, 1.0]))
        RowSize(n_nonzeros=1.5, value=2.0, cost=1.0)
        """
        sizes, costs, nonzeros = 0.0, 0.0, 0.0
        for block in row_blocks(counts.indptr, rows):
            of_each = costs_of(targets[block])
            lengths = counts.indptr[block + 1] - counts.indptr[block]
            values = np.abs(counts.data[_nonzeros(counts.indptr, block)], dtype=np.float64)
            sizes += float((values * np.repeat(of_each, lengths)).sum())
            nonzeros += float((of_each * lengths).sum())
            costs += float(of_each.sum())
        return cls(nonzeros / (costs or 1.0), sizes / (nonzeros or 1.0), costs / len(rows))


class Steps(NamedTuple):
    """How often the documents are visited, and the size of the first step."""

    epochs: int
    learning_rate: float


def resolve(
    asked: tuple[int | str, float | str],
    schedule: str,
    l2: float,
    n_documents: int,
    size: Callable[[], RowSize],
) -> Steps:
    """Return epochs and learning rate; those that are numbers stay.

    Parameters
    ----------
    asked : tuple
        Epochs and learning rate, either of which may be "auto".
    schedule : {"adagrad", "fisher", "constant", "inverse"}
    l2 : float
    n_documents : int
        Documents of a part: an epoch has so many steps.
    size : callable
        Measures the rows. Not called if the learning rate is a number.

    Examples
    --------
    >>> resolve(("auto", "auto"), "adagrad", 1e-4, 25_000, lambda: RowSize(140.0))
    Steps(epochs=10, learning_rate=0.022717)
    >>> resolve(("auto", "auto"), "adagrad", 1e-4, 2_000, lambda: RowSize(3.0))
    Steps(epochs=20, learning_rate=0.10973)
    """
    epochs, rate = asked
    if epochs == AUTO:
        epochs = min(MOST, max(FEWEST, round(STEPS / n_documents)))
    if rate == AUTO:
        rate = _learning_rate(schedule, l2, int(epochs), size())
    return Steps(int(epochs), float(rate))


def _learning_rate(schedule: str, l2: float, epochs: int, size: RowSize) -> float:
    """Return the rate with five digits, so that the number that is shown is the one used."""
    squared = size.value**2 * size.n_nonzeros or 1.0  # without a non-zero, only b is learned
    if schedule == "adagrad":
        rate = ADAGRAD / math.sqrt(epochs * squared)
    else:
        rate = min(PROPORTIONAL[schedule] / epochs, 4.0) / (squared * (size.cost or 1.0))
        rate = min(rate, 0.5 / l2) if l2 else rate
    return float(f"{rate:.5g}")


def _nonzeros(indptr: Array, rows: Array) -> Any:
    """Return where the non-zeros of some rows are: a slice of neighbours, or an int64 array."""
    starts, ends = indptr[rows], indptr[rows + 1]
    if rows[-1] - rows[0] + 1 == len(rows):
        return slice(starts[0], ends[-1])
    sizes = ends - starts
    before = np.cumsum(sizes, dtype=np.int64) - sizes
    return np.arange(sizes.sum()) + np.repeat(starts - before, sizes)
