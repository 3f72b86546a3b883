"""`cross_validate`: score each review with a model that did not see it, fold by fold.

All that is learned is learned inside each fold: the vocabulary, the log-count ratios, the
weights, and, if the config has a `[tune]` section, the settings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.evaluation.accuracy import accuracy_interval
from pipeline.evaluation.classes import ClassesEvaluation
from pipeline.evaluation.metrics import Evaluation
from pipeline.evaluation.scored import evaluation_of, scored
from pipeline.model.logistic import Array, predictions
from pipeline.stages.predictions import prediction_columns
from pipeline.stages.test_uses import TestUse, record_test_uses
from pipeline.storage import arrow, files
from pipeline.storage.replacing import replacing
from pipeline.stratified import draw_folds
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.journal import Journal, open_journal
from pipeline.studies.search import Searched, n_scores, search
from pipeline.studies.splits import Reviews, Split, has_own_test_set
from pipeline.studies.tune import require_tried_settings


@dataclass(frozen=True)
class Fold:
    """The accuracy of a fold, and the values that were chosen inside it, if any."""

    number: int
    n: int
    accuracy: float
    chosen: dict[str, Any]


class _Task(NamedTuple):
    """A fold that is to be scored by a model with a config."""

    fold: int
    config: Config

    def __str__(self) -> str:
        return f"fold {self.fold}"


@dataclass(frozen=True)
class CrossValidation:
    """The folds, and all reviews together.

    Attributes
    ----------
    folds : tuple of Fold
    mean, deviation : float
        Mean and standard deviation (n - 1) of the accuracies of the folds.
    accuracy, low, high : float
        Accuracy over all reviews, each classified by the model of its fold at that model's
        threshold, with the interval of `accuracy_interval`.
    pooled : Evaluation, or ClassesEvaluation with more than two classes
        The metrics of all reviews, each scored by the model of its fold. The threshold of two
        classes is that of the config; 0.5 if it sets a goal, because each fold then has its own.
    labels, predicted, fold_of : arrays, shape (n,)
        True label, prediction and fold (from 0) of each review.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
    """

    folds: tuple[Fold, ...]
    mean: float
    deviation: float
    accuracy: float
    low: float
    high: float
    pooled: Evaluation | ClassesEvaluation
    labels: Array
    predicted: Array
    fold_of: Array
    scores: Array

    def to_dict(self) -> dict[str, Any]:
        """Return the folds and the metrics, as JSON can hold them."""
        return {
            "folds": [asdict(fold) for fold in self.folds],
            "mean": self.mean,
            "deviation": self.deviation,
            "accuracy": self.accuracy,
            "accuracy_low": self.low,
            "accuracy_high": self.high,
            "pooled": self.pooled.to_dict(),
        }


def cross_validate(
    config: Config,
    path: str | Path,
    n_folds: int = 10,
    seed: int = 0,
    execution: Execution = DEFAULT,
) -> CrossValidation:
    """Score each review with a model that learned from the other folds.

    A corpus without a test set of its own is taken whole, which is recorded as a use of the
    test set. Otherwise the training set alone is taken. Writes `crossval/metrics.json` and
    `crossval/predictions.parquet` into the run folder.

    Parameters
    ----------
    config : Config
    path : str or Path
        The run folder.
    n_folds, seed : int
        Folds are drawn at random, by class. Reviews of one group are in one fold.
    execution : Execution

    Returns
    -------
    CrossValidation

    Raises
    ------
    ConfigError
        If there are more folds than reviews of a class, or fewer than two; or a setting, such as
        a threshold, has no meaning for more than two classes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pipeline.config.loading import with_values
    >>> config = with_values(Config(), {"train.epochs": 1}, "")  # of the bundled sample
    >>> with TemporaryDirectory() as folder:
    ...     result = cross_validate(config, folder, n_folds=2)
    >>> [fold.n for fold in result.folds]
    [1000, 1000]
    >>> bool(result.mean > 0.7)
    True
    """
    path = Path(path)
    run = execution.with_corpus(config, path)
    splits = ("train",) if has_own_test_set(config) else ("train", "test")
    reviews = Reviews.read(run, *splits)
    require_tried_settings(config, reviews.classes)
    fold_of = draw_folds(reviews.labels, n_folds, seed, "--folds", reviews.groups, reviews.names)
    depends = reviews.depends(config, *(("tune",) if config.tune else ()))
    depends |= {"folds": n_folds, "seed": seed}
    steps = _n_steps(config, n_folds)
    with open_journal(path / "crossval", depends, steps, execution) as journal:
        execution.tell_of_abstaining(config)
        result = _score_folds(config, reviews, fold_of, journal, execution)
        if "test" in splits:
            record_test_uses(path, [TestUse.of("crossval", config, journal.id)])
        _write(path / "crossval", result)
    return result


def _n_steps(config: Config, n_folds: int) -> int:
    """Return how many models a cross-validation trains."""
    return n_folds * (1 + (n_scores(config) if config.tune else 0))


def _score_folds(
    config: Config,
    reviews: Reviews,
    fold_of: Array,
    journal: Journal,
    execution: Execution = DEFAULT,
) -> CrossValidation:
    """Score each fold that the journal does not hold, and combine all of them."""
    names = [f"fold {number}" for number in range(int(fold_of.max()) + 1)]
    missing = [number for number, name in enumerate(names) if name not in journal]
    execution.listener.study_advanced((len(names) - len(missing)) * _n_steps(config, 1))
    configs = [config] * len(missing)
    chosen: list[dict[str, Any]] = [{}] * len(missing)
    if config.tune is not None:
        within = {f"{names[number]} ": fold_of != number for number in missing}
        tunings = search(config, Searched(reviews, within), journal, execution)
        configs = [tuning.best for tuning in tunings]
        chosen = [tuning.tried[0].values for tuning in tunings]
    tasks = list(map(_Task, missing, configs))
    run = execution.workers.map(_score_fold, tasks, reviews, fold_of)
    for number, values, (scores, threshold) in zip(missing, chosen, run, strict=True):
        result = {"scores": scores.tolist(), "chosen": values, "threshold": threshold}
        journal[names[number]] = result
        execution.listener.study_advanced(1)
    return _combined(config, reviews, fold_of, [journal[name] for name in names])


def _score_fold(task: _Task, reviews: Reviews, fold_of: Array) -> tuple[Array, float]:
    """Return the scores of a fold by a model that learned from the others, and its threshold."""
    counted = reviews.counted(Split.of_fold(fold_of, task.fold), task.config)
    regression = counted.learn(task.config.train)
    return regression.decision_function(counted.scored), regression.threshold


def _combined(
    config: Config, reviews: Reviews, fold_of: Array, found: list[dict[str, Any]]
) -> CrossValidation:
    """Combine the results of the folds."""
    labels, n_classes = reviews.labels, len(reviews.classes)
    scores = np.empty(len(labels) if n_classes == 2 else (len(labels), n_classes))
    predicted, folds = np.empty(len(labels), np.int8), []
    for number, of_fold in enumerate(found):
        rows = fold_of == number
        scores[rows] = values = np.array(of_fold["scores"])
        predicted[rows] = predictions(values, of_fold["threshold"])
        correct = (predicted == labels)[rows]
        folds.append(Fold(number + 1, len(correct), float(correct.mean()), of_fold["chosen"]))
    accuracies = [fold.accuracy for fold in folds]
    right = predicted == labels
    threshold = config.train.threshold if isinstance(config.train.threshold, float) else 0.5
    of_models = scored(scores, reviews.classes, threshold, reviews.groups)
    return CrossValidation(
        tuple(folds),
        float(np.mean(accuracies)),
        float(np.std(accuracies, ddof=1)),
        int(np.count_nonzero(right)) / len(labels),
        *accuracy_interval(right, config.eval.confidence, reviews.groups),
        evaluation_of(labels, of_models, **config.section("eval")),
        labels,
        predicted,
        fold_of,
        scores,
    )


def _write(folder: Path, result: CrossValidation) -> None:
    """Write the metrics, and a table with a row for each review."""
    from pyarrow import parquet

    files.write_json(folder / "metrics.json", result.to_dict())
    columns = prediction_columns(result.labels, result.scores, result.predicted)
    row, fold = columns.pop("row"), arrow.numbers(np.add(result.fold_of, 1, dtype=np.int64))
    table = pa.table({"row": row, "fold": fold, **columns})
    with replacing(folder / "predictions.parquet") as file:
        parquet.write_table(table, file)
