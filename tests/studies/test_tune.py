"""Tuning: what is tried, on what, and that nothing is done twice."""

import shutil

import numpy as np
import pytest

from pipeline.config.loading import load_config, with_values
from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.evaluation.metrics import log_loss
from pipeline.stages.from_config import decision_of, regression_of
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES, draw_folds
from pipeline.studies import search, tune
from pipeline.studies.execution import Execution
from pipeline.studies.grid import trials_of
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split
from pipeline.training import decision, held_out
from pipeline.training.decision import choose_decision
from pipeline.training.folds import LearnedReviews


def everywhere(reviews: Reviews) -> np.ndarray:
    return np.ones(len(reviews.labels), bool)


def searched(config: Config, reviews: Reviews, journal: Journal) -> search.Tuning:
    """Tune on all reviews."""
    (found,) = search.search(config, search.Searched(reviews, {"": everywhere(reviews)}), journal)
    return found


def test_every_combination_is_tried_once(config_of, grid):
    trials = trials_of(config_of(grid))
    combinations = {tuple(trial.values.items()) for trial in trials}
    assert len(trials) == len(combinations) == 16
    for trial in trials:
        for key, value in trial.values.items():
            section, name = key.split(".")
            assert getattr(getattr(trial.config, section), name) == value


def test_a_range_is_even_in_the_logarithm_or_as_it_stands(config_of):
    def values(range_: str) -> list[float]:
        trials = trials_of(config_of(f"[tune]\ntrain.l2 = {range_}\n"))
        return [trial.values["train.l2"] for trial in trials]

    assert values("{ low = 1e-6, high = 1e-3, steps = 4 }") == [1e-6, 1e-5, 1e-4, 1e-3]
    assert values('{ low = 0.0, high = 0.2, steps = 3, scale = "linear" }') == [0.0, 0.1, 0.2]


