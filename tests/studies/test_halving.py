"""Successive halving: which trials get how many folds, and that nothing but the scores decides."""

import itertools
import math
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import Backwards, Processes

from pipeline.config.schema import Config
from pipeline.errors import DivergenceError
from pipeline.storage.journal import DEPENDS, read_journal
from pipeline.studies import search as searching
from pipeline.studies.auto_grid import EPOCHS, with_auto_grid
from pipeline.studies.execution import Execution
from pipeline.studies.grid import trials_of
from pipeline.studies.halving import n_trainings, rounds_of
from pipeline.studies.journal import Journal
from pipeline.studies.tune import tune


@given(st.integers(1, 300), st.integers(1, 40))
def test_rounds_halve_the_trials_and_double_the_folds(n_trials, n_folds):
    rounds = rounds_of(n_trials, n_folds)
    folds = [fold for each in rounds for fold in each.folds]
    assert folds == list(range(n_folds))  # each once, and all in the end
    assert rounds[0].n_trials == n_trials
    assert len(rounds[0].folds) == 1
    for before, after in itertools.pairwise(rounds):
        assert after.n_trials == max(1, math.floor(before.n_trials / 2))
        assert before.folds.stop < after.folds.stop <= 2 * before.folds.stop
    assert n_trainings(rounds) <= n_trials * n_folds


SCORE = st.one_of(st.none(), st.tuples(st.integers(0, 4), st.integers(1, 3)))


@st.composite
def made_up_scores(draw):
    """Return a number of trials, of folds, and a score for each trial, epoch and fold."""
    n_trials, n_folds = draw(st.integers(1, 9)), draw(st.integers(2, 6))
    scores = st.lists(SCORE, min_size=n_folds, max_size=n_folds)
    n = n_trials * len(EPOCHS)
    return n_trials, n_folds, draw(st.lists(scores, min_size=n, max_size=n))


