"""`measure_curve`: the metrics of models that learn from more and more of the training reviews.

Reviews are dealt into folds, as in cross-validation. The models that score a fold learn from
nested subsets of the other folds. Everything is learned from the subset alone: the vocabulary,
the log-count ratios, the weights, the temperature.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.evaluation.learning_curve import (
    FARTHEST,
    LEAST_SIZES,
    Extrapolation,
    FoldErrors,
    extrapolate,
)
from pipeline.evaluation.over_folds import Measured, intervals_over_folds
from pipeline.evaluation.scored import evaluation_of, scored
from pipeline.model.logistic import Array
from pipeline.storage import files
from pipeline.storage.replacing import replacing
from pipeline.stratified import draw_folds
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.forecast import Forecast
from pipeline.studies.journal import Journal, open_journal
from pipeline.studies.splits import Reviews
from pipeline.studies.subsets import NestedSubsets, Subset, checked_sizes


@dataclass(frozen=True)
class Design:
    """What a learning curve measures.

    Attributes
    ----------
    sizes : sequence of int
        Numbers of reviews to learn from; if empty up to eight, each half of the next.
    to : int or None
        The number of reviews to predict for. None is twice those that there are.
    n_folds, seed : int
        Folds and subsets are drawn at random, by class. Reviews of one group are in one fold.
    repeats : int
        Subsets of a size for each fold; fewer of the sizes of which not as many fit.
    """

    sizes: Sequence[int] = ()
    to: int | None = None
    n_folds: int = 10
    seed: int = 0
    repeats: int = 3


@dataclass(frozen=True)
class Point:
    """The metrics of the models that learned from `size` reviews."""

    size: int
    n_models: int
    accuracy: Measured
    log_loss: Measured
    ece: Measured


@dataclass(frozen=True)
class LearningCurve:
    """The metrics at each size, and what they say of more reviews.

    Attributes
    ----------
    n : int
        The training reviews that there are.
    n_folds : int
    confidence : float
        Of all intervals.
    points : tuple of Point
        By ascending size.
    extrapolation : Extrapolation or None
        None if there are too few sizes, if all of them are small, or if the largest is not clearly
        better than always predicting the majority class.
    """

    n: int
    n_folds: int
    confidence: float
    points: tuple[Point, ...]
    extrapolation: Extrapolation | None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, with the answer of `Extrapolation.helps`."""
        values: dict[str, Any] = files.null_for_nan(asdict(self))
        if self.extrapolation is not None:
            values["extrapolation"]["helps"] = self.extrapolation.helps
        return values


def curve_folder(path: Path) -> Path:
    """Return where the study of a run writes the curve and its figures."""
    return path / "curve"


def measure_curve(
    config: Config,
    path: str | Path,
    design: Design = Design(),
    execution: Execution = DEFAULT,
) -> LearningCurve:
    """Measure accuracy, log loss and calibration against the number of training reviews.

    The settings are those of the config for each size. The test set is not read. Writes
    `curve/curve.json` and figures into the run folder.

    Parameters
    ----------
    config : Config
    path : str or Path
        The run folder.
    design : Design
    execution : Execution

    Returns
    -------
    LearningCurve

    Raises
    ------
    ConfigError
        If there are more folds than reviews of a class, or a size or `to` is out of range.
    CorpusError
        If there are too few reviews for two sizes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pipeline.config.loading import with_values
    >>> config = with_values(Config(), {"train.epochs": 1}, "")  # of the bundled sample
    >>> with TemporaryDirectory() as folder:
    ...     found = measure_curve(config, folder, Design((100, 1000), n_folds=2, repeats=1))
    >>> [point.size for point in found.points], found.extrapolation is None
    ([100, 1000], True)
    >>> found.points[0].accuracy.value < found.points[1].accuracy.value
    True
    """
    path, config = Path(path), config.without_tune()
    run = execution.with_corpus(config, path)
    reviews = Reviews.read(run, "train")
    labels, groups, seed = reviews.labels, reviews.groups, design.seed
    fold_of = draw_folds(labels, design.n_folds, seed, "--folds", groups, reviews.names)
    nested = NestedSubsets(fold_of, design.repeats, seed)
    sizes = checked_sizes(design.sizes, nested, reviews, config.train)
    target = _target(design.to, len(labels), sizes)
    depends = reviews.depends(config) | {"bins": config.eval.bins}
    depends |= {"folds": design.n_folds, "repeats": design.repeats, "seed": seed}
    subsets, n_scored = nested.of_sizes(sizes), np.bincount(fold_of)

    def cost(subset: Subset) -> int:
        return subset.size + int(n_scored[subset.fold])

    n_steps = sum(map(cost, subsets))
    with open_journal(curve_folder(path), depends, n_steps, execution) as journal:
        execution.tell_of_abstaining(config)
        missing = [subset for subset in subsets if str(subset) not in journal]
        execution.listener.study_advanced(n_steps - sum(map(cost, missing)))
        shared = config, reviews, nested
        measured = Forecast(execution, cost).map(_measure, missing, 0, *shared)
        for subset, found in zip(missing, measured, strict=True):
            journal[str(subset)] = found
            execution.listener.study_advanced(cost(subset))
        folds = _Folds(subsets, n_scored, journal)
        result = _combined(folds, labels, target, config.eval.confidence, seed)
        values = result.to_dict()
        files.write_json(curve_folder(path) / "curve.json", values)
        _draw(curve_folder(path), values)
    return result


