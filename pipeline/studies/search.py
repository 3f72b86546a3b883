"""`search`: score all combinations of settings on splits of some reviews, as `tune` does.

Trials share work. Reviews are tokenised once for each tokenizer, and counted once for each
split and way to count; each worker does so on its own. Of trials that differ only in their number
of epochs, the longest is trained, and scored on its way for the others.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pipeline.config.model import TrainSection
from pipeline.config.schema import Config
from pipeline.config.tuning import TuneSection
from pipeline.evaluation.metrics import log_loss
from pipeline.model.logistic import Array, predictions
from pipeline.stages.from_config import regression_of
from pipeline.stratified import draw_by_class, draw_folds
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.grid import Trial, trials_of, tune_section
from pipeline.studies.journal import Journal
from pipeline.studies.latest import Latest
from pipeline.studies.splits import CountedSplit, Reviews, Split, fold_splits


@dataclass(frozen=True)
class Tried:
    """The scores of a trial.

    Attributes
    ----------
    values : dict
        Of the keys that are tuned.
    accuracy, log_loss : float
        Means over the splits; the loss in nats.
    accuracies : tuple of float
        The accuracy on each split.
    """

    values: dict[str, Any]
    accuracy: float
    log_loss: float
    accuracies: tuple[float, ...]


@dataclass(frozen=True)
class Tuning:
    """All trials, the best first, and the config with the values of the best."""

    tried: tuple[Tried, ...]
    best: Config


class Searched:
    """The reviews of one tuning or of several: what all trainings of a search take.

    Parameters
    ----------
    reviews : Reviews
    within : dict of bool array, shape (n,)
        The reviews that each tuning may use, by the prefix of its entries in the journal.
    """

    def __init__(self, reviews: Reviews, within: dict[str, Array]) -> None:
        self.reviews, self.within = reviews, within
        self._splits: Latest[list[Split]] = Latest()
        self._counted: Latest[CountedSplit] = Latest()

    def counted(self, prefix: str, split: int, config: Config) -> CountedSplit:
        """Return the counts of a split, as a config has them; the last ones are kept."""

        def splits() -> list[Split]:
            return _splits(tune_section(config), self.reviews, self.within[prefix])

        def counted() -> CountedSplit:
            return self.reviews.counted(self._splits.get(prefix, splits)[split], config)

        return self._counted.get((prefix, split, config.tokens, config.features), counted)


class Training(NamedTuple):
    """Trials that differ only in their epochs, on a split of a tuning."""

    prefix: str
    split: int
    trials: list[Trial]

    def __str__(self) -> str:
        return f"{self.prefix}split {self.split} trial {self.trials[0].number}"

    def entries(self) -> list[str]:
        """Return the name of each trial's score in the journal."""
        return [f"{self.prefix}split {self.split} trial {trial.number}" for trial in self.trials]


def search(
    config: Config, searched: Searched, journal: Journal, execution: Execution = DEFAULT
) -> list[Tuning]:
    """Try all combinations of the values in `[tune]` on some reviews.

    Parameters
    ----------
    config : Config
        With a `[tune]` section.
    searched : Searched
    journal : Journal
        What it holds is not repeated.
    execution : Execution
        The listener hears of each score: one for each trial on each split of each tuning.

    Returns
    -------
    list of Tuning
        One for each item of `searched.within`.
    """
    trials, tune, listener = trials_of(config), tune_section(config), execution.listener
    places = [(prefix, split) for prefix in searched.within for split in range(tune.folds or 1)]
    entries = {place: Training(*place, trials).entries() for place in places}
    listener.study_advanced(sum(name in journal for names in entries.values() for name in names))
    missing = list(_trainings(trials, places, journal))
    run = execution.workers.map_in_threads
    for training, scores in zip(missing, run(_scores, missing, searched), strict=True):
        for name, score in zip(training.entries(), scores, strict=True):
            journal[name] = score
        listener.study_advanced(len(scores))
    return [
        _ranked(tune, trials, _by_trial(prefix, entries, journal)) for prefix in searched.within
    ]