def naive_halving(n_trials, n_folds, scores, by):
    """Return the number of the best trial, and the trainings of each round, by the definition."""

    def mean(number, n):
        of_folds = [scores[number][k] for k in range(n)]
        if None in of_folds:
            return (math.inf, math.inf, number)
        accuracy, loss = (float(np.mean([s[i] / 4 for s in of_folds])) for i in (0, 1))
        return (-accuracy, loss, number) if by == "accuracy" else (loss, -accuracy, number)

    ends = [n_folds]
    while ends[-1] > 1:
        ends.append(math.ceil(ends[-1] / 2))
    left, history = list(range(n_trials)), []
    for n in reversed(ends):
        ways = {k: [mean(k * len(EPOCHS) + e, n) for e in range(len(EPOCHS))] for k in left}
        history.append(len(left))
        best = sorted(left, key=lambda k: min(ways[k]))
        if n == n_folds:
            first = min(min(ways[k]) for k in left)
            return (None if math.isinf(first[0]) else first[2]), history
        left = sorted(best[: max(1, len(left) // 2)])
    raise AssertionError


@settings(max_examples=60)
@given(made_up_scores(), st.sampled_from(["accuracy", "log_loss"]))
def test_the_best_trial_is_that_of_the_definition(tmp_path_factory, made_up, by):
    """The journal holds made-up scores, so nothing is learned; a score of None diverged."""
    n_trials, n_folds, scores = made_up
    config = with_auto_grid(Config(), n_trials)
    config = config.but(tune=config.tune.but(folds=n_folds, by=by))
    journal = Journal(tmp_path_factory.mktemp("halving") / "j", {})
    for number, of_folds in enumerate(scores):
        for fold, score in enumerate(of_folds):
            accuracy, loss = (None, None) if score is None else (score[0] / 4, score[1] / 4)
            found = {"accuracy": accuracy, "log_loss": loss}
            journal[f"split {fold} trial {number}"] = found
    searched = searching.Searched(None, {"": None})
    best, history = naive_halving(n_trials, n_folds, scores, by)
    if best is None:
        with pytest.raises(DivergenceError, match="all trials diverged"):
            searching.search(config, searched, journal)
        return
    (found,) = searching.search(config, searched, journal)
    assert found.tried[0].number == best
    assert found.best == trials_of(config)[best].config.without_tune()
    assert [len(each.candidates) for each in found.rounds] == history
    assert len(found.tried) == len({tried.number for tried in found.tried}) == len(scores)


@pytest.fixture
def auto(config_of):
    """Return a config of six trials on three folds: 6 + 3 + 1 trainings."""
    config = with_auto_grid(config_of(""), 6)
    return config.but(tune=config.tune.but(folds=3))


def written(folder):
    """Return the bytes of each file of a tuning, and the scores in its journal."""
    files = {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.name not in ("journal.jsonl", ".lock")
    }
    journal = read_journal(folder / "journal.jsonl")
    assert {"best.toml", "effects.png", "effects.svg"} <= set(files)
    return files, {name: journal[name] for name in journal if name not in (DEPENDS, "id")}


@pytest.fixture
def plain(auto, copied_run, tmp_path):
    """Return the result without workers, and what is on disk then."""
    path = shutil.copytree(copied_run.path, tmp_path / "plain")
    return tune(auto, path), written(path / "tune")


@pytest.mark.parametrize("stop_at", [4, 26, 36])
def test_an_interrupted_search_resumes_in_any_round_and_ends_alike(
    auto, copied_run, plain, steps, stop_at
):
    with pytest.raises(KeyboardInterrupt):
        tune(auto, copied_run.path, Execution(listener=steps(stop_at)))
    again = steps()
    assert tune(auto, copied_run.path, Execution(listener=again)) == plain[0]
    assert sum(again.steps) == again.n_steps == len(EPOCHS) * (6 + 3 + 1)
    assert again.steps[0] > 0
    assert written(copied_run.path / "tune") == plain[1]


@pytest.mark.parametrize("workers", [Processes(are_kept=True), Backwards()])
def test_workers_find_the_same_bytes(auto, copied_run, plain, workers):
    assert tune(auto, copied_run.path, Execution(workers=workers)) == plain[0]
    assert written(copied_run.path / "tune") == plain[1]


def test_threads_change_no_byte(auto, copied_run, plain, monkeypatch):
    monkeypatch.setenv("SENTIMENT_THREADS", "5")
    assert tune(auto, copied_run.path) == plain[0]
    assert written(copied_run.path / "tune") == plain[1]


def test_a_trial_of_the_last_round_scores_what_its_config_learns(auto, plain, reviews):
    """Trained alone here, without the other epochs and without what trials share."""
    result, _ = plain
    splits = searching._splits(auto.tune, reviews, np.ones(len(reviews.labels), bool))
    last = result.rounds[-1].best[0]
    config = trials_of(auto)[last.number].config
    alone = [reviews.counted(split, config) for split in splits]
    accuracies = [c.learn(config.train).score(c.scored, c.scored_labels) for c in alone]
    assert last.accuracies == pytest.approx(accuracies, abs=1e-12)
    assert result.best == config.without_tune()


class Estimates:
    """Hears how long a search will take."""

    def __init__(self, steps):
        self.listener, self.heard = steps(), []
        self.listener.study_estimated = lambda seconds, basis: self.heard.append((seconds, basis))


def test_the_time_that_is_left_is_told_once_even_when_a_search_resumes(auto, copied_run, steps):
    first = Estimates(steps)
    first.listener.stop_at = 24
    with pytest.raises(KeyboardInterrupt):
        tune(auto, copied_run.path, Execution(listener=first.listener))
    again = Estimates(steps)
    tune(auto, copied_run.path, Execution(listener=again.listener))
    for heard, n_left in ((first.heard, 8), (again.heard, 2)):
        ((seconds, basis),) = heard
        assert seconds > 0
        assert basis.startswith(f"{n_left} trainings to go, ")
    one = with_auto_grid(auto, 1)
    one = one.but(tune=one.tune.but(folds=5))  # two trainings in the last round
    last = Estimates(steps)
    tune(one, copied_run.path, Execution(listener=last.listener))
    assert last.heard == []  # because nothing is left to do after the second training
    tune(auto, copied_run.path)
    complete = Estimates(steps)
    tune(auto, copied_run.path, Execution(listener=complete.listener))
    assert complete.heard == []


def test_the_figure_names_the_settings(plain):
    files, _ = plain[1]
    assert files["effects.png"].startswith(b"\x89PNG")
    assert b"learning_rate" in files["effects.svg"]
