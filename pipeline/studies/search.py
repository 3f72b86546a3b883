"""`search`: score trials of settings on splits of some reviews, as `tune` does.

All combinations of listed values are scored on all splits; of the trials from the grid for all
corpora, half are left out in each round (`halving`). Trials share work. Reviews are tokenised once
for each tokenizer, and counted once for each split and way to count; each worker does so on its
own. Of trials that differ only in their number of epochs, the longest is trained, and scored on its
way for the others.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pipeline.config.model import TrainSection
from pipeline.config.schema import Config
from pipeline.config.tuning import TuneSection
from pipeline.errors import DivergenceError
from pipeline.evaluation.metrics import log_loss
from pipeline.model.logistic import Array, predictions
from pipeline.stages.from_config import regression_of
from pipeline.stratified import draw_by_class, draw_folds
from pipeline.studies.auto_grid import relative_cost
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.forecast import Forecast
from pipeline.studies.grid import Trial, trials_of, tune_section
from pipeline.studies.halving import Round, n_trainings, rounds_of
from pipeline.studies.journal import Journal
from pipeline.studies.latest import Latest
from pipeline.studies.ranking import Candidate, RankedRound, Scores, Tuning, ranked
from pipeline.studies.splits import CountedSplit, Reviews, Split, fold_splits

Item = TypeVar("Item")
_DIVERGED: Scores = {"accuracy": None, "log_loss": None}


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
    trials: Candidate

    def __str__(self) -> str:
        return self.entries()[0]

    def entries(self) -> list[str]:
        """Return the name of each trial's score in the journal."""
        return [_entry(self.prefix, self.split, trial) for trial in self.trials]


def _entry(prefix: str, split: int, trial: Trial) -> str:
    return f"{prefix}split {split} trial {trial.number}"


def search(
    config: Config, searched: Searched, journal: Journal, execution: Execution = DEFAULT
) -> list[Tuning]:
    """Score the trials of `[tune]` on some reviews, and rank them.

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

    Raises
    ------
    DivergenceError
        If all trials diverged that were left at the end of a tuning.
    """
    trials, tune = trials_of(config), tune_section(config)
    left = dict.fromkeys(searched.within, _candidates(trials))
    ended: dict[str, list[RankedRound]] = {prefix: [] for prefix in left}
    rounds = _rounds(tune, trials)
    scoring = _Scoring(searched, journal, execution, Forecast(execution, _cost))
    for number, each in enumerate(rounds):
        later = rounds[number + 1 :]
        n_later = n_trainings(later) * len(left) if tune.grid == "auto" else None
        scoring.score(left, each, n_later)
        n_splits = each.folds.stop
        for prefix, candidates in left.items():
            scores = {
                trial.number: [journal[_entry(prefix, split, trial)] for split in range(n_splits)]
                for candidate in candidates
                for trial in candidate
            }
            n_kept = later[0].n_trials if later else len(candidates)
            ended[prefix].append(RankedRound(n_splits, ranked(candidates, scores, tune.by), n_kept))
            left[prefix] = ended[prefix][-1].kept(candidates)
    return [Tuning.of(trials, of_one, tune.by) for of_one in ended.values()]


def n_scores(config: Config) -> int:
    """Return how many scores a search computes: one for each trial on each split that it has.

    Raises
    ------
    ConfigError
        If there is no `[tune]` section, or a key does not accept one of its values.
    """
    trials = trials_of(config)
    rounds = _rounds(tune_section(config), trials)
    # The candidates of several rounds have equally many trials.
    return len(trials) * n_trainings(rounds) // len(_candidates(trials))


def _rounds(tune: TuneSection, trials: Sequence[Trial]) -> list[Round]:
    """Return the rounds of a search; that of listed values has one."""
    n_candidates = len(_candidates(trials))
    if tune.grid == "auto":
        return rounds_of(n_candidates, tune.folds)
    return [Round(n_candidates, range(tune.folds or 1))]


def _candidates(trials: Iterable[Trial]) -> list[Candidate]:
    """Return the trials that are trained together on the same counts, as one candidate each."""
    return _alike(trials, lambda t: (t.config.tokens, t.config.features, _learning(t)))


