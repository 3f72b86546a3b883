"""The power law of a learning curve, and how far it can be trusted beyond the largest size.

The error falls as a power c of the number n of training reviews, from that of chance to a limit a:

    error(n) = a + (chance - a) (1 + n / d)^-c

For n far above d this is the law a + b n^-c of Cortes et al. (1994); near d the curve bends, as
those of short texts do. It is fitted by weighted least squares (Figueroa et al. 2012). For given
c and d the best a is a quotient, so c and d are searched for. What is uncertain is found by a
bootstrap of the folds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.over_folds import Measured, jackknife_error, student
from pipeline.model.checks import Floats

# With fewer sizes there is no curve to go on with, and with fewer no law is fitted.
LEAST_SIZES, _LEAST_FITTED = 5, 4
# Beyond this multiple of the largest size nothing is predicted.
FARTHEST = 4
# Of accuracy: a gain that is worth the name.
_WORTH = 0.0025
_RESAMPLES = 1000
# Resamples that are fitted at a time, each with a number for every c and d.
_BLOCK = 64
# Sizes at which the law is drawn.
_ALONG = 50
# What is tried: c, and d relative to the smallest and to the largest size.
_DECAYS = np.arange(1, 51) / 50
_BENDS, _NEAREST = 160, 1e-3
# So that sizes at which all folds have one error do not decide alone.
_LEAST_DEVIATION = 1e-4


@dataclass(frozen=True)
class PowerLaw:
    """The error a + (chance - a) (1 + n / d)^-c of models that learned from n reviews.

    Attributes
    ----------
    a : float
        The error that no number of reviews removes, from 0 to `chance`.
    c : float
        In (0, 1].
    d : float
        The size at which the curve bends, > 0.
    chance : float
        The error without a review: that of always predicting the majority class.
    """

    a: float
    c: float
    d: float
    chance: float

    def error(self, sizes: Any) -> Floats:
        """Return the error at each size."""
        left = (1 + np.asarray(sizes, float) / self.d) ** -self.c
        found: Floats = self.a + (self.chance - self.a) * left
        return found


@dataclass(frozen=True)
class Extrapolation:
    """What a power law says of more reviews.

    Attributes
    ----------
    law : PowerLaw
    now, then : int
        Numbers of reviews to learn from.
    accuracy_now, accuracy_then : Measured
    gain : Measured
        Their difference, whose interval is narrower than theirs: the same reviews are scored.
    sizes, accuracy : tuple
        Sizes up to `then`, and a `Measured` at each.
    """

    law: PowerLaw
    now: int
    then: int
    accuracy_now: Measured
    accuracy_then: Measured
    gain: Measured
    sizes: tuple[int, ...]
    accuracy: tuple[Measured, ...]

    @property
    def helps(self) -> bool | None:
        """True if more reviews would help, False if hardly, None if the curve cannot tell."""
        if self.gain.low >= _WORTH:
            return True
        return False if self.gain.high < _WORTH else None


def fit_power_law(
    sizes: Sequence[int], errors: Floats, deviations: Floats, chance: float = 0.5
) -> PowerLaw:
    """Return the power law with the least squares, each divided by its squared deviation.

    Parameters
    ----------
    sizes : sequence of int, length s
        Numbers of reviews to learn from.
    errors, deviations : float64 arrays, shape (s,)
        The error at each size, and its standard error.
    chance : float
        The error without a review.

    Examples
    --------
    >>> sizes = [100, 200, 400, 800, 1600]
    >>> errors = PowerLaw(0.05, 0.5, 100.0, 0.5).error(sizes)
    >>> law = fit_power_law(sizes, errors, np.full(5, 0.01))
    >>> print(f"{law.error(6400):.2f}", f"{PowerLaw(0.05, 0.5, 100.0, 0.5).error(6400):.2f}")
    0.11 0.11
    """
    a, c, d = (float(each[0]) for each in _fitted(sizes, errors[np.newaxis], deviations, chance))
    return PowerLaw(a, c, d, chance)


def _fitted(
    sizes: Sequence[int], errors: Floats, deviations: Floats, chance: float
) -> tuple[Floats, Floats, Floats]:
    """Return a, c and d of the law of each curve; the errors have shape (n_curves, s)."""
    bends = np.geomspace(_NEAREST * min(sizes), max(sizes), _BENDS)
    c, d = (each.ravel() for each in np.meshgrid(_DECAYS, bends))
    left = (1 + np.asarray(sizes, float) / d[:, np.newaxis]) ** -c[:, np.newaxis]
    weights = deviations**-2.0
    weights = weights / weights.sum()
    # The error less chance * left is a * gone, but for what is not explained.
    gone, begun = 1 - left, chance * left
    squares = gone**2 @ weights
    products = errors @ (gone * weights).T - (gone * begun) @ weights
    a = np.clip(products / squares, 0, chance)
    # The mean square, without that of the errors, which is the same for each c and d.
    rest = begun**2 @ weights - 2 * errors @ (begun * weights).T
    best, each = (rest - 2 * a * products + a**2 * squares).argmin(axis=1), np.arange(len(errors))
    return a[each, best], c[best], d[best]


@dataclass(frozen=True)
class FoldErrors:
    """The errors of a learning curve, fold by fold.

    Attributes
    ----------
    sizes : sequence of int, length s
        Numbers of reviews to learn from, ascending.
    errors : float64 array, shape (n_folds, s)
        The share of each fold's reviews that is misclassified.
    n_scored : int64 array, shape (n_folds,)
        The number of each fold's reviews.
    chance : float
        The error without a review.
    """

    sizes: Sequence[int]
    errors: Floats
    n_scored: NDArray[np.int64]
    chance: float

    def mean(self, times: Any) -> Floats:
        """Return the mean error at each size, if each fold is taken some times.

        The times have shape (n_curves, n_folds), and the means (n_curves, s).
        """
        weights = self.n_scored * times
        found: Floats = weights @ self.errors / weights.sum(axis=1, keepdims=True)
        return found


def extrapolate(
    curve: FoldErrors, now: int, then: int, confidence: float = 0.95, seed: int = 0
) -> Extrapolation:
    """Fit a power law to the errors of folds, and say what it predicts for more reviews.

    A law is fitted to each of many resamples of the folds. Each also leaves out some of the
    smallest sizes, so that the interval is wide if the law does not hold for all of them.

    Parameters
    ----------
    curve : FoldErrors
    now, then : int
        The numbers of reviews to compare.
    confidence : float in (0, 1)
    seed : int

    Raises
    ------
    ValueError
        If there are too few sizes, or `then` is too far beyond them.
    """
    sizes, chance, n_folds = curve.sizes, curve.chance, len(curve.errors)
    if len(sizes) < LEAST_SIZES or not now < then <= FARTHEST * max(sizes):
        raise ValueError(f"expected {LEAST_SIZES} sizes, and at most {FARTHEST} times the largest")
    without_one = curve.mean(1 - np.eye(n_folds))
    deviations = np.maximum(jackknife_error(without_one), _LEAST_DEVIATION)
    law = fit_power_law(sizes, curve.mean(np.ones((1, n_folds)))[0], deviations, chance)
    along = tuple(np.geomspace(sizes[0], then, _ALONG).round().astype(int).tolist())
    at = np.array([now, then, *along], float)
    draw = np.random.default_rng(seed)
    curves = curve.mean(draw.multinomial(n_folds, np.full(n_folds, 1 / n_folds), _RESAMPLES))
    firsts = draw.integers(0, len(sizes) - _LEAST_FITTED + 1, _RESAMPLES)
    accuracy = np.empty((1 + _RESAMPLES, len(at)))
    accuracy[0] = 1 - law.error(at)
    for block in np.split(np.argsort(firsts, kind="stable"), range(_BLOCK, _RESAMPLES, _BLOCK)):
        for first in np.unique(firsts[block]):
            rows = block[firsts[block] == first]
            a, c, d = _fitted(sizes[first:], curves[rows, first:], deviations[first:], chance)
            left = (1 + at / d[:, np.newaxis]) ** -c[:, np.newaxis]
            accuracy[1 + rows] = 1 - (a + (chance - a) * left.T).T
    gain = accuracy[:, 1] - accuracy[:, 0]
    gained, *found = _widened(np.column_stack([gain, accuracy]), n_folds, confidence)
    return Extrapolation(law, now, then, found[0], found[1], gained, along, tuple(found[2:]))


def _widened(values: Floats, n_folds: int, confidence: float) -> list[Measured]:
    """Return the values of the first row, with intervals from the others, which are widened.

    By Student's factor, because there are few folds; and by that of Nadeau & Bengio (2003),
    because folds learn from mostly the same reviews, and vary less than others would.
    """
    widen = student(n_folds, confidence) / -NormalDist().inv_cdf((1 - confidence) / 2)
    widen *= math.sqrt(1 + n_folds / (n_folds - 1))
    value, outside = values[0], (1 - confidence) / 2
    ends = np.quantile(values[1:], [outside, 1 - outside], axis=0)
    low, high = np.minimum(value + widen * (ends - value), 1)
    return [Measured(*map(float, each)) for each in zip(value, low, high, strict=True)]
