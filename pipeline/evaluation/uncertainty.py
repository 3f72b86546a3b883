"""Bootstrap intervals of metrics, and of the differences of two models; of reviews or whole groups.

The bootstrap (Efron 1979) draws n of the n test reviews with replacement, computes the metric
on them, and repeats this many times. The spread of the results estimates the spread over test
sets of that size. Models that are compared share their resamples, so that a hard resample is
hard for both (Berg-Kirkpatrick, Burkett & Klein 2012). Reviews in groups, such as those of one
film, are alike: then whole groups are drawn, as many as there are (the cluster bootstrap; Davison
& Hinkley 1997, section 3.8).

None of this covers the choice of training reviews or of settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.accuracy import Groups
from pipeline.evaluation.resampling import Interval, group_numbers, middle, over_resamples
from pipeline.kernels.bootstrap import resample_sums
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import cross_entropy, decide, sigmoid

# Paths in metrics.json, and attributes of an Evaluation.
METRICS = (
    *("accuracy", "precision", "recall", "f1"),
    *("negative.precision", "negative.recall", "negative.f1"),
    *("positive.precision", "positive.recall", "positive.f1"),
    *("roc_auc", "average_precision", "log_loss", "brier"),
)
Metrics = dict[str, Floats]
_N_SUMS = 7


@dataclass(frozen=True)
class Scored:
    """The scores that a model gives to reviews, the threshold of its predictions, and groups.

    Attributes
    ----------
    scores : float64 array, shape (n,)
        Log-odds of the positive class.
    threshold : float in (0, 1)
        A review is predicted positive where its probability is above it.
    groups : int64 array, shape (n,), optional
        Reviews with equal numbers belong together, and are resampled together.

    Examples
    --------
    >>> careful = Scored(np.array([2.0, -1.0, 0.5]), threshold=0.8)
    >>> decide(sigmoid(careful.scores), careful.threshold).tolist()
    [True, False, False]
    """

    scores: Floats
    threshold: float = 0.5
    groups: Groups | None = None


def intervals(
    y_true: Labels,
    model: Scored,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the bootstrap percentile interval of each metric.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    model : Scored
    confidence : float in (0, 1)
        The share of the resamples between the ends.
    resamples : int
        Number of resamples, >= 0. Those in which a metric is undefined are left out for it.
    seed : int
        Seed of the resamples, >= 0. The order of the reviews and the number of threads change
        nothing.

    Returns
    -------
    dict of (float, float)
        By the names in `METRICS`; NaN twice if a metric is undefined in every resample.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.

    Examples
    --------
    >>> y_true, scores = np.array([1, 0] * 50), np.array([1.0, -1.0, 2.0, 0.5] * 25)
    >>> low, high = intervals(y_true, Scored(scores))["accuracy"]
    >>> round(low, 2), round(high, 2)
    (0.66, 0.84)
    """
    (metrics,) = resampled(y_true, [model], resamples, seed)
    return {name: middle(values, confidence) for name, values in metrics.items()}


