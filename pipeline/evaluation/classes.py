"""`evaluate_classes`: accuracy, precision, recall, F1, AUC and losses of more than two classes.

The input is the number of each review's true class, from 0, and a score for each class; the class
with the highest score is predicted. `metrics` has the metrics of two classes, which are defined
alike. The order of the reviews changes no metric, not even in its last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.evaluation.accuracy import Groups, accuracy_interval
from pipeline.evaluation.calibration import Bin, bins_of, expected_calibration_error
from pipeline.evaluation.class_sums import (
    Ints,
    ScoredClasses,
    checked_classes,
    differences_of,
    intervals_of,
    values_of,
)
from pipeline.evaluation.metrics import roc_auc
from pipeline.evaluation.resampling import Interval
from pipeline.model.checks import Floats, Labels
from pipeline.model.confusion import ClassMetrics
from pipeline.model.softmax import softmax
from pipeline.storage.files import null_for_nan


@dataclass(frozen=True)
class ClassesEvaluation:
    """Every metric of a model of more than two classes; docs/metrics.md defines each field.

    `precision`, `recall`, `f1` and `roc_auc` are macro averages: the mean over the classes.
    `confusion` has a row for each true class and a column for each prediction. `ratings` is None
    where the classes are not numbers that rise.
    """

    n: int
    classes: tuple[str, ...]
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    confidence: float
    precision: float
    recall: float
    f1: float
    of_class: dict[str, ClassMetrics]
    confusion: tuple[tuple[int, ...], ...]
    roc_auc: float
    roc_auc_of_class: dict[str, float]
    log_loss: float
    brier: float
    ece: float
    calibration: tuple[Bin, ...]
    ratings: RatingMetrics | None
    intervals: dict[str, Interval]
    n_groups: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a nested dict that JSON can hold: NaN becomes None.

        What is None is left out.
        """
        values = {name: value for name, value in asdict(self).items() if value is not None}
        plain: dict[str, Any] = null_for_nan(values)
        return plain

    def by_path(self) -> dict[str, float]:
        """Return the metrics that have intervals, and the AUC, by their paths."""
        shares = ("precision", "recall", "f1")
        of_class = {
            f"{name}.{share}": getattr(metrics, share)
            for name, metrics in self.of_class.items()
            for share in shares
        }
        ratings = {} if self.ratings is None else asdict(self.ratings)
        return {
            "accuracy": self.accuracy,
            **{share: getattr(self, share) for share in shares},
            **of_class,
            **{name: getattr(self, name) for name in ("roc_auc", "log_loss", "brier")},
            **{f"ratings.{name}": value for name, value in ratings.items()},
        }


@dataclass(frozen=True)
class RatingMetrics:
    """How far predictions are from the true classes, where these are numbers that rise.

    Attributes
    ----------
    mean_absolute_error : float
        The mean of |predicted - true|, in the unit of the numbers.
    quadratic_kappa : float
        Cohen's kappa with quadratic weights: 1 if all are right, 0 if predictions are as far from
        the truth as shuffled ones. NaN where all reviews have one true class and prediction.
    """

    mean_absolute_error: float
    quadratic_kappa: float


@dataclass(frozen=True)
class ClassScores:
    """The scores that a model of more than two classes gives to reviews, and groups.

    Attributes
    ----------
    scores : float64 array, shape (n, n_classes)
        The class with the highest score is predicted.
    classes : sequence of str
        The name of each class. If all are numbers that rise, there are rating metrics.
    groups : int64 array, shape (n,), optional
        Reviews with equal numbers belong together, and are resampled together.

    Examples
    --------
    >>> stars = ClassScores(np.array([[0.0, 2.0, 1.0]]), classes=["1", "2", "3"])
    >>> stars.classes[stars.scores[0].argmax()]
    '2'
    """

    scores: Floats
    classes: Sequence[str]
    groups: Groups | None = None


