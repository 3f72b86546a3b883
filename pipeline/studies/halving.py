"""Successive halving: many trials on one fold, the better half of them on more folds, and so on.

The trials that are left in the last round are scored on all folds, as those of a whole grid are
(Jamieson & Talwalkar 2016, Non-stochastic best arm identification and hyperparameter optimization).
The number of folds, which is what a trial costs, doubles where the number of trials is halved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Round(NamedTuple):
    """How many trials a round scores, and on which folds that no round before it has used."""

    n_trials: int
    folds: range


def rounds_of(n_trials: int, n_folds: int) -> list[Round]:
    """Return the rounds of a search; the last one ends with all folds.

    Parameters
    ----------
    n_trials, n_folds : int
        At least 1.

    Examples
    --------
    >>> for each in rounds_of(60, 5):
    ...     print(each.n_trials, each.folds)
    60 range(0, 1)
    30 range(1, 2)
    15 range(2, 3)
    7 range(3, 5)
    """
    ends = [n_folds]
    while ends[0] > 1:
        ends.insert(0, -(-ends[0] // 2))
    starts = [0, *ends[:-1]]
    return [
        Round(max(1, n_trials >> number), range(start, end))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def n_trainings(rounds: Sequence[Round]) -> int:
    """Return how many trainings rounds need: one for each trial on each fold.

    >>> n_trainings(rounds_of(60, 5))  # instead of 300
    119
    """
    return sum(each.n_trials * len(each.folds) for each in rounds)
