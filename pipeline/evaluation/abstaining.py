"""Predictions that are left if a model abstains: how many, how accurate; the risk-coverage curve.

    coverage             share of the reviews that are decided: confidence >= bound
    selective accuracy   share of the decided reviews that are predicted correctly
    risk                 1 - selective accuracy

The terms are those of El-Yaniv & Wiener (2010), Journal of Machine Learning Research 11. The order
of the reviews changes nothing, not even the last bit; reviews with equal confidence are on one side
of every bound.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.accuracy import Groups, accuracy_interval
from pipeline.evaluation.curves import Curve, thinned
from pipeline.model.checks import Floats, Mask
from pipeline.model.confidence import confidences
from pipeline.model.confusion import counts_above
from pipeline.model.logistic import predictions
from pipeline.storage.files import null_for_nan


@dataclass(frozen=True)
class Abstaining:
    """What a bound of the confidence leaves of the predictions; docs/metrics.md defines each field.

    `accuracy` and its ends are NaN where no review is decided.
    """

    bound: float
    n: int
    n_unsure: int
    coverage: float
    coverage_low: float
    coverage_high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    aurc: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict that JSON can hold: NaN becomes None."""
        plain: dict[str, Any] = null_for_nan(asdict(self))
        return plain


Numbers = NDArray[np.integer[Any]]
# The coverages of a table.
_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True)
class RiskCoverage:
    """The risk at each coverage.

    Attributes
    ----------
    curve : Curve
        Coverage (x) and risk (y).
    aurc : float
        The area under the curve.
    table : tuple of (float, float)
        Coverage and risk of all reviews, and at the least coverage from 0.9, 0.8, 0.7, 0.6 and 0.5
        on that a bound can give.
    """

    curve: Curve
    aurc: float
    table: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class AbstainingScores:
    """The scores that a model gives to reviews, how it decides and when it abstains, and groups.

    Attributes
    ----------
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Of two classes, the log-odds of the positive one.
    threshold : float in (0, 1)
        Of two classes, of the predictions.
    bound : float
        A prediction is unsure where its confidence (`model.confidence`) is below this.
    groups : int64 array, shape (n,), optional
        Reviews with equal numbers belong together.
    """

    scores: Floats
    threshold: float
    bound: float
    groups: Groups | None = None


def abstaining(y_true: Numbers, model: AbstainingScores, level: float = 0.95) -> Abstaining:
    """Return coverage and accuracy of the predictions that are not unsure.

    Parameters
    ----------
    y_true : int array, shape (n,)
        The number of each review's class.
    model : AbstainingScores
    level : float in (0, 1)
        Confidence level of the intervals, which are those of `accuracy_interval`.

    Examples
    --------
    >>> y_true, scores = np.array([1, 1, 0, 0]), np.array([3.0, 2.0, 1.0, -0.5])
    >>> found = abstaining(y_true, AbstainingScores(scores, 0.5, bound=0.75))
    >>> found.n_unsure, found.coverage, found.accuracy, round(found.aurc, 4)
    (2, 0.5, 1.0, 0.1458)
    """
    right, confidence = _outcomes(y_true, model.scores, model.threshold)
    decided = confidence >= model.bound
    within = None if model.groups is None else model.groups[decided]
    n, n_decided = len(right), int(np.count_nonzero(decided))
    n_right = int(np.count_nonzero(right & decided))
    return Abstaining(
        float(model.bound),
        n,
        n - n_decided,
        n_decided / n,
        *accuracy_interval(decided, level, model.groups),
        n_right / n_decided if n_decided else math.nan,
        *accuracy_interval(right[decided], level, within),
        _risks(right, confidence)[2],
    )


def risk_coverage(
    y_true: Numbers, scores: Floats, threshold: float = 0.5, most: int = 400
) -> RiskCoverage:
    """Return the risk at each coverage that a bound can give, and the area under the curve.

    Going down the distinct confidences, with C_k the coverage and r_k the risk if every review
    with at least the k-th confidence is decided,

        AURC = sum_k (C_k - C_{k-1}) r_k
             = mean over the reviews i of the risk at the confidence of i

    It is 0 where all is right, and low where what is wrong has low confidence (Geifman, Uziel &
    El-Yaniv 2019).

    Parameters
    ----------
    y_true : int array, shape (n,)
        The number of each review's class.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
    threshold : float
        Of two classes, of the predictions.
    most : int
        The largest number of points of the curve, which is thinned out. The area is of all.

    Raises
    ------
    CorpusError
        If there is no review.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> found = risk_coverage(np.array([1, 1, 0, 0]), np.array([3.0, 2.0, 2.0, -0.5]))
    >>> found.curve.x, [round(risk, 4) for risk in found.curve.y], round(found.aurc, 4)
    ((0.25, 0.75, 1.0), [0.0, 0.3333, 0.25], 0.2292)
    """
    coverage, risk, area = _risks(*_outcomes(y_true, scores, threshold))
    kept = thinned(len(risk), most)
    curve = Curve(tuple(coverage[kept].tolist()), tuple(risk[kept].tolist()))
    places = dict.fromkeys(np.searchsorted(coverage, _SHARES).tolist())
    table = tuple((float(coverage[place]), float(risk[place])) for place in places)
    return RiskCoverage(curve, area, table)


def _outcomes(y_true: Numbers, scores: Floats, threshold: float) -> tuple[Mask, Floats]:
    """Check labels and scores; return whether each prediction is right, and its confidence."""
    y, z = np.asarray(y_true), np.asarray(scores, np.float64)
    if y.ndim != 1 or z.ndim not in (1, 2) or len(z) != len(y):
        raise ValueError(f"expected as many labels as scores, got shapes {y.shape} and {z.shape}")
    if not len(y):
        raise CorpusError("expected at least one review to evaluate, got none")
    if not np.isfinite(z).all():
        row = int(np.isfinite(z.reshape(len(z), -1)).all(axis=1).argmin())
        raise DivergenceError(f"score of row {row}: expected finite numbers, got {z[row]}")
    return predictions(z, threshold) == y, confidences(z, threshold)


def _risks(right: Mask, confidence: Floats) -> tuple[Floats, Floats, float]:
    """Return coverage and risk as the bound goes down, and the area under them."""
    below = np.append(np.unique(confidence)[-2::-1], -np.inf)
    n_decided, n_wrong = counts_above(right, confidence, below)
    del below  # each array is as long as the test set, which may be large
    n_decided += n_wrong
    risk = n_wrong / n_decided
    del n_wrong
    area = float((np.diff(n_decided, prepend=0) * risk).sum() / len(right))
    return n_decided / len(right), risk, area