def _by_trial(
    prefix: str, entries: dict[tuple[str, int], list[str]], journal: Journal
) -> list[tuple[dict[str, float], ...]]:
    """Return the scores of each trial of a tuning, one for each split."""
    of_splits = [names for place, names in entries.items() if place[0] == prefix]
    return [tuple(journal[name] for name in names) for names in zip(*of_splits, strict=True)]


def _trainings(
    trials: list[Trial], places: list[tuple[str, int]], journal: Journal
) -> Iterator[Training]:
    """Yield what the journal lacks, so that those of the same tokens and counts are neighbours."""
    for same_tokens in _alike(trials, lambda trial: trial.config.tokens):
        for place in places:
            names = Training(*place, same_tokens).entries()
            missing = [
                trial for trial, name in zip(same_tokens, names, strict=True) if name not in journal
            ]
            for same_counts in _alike(missing, lambda trial: trial.config.features):
                for group in _alike(same_counts, _learning):
                    yield Training(*place, group)


def _splits(tune: TuneSection, reviews: Reviews, within: Array) -> list[Split]:
    labels, names = reviews.labels[within], reviews.names
    groups = None if reviews.groups is None else reviews.groups[within]
    if tune.folds:
        folds = draw_folds(labels, tune.folds, tune.seed, "tune.folds", groups, names)
        return fold_splits(folds, within)
    draw = np.random.default_rng(tune.seed)
    scored = np.zeros(len(within), bool)
    of_setting = tune.validation, draw, "tune.validation"
    scored[within] = draw_by_class(labels, *of_setting, groups, names)
    return [Split(within & ~scored, scored)]


def _alike(trials: Iterable[Trial], key: Callable[[Trial], Any]) -> list[list[Trial]]:
    """Group trials by what they have in common, in order of first appearance."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(repr(key(trial)), []).append(trial)
    return list(groups.values())


def _learning(trial: Trial) -> dict[str, Any]:
    """Return the settings of training; trials that agree in them are trained together."""
    settings = trial.config.train.to_dict()
    if not _ends_on_its_own(trial.config.train):
        del settings["epochs"]
    return settings


def _ends_on_its_own(train: TrainSection) -> bool:
    """Return True if the last epoch is not one of a longer training: early stopping, L-BFGS."""
    return train.patience > 0 or train.exact


def _scores(training: Training, searched: Searched) -> list[dict[str, float]]:
    """Train once for trials that differ only in their epochs; return the scores of each."""
    longest = max((trial.config for trial in training.trials), key=lambda c: c.train.epochs)
    counted = searched.counted(training.prefix, training.split, longest)
    regression = regression_of(longest.train, counted.classes)
    wanted, scores = {trial.config.train.epochs for trial in training.trials}, {}

    def score(n_epochs: int) -> None:
        if n_epochs not in wanted:
            return
        # A copy is decided, because training continues with weights without a temperature.
        decided = copy.copy(regression)
        counted.decide(decided, longest.train)
        z = decided.decision_function(counted.scored)
        right = predictions(z, decided.threshold) == counted.scored_labels
        loss = log_loss(counted.scored_labels, z)
        scores[n_epochs] = {"accuracy": float(right.mean()), "log_loss": loss}

    if _ends_on_its_own(longest.train):
        counted.fit(regression)
        score(longest.train.epochs)
    else:
        counted.fit(regression, lambda epoch: score(epoch.number))
    return [scores[trial.config.train.epochs] for trial in training.trials]


def _ranked(tune: TuneSection, trials: list[Trial], scores: list[tuple[Any, ...]]) -> Tuning:
    """Rank trials by the means of their scores; of equals the first in the grid wins."""
    ranked = []
    for trial, of_splits in zip(trials, scores, strict=True):
        accuracies = tuple(score["accuracy"] for score in of_splits)
        loss = float(np.mean([score["log_loss"] for score in of_splits]))
        tried = Tried(trial.values, float(np.mean(accuracies)), loss, accuracies)
        order = (-tried.accuracy, loss) if tune.by == "accuracy" else (loss, -tried.accuracy)
        ranked.append((order, trial.number, tried))
    ranked.sort(key=lambda item: item[:2])
    best = trials[ranked[0][1]].config.without_tune()
    return Tuning(tuple(tried for *_, tried in ranked), best)
