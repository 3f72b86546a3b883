"""How far a metric, or a difference of two models, depends on which reviews were drawn.

The bootstrap (Efron 1979): from n test reviews draw n with replacement, score the model
on them, and do so many times. The spread of the results stands for the spread over test
sets of that size. Models that are compared are scored on the same draws, so that what is
hard about a draw is hard for both (Berg-Kirkpatrick, Burkett & Klein 2012). McNemar's
test asks the same of two accuracies without drawing.

None of it covers the choice of training reviews or of settings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.bootstrap import resample_sums
from pipeline.model.checks import Floats, Labels, checked
from pipeline.model.logistic import cross_entropy, decide, sigmoid
from pipeline.parallel import ordered_map

# Paths in metrics.json, and the attributes of an Evaluation.
METRICS = (
    *("accuracy", "precision", "recall", "f1"),
    *("negative.precision", "negative.recall", "negative.f1"),
    *("positive.precision", "positive.recall", "positive.f1"),
    *("roc_auc", "average_precision", "log_loss", "brier"),
)
Interval = tuple[float, float]
Metrics = dict[str, Floats]
# Reviews drawn in one piece, by a generator of its own. Changing it changes every interval.
_PIECE = 1 << 16
_N_SUMS = 7


@dataclass(frozen=True)
class Scored:
    """A model's scores of reviews (float64, shape (n,)), and the threshold it decides at."""

    scores: Floats
    threshold: float = 0.5


