"""Tuning and cross-validation: what is tried, on what, and that nothing is done twice."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import write_jsonl

from pipeline.config.loading import load_config, with_values
from pipeline.config.schema import Config
from pipeline.errors import ConfigError, RunError
from pipeline.evaluation.metrics import log_loss, wilson_interval
from pipeline.stages.from_config import decision_of, regression_of
from pipeline.storage.run import Run
from pipeline.stratified import draw_folds
from pipeline.studies import crossval, tune
from pipeline.studies.grid import trials_of
from pipeline.studies.journal import Journal
from pipeline.studies.splits import CountedSplit, Reviews, Split
from pipeline.training.decision import choose_decision

GRID = """
[tune]
folds = 3
train.l2 = [1e-4, 1e-2]
train.epochs = [2, 5]
features.ngrams = [1, 2]
tokens.lowercase = [true, false]
"""


@pytest.fixture(scope="module")
def reviews(small_run) -> Reviews:
    return Reviews.of(Run(small_run.path), "train")


@pytest.fixture
def config_of(small_run, tmp_path):
    """Return a function that loads the small config with lines added."""

    def load(lines: str) -> Config:
        path = tmp_path / "with.toml"
        path.write_text(small_run.config.read_text().replace("validation = 0.2\n", "") + lines)
        return load_config(path)

    return load


def everywhere(reviews: Reviews) -> np.ndarray:
    return np.ones(len(reviews.labels), bool)


# Folds


@given(st.lists(st.integers(0, 1), min_size=4, max_size=200), st.integers(2, 12), st.integers(0, 9))
def test_folds_are_of_one_size_and_hold_as_many_of_each_class(labels, n_folds, seed):
    """To one review; every review is in one of them."""
    labels = np.array(labels)
    if not 2 <= n_folds <= min(np.bincount(labels, minlength=2)):
        with pytest.raises(ConfigError, match="folds"):
            draw_folds(labels, n_folds, seed, "--folds")
        return
    folds = draw_folds(labels, n_folds, seed, "--folds")
    for chosen in (labels >= 0, labels == 0, labels == 1):
        sizes = np.bincount(folds[chosen], minlength=n_folds)
        assert len(sizes) == n_folds
        assert sizes.max() - sizes.min() <= 1


def test_more_folds_than_reviews_of_a_class_are_refused_by_name():
    labels = np.array([0] * 20 + [1] * 3)
    with pytest.raises(ConfigError, match=r"--folds: expected 2 to 3 folds.* 3 positive.* got 4"):
        draw_folds(labels, 4, 0, "--folds")


def test_folds_depend_on_their_seed():
    labels = np.arange(40) % 2
    assert (draw_folds(labels, 4, 0, "") == draw_folds(labels, 4, 0, "")).all()
    assert (draw_folds(labels, 4, 0, "") != draw_folds(labels, 4, 1, "")).any()


# The grid


def test_every_combination_is_tried_once(config_of):
    trials = trials_of(config_of(GRID))
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
        ("train.l2 = { low = 1, high = 2 }", "tune.train.l2.steps: this key is required"),
        (
            "train.l2 = { low = 1, high = 2, steps = 1 }",
            "l2.steps: expected a whole number >= 2, got 1",
        ),
        ("train.l2 = { low = 1, high = 2, steps = 3, scal = 1 }", "l2.scal: unknown.* mean scale"),
        ('train.l2 = { low = "a", high = 2, steps = 3 }', 'l2.low: expected a number, got "a"'),
        ("train = 3", "tune.train: expected a list of values for each key, or .*, got 3"),
        ("folds = 3", "tune: expected keys with lists of values"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused_in_one_line(config_of, lines, said):
    with pytest.raises(ConfigError, match=said) as refused:
        config_of(f"[tune]\n{lines}\n")
    assert "\n" not in str(refused.value)


def test_a_value_that_its_key_does_not_take_is_refused_before_anything_runs(config_of):
    config = config_of("[tune]\ntrain.l2 = [1e-3, -1.0]\n")
    with pytest.raises(ConfigError, match=r"\[tune\]: train.l2: expected a number >= 0, got -1"):
        trials_of(config)


def test_without_a_grid_there_is_nothing_to_tune(config_of):
    with pytest.raises(ConfigError, match=r"no \[tune\] section"):
        trials_of(config_of(""))


# Tuning


def test_a_trial_scores_what_its_config_learns_from_its_split(config_of, reviews, tmp_path):
    """Though epochs, counts and tokens are shared: each is learned alone here."""
    config = config_of(GRID)
    found = tune.tune(config, reviews, everywhere(reviews), Journal(tmp_path / "j", {}))
    folds = draw_folds(reviews.labels, 3, 0, "")
    for tried in found.tried:
        (trial,) = (t for t in trials_of(config) if t.values == tried.values)
        accuracies = []
        for fold in range(3):
            split = Split(folds != fold, folds == fold)
            tokens = reviews.tokens(trial.config.tokens)
            counted = CountedSplit.of(tokens, reviews.labels, split, trial.config.features)
            model = regression_of(trial.config.train)
            model.fit(counted.learned, counted.learned_labels)
            accuracies.append(model.score(counted.scored, counted.scored_labels))
        assert tried.accuracies == pytest.approx(accuracies, abs=1e-12)
        assert tried.accuracy == pytest.approx(np.mean(accuracies))


def test_a_trial_has_the_temperature_and_the_threshold_that_training_settles(
    config_of, reviews, tmp_path
):
    both = "train.calibrate = [true, false]\ntrain.threshold = [0.5, { min_recall = 0.95 }]\n"
    config = config_of("[tune]\ntrain.epochs = [2, 4]\n" + both)
    config = with_values(config, {"train.validation": 0.3}, "")
    found = tune.tune(config, reviews, everywhere(reviews), Journal(tmp_path / "j", {}))
    (split,) = tune._splits(config, reviews.labels, everywhere(reviews))
    tokens = reviews.tokens(config.tokens)
    counted = CountedSplit.of(tokens, reviews.labels, split, config.features)
    for tried in found.tried:
        (trial,) = (t for t in trials_of(config) if t.values == tried.values)
        model = regression_of(trial.config.train)
        sides = counted.learned, counted.learned_labels
        choose_decision(model.fit(*sides), *sides, **decision_of(trial.config.train))
        loss = log_loss(counted.scored_labels, model.decision_function(counted.scored))
        assert tried.log_loss == pytest.approx(loss, abs=1e-12)
        assert tried.accuracy == model.score(counted.scored, counted.scored_labels)
    assert len({tried.log_loss for tried in found.tried}) == 4


@pytest.mark.parametrize("by", ["accuracy", "log_loss"])
def test_the_best_trial_is_first_and_makes_the_config(config_of, reviews, tmp_path, by):
    config = config_of(GRID.replace("folds = 3", f'folds = 3\nby = "{by}"'))
    found = tune.tune(config, reviews, everywhere(reviews), Journal(tmp_path / "j", {}))
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
        splits = tune._splits(config, reviews.labels, within)
        for split in splits:
            assert not (split.learned & split.scored).any()
            assert ((split.learned | split.scored) == within).all()


def test_trials_that_differ_in_epochs_alone_are_learned_once(
    config_of, reviews, tmp_path, monkeypatch
):
    from pipeline.training.estimator import SGDLogisticRegression

    fits = []
    fit = SGDLogisticRegression.fit
    monkeypatch.setattr(
        SGDLogisticRegression,
        "fit",
        lambda self, *a, **k: fits.append(self.epochs) or fit(self, *a, **k),
    )
    config = config_of("[tune]\ntrain.epochs = [1, 2, 4]\ntrain.l2 = [1e-3, 1e-2]\n")
    tune.tune(config, reviews, everywhere(reviews), Journal(tmp_path / "j", {}))
    assert fits == [4, 4]


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop_at", [1, 7, 40])
def test_a_tuning_that_was_stopped_goes_on_and_ends_alike(config_of, reviews, tmp_path, stop_at):
    config, within = config_of(GRID), everywhere(reviews)
    whole = tune.tune(config, reviews, within, Journal(tmp_path / "whole", {}))

    done = []

    def stop(n: int) -> None:
        done.append(n)
        if sum(done) >= stop_at:
            raise StoppedError

    with pytest.raises(StoppedError):
        tune.tune(config, reviews, within, Journal(tmp_path / "j", {}), on_done=stop)
    before = len(Journal(tmp_path / "j", {}))
    assert 0 < before < 48
    again: list[int] = []
    result = tune.tune(config, reviews, within, Journal(tmp_path / "j", {}), on_done=again.append)
    assert result == whole
    assert again[0] == before
    assert sum(again) == tune.n_scores(config) == 48


# Cross-validation


def test_every_review_is_scored_by_a_model_of_the_other_folds(config_of, reviews, tmp_path):
    config = config_of("")
    found = crossval.cross_validate(config, reviews, 5, 3, Journal(tmp_path / "j", {}))
    folds = draw_folds(reviews.labels, 5, 3, "")
    assert (found.fold_of == folds).all()
    for fold in range(5):
        split = Split(folds != fold, folds == fold)
        counted = CountedSplit.of(
            reviews.tokens(config.tokens), reviews.labels, split, config.features
        )
        model = regression_of(config.train)
        model.fit(counted.learned, counted.learned_labels)
        expected = model.decision_function(counted.scored)
        assert found.scores[split.scored] == pytest.approx(expected, abs=0)
    assert found.pooled.accuracy == np.mean((found.scores > 0) == reviews.labels)
    assert found.mean == np.mean([fold.accuracy for fold in found.folds])
    assert found.deviation == np.std([fold.accuracy for fold in found.folds], ddof=1)


@pytest.mark.parametrize("threshold", ["0.3", "{ min_recall = 0.9 }"])
def test_all_reviews_are_decided_at_the_thresholds_of_their_folds(
    config_of, reviews, tmp_path, threshold
):
    """So that the accuracy of all of them is the mean of the folds, by their sizes."""
    config = config_of(f"threshold = {threshold}\nvalidation = 0.2\n")
    found = crossval.cross_validate(config, reviews, 5, 3, Journal(tmp_path / "j", {}))
    n_right = sum(round(fold.accuracy * fold.n) for fold in found.folds)
    assert found.accuracy == n_right / len(reviews.labels)
    assert found.accuracy == np.mean(found.predicted == reviews.labels)
    assert (found.low, found.high) == wilson_interval(n_right, len(reviews.labels))
    assert found.accuracy != np.mean((found.scores > 0) == reviews.labels)
    if threshold == "0.3":
        assert (found.pooled.threshold, found.pooled.accuracy) == (0.3, found.accuracy)


def test_settings_are_chosen_inside_each_fold(config_of, reviews, tmp_path):
    """By what tuning finds on the reviews of the other folds."""
    config = config_of(GRID)
    found = crossval.cross_validate(config, reviews, 3, 0, Journal(tmp_path / "j", {}))
    for number, fold in enumerate(found.folds):
        within = found.fold_of != number
        alone = tune.tune(config, reviews, within, Journal(tmp_path / f"{number}", {}))
        assert fold.chosen == alone.tried[0].values


def test_a_word_of_the_fold_that_is_scored_is_in_no_vocabulary(config_of, reviews):
    split = Split(np.arange(110) >= 10, np.arange(110) < 10)
    tokens = reviews.tokens(config_of("").tokens)
    few = CountedSplit.of(tokens, reviews.labels, split, config_of("").features)
    words = set()
    for row in np.flatnonzero(split.learned):
        document = tokens.document(row)
        words |= {*document, *(" ".join(pair) for pair in itertools.pairwise(document))}
    assert few.learned.shape[1] == few.scored.shape[1] == len(words)


@pytest.mark.parametrize("grid", ["", GRID])
def test_a_cross_validation_that_was_stopped_goes_on(config_of, reviews, tmp_path, grid):
    config = config_of(grid)
    journal = Journal(tmp_path / "whole", {})
    whole = crossval.summary(crossval.cross_validate(config, reviews, 4, 0, journal))
    done = []

    def stop(n: int) -> None:
        done.append(n)
        if sum(done) > crossval.n_steps(config, 4) // 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        crossval.cross_validate(config, reviews, 4, 0, Journal(tmp_path / "j", {}), stop)
    done = []
    again = crossval.cross_validate(config, reviews, 4, 0, Journal(tmp_path / "j", {}), done.append)
    assert crossval.summary(again) == whole
    assert sum(done) == crossval.n_steps(config, 4)


# The journal


def test_a_journal_holds_what_was_written_when_it_is_opened_again(tmp_path):
    first = Journal(tmp_path / "j", {"seed": 1})
    first["a"], first["b"] = {"x": 0.1, "y": float("nan")}, [1, 2]
    again = Journal(tmp_path / "j", {"seed": 1})
    assert ("a" in again, "c" in again, len(again)) == (True, False, 2)
    assert (again["a"], again["b"]) == ({"x": 0.1, "y": None}, [1, 2])


@pytest.mark.parametrize(("depends", "from_scratch"), [({"seed": 2}, False), ({"seed": 1}, True)])
def test_a_journal_of_other_settings_is_begun_anew(tmp_path, depends, from_scratch):
    Journal(tmp_path / "j", {"seed": 1})["a"] = 1
    assert len(Journal(tmp_path / "j", depends, from_scratch)) == 0
    assert len(Journal(tmp_path / "j", depends)) == 0


@given(st.integers(1, 40))
def test_a_line_that_was_cut_short_is_done_again(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = Journal(path, {})
    journal["first"], journal["second"] = {"accuracy": 0.5}, {"accuracy": 0.75}
    whole = path.read_bytes()
    path.write_bytes(whole[: -min(cut, len(whole.split(b"\n")[2]))])
    again = Journal(path, {})
    assert "first" in again
    assert "second" not in again
    again["second"] = {"accuracy": 0.75}
    assert path.read_bytes() == whole


# The commands


@pytest.mark.parametrize("line", ["garbage", "3", '["a"]', "[[], 1]"])
def test_a_journal_with_a_line_of_another_form_is_refused_by_name(tmp_path, line):
    Journal(tmp_path / "j", {})["a"] = 1
    with (tmp_path / "j").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(RunError, match="j: not the file that was saved; --force restarts it"):
        Journal(tmp_path / "j", {})
    assert "a" not in Journal(tmp_path / "j", {}, from_scratch=True)


def test_a_study_that_cannot_write_says_so_in_one_line(small_run, copied_run, sentiment):
    (copied_run.path / "crossval" / "journal.jsonl").mkdir(parents=True)
    result = sentiment("crossval", small_run.config, "--run", copied_run.path, "--folds", 2)
    assert result.exit_code == 2
    assert "journal.jsonl: cannot write the run: Is a directory" in result.stderr


def test_tune_writes_a_config_that_trains(small_run, tmp_path, sentiment):
    config = tmp_path / "grid.toml"
    config.write_text(small_run.config.read_text() + "[tune]\ntrain.l2 = [1e-4, 1e-2]\n")
    out = tmp_path / "best.toml"
    result = sentiment("tune", config, "--run", tmp_path / "run", "--out", out, "--json")
    tried = json.loads(result.stdout)
    assert len(tried) == 2
    best = load_config(out)
    assert best.train.l2 == tried[0]["values"]["train.l2"]
    assert best.train.seed == 7
    assert sentiment("train", out, "--run", tmp_path / "run", "-q").exit_code == 0


def test_tuning_never_reads_the_test_part(small_run, tmp_path, sentiment):
    """A test part of other reviews changes nothing."""
    shown = []
    for name, test in (("one", small_run.texts[:20]), ("other", ["dire", "grand"] * 10)):
        folder = tmp_path / name
        folder.mkdir()
        write_jsonl(folder / "train.jsonl", small_run.texts, small_run.labels)
        write_jsonl(folder / "test.jsonl", test, [0, 1] * 10)
        (folder / "c.toml").write_text(
            f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
            f'test = "{folder}/test.jsonl"\n[tune]\ntrain.l2 = [1e-4, 1e-2]\n'
        )
        args = ("--run", folder / "run", "--json")
        shown.append(sentiment("tune", folder / "c.toml", *args).stdout)
    assert shown[0] == shown[1]


def test_crossval_shows_each_fold_and_keeps_a_score_for_each_review(
    small_run, copied_run, sentiment
):
    from pyarrow import parquet

    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 3)
    shown = json.loads(sentiment(*args, "--json").stdout)
    assert [fold["number"] for fold in shown["folds"]] == [1, 2, 3]
    saved = json.loads((copied_run.path / "crossval" / "metrics.json").read_text())
    assert saved == shown
    table = parquet.read_table(copied_run.path / "crossval" / "predictions.parquet")
    assert table.num_rows == 110  # train alone, for the corpus has a test part of its own
    right = np.array(table["predicted"]) == np.array(table["label"])
    assert right.mean() == shown["accuracy"] == shown["pooled"]["accuracy"]
    assert Counter(table["fold"].to_pylist()) == {1: 37, 2: 37, 3: 36}
    assert f"{shown['mean']:.2%}" in sentiment(*args).stdout


def test_a_corpus_in_one_piece_is_cross_validated_whole(small_run, tmp_path, sentiment):
    write_jsonl(tmp_path / "all.jsonl", small_run.texts, small_run.labels)
    config = tmp_path / "c.toml"
    config.write_text(f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/all.jsonl"\n')
    args = ("crossval", config, "--run", tmp_path / "run", "--folds", 2, "--json")
    assert json.loads(sentiment(*args).stdout)["pooled"]["n"] == 110
    # What is done is not done again, and is no further use; what cannot be done is none.
    assert sentiment(*args).exit_code == 0
    assert sentiment(*args, "--folds", 99).exit_code == 2
    uses = json.loads((tmp_path / "run" / "test_uses.json").read_text())["uses"]
    assert [use["by"] for use in uses] == ["crossval"]


def test_how_results_are_looked_at_does_not_begin_a_study_anew(small_run, copied_run, sentiment):
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 3)
    sentiment(*args)
    again = sentiment(*args, "--set", "eval.bins=5", "--set", "eval.confidence=0.9")
    assert "crossval  goes on" in again.stderr
    assert "90% interval" in again.stdout


def test_a_table_of_trials_cuts_no_figure_short(small_run, copied_run, sentiment):
    """However narrow the terminal is, and however many keys there are."""
    keys = ("train.learning_rate", "train.average_from", "features.unit_length", "train.l2")
    grid = zip(keys, ("[0.0125]", "[0]", "[true]", "[0.000125, 0.00025]"), strict=True)
    overrides = [part for key, values in grid for part in ("--set", f"tune.{key}={values}")]
    args = ("tune", small_run.config, "--run", copied_run.path, *overrides)
    shown = sentiment(*args, env={"COLUMNS": "52"}).stdout
    for cell in (*(key.split(".")[1] for key in keys), "0.0125", "0.000125", "0.00025"):
        assert cell in shown


def test_json_is_printed_in_quiet_as_well(small_run, copied_run, sentiment):
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 3, "-q")
    assert sentiment(*args).output == ""
    assert len(json.loads(sentiment(*args, "--json").output)["folds"]) == 3


@pytest.mark.parametrize("out", ["", "nowhere/best.toml"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(
    small_run, tmp_path, sentiment, out
):
    grid = ("--set", "tune.train.l2=[0.1]")
    run = tmp_path / "run"
    result = sentiment("tune", small_run.config, "--run", run, *grid, "--out", tmp_path / out)
    assert result.exit_code == 2
    assert (
        f"--out: expected a file in a folder that is there, got {tmp_path / out}" in result.stderr
    )
    assert not run.exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("crossval", "--folds", 56), "--folds: expected 2 to 55 folds"),
        (("tune",), "tune: the config has no [tune] section"),
    ],
)
def test_what_cannot_be_studied_is_refused_in_one_line(
    small_run, copied_run, sentiment, command, said
):
    name, *options = command
    result = sentiment(name, small_run.config, "--run", copied_run.path, *options)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]


def test_studies_of_one_run_by_two_processes_do_not_mix(small_run, copied_run, sentiment):
    from filelock import FileLock

    folder = Path(copied_run.path, "crossval")
    folder.mkdir()
    with FileLock(folder / ".lock"):
        result = sentiment("crossval", small_run.config, "--run", copied_run.path)
    assert result.exit_code == 2
    assert "another process is writing" in result.stderr
