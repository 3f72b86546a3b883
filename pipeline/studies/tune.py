"""Tuning: settings are tried on reviews that the model does not learn from, and the best kept.

Reviews are tokenised once for each way to do it, and counted once for each split and way to
count; of trials that differ in their number of epochs alone, the longest passes the others
on its way. The test part is never read.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from pipeline.config.schema import Config
from pipeline.evaluation.metrics import log_loss
from pipeline.model.logistic import Array, decide, sigmoid
from pipeline.parallel import ordered_map
from pipeline.stages.from_config import decision_of, regression_of
from pipeline.stratified import draw_by_class, draw_folds
from pipeline.studies.grid import Trial, trials_of
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split, fold_splits
from pipeline.training.decision import choose_decision

Item = TypeVar("Item")


@dataclass(frozen=True)
class Tried:
    """What a trial came to.

    Attributes
    ----------
    values : dict of str
        Of the keys that are tuned.
    accuracy, log_loss : float
        Means over the splits; nats.
    accuracies : tuple of float
        Of each split.
    """

    values: dict[str, Any]
    accuracy: float
    log_loss: float
    accuracies: tuple[float, ...]


@dataclass(frozen=True)
class Tuning:
    """Every trial, the best first, and the config that the best of them makes."""

    tried: tuple[Tried, ...]
    best: Config
    n_reviews: int
    n_splits: int


def tune(
    config: Config,
    reviews: Reviews,
    within: Array,
    journal: Journal,
    name: str = "",
    on_done: Callable[[int], None] = lambda n: None,
) -> Tuning:
    """Try every combination of the values in `[tune]`.

    Parameters
    ----------
    config : Config
        With a `[tune]` section.
    reviews : Reviews
    within : bool array, shape (n,)
        The reviews that may be used.
    journal : Journal
        What is in it is not done again.
    name : str
        Put before the names of this tuning's entries there.
    on_done : callable
        Told how many scores have been added, of as many as `n_scores` says.
    """
    trials, splits = trials_of(config), _splits(config, reviews.labels, within)
    done = [_entry(name, s, k) in journal for s in range(len(splits)) for k in range(len(trials))]
    on_done(sum(done))
    for section, same_tokens in _alike(enumerate(trials), lambda t: t.config.tokens):
        for s, split in enumerate(splits):
            missing = [(k, t) for k, t in same_tokens if _entry(name, s, k) not in journal]
            for features, same_counts in _alike(missing, lambda t: t.config.features):
                tokens = reviews.tokens(section)
                counted = CountedSplit.of(tokens, reviews.labels, split, features)
                for scores in _scores(same_counts, counted):
                    for k, score in scores.items():
                        journal[_entry(name, s, k)] = score
                    on_done(len(scores))
    return _tuning(config, trials, splits, lambda s, k: journal[_entry(name, s, k)])


def n_scores(config: Config) -> int:
    """Return how many scores a tuning computes: of each trial on each split."""
    assert config.tune is not None
    return len(trials_of(config)) * (config.tune.folds or 1)


def _entry(name: str, split: int, trial: int) -> str:
    return f"{name}split {split} trial {trial}"


def _splits(config: Config, labels: Array, within: Array) -> list[Split]:
    tune = config.tune
    assert tune is not None
    inside = labels[within]
    if tune.folds:
        return fold_splits(draw_folds(inside, tune.folds, tune.seed, "tune.folds"), within)
    draw = np.random.default_rng(tune.seed)
    scored = np.zeros(len(labels), bool)
    scored[within] = draw_by_class(inside, tune.validation, draw, "tune.validation")
    return [Split(within & ~scored, scored)]


def _learning(trial: Trial) -> dict[str, Any]:
    """Return what decides how weights are learned; trials of one such share their epochs."""
    settings = trial.config.train.to_dict()
    if not _stops_early(trial):
        del settings["epochs"]
    return settings


def _stops_early(trial: Trial) -> bool:
    return trial.config.train.patience > 0


Numbered = tuple[int, Trial]


def _alike(
    trials: Iterable[Numbered], key: Callable[[Trial], Any]
) -> Iterator[tuple[Any, list[Numbered]]]:
    """Group numbered trials by what they have in common, in order of first appearance."""
    groups: dict[str, tuple[Any, list[Numbered]]] = {}
    for number, trial in trials:
        value = key(trial)
        groups.setdefault(repr(value), (value, []))[1].append((number, trial))
    yield from groups.values()


def _scores(trials: list[Numbered], counted: CountedSplit) -> Iterator[dict[int, Any]]:
    """Yield the scores of trials that learn from the same counts, by their numbers."""
    groups = [group for _, group in _alike(trials, _learning)]
    yield from ordered_map(lambda group: _learn(group, counted), groups)


def _learn(trials: list[Numbered], counted: CountedSplit) -> dict[int, Any]:
    """Learn once for trials that differ in their epochs alone; return the score of each."""
    _, longest = max(trials, key=lambda numbered: numbered[1].config.train.epochs)
    regression = regression_of(longest.config.train)
    after: dict[int, Any] = {}

    def look(number: int) -> None:
        # A copy, for the regression goes on from weights that no temperature has divided.
        decided = copy.copy(regression)
        choose_decision(
            decided, counted.learned, counted.learned_labels, **decision_of(longest.config.train)
        )
        z = decided.decision_function(counted.scored)
        right = decide(sigmoid(z), decided.threshold) == counted.scored_labels
        after[number] = {
            "accuracy": float(right.mean()),
            "log_loss": log_loss(counted.scored_labels, z),
        }

    wanted = {trial.config.train.epochs for _, trial in trials}
    if _stops_early(longest):
        regression.fit(counted.learned, counted.learned_labels)
        look(longest.config.train.epochs)
    else:
        regression.fit(
            counted.learned,
            counted.learned_labels,
            on_epoch=lambda epoch: look(epoch.number) if epoch.number in wanted else None,
        )
    return {number: after[trial.config.train.epochs] for number, trial in trials}


def _tuning(
    config: Config, trials: list[Trial], splits: list[Split], score: Callable[[int, int], Any]
) -> Tuning:
    """Rank trials by the mean of their scores; of equals the one that is listed first."""
    tune = config.tune
    assert tune is not None
    ranked = []
    for k, trial in enumerate(trials):
        scores = [score(s, k) for s in range(len(splits))]
        accuracies = tuple(one["accuracy"] for one in scores)
        loss = float(np.mean([one["log_loss"] for one in scores]))
        tried = Tried(trial.values, float(np.mean(accuracies)), loss, accuracies)
        order = (-tried.accuracy, loss) if tune.by == "accuracy" else (loss, -tried.accuracy)
        ranked.append((order, k, tried))
    ranked.sort(key=lambda item: item[:2])
    best = trials[ranked[0][1]].config.without_tune()
    n_scored = sum(int(split.scored.sum()) for split in splits)
    return Tuning(tuple(tried for *_, tried in ranked), best, n_scored, len(splits))