def intervals(
    y: Labels,
    model: Scored,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the percentile interval of each metric: the middle share of its resamples.

    Parameters
    ----------
    y : array of int8, shape (n,)
        Gold labels, 0 negative and 1 positive.
    model : Scored
    confidence : float in (0, 1)
        The share of the resamples between the ends.
    resamples : int
        How many; a resample in which a metric is undefined is left out for it.
    seed : int
        Of the draws, >= 0. The order of the reviews and the number of threads change nothing.

    Returns
    -------
    dict of (float, float)
        By the names of `METRICS`; NaN twice where a metric is undefined in every resample.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.
    """
    (metrics,) = resampled(y, [model], resamples, seed)
    return {name: _middle(values, confidence) for name, values in metrics.items()}


def paired_differences(
    y: Labels,
    a: Scored,
    b: Scored,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the percentile interval of b's metric minus a's, both on the same draws.

    The parameters and the result are those of `intervals`. An interval without 0 says
    that another draw of test reviews would hardly turn the difference round.
    """
    of_a, of_b = resampled(y, [a, b], resamples, seed)
    return {name: _middle(of_b[name] - of_a[name], confidence) for name in METRICS}


def resampled(y: Labels, models: Sequence[Scored], resamples: int, seed: int) -> list[Metrics]:
    """Return every metric of each model on each resample: float64, shape (resamples,).

    Parameters
    ----------
    y : array of int8, shape (n,)
    models : sequence of Scored
        All of them are scored on the same draws.
    resamples, seed : int
    """
    if resamples < 0:
        raise ValueError(f"resamples: expected a number >= 0, got {resamples}")
    rankings = _rankings(y, models)
    n = len(y)
    size = max(1, _PIECE // n)

    def draw(piece: int) -> list[Floats]:
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(piece,)))
        n_rows = min(size, resamples - piece * size)
        counts = np.empty((n_rows, n), np.int64)
        for row in counts:
            row[:] = np.bincount(generator.integers(0, n, n), minlength=n)
        return [ranking.sums(counts) for ranking in rankings]

    pieces = list(ordered_map(draw, range(-(-resamples // size))))
    empty = np.empty((0, _N_SUMS))
    return [
        _metrics(np.concatenate([empty, *(piece[k] for piece in pieces)]), n)
        for k in range(len(models))
    ]


def mcnemar(only_a_right: int, only_b_right: int) -> float:
    """Return the exact two-sided p-value of two accuracies on the same reviews.

    Of the reviews that one model alone decides rightly, each is as likely to be the one's
    as the other's if the models are equally good: a fair coin. With k the smaller count
    and m the sum of both,

        p = min(1, 2 sum_{i <= k} C(m, i) / 2^m)

    in whole numbers, divided once. Reviews on which both are right or both wrong say nothing.

    McNemar (1947), Psychometrika 12; Dietterich (1998), Neural Computation 10.
    """
    if min(only_a_right, only_b_right) < 0:
        raise ValueError(f"expected counts >= 0, got {only_a_right} and {only_b_right}")
    m = only_a_right + only_b_right
    ways = tail = 1
    for i in range(min(only_a_right, only_b_right)):
        ways = ways * (m - i) // (i + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << m))


@dataclass(frozen=True)
class _Ranking:
    """A model's reviews in descending order of its scores, as the kernel takes them."""

    order: NDArray[np.int64]
    gold: NDArray[np.uint8]
    called: NDArray[np.uint8]
    last_of_tie: NDArray[np.uint8]
    losses: Floats
    squares: Floats

    def sums(self, counts: NDArray[np.int64]) -> Floats:
        """Return the sums of `resample_sums`: shape (n_resamples, 7)."""
        sums = np.empty((len(counts), _N_SUMS))
        reviews = (self.gold, self.called, self.last_of_tie, self.losses, self.squares)
        resample_sums(np.take(counts, self.order, axis=1), *reviews, sums)
        return sums


def _rankings(y: Labels, models: Sequence[Scored]) -> list[_Ranking]:
    """Sort the reviews by each model's scores, once."""
    gold, columns = checked(y, models[0].scores)[0], []
    for model in models:
        if not 0 < model.threshold < 1:
            raise ValueError(f"threshold: expected a number in (0, 1), got {model.threshold}")
        columns.append(checked(y, model.scores)[1])
    # A draw means places in this order, not rows: reviews that are equal here are alike.
    canonical = np.lexsort((gold, *(-z for z in reversed(columns))))
    rankings = []
    for model, z in zip(models, columns, strict=True):
        order = np.argsort(-z[canonical], kind="stable")
        rows = canonical[order]
        ranked, positive = z[rows], gold[rows]
        probability = sigmoid(ranked)
        rankings.append(
            _Ranking(
                order=order,
                gold=positive.astype(np.uint8),
                called=decide(probability, model.threshold).astype(np.uint8),
                last_of_tie=np.append(ranked[1:] != ranked[:-1], True).astype(np.uint8),
                losses=cross_entropy(ranked, positive),
                squares=(probability - positive) ** 2,
            )
        )
    return rankings


def _metrics(sums: Floats, n: int) -> Metrics:
    """Return the metrics of resamples, by the formulas of `evaluation`."""
    positive, called, hits, right, precision, loss, square = sums.T
    negative = n - positive
    rejected = n - called - (positive - hits)
    metrics = {"accuracy": (hits + rejected) / n}
    # 0 / 0, which is NaN, is what undefined means.
    with np.errstate(invalid="ignore"):
        for name, found, of_class, decided in (
            ("negative", rejected, negative, n - called),
            ("positive", hits, positive, called),
        ):
            metrics[f"{name}.precision"] = found / decided
            metrics[f"{name}.recall"] = found / of_class
            metrics[f"{name}.f1"] = 2 * found / (of_class + decided)
        metrics["roc_auc"] = right / (2 * positive * negative)
        metrics["average_precision"] = precision / positive
    for name in ("precision", "recall", "f1"):
        metrics[name] = (metrics[f"negative.{name}"] + metrics[f"positive.{name}"]) / 2
    metrics |= {"log_loss": loss / n, "brier": square / n}
    return {name: metrics[name] for name in METRICS}


def _middle(values: Floats, confidence: float) -> Interval:
    """Return the percentiles that leave as much on each side."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence}")
    defined = values[~np.isnan(values)]
    if not defined.size:
        return math.nan, math.nan
    outside = (1 - confidence) / 2
    low, high = np.quantile(defined, [outside, 1 - outside])
    return float(low), float(high)
