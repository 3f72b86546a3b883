"""What the trials of a search scored: ranked in each round, and in the end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline.config.schema import Config
from pipeline.errors import DivergenceError
from pipeline.studies.grid import Trial

Scores = dict[str, float | None]
By = Literal["accuracy", "log_loss"]
# Trials that differ only in their number of epochs. One training scores all of them.
Candidate = list[Trial]


@dataclass(frozen=True)
class Tried:
    """The scores of a trial; NaN if its training diverged.

    Attributes
    ----------
    number : int
        The place in the grid, from 0.
    values : dict
        Of the keys that are tuned.
    accuracy, log_loss : float
        Means over the splits; the loss in nats.
    accuracies : tuple of float
        The accuracy on each split. With successive halving, only trials of the last round have
        been scored on all splits.
    """

    number: int
    values: dict[str, Any]
    accuracy: float
    log_loss: float
    accuracies: tuple[float, ...]

    @classmethod
    def of(cls, trial: Trial, scores: Sequence[Scores]) -> Tried:
        """Return a trial with its scores on each split; a score is None if training diverged."""
        accuracies, losses = (
            tuple(math.nan if (found := score[name]) is None else found for score in scores)
            for name in ("accuracy", "log_loss")
        )
        means = float(np.mean(accuracies)), float(np.mean(losses))
        return cls(trial.number, trial.values, *means, accuracies)

    @property
    def diverged(self) -> bool:
        """Whether the training diverged on a split."""
        return math.isnan(self.accuracy)

    def rank(self, by: By) -> tuple[float, float, int]:
        """Return what is lower for a better trial; of equals, the first in the grid is better."""
        better = -self.accuracy, self.log_loss
        first, then = better if by == "accuracy" else better[::-1]
        return (math.inf, math.inf, self.number) if self.diverged else (first, then, self.number)


@dataclass(frozen=True)
class RankedRound:
    """The trials of a round of a search.

    Attributes
    ----------
    n_splits : int
        How many splits they are scored on, those of earlier rounds included.
    candidates : tuple of tuple of Tried
        Trials that differ only in their number of epochs are together; the best are first.
    n_kept : int
        With how many candidates the search went on; all, if it is the last round.
    """

    n_splits: int
    candidates: tuple[tuple[Tried, ...], ...]
    n_kept: int

    @property
    def best(self) -> tuple[Tried, ...]:
        """The best trial of each candidate, the best first."""
        return tuple(candidate[0] for candidate in self.candidates)

    def kept(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return those with which the search goes on, in their order."""
        numbers = {candidate[0].number for candidate in self.candidates[: self.n_kept]}
        return [each for each in candidates if any(trial.number in numbers for trial in each)]


@dataclass(frozen=True)
class Tuning:
    """The result of a search.

    Attributes
    ----------
    tried : tuple of Tried
        All trials: those of the last round first, and of a round the best first.
    best : Config
        The config with the values of the best.
    rounds : tuple of RankedRound
        One, unless the worse half of the trials is left out in each.
    """

    tried: tuple[Tried, ...]
    best: Config
    rounds: tuple[RankedRound, ...]

    @classmethod
    def of(cls, trials: Sequence[Trial], rounds: Sequence[RankedRound], by: By) -> Tuning:
        """Return the result of rounds.

        Raises
        ------
        DivergenceError
            If all trials of the last round diverged.
        """
        tried: list[Tried] = []
        for each in reversed(rounds):
            ended = each.candidates if each is rounds[-1] else each.candidates[each.n_kept :]
            tried += sorted(
                (of for candidate in ended for of in candidate), key=lambda t: t.rank(by)
            )
        if tried[0].diverged:
            raise DivergenceError(
                "tune: all trials diverged; expected lower values of train.learning_rate"
            )
        return cls(tuple(tried), trials[tried[0].number].config.without_tune(), tuple(rounds))


def ranked(
    candidates: Sequence[Candidate], scores: Mapping[int, Sequence[Scores]], by: By
) -> tuple[tuple[Tried, ...], ...]:
    """Rank candidates, and the trials of each; a candidate is as good as its best trial.

    Parameters
    ----------
    candidates : sequence of list of Trial
    scores : mapping from number of a trial to the score on each split
    by : {"accuracy", "log_loss"}
    """
    found = (
        sorted(
            (Tried.of(trial, scores[trial.number]) for trial in candidate),
            key=lambda tried: tried.rank(by),
        )
        for candidate in candidates
    )
    return tuple(map(tuple, sorted(found, key=lambda candidate: candidate[0].rank(by))))
