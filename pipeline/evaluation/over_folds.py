"""Intervals of metrics over folds, each of which is scored by models of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.model.checks import Floats


@dataclass(frozen=True)
class Measured:
    """A value and the ends of its interval."""

    value: float
    low: float
    high: float


def intervals_over_folds(
    metrics: Callable[[NDArray[np.int64]], Floats], n_scored: NDArray[np.int64], confidence: float
) -> tuple[tuple[Measured, ...], ...]:
    """Return metrics with Student's intervals, whose standard errors are those of a jackknife.

    Parameters
    ----------
    metrics : callable
        Of the numbers of some folds: float64, shape (3, s), the accuracy, the log loss and the
        ECE at each size.
    n_scored : int64 array, shape (n_folds,)
        The number of each fold's reviews. The accuracy is not taken to vary less than that of as
        many independent predictions.
    confidence : float in (0, 1)

    Returns
    -------
    tuple of tuple of Measured, of lengths 3 and s
    """
    folds = np.arange(len(n_scored))
    values = metrics(folds)
    errors = jackknife_error(np.stack([metrics(np.delete(folds, k)) for k in folds]))
    accuracy = values[0]
    errors[0] = np.maximum(errors[0], np.sqrt(accuracy * (1 - accuracy) / n_scored.sum()))
    reach = student(len(folds), confidence) * errors
    low, high = np.maximum(values - reach, 0), values + reach
    high[[0, 2]] = np.minimum(high[[0, 2]], 1)  # a log loss has no upper end
    return tuple(
        tuple(Measured(*map(float, each)) for each in zip(*of_metric, strict=True))
        for of_metric in zip(values, low, high, strict=True)
    )


def jackknife_error(without: Floats) -> Floats:
    """Return the standard error of a statistic of folds, given its values without each of them.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 6.0])
    >>> error = jackknife_error(np.array([4.0, 3.5, 1.5]))  # the means of two of them
    >>> bool(np.isclose(error, values.std(ddof=1) / np.sqrt(3)))
    True
    """
    found: Floats = np.sqrt(without.var(axis=0) * (len(without) - 1))
    return found


def student(n_folds: int, confidence: float) -> float:
    """Return the quantile of Student's distribution for an interval over folds."""
    from scipy.special import stdtrit  # slow to import, and rarely needed

    return -float(stdtrit(n_folds - 1, (1 - confidence) / 2))