class _Scoring(NamedTuple):
    """What scores the trials of a search, where to, and who hears of it."""

    searched: Searched
    journal: Journal
    execution: Execution
    forecast: Forecast

    def score(self, left: dict[str, list[Candidate]], of_round: Round, n_later: int | None) -> None:
        """Score the candidates that are left on the splits of a round.

        Parameters
        ----------
        left : dict
            By the prefix of each tuning.
        of_round : Round
        n_later : int or None
            How many trainings follow. If it is given, the user is told how long the search takes.
        """
        wanted = [
            Training(prefix, split, candidate)
            for prefix, candidates in left.items()
            for split in of_round.folds
            for candidate in candidates
        ]
        journal, advanced = self.journal, self.execution.listener.study_advanced
        advanced(sum(name in journal for training in wanted for name in training.entries()))
        missing = _grouped(wanted, journal)
        if n_later is None:
            run = self.execution.workers.map_in_threads(_scores, missing, self.searched)
        else:
            run = self.forecast.map(_scores, missing, n_later, self.searched)
        for training, scores in zip(missing, run, strict=True):
            for name, score in zip(training.entries(), scores, strict=True):
                journal[name] = score
            advanced(len(scores))


def _cost(training: Training) -> float:
    return relative_cost(training.trials[0].config)


def _grouped(wanted: Iterable[Training], journal: Journal) -> list[Training]:
    """Return what the journal lacks; those of the same tokens, and of the same counts, in a row."""
    missing = []
    for training in wanted:
        lacks = [name not in journal for name in training.entries()]
        trials = [
            trial for trial, is_missing in zip(training.trials, lacks, strict=True) if is_missing
        ]
        if trials:
            missing.append(training._replace(trials=trials))
    return [
        training
        for same_tokens in _alike(missing, lambda training: training.trials[0].config.tokens)
        for same_split in _alike(same_tokens, lambda training: training[:2])
        for same_counts in _alike(same_split, lambda training: training.trials[0].config.features)
        for training in same_counts
    ]


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


def _alike(items: Iterable[Item], key: Callable[[Item], Any]) -> list[list[Item]]:
    """Group items by what they have in common, in order of first appearance."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(repr(key(item)), []).append(item)
    return list(groups.values())


def _learning(trial: Trial) -> dict[str, Any]:
    """Return the settings of training; trials that agree in them are trained together."""
    settings = trial.config.train.to_dict()
    if not _ends_on_its_own(trial.config.train):
        del settings["epochs"]
    return settings


def _ends_on_its_own(train: TrainSection) -> bool:
    """Return True if no longer training goes through the weights of the last epoch.

    It stops early, goes on with L-BFGS, or has a rate that depends on the number of epochs.
    """
    return train.patience > 0 or train.exact or "auto" in (train.epochs, train.learning_rate)


def _scores(training: Training, searched: Searched) -> list[Scores]:
    """Train once for trials that differ only in their epochs; return the scores of each."""
    longest = max((trial.config for trial in training.trials), key=lambda c: c.train.epochs)
    counted = searched.counted(training.prefix, training.split, longest)
    regression = regression_of(longest.train, counted.classes)
    wanted = {trial.config.train.epochs for trial in training.trials}
    scores: dict[int | str, Scores] = {}
    # A temperature changes no accuracy.
    calibrate = longest.train.calibrate and tune_section(longest).by == "log_loss"
    train = longest.train.but(calibrate=calibrate)

    def score(n_epochs: int | str) -> None:
        if n_epochs not in wanted:
            return
        # A copy is decided, because training continues with weights without a temperature.
        decided = copy.copy(regression)
        if isinstance(n_epochs, int):  # it may be one on the way of a longer training
            decided.epochs_ = n_epochs
        counted.decide(decided, train)
        z = decided.decision_function(counted.scored)
        right = predictions(z, decided.threshold) == counted.scored_labels
        loss = log_loss(counted.scored_labels, z)
        scores[n_epochs] = {"accuracy": float(right.mean()), "log_loss": loss}

    try:
        if _ends_on_its_own(longest.train):
            counted.fit(regression)
            score(longest.train.epochs)
        else:
            counted.fit(regression, lambda epoch: score(epoch.number))
    except DivergenceError:
        pass  # what was scored before stays
    return [scores.get(trial.config.train.epochs, _DIVERGED) for trial in training.trials]