def test_a_range_between_whole_numbers_is_of_whole_numbers(config_of):
    trials = trials_of(config_of("[tune]\ntrain.epochs = { low = 1, high = 4, steps = 6 }\n"))
    assert [trial.values["train.epochs"] for trial in trials] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("train.epoch = [1]", r"tune.train.epoch: unknown key; did you mean epochs\?"),
        ("features.alpha = [1]", r"tune.features.alpha: unknown key; did you mean train.alpha\?"),
        ("corpus.seed = [1]", "tune.corpus: unknown key.*accepted: by, features"),
        (
            "train.l2 = []",
            "tune.train.l2: expected a list of values or a table of low, high and steps, got ",
        ),
        (
            "train.l2 = 5",
            "tune.train.l2: expected a list of values or a table of low, high and steps, got 5",
        ),
        ("train.l2 = { low = 2, high = 1, steps = 3 }", "expected 0 < low < high, got 2 and 1"),
        (
            "train.l2 = { low = 1, high = 2 }",
            "tune.train.l2.steps: this key is required; expected a whole number",
        ),
        (
            "train.l2 = { low = 1, high = 2, steps = 1 }",
            "l2.steps: expected a whole number from 2 to 10000, got 1",
        ),
        ("train.l2 = { low = 1, high = 2, steps = 3, scal = 1 }", "l2.scal: unknown.* mean scale"),
        (
            'train.l2 = { low = "a", high = 2, steps = 3 }',
            'l2.low: expected a number from -1000000000 to 1000000000, got "a"',
        ),
        ("train = 3", "tune.train: expected a list of values for each key, or .*, got 3"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused_in_one_line(config_of, lines, said):
    with pytest.raises(ConfigError, match=said) as refused:
        config_of(f"[tune]\n{lines}\n")
    assert "\n" not in str(refused.value)


def test_a_value_that_its_key_does_not_take_is_refused_before_anything_runs(config_of):
    config = config_of("[tune]\ntrain.l2 = [1e-3, -1.0]\n")
    with pytest.raises(
        ConfigError, match=r"\[tune\]: train.l2: expected a number from 0 to 1000000, got -1"
    ):
        trials_of(config)


def test_lengths_of_characters_are_tried_like_any_other_value(config_of):
    config = config_of("[tune]\nfeatures.ngrams = [0, 1]\nfeatures.characters = [[2, 5], [3, 4]]\n")
    found = [(t.config.features.ngrams, t.config.features.characters) for t in trials_of(config)]
    assert found == [(0, (2, 5)), (0, (3, 4)), (1, (2, 5)), (1, (3, 4))]
    one_range = config_of("[tune]\nfeatures.characters = [2, 5]\n")
    with pytest.raises(ConfigError, match=r"\[tune\]: features.characters: expected two whole"):
        trials_of(one_range)


def test_without_a_grid_there_is_nothing_to_tune(config_of):
    with pytest.raises(ConfigError, match=r"no \[tune\] section.* or --grid auto"):
        trials_of(config_of(""))
    with pytest.raises(ConfigError, match=r"tune: expected keys with lists .* or --grid auto"):
        trials_of(config_of("[tune]\nfolds = 3\ntrials = 5\n"))


def test_a_trial_scores_what_its_config_learns_from_its_split(config_of, grid, reviews, tmp_path):
    """Though epochs, counts and tokens are shared: each is trained alone here."""
    config = config_of(grid)
    found = searched(config, reviews, Journal(tmp_path / "j", {}))
    folds = draw_folds(reviews.labels, 3, 0, "")
    for tried in found.tried:
        (trial,) = (t for t in trials_of(config) if t.values == tried.values)
        accuracies = []
        for fold in range(3):
            split = Split(folds != fold, folds == fold)
            tokens = reviews.tokens(trial.config.tokens)
            counted = CountedSplit.of(tokens, reviews, split, trial.config.features)
            model = regression_of(trial.config.train, TWO_CLASSES)
            model.fit(counted.learned, counted.learned_labels)
            accuracies.append(model.score(counted.scored, counted.scored_labels))
        assert tried.accuracies == pytest.approx(accuracies, abs=1e-12)
        assert tried.accuracy == pytest.approx(np.mean(accuracies))


def test_a_trial_has_the_temperature_and_the_threshold_that_training_chooses(
    config_of, reviews, tmp_path, monkeypatch
):
    monkeypatch.setattr(held_out, "FEWEST", 10)
    both = "train.calibrate = [true, false]\ntrain.threshold = [0.5, { min_recall = 0.95 }]\n"
    config = config_of('[tune]\nby = "log_loss"\ntrain.epochs = [2, 4]\n' + both)
    config = with_values(config, {"train.validation": 0.3}, "")
    found = searched(config, reviews, Journal(tmp_path / "j", {}))
    (split,) = search._splits(config.tune, reviews, everywhere(reviews))
    tokens = reviews.tokens(config.tokens)
    counted = CountedSplit.of(tokens, reviews, split, config.features)
    for tried in found.tried:
        (trial,) = (t for t in trials_of(config) if t.values == tried.values)
        model = regression_of(trial.config.train, TWO_CLASSES)
        sides = counted.learned, counted.learned_labels
        choose_decision(
            model.fit(*sides), LearnedReviews(*sides), **decision_of(trial.config.train)
        )
        loss = log_loss(counted.scored_labels, model.decision_function(counted.scored))
        assert tried.log_loss == pytest.approx(loss, abs=1e-12)
        assert tried.accuracy == model.score(counted.scored, counted.scored_labels)
    assert len({tried.log_loss for tried in found.tried}) == 4


@pytest.mark.parametrize("folded", [False, True])
def test_a_temperature_is_fitted_where_the_log_loss_decides(
    config_of, reviews, tmp_path, monkeypatch, folded
):
    """With `folded`, to folds: each trial has the one of its own epochs."""
    monkeypatch.setattr(held_out, "FEWEST", 10)
    fitted = []
    record = lambda *scored: fitted.append(scored) or 0.5  # noqa: E731
    monkeypatch.setattr(decision, "fit_temperature", record)
    for by, n in (("accuracy", 0), ("log_loss", 2)):
        config = config_of(f'[tune]\nby = "{by}"\ntrain.epochs = [2, 4]\n')
        values = {"train.validation": 0.0 if folded else 0.3, "train.learning_rate": 0.05}
        config = with_values(config, values, "")
        searched(config, reviews, Journal(tmp_path / by, {}))
        assert len(fitted) == n
    assert not np.array_equal(fitted[0][1], fitted[1][1])


@pytest.mark.parametrize("by", ["accuracy", "log_loss"])
def test_the_best_trial_is_first_and_makes_the_config(config_of, grid, reviews, tmp_path, by):
    config = config_of(grid.replace("folds = 3", f'folds = 3\nby = "{by}"'))
    found = searched(config, reviews, Journal(tmp_path / "j", {}))
    values = [getattr(tried, by) for tried in found.tried]
    assert values == sorted(values, reverse=by == "accuracy")
    best = found.tried[0].values
    assert found.best.train.l2 == best["train.l2"]
    assert found.best.features.ngrams == best["features.ngrams"]
    assert found.best.tune is None
    assert found.best.corpus == config.corpus


def test_the_reviews_of_a_split_that_is_scored_are_not_learned_from(config_of, reviews, tmp_path):
    within = np.arange(len(reviews.labels)) % 3 > 0
    for lines in ("folds = 4", "validation = 0.3"):
        config = config_of(f"[tune]\n{lines}\ntrain.l2 = [1e-3]\n")
        splits = search._splits(config.tune, reviews, within)
        for split in splits:
            assert not (split.learned & split.scored).any()
            assert ((split.learned | split.scored) == within).all()


def test_trials_that_differ_in_epochs_alone_are_learned_once(
    config_of, reviews, tmp_path, monkeypatch
):
    from pipeline.training.estimator import SGDLogisticRegression

    fits = []
    fit = SGDLogisticRegression.fit

    def counted_fit(self, *args, **options):
        fits.append(self.epochs)
        return fit(self, *args, **options)

    monkeypatch.setattr(SGDLogisticRegression, "fit", counted_fit)
    grid = "[tune]\ntrain.epochs = [1, 2, 4]\ntrain.l2 = [1e-3, 1e-2]\n"
    fixed = with_values(config_of(grid), {"train.learning_rate": 0.05}, "")
    searched(fixed, reviews, Journal(tmp_path / "j", {}))
    assert fits == [4, 4]
    fits.clear()
    searched(config_of(grid), reviews, Journal(tmp_path / "auto", {}))
    assert sorted(fits) == [1, 1, 2, 2, 4, 4]  # each has a learning rate of its own


@pytest.mark.parametrize("stop_at", [1, 7, 40])
def test_an_interrupted_tuning_resumes_and_ends_alike(
    config_of, grid, copied_run, tmp_path, steps, stop_at
):
    config, path = config_of(grid), copied_run.path
    whole = tune.tune(config, shutil.copytree(path, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        tune.tune(config, path, execution=Execution(listener=steps(stop_at)))
    done = len((path / "tune" / "journal.jsonl").read_text().splitlines()) - 1
    assert 0 < done < 48
    again = steps()
    assert tune.tune(config, path, execution=Execution(listener=again)) == whole
    assert again.steps[0] == done
    assert sum(again.steps) == again.n_steps == 48


class TestThreeClasses:
    GRID = ("tune.folds=2", "tune.train.epochs=[2, 5]", "tune.train.l2=[1e-2, 1e-3]")

    def tuned(self, three, name, *settings):
        path = three(name, last="corpus")
        config = load_config(path.parent / "c.toml", (*self.GRID, *settings))
        return path, config, tune.tune(config, path)

    @pytest.mark.parametrize("more", ["patience=0", "patience=1", "exact=true"])
    def test_a_trial_scores_what_its_config_learns(self, three, more):
        """Its accuracy, and the mean loss of its softmax."""
        settings = ("train.validation=0.2", f"train.{more}", "train.calibrate=true")
        path, config, found = self.tuned(three, f"trial-{more}", *settings)
        reviews = Reviews.read(Run(path), "train")
        folds = draw_folds(reviews.labels, 2, 0, "", names=reviews.classes)
        assert len(found.tried) == 4
        for tried in found.tried:
            (trial,) = (t for t in trials_of(config) if t.values == tried.values)
            accuracies, losses = [], []
            for fold in range(2):
                split = Split(folds != fold, folds == fold)
                tokens = reviews.tokens(config.tokens)
                counted = CountedSplit.of(tokens, reviews, split, config.features)
                model = counted.learn(trial.config.train)
                probability = model.predict_proba(counted.scored)
                y = counted.scored_labels
                losses.append(-np.log(probability[np.arange(len(y)), y]).mean())
                accuracies.append((probability.argmax(axis=1) == y).mean())
            assert tried.accuracies == pytest.approx(accuracies, abs=1e-12)
            assert tried.log_loss == pytest.approx(np.mean(losses), rel=1e-9)

    def test_the_best_config_keeps_the_classes_and_trains(self, three):
        path, config, found = self.tuned(three, "best")
        best = load_config(tune.best_config_file(path))
        assert best.section("corpus") == config.section("corpus")
        assert found.best == best
        assert best.train.l2 == found.tried[0].values["train.l2"]
        run_stages(best, Run(path), "train", SILENT)

    def test_a_threshold_in_a_trial_is_refused_before_anything_is_learned(self, three):
        goal = "tune.train.threshold=[0.5, {best='f1'}]"
        with pytest.raises(ConfigError, match=r"train.threshold: expected none where there are 3"):
            self.tuned(three, "refused", "train.validation=0.2", goal)
        assert not (three("refused", last="corpus") / "tune").exists()
