"""What mattered in a search: how much of the differences each setting explains, value by value.

All of it is about the first round, in which every trial is scored on the same reviews. Each setting
is looked at alone, averaged over whatever the others were: two that only help together show less
than they do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.model.logistic import Array
from pipeline.studies.auto_grid import is_known
from pipeline.studies.ranking import By, RankedRound

_EPOCHS = "train.epochs"
# Of the normal distribution, for 95%.
_Z = 1.96
_SHUFFLES = 999


@dataclass(frozen=True)
class ValueMean:
    """The mean score of the trials with a value, and its 95% interval.

    Attributes
    ----------
    value : object
    n : int
        How many trials have it.
    mean, low, high : float
    """

    value: Any
    n: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """What a setting did.

    Attributes
    ----------
    key : str
        Such as `train.l2`.
    share : float
        Share of the variance of the scores that the setting explains: adjusted R², at least 0.
    p : float
        How often a setting that does nothing explains as much, by shuffling the scores. NaN for
        the epochs, because those of one training are alike.
    values : tuple of ValueMean
        In their order.
    """

    key: str
    share: float
    p: float
    values: tuple[ValueMean, ...]


def effects_of(first: RankedRound, by: By) -> tuple[Effect, ...]:
    """Return the effect of each setting that has several values, the largest first.

    A training counts with its best number of epochs, and the epochs are compared over all of
    them. Settings of the log-count ratio, such as `train.alpha`, are compared where there is
    one. Trainings that diverged are left out, and so are those of the known settings: their values
    look good together.

    Parameters
    ----------
    first : RankedRound
        The first round of a search.
    by : {"accuracy", "log_loss"}
    """
    candidates = [each for each in first.candidates if not is_known(each[0].values)]
    every = [tried for candidate in candidates for tried in candidate]
    keys = dict.fromkeys(key for tried in every for key in tried.values)
    effects = []
    for key in keys:
        compared = every if key == _EPOCHS else [candidate[0] for candidate in candidates]
        found = [
            (tried.values[key], getattr(tried, by))
            for tried in compared
            if key in tried.values and not tried.diverged
        ]
        if len({_place(value) for value, _ in found}) > 1:
            effects.append(effect_of(key, found))
    return tuple(sorted(effects, key=lambda effect: -effect.share))


def effect_of(key: str, found: Sequence[tuple[Any, float]]) -> Effect:
    """Return the effect of a setting, from the value and the score of each trial.

    Examples
    --------
    >>> effect = effect_of("features.ngrams", [(1, 0.7), (1, 0.8), (2, 0.8), (2, 0.9)])
    >>> round(effect.share, 3)
    0.25
    >>> [(each.value, round(each.mean, 3)) for each in effect.values]
    [(1, 0.75), (2, 0.85)]
    """
    found = sorted(found, key=lambda pair: _place(pair[0]))
    names = [repr(value) for value, _ in found]
    values = dict(zip(names, (value for value, _ in found), strict=True))
    scores = np.array([score for _, score in found])
    has_value = np.array([[name == other for other in values] for name in names], float)
    counts = has_value.sum(axis=0)
    means = scores @ has_value / counts
    n_free, total = len(scores) - len(values), float(np.var(scores, ddof=1))
    # One variance for all values, because some have few trials.
    within = float(np.sum((scores - has_value @ means) ** 2))
    variance = within / n_free if n_free else math.nan
    share = max(0.0, 1 - variance / total) if n_free and total else 0.0
    halves = _Z * np.sqrt(variance / counts)
    shown = zip(values.values(), counts, means, means - halves, means + halves, strict=True)
    return Effect(
        key,
        share,
        math.nan if key == _EPOCHS else _p_value(scores, has_value),
        tuple(ValueMean(v, int(n), *map(float, rest)) for v, n, *rest in shown),
    )


def _p_value(scores: Array, has_value: Array) -> float:
    """Return how often shuffled scores differ as much between the values, or more.

    Parameters
    ----------
    scores : float64 array, shape (n,)
    has_value : float64 array, shape (n, n_values)
        1 where a trial has a value.
    """

    def between(each: Array) -> Array:
        """Return the sum of squares between the values; that of all is the same for each."""
        sums = (each @ has_value) ** 2 / has_value.sum(axis=0)
        return np.asarray(sums.sum(axis=-1))

    centred = scores - scores.mean()
    shuffled = np.random.default_rng(0).permuted(np.tile(centred, (_SHUFFLES, 1)), axis=1)
    # The same sum in another order may differ in its last digits.
    as_much = between(shuffled) >= between(centred) * (1 - 1e-9)
    return (1 + int(as_much.sum())) / (1 + _SHUFFLES)


def _place(value: Any) -> tuple[bool, str, Any]:
    """Return what puts numbers in their order, and words in that of their letters."""
    if isinstance(value, bool | int | float):
        return True, "", float(value)
    return value is not None, str(value), 0.0


def shown_value(value: Any) -> str:
    """Return a value of a setting as tables and figures show it.

    >>> [shown_value(value) for value in (True, 1e-05, (2, 5), None, "counts")]
    ['true', '1e-05', '2 to 5', 'none', 'counts']
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return " to ".join(map(str, value))
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
