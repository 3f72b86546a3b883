"""Cross-validation: every review is scored by a model that has not seen it.

All that is learned is learned inside each fold: the vocabulary, the log-count ratios, the
weights, and, where the config has a `[tune]` section, the settings as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.config.schema import Config
from pipeline.evaluation.metrics import Evaluation, evaluate, wilson_interval
from pipeline.evaluation.uncertainty import Scored
from pipeline.model.logistic import Array, decide, sigmoid
from pipeline.stages.from_config import decision_of, regression_of
from pipeline.storage import arrow, files
from pipeline.stratified import draw_folds
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split, fold_splits
from pipeline.studies.tune import n_scores, tune
from pipeline.training.decision import choose_decision


@dataclass(frozen=True)
class Fold:
    """What a fold came to, and the values that were chosen inside it, if any were."""

    number: int
    n: int
    accuracy: float
    chosen: dict[str, Any]


@dataclass(frozen=True)
class CrossValidation:
    """Every fold, and all of them taken together.

    Attributes
    ----------
    folds : tuple of Fold
    mean, deviation : float
        Of the folds' accuracies: the mean, and the standard deviation (n - 1).
    accuracy, low, high : float
        Of all reviews, each decided by the model of its fold at that model's threshold, with
        the ends of the Wilson interval.
    pooled : Evaluation
        Of all reviews, each scored by the model of its fold, and decided at the config's
        threshold; at 0.5 where that is a goal, for every fold then has its own.
    labels, scores, predicted, fold_of : arrays, shape (n,)
        Gold labels, log-odds, decisions, and the fold of each review, from 0.
    """

    folds: tuple[Fold, ...]
    mean: float
    deviation: float
    accuracy: float
    low: float
    high: float
    pooled: Evaluation
    labels: Array
    scores: Array
    predicted: Array
    fold_of: Array


def cross_validate(
    config: Config,
    reviews: Reviews,
    n_folds: int,
    seed: int,
    journal: Journal,
    on_done: Callable[[int], None] = lambda n: None,
) -> CrossValidation:
    """Score every review by a model that was learned from the other folds.

    Parameters
    ----------
    config : Config
    reviews : Reviews
    n_folds, seed : int
        Folds are drawn by class.
    journal : Journal
        What is in it is not done again.
    on_done : callable
        Told how much more is done, of as much as `n_steps` says.

    Raises
    ------
    ConfigError
        If there are more folds than reviews of a class, or fewer than two.
    """
    labels = reviews.labels
    fold_of = draw_folds(labels, n_folds, seed, "--folds")
    everywhere = np.ones(len(labels), bool)
    scores, predicted, folds = np.empty(len(labels)), np.empty(len(labels), np.int8), []
    for number, split in enumerate(fold_splits(fold_of, everywhere)):
        name = f"fold {number}"
        if name in journal:
            on_done(n_steps(config, 1))
        else:
            journal[name] = _fold(config, reviews, split, journal, f"{name} ", on_done)
        found = journal[name]
        scores[split.scored] = found["log_odds"]
        predicted[split.scored] = decide(sigmoid(scores[split.scored]), found["threshold"])
        right = (predicted == labels)[split.scored]
        folds.append(Fold(number + 1, len(right), float(right.mean()), found["chosen"]))
    accuracies = [fold.accuracy for fold in folds]
    n_right = int(np.count_nonzero(predicted == labels))
    threshold = config.train.threshold if isinstance(config.train.threshold, float) else 0.5
    return CrossValidation(
        tuple(folds),
        float(np.mean(accuracies)),
        float(np.std(accuracies, ddof=1)),
        n_right / len(labels),
        *wilson_interval(n_right, len(labels), config.eval.confidence),
        evaluate(labels, Scored(scores, threshold), **config.section("eval")),
        labels,
        scores,
        predicted,
        fold_of,
    )


def summary(result: CrossValidation) -> dict[str, Any]:
    """Return the folds and the pooled metrics, as JSON can hold them."""
    return {
        "folds": [asdict(fold) for fold in result.folds],
        "mean": result.mean,
        "deviation": result.deviation,
        "accuracy": result.accuracy,
        "accuracy_low": result.low,
        "accuracy_high": result.high,
        "pooled": result.pooled.to_dict(),
    }


def write(folder: Path, result: CrossValidation) -> None:
    """Write `metrics.json`, and a row for each review in `predictions.parquet`."""
    from pyarrow import parquet

    files.write_json(folder / "metrics.json", summary(result))
    probability = sigmoid(result.scores)
    columns = {
        "row": np.arange(len(result.labels)),
        "fold": result.fold_of + 1,
        "label": result.labels,
        "predicted": result.predicted,
        "probability": probability,
        "log_odds": result.scores,
    }
    table = pa.table({name: arrow.numbers(values) for name, values in columns.items()})
    parquet.write_table(table, folder / "predictions.parquet")


def n_steps(config: Config, n_folds: int) -> int:
    """Return how many models a cross-validation learns."""
    return n_folds * (1 + (n_scores(config) if config.tune else 0))


def _fold(
    config: Config,
    reviews: Reviews,
    split: Split,
    journal: Journal,
    name: str,
    on_done: Callable[[int], None],
) -> dict[str, Any]:
    """Choose settings if there are any to choose, learn, and score the fold."""
    chosen: dict[str, Any] = {}
    if config.tune is not None:
        tuning = tune(config, reviews, split.learned, journal, name, on_done)
        config, chosen = tuning.best, tuning.tried[0].values
    tokens = reviews.tokens(config.tokens)
    counted = CountedSplit.of(tokens, reviews.labels, split, config.features)
    regression = regression_of(config.train)
    sides = counted.learned, counted.learned_labels
    regression.fit(*sides)
    choose_decision(regression, *sides, **decision_of(config.train))
    log_odds = regression.decision_function(counted.scored).tolist()
    on_done(1)
    return {"log_odds": log_odds, "chosen": chosen, "threshold": regression.threshold}