def _target(to: int | None, n: int, sizes: Sequence[int]) -> int | None:
    """Return the number of reviews to predict for; None if the sizes do not allow a prediction."""
    farthest = FARTHEST * sizes[-1]
    if to is None:
        found = min(2 * n, farthest)
        return found if len(sizes) >= LEAST_SIZES and found > n else None
    if len(sizes) < LEAST_SIZES:
        raise ConfigError(
            f"--to: expected a curve of at least {LEAST_SIZES} sizes to predict from, "
            f"got {len(sizes)}; --sizes chooses them"
        )
    if not n < to <= farthest:
        raise ConfigError(
            f"--to: expected more than the {n:,} training reviews and at most {farthest:,}, "
            f"{FARTHEST} times the largest size, got {to:,}"
        )
    return to


def _measure(
    subset: Subset, config: Config, reviews: Reviews, nested: NestedSubsets
) -> dict[str, Any]:
    """Return the metrics, on its fold, of a model that learned from a subset."""
    counted = reviews.counted(nested.split(subset, reviews), config)
    regression = counted.learn(config.train)
    scores = regression.decision_function(counted.scored)
    model = scored(scores, reviews.classes, regression.threshold)
    found = evaluation_of(counted.scored_labels, model, resamples=0, bins=config.eval.bins)
    filled = (
        (b.n, b.mean_probability - b.share_positive) if b.n else (0, 0.0) for b in found.calibration
    )
    gaps = [n * difference for n, difference in filled]
    return {"accuracy": found.accuracy, "log_loss": found.log_loss, "gaps": gaps}


class _Folds:
    """What the models of all subsets measured.

    Attributes
    ----------
    sizes : list of int
    n_models : list of int
        Of each size.
    n_scored : int64 array, shape (n_folds,)
        The number of each fold's reviews.
    values : float64 array, shape (n_folds, n_sizes, n_series, 2 + n_bins)
        Accuracy, log loss, and for each bin the sum of the probabilities less the number of
        reviews that are so. NaN where a size has fewer series.
    """

    def __init__(self, subsets: Sequence[Subset], n_scored: Array, journal: Journal) -> None:
        self.sizes, self.n_scored = sorted({each.size for each in subsets}), n_scored
        self.n_models = [sum(each.size == size for each in subsets) for size in self.sizes]
        found = [journal[str(each)] for each in subsets]
        n_series = 1 + max(each.series for each in subsets)
        n_values = 2 + len(found[0]["gaps"])
        self.values = np.full((len(n_scored), len(self.sizes), n_series, n_values), np.nan)
        for each, of in zip(subsets, found, strict=True):
            row = of["accuracy"], of["log_loss"], *of["gaps"]
            self.values[each.fold, self.sizes.index(each.size), each.series] = row

    def metrics(self, folds: Array) -> Array:
        """Return accuracy, log loss and ECE over some folds: float64, shape (3, n_sizes)."""
        values, n = self.values[folds], self.n_scored[folds]
        means = np.average(values[..., :2], axis=0, weights=n)
        # The ECE of all reviews, each scored by the model of its fold.
        ece = np.abs(values[..., 2:].sum(axis=0)).sum(axis=2) / n.sum()
        found: Array = np.nanmean(np.dstack([means, ece]), axis=1).T
        return found

    def points(self, confidence: float) -> tuple[Point, ...]:
        """Return the metrics at each size with their intervals."""
        of_metrics = intervals_over_folds(self.metrics, self.n_scored, confidence)
        columns = zip(self.sizes, self.n_models, *of_metrics, strict=True)
        return tuple(itertools.starmap(Point, columns))

    def errors(self) -> Array:
        """Return the share that each fold's models misclassify: shape (n_folds, n_sizes)."""
        found: Array = 1 - np.nanmean(self.values[..., 0], axis=2)
        return found


def _combined(
    folds: _Folds, labels: Array, target: int | None, confidence: float, seed: int
) -> LearningCurve:
    """Combine the folds to the points of the curve, and extrapolate."""
    n, points, found = len(labels), folds.points(confidence), None
    chance = 1 - float(np.bincount(labels).max()) / n
    # A law is fitted to what was learned: where nothing was, it would be flat, and sure of it.
    if target is not None and points[-1].accuracy.low > 1 - chance:
        errors = FoldErrors(folds.sizes, folds.errors(), folds.n_scored, chance)
        found = extrapolate(errors, n, target, confidence, seed)
    return LearningCurve(n, len(folds.n_scored), confidence, points, found)


def _draw(folder: Path, curve: dict[str, Any]) -> None:
    """Write the figures of a curve."""
    from pipeline.report.learning_curve import curve_plots
    from pipeline.report.svg import drawn

    for name, plot in curve_plots(curve).items():
        figure = drawn(name, plot)
        for kind, content in (("svg", figure.svg), ("png", figure.png)):
            with replacing(folder / f"{name}.{kind}") as file:
                file.write_bytes(content)