def evaluate_classes(
    y_true: Labels | Ints,
    model: ClassScores,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    bins: int = 10,
) -> ClassesEvaluation:
    """Return every metric of a model's scores.

    Parameters
    ----------
    y_true : int array, shape (n,)
        Number of each review's true class.
    model : ClassScores
    confidence, resamples, seed, bins
        As in `metrics.evaluate`.

    Raises
    ------
    CorpusError
        If there is no review.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ, a label is not the number of a class, or a number is out of range.

    Examples
    --------
    >>> y_true = np.array([0, 1, 2, 2])
    >>> scores = np.array([[2.0, 0, 0], [0, 1, 3], [0, 1, 2], [0, 0, 1]])
    >>> found = evaluate_classes(y_true, ClassScores(scores, ["1", "2", "3"]), resamples=0)
    >>> found.accuracy, found.confusion, found.ratings.mean_absolute_error
    (0.75, ((1, 0, 0), (0, 0, 1), (0, 0, 2)), 0.25)
    """
    classes, groups = model.classes, model.groups
    y, z = checked_classes(y_true, model.scores, len(classes))
    order = np.lexsort((*z.T[::-1], y))  # because a sum depends on the order of its terms
    y, z = y[order], z[order]
    within = None if groups is None else np.asarray(groups)[order]
    reviews, each_once = ScoredClasses.of(y, z), np.ones((1, len(y)), np.int64)
    (confusion,) = matrices = reviews.confusion(each_once)
    values = values_of(matrices, reviews.means(each_once), classes)
    one = {name: float(value[0]) for name, value in values.items()}
    right = z.argmax(axis=1) == y
    low, high = accuracy_interval(right, confidence, within)
    auc = {name: roc_auc(y == k, _log_odds(z, k)) for k, name in enumerate(classes)}
    calibration = bins_of(softmax(z).max(axis=1), right, bins)
    return ClassesEvaluation(
        n=len(y),
        classes=tuple(classes),
        accuracy=one["accuracy"],
        accuracy_low=low,
        accuracy_high=high,
        confidence=float(confidence),
        precision=one["precision"],
        recall=one["recall"],
        f1=one["f1"],
        of_class=_by_class(one, confusion, classes),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        roc_auc=float(np.mean(list(auc.values()))),
        roc_auc_of_class=auc,
        log_loss=one["log_loss"],
        brier=one["brier"],
        ece=expected_calibration_error(calibration),
        calibration=calibration,
        ratings=_ratings(one),
        intervals=intervals_of(reviews, within, classes, (confidence, resamples, seed)),
        n_groups=None if groups is None else len(np.unique(groups)),
    )


def paired_class_differences(
    y_true: Labels | Ints,
    a: ClassScores,
    b: ClassScores,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the interval of b's metric minus a's, for each but the AUC, on the same resamples.

    The parameters are those of `evaluate_classes`; both models have the same classes and reviews.
    The result is by the paths of the metrics, as `ClassesEvaluation.intervals`.

    Examples
    --------
    >>> y_true, names = np.array([0, 1, 2, 2] * 25), ["bad", "fair", "good"]
    >>> a, b = (ClassScores(np.eye(3)[rows], names) for rows in ([0, 2, 2, 2] * 25, y_true))
    >>> low, high = paired_class_differences(y_true, a, b)["accuracy"]
    >>> round(low, 2), round(high, 2)
    (0.17, 0.34)
    """
    classes = a.classes
    (y, z_a), (_, z_b) = (checked_classes(y_true, each.scores, len(classes)) for each in (a, b))
    order = np.lexsort((*z_b.T[::-1], *z_a.T[::-1], y))
    within = None if a.groups is None else np.asarray(a.groups)[order]
    of_a, of_b = (ScoredClasses.of(y[order], z[order]) for z in (z_a, z_b))
    return differences_of(of_a, of_b, within, classes, (confidence, resamples, seed))


def _by_class(
    values: dict[str, float], confusion: Ints, classes: Sequence[str]
) -> dict[str, ClassMetrics]:
    supports = dict(zip(classes, confusion.sum(axis=1).tolist(), strict=True))
    return {
        name: ClassMetrics(
            values[f"{name}.precision"], values[f"{name}.recall"], values[f"{name}.f1"], support
        )
        for name, support in supports.items()
    }


def _ratings(values: dict[str, float]) -> RatingMetrics | None:
    names = ("ratings.mean_absolute_error", "ratings.quadratic_kappa")
    return RatingMetrics(*(values[name] for name in names)) if names[0] in values else None


def _log_odds(z: Floats, k: int) -> Floats:
    """Return the log-odds of one class against all others: float64, shape (n,)."""
    others = np.delete(z, k, axis=1)
    highest = others.max(axis=1)
    rest: Floats = highest + np.log(np.exp(others - highest[:, None]).sum(axis=1))
    return z[:, k] - rest