def paired_differences(
    y_true: Labels,
    a: Scored,
    b: Scored,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the bootstrap percentile interval of b's metric minus a's, on the same resamples.

    The parameters and the result are those of `intervals`. If an interval does not contain 0,
    another sample of test reviews would rarely reverse the difference.

    Examples
    --------
    >>> y_true = np.array([1, 0] * 50)
    >>> a, b = Scored(np.array([1.0, -1.0, 2.0, 0.5] * 25)), Scored(y_true - 0.5)
    >>> low, high = paired_differences(y_true, a, b)["accuracy"]
    >>> round(low, 2), round(high, 2)
    (0.16, 0.34)
    """
    of_a, of_b = resampled(y_true, [a, b], resamples, seed)
    return {name: middle(of_b[name] - of_a[name], confidence) for name in METRICS}


def resampled(y_true: Labels, models: Sequence[Scored], resamples: int, seed: int) -> list[Metrics]:
    """Return every metric of each model on each resample: float64, shape (resamples,).

    Parameters
    ----------
    y_true : int8 array, shape (n,)
    models : sequence of Scored
        All of them share the resamples.
    resamples, seed : int

    Examples
    --------
    >>> y_true, scores = np.array([1, 0] * 50), np.array([1.0, -1.0, 2.0, 0.5] * 25)
    >>> (metrics,) = resampled(y_true, [Scored(scores)], resamples=3, seed=0)
    >>> metrics["accuracy"].shape
    (3,)
    """
    if resamples < 0:
        raise ValueError(f"resamples: expected a number >= 0, got {resamples}")
    canonical, rankings = _rankings(y_true, models)
    columns: list[NDArray[Any]] = [y_true, *(model.scores for model in models)]
    group_of = group_numbers(models[0].groups, canonical, columns)

    def measure(counts: NDArray[np.int64]) -> list[Any]:
        return [counts.sum(axis=1), *(ranking.sums(counts) for ranking in rankings)]

    del canonical  # as long as a test set
    parts = over_resamples(measure, len(y_true), resamples, seed, group_of)
    empty = [np.empty(0, np.int64), *(np.empty((0, _N_SUMS)) for _ in models)]
    sizes, *sums = (np.concatenate(of_chunks) for of_chunks in zip(empty, *parts, strict=True))
    return [_metrics(of_model, sizes) for of_model in sums]


@dataclass(frozen=True)
class _Ranking:
    """The reviews in descending order of a model's scores, as the kernel takes them."""

    order: NDArray[np.int64]
    is_positive: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    last_of_tie: NDArray[np.uint8]
    losses: Floats
    squares: Floats

    def sums(self, counts: NDArray[np.int64]) -> Floats:
        """Return the sums of `resample_sums`: shape (n_resamples, 7)."""
        sums = np.empty((len(counts), _N_SUMS))
        resample_sums(
            counts,
            self.order,
            self.is_positive,
            self.predicted,
            self.last_of_tie,
            self.losses,
            self.squares,
            sums,
        )
        return sums


def _rankings(y_true: Labels, models: Sequence[Scored]) -> tuple[NDArray[np.int64], list[_Ranking]]:
    """Return the reviews in the order that resamples draw from, and by the scores of each model."""
    is_positive, columns = checked(y_true, models[0].scores)[0], []
    for model in models:
        if not 0 < model.threshold < 1:
            raise ValueError(f"threshold: expected a number in (0, 1), got {model.threshold}")
        columns.append(checked(y_true, model.scores)[1])
    # A resample draws positions in this order, so that the order of the rows has no influence.
    canonical = np.lexsort((is_positive, *(-z for z in reversed(columns))))
    rankings = []
    for model, z in zip(models, columns, strict=True):
        order = np.argsort(-z[canonical], kind="stable")
        rows = canonical[order]
        ranked, positive = z[rows], is_positive[rows]
        del rows  # an array as long as a test set, which may be large
        probability = sigmoid(ranked)
        predicted = decide(probability, model.threshold)
        probability -= positive
        rankings.append(
            _Ranking(
                order=order,
                is_positive=positive.view(np.uint8),
                predicted=predicted.view(np.uint8),
                last_of_tie=np.append(ranked[1:] != ranked[:-1], True).view(np.uint8),
                losses=cross_entropy(ranked, positive),
                squares=np.square(probability, out=probability),
            )
        )
    return canonical, rankings


def _metrics(sums: Floats, n: NDArray[np.int64]) -> Metrics:
    """Return the metrics of resamples of n reviews each, by the formulas of `metrics`."""
    positive, predicted, true_positive, half_wins, precision, loss, square = sums.T
    negative = n - positive
    true_negative = n - predicted - (positive - true_positive)
    metrics = {"accuracy": (true_positive + true_negative) / n}
    # An undefined metric is NaN, as 0 / 0 is.
    with np.errstate(invalid="ignore"):
        for name, true, of_class, as_class in (
            ("negative", true_negative, negative, n - predicted),
            ("positive", true_positive, positive, predicted),
        ):
            metrics[f"{name}.precision"] = true / as_class
            metrics[f"{name}.recall"] = true / of_class
            metrics[f"{name}.f1"] = 2 * true / (of_class + as_class)
        metrics["roc_auc"] = half_wins / (2 * positive * negative)
        metrics["average_precision"] = precision / positive
    for name in ("precision", "recall", "f1"):
        metrics[name] = (metrics[f"negative.{name}"] + metrics[f"positive.{name}"]) / 2
    metrics |= {"log_loss": loss / n, "brier": square / n}
    return {name: metrics[name] for name in METRICS}
