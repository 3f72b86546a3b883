"""`tune`: try settings on reviews that the model does not learn from, and keep the best.

Trials share work. Reviews are tokenised once for each tokenizer, and counted once for each
split and way to count. Of trials that differ only in their number of epochs, the longest is
trained, and scored on its way for the others. The test set is never read.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.config.tuning import TuneSection
from pipeline.evaluation.metrics import log_loss
from pipeline.model.logistic import Array, predictions
from pipeline.parallel import ordered_map
from pipeline.stages.from_config import regression_of, require_settings_of
from pipeline.stages.listener import SILENT, Listener
from pipeline.stages.runner import run_stages
from pipeline.storage.files import write_text
from pipeline.storage.run import Run
from pipeline.stratified import draw_by_class, draw_folds
from pipeline.studies.grid import Trial, trials_of, tune_section
from pipeline.studies.journal import Journal, Reuse, open_journal
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


def best_config_file(path: Path) -> Path:
    """Return where the tuning of a run writes the best config."""
    return path / "tune" / "best.toml"


def tune(
    config: Config,
    path: str | Path,
    reuse: Reuse = Reuse.SAME,
    listener: Listener = SILENT,
) -> Tuning:
    """Try all combinations of the values in `[tune]`, and write the best as `tune/best.toml`.

    Parameters
    ----------
    config : Config
        With a `[tune]` section.
    path : str or Path
        The run folder.
    reuse : Reuse
        What is already done and not repeated.
    listener : Listener

    Returns
    -------
    Tuning

    Raises
    ------
    ConfigError
        If there is no `[tune]` section, a key does not accept one of its values, or a setting has
        no meaning for more than two classes.
    """
    path, n_steps = Path(path), n_scores(config)
    run = Run(path, reuse is Reuse.NOTHING)
    run_stages(config, run, "corpus", listener, reuse is Reuse.KEEP)
    reviews = Reviews.read(run, "train")
    require_tried_settings(config, reviews.classes)
    depends = reviews.depends(config, "tune")
    with open_journal(path / "tune", depends, n_steps, reuse, listener) as journal:
        everywhere = np.ones(len(reviews.labels), bool)
        result = search(config, reviews, everywhere, journal, on_done=listener.study_advanced)
        write_text(best_config_file(path), result.best.to_toml())
    return result


def search(
    config: Config,
    reviews: Reviews,
    within: Array,
    journal: Journal,
    prefix: str = "",
    on_done: Callable[[int], None] = lambda n: None,
) -> Tuning:
    """Try all combinations of the values in `[tune]` on some reviews.

    Parameters
    ----------
    config : Config
        With a `[tune]` section.
    reviews : Reviews
    within : bool array, shape (n,)
        The reviews that may be used.
    journal : Journal
        What it holds is not repeated.
    prefix : str
        Of the names of the scores in the journal.
    on_done : callable
        Called with the number of scores added since the last call; `n_scores` is their sum.
    """
    trials, splits = trials_of(config), _splits(tune_section(config), reviews, within)

    def entry(s: int, trial: Trial) -> str:
        return f"{prefix}split {s} trial {trial.number}"

    on_done(sum(entry(s, trial) in journal for s in range(len(splits)) for trial in trials))
    for section, same_tokens in _alike(trials, lambda trial: trial.config.tokens):
        for s, split in enumerate(splits):
            missing = [trial for trial in same_tokens if entry(s, trial) not in journal]
            for features, same_counts in _alike(missing, lambda trial: trial.config.features):
                tokens = reviews.tokens(section)
                counted = CountedSplit.of(tokens, reviews, split, features)
                groups = [group for _, group in _alike(same_counts, _learning)]
                for scored in ordered_map(functools.partial(_learn, counted), groups):
                    for trial, score in scored:
                        journal[entry(s, trial)] = score
                    on_done(len(scored))
    scores = [[journal[entry(s, trial)] for s in range(len(splits))] for trial in trials]
    return _ranked(tune_section(config), trials, scores)


def n_scores(config: Config) -> int:
    """Return how many scores a tuning computes: one for each trial on each split.

    Raises
    ------
    ConfigError
        If there is no `[tune]` section, or a key does not accept one of its values.
    """
    return len(trials_of(config)) * (tune_section(config).folds or 1)


def require_tried_settings(config: Config, classes: Sequence[str]) -> None:
    """Refuse settings that do not go with the classes, in a config or in its trials."""
    tried = [config] if config.tune is None else [trial.config for trial in trials_of(config)]
    for each in tried:
        require_settings_of(classes, each.train)


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


def _alike(
    trials: Iterable[Trial], key: Callable[[Trial], Any]
) -> Iterator[tuple[Any, list[Trial]]]:
    """Group trials by what they have in common, in order of first appearance."""
    groups: dict[str, tuple[Any, list[Trial]]] = {}
    for trial in trials:
        value = key(trial)
        groups.setdefault(repr(value), (value, []))[1].append(trial)
    yield from groups.values()


def _learning(trial: Trial) -> dict[str, Any]:
    """Return the settings of training; trials that agree in them are trained together."""
    settings = trial.config.train.to_dict()
    if not _stops_early(trial):
        del settings["epochs"]
    return settings


def _stops_early(trial: Trial) -> bool:
    return trial.config.train.patience > 0


def _learn(counted: CountedSplit, trials: list[Trial]) -> list[tuple[Trial, Any]]:
    """Train once for trials that differ only in their epochs; return each with its score."""
    longest = max(trials, key=lambda trial: trial.config.train.epochs)
    regression = regression_of(longest.config.train, counted.classes)
    wanted, scores = {trial.config.train.epochs for trial in trials}, {}

    def score(n_epochs: int) -> None:
        if n_epochs not in wanted:
            return
        # A copy is decided, because training continues with weights without a temperature.
        decided = copy.copy(regression)
        counted.decide(decided, longest.config.train)
        z = decided.decision_function(counted.scored)
        right = predictions(z, decided.threshold) == counted.scored_labels
        loss = log_loss(counted.scored_labels, z)
        scores[n_epochs] = {"accuracy": float(right.mean()), "log_loss": loss}

    if _stops_early(longest):
        counted.fit(regression)
        score(longest.config.train.epochs)
    else:
        counted.fit(regression, lambda epoch: score(epoch.number))
    return [(trial, scores[trial.config.train.epochs]) for trial in trials]


def _ranked(tune: TuneSection, trials: list[Trial], scores: list[list[Any]]) -> Tuning:
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
