"""The metrics of more than two classes from confusion matrices: of the reviews, or of resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.accuracy import Groups
from pipeline.evaluation.resampling import Interval, group_numbers, middle, over_resamples
from pipeline.model.checks import Floats, Labels
from pipeline.model.softmax import cross_entropy, softmax

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ScoredClasses:
    """Reviews in their order: the cell of the confusion matrix, and the losses."""

    n_classes: int
    cells: Ints
    losses: Floats
    squares: Floats

    @classmethod
    def of(cls, y: Ints, z: Floats) -> ScoredClasses:
        """Return the reviews of true classes y and scores z, shape (n, n_classes)."""
        n_classes = z.shape[1]
        squares = softmax(z)
        squares[np.arange(len(y)), y] -= 1.0
        cells = y * n_classes + z.argmax(axis=1)
        return cls(n_classes, cells, cross_entropy(z, y), np.square(squares).sum(axis=1))

    def confusion(self, counts: Ints) -> Ints:
        """Return the matrix of each resample: int64, shape (n_resamples, n_classes, n_classes)."""
        size = self.n_classes**2
        found = [np.bincount(self.cells, of_one, size).astype(np.int64) for of_one in counts]
        return np.array(found).reshape(-1, self.n_classes, self.n_classes)

    def means(self, counts: Ints) -> Floats:
        """Return the log loss and the Brier score of each resample: shape (2, n_resamples)."""
        n = counts.sum(axis=1)
        # No matrix product: its sums would depend on the threads of BLAS.
        sums = [[(row * losses).sum() for row in counts] for losses in (self.losses, self.squares)]
        means: Floats = np.array(sums) / n
        return means


def checked_classes(y_true: Labels | Ints, scores: Floats, n_classes: int) -> tuple[Ints, Floats]:
    """Return the numbers of true classes, and scores, shape (n, n_classes); refuse other arrays."""
    y, z = np.asarray(y_true), np.asarray(scores, np.float64)
    if y.ndim != 1 or z.shape != (len(y), n_classes):
        raise ValueError(
            f"expected labels (n,) and scores (n, {n_classes}), got shapes {y.shape} and {z.shape}"
        )
    if not len(y):
        raise CorpusError("expected at least one review to evaluate, got none")
    if not 0 <= y.min() <= y.max() < n_classes:
        raise ValueError(f"expected labels from 0 to {n_classes - 1}, got {y.min()} to {y.max()}")
    finite = np.isfinite(z).all(axis=1)
    if not finite.all():
        row = int(finite.argmin())
        raise DivergenceError(
            f"scores of row {row}: expected finite numbers, got {z[row].tolist()}"
        )
    return y.astype(np.int64), z


def values_of(confusion: Ints, means: Floats, classes: Sequence[str]) -> dict[str, Floats]:
    """Return the metrics of resamples, by their paths: float64, shape (n_resamples,) each."""
    n = confusion.sum(axis=(1, 2))
    true, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    with np.errstate(invalid="ignore"):  # an undefined metric is NaN, as 0 / 0 is
        of_class = {
            "precision": hits / predicted,
            "recall": hits / true,
            "f1": 2 * hits / (true + predicted),
        }
    values = {"accuracy": hits.sum(axis=1) / n}
    values |= {name: metric.mean(axis=1) for name, metric in of_class.items()}
    for k, each in enumerate(classes):
        values |= {f"{each}.{name}": metric[:, k] for name, metric in of_class.items()}
    values |= {"log_loss": means[0], "brier": means[1]}
    numbers = numbers_that_rise(classes)
    if numbers is not None:
        values |= _of_ratings(confusion, true, predicted, numbers)
    return values


def _of_ratings(confusion: Ints, true: Ints, predicted: Ints, numbers: Floats) -> dict[str, Floats]:
    distance = np.abs(numbers[:, None] - numbers)
    n = confusion.sum(axis=(1, 2))
    by_chance = true[:, :, None] * predicted[:, None, :] / n[:, None, None]
    with np.errstate(invalid="ignore"):
        ratio = (confusion * distance**2).sum(axis=(1, 2)) / (by_chance * distance**2).sum((1, 2))
    return {
        "ratings.mean_absolute_error": (confusion * distance).sum(axis=(1, 2)) / n,
        "ratings.quadratic_kappa": 1 - ratio,
    }


def intervals_of(
    reviews: ScoredClasses,
    groups: Groups | None,
    classes: Sequence[str],
    settings: tuple[float, int, int],
) -> dict[str, Interval]:
    """Return the bootstrap percentile interval of each metric but the AUC.

    The settings are confidence, number of resamples and seed; without resamples there is none.
    """
    confidence, *how = settings
    return {
        name: middle(values, confidence)
        for metrics in _resampled([reviews], groups, classes, *how)
        for name, values in metrics.items()
    }


def differences_of(
    a: ScoredClasses,
    b: ScoredClasses,
    groups: Groups | None,
    classes: Sequence[str],
    settings: tuple[float, int, int],
) -> dict[str, Interval]:
    """Return the interval of each metric of b minus that of a, as `intervals_of`."""
    confidence, *how = settings
    if not (found := _resampled([a, b], groups, classes, *how)):
        return {}
    of_a, of_b = found
    return {name: middle(of_b[name] - of_a[name], confidence) for name in of_a}


def _resampled(
    models: Sequence[ScoredClasses],
    groups: Groups | None,
    classes: Sequence[str],
    resamples: int,
    seed: int,
) -> list[dict[str, Floats]]:
    """Return the metrics of each model on the same resamples; none without resamples."""
    if not resamples:
        return []
    n = len(models[0].cells)
    columns = [column for m in models for column in (m.cells, m.losses, m.squares)]
    group_of = group_numbers(groups, np.arange(n), columns)

    def measure(counts: Ints) -> list[Any]:
        return [(model.confusion(counts), model.means(counts)) for model in models]

    parts = over_resamples(measure, n, resamples, seed, group_of)
    found = []
    for of_model in zip(*parts, strict=True):
        matrices, means = zip(*of_model, strict=True)
        found.append(values_of(np.concatenate(matrices), np.concatenate(means, axis=1), classes))
    return found


def numbers_that_rise(classes: Sequence[str]) -> Floats | None:
    """Return the classes as numbers if all are, and each is above the one before; else None.

    >>> numbers_that_rise(["1", "2.5", "10"]).tolist()
    [1.0, 2.5, 10.0]
    >>> numbers_that_rise(["5", "1", "3"]), numbers_that_rise(["bad", "good", "fair"])
    (None, None)
    """
    try:
        numbers = np.array([float(name) for name in classes])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() and (np.diff(numbers) > 0).all() else None
