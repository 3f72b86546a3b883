"""The commands that study a config: tune, crossval, curve, baselines."""

import json
import re
import shlex
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_corpus import write_jsonl
from small_lexicons import nltk_reads

from pipeline.config.checking import checked
from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.evaluation import learning_curve
from pipeline.studies.auto_grid import SPACE


def test_a_study_that_cannot_write_says_so_in_one_line(small_run, copied_run, sentiment):
    (copied_run.path / "crossval" / "journal.jsonl").mkdir(parents=True)
    result = sentiment("crossval", small_run.config, "--run", copied_run.path, "--folds", 2)
    assert result.exit_code == 2
    assert "journal.jsonl: cannot be read: expected a file, got a folder" in result.stderr


def test_tune_writes_a_config_that_trains(small_run, tmp_path, sentiment):
    config = tmp_path / "grid.toml"
    config.write_text(small_run.config.read_text() + "[tune]\ntrain.l2 = [1e-4, 1e-2]\n")
    result = sentiment("tune", config, "--run", tmp_path / "run", "--json")
    tried = json.loads(result.stdout)
    assert len(tried) == 2
    best_config = tmp_path / "run" / "tune" / "best.toml"
    best = load_config(best_config)
    assert best.train.l2 == tried[0]["values"]["train.l2"]
    assert best.train.seed == 7
    assert sentiment("train", best_config, "--run", tmp_path / "run", "-q").exit_code == 0


def test_tuning_never_reads_the_test_set(small_run, tmp_path, sentiment):
    """A test set of other reviews changes nothing."""
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
    assert table.num_rows == 110  # train alone, for the corpus has a test set of its own
    right = np.array(table["predicted"]) == np.array(table["label"])
    assert right.mean() == shown["accuracy"] == shown["pooled"]["accuracy"]
    assert Counter(table["fold"].to_pylist()) == {1: 37, 2: 37, 3: 36}
    assert f"{shown['mean']:.2%}" in sentiment(*args).stdout


def test_curve_shows_each_size_and_if_more_reviews_would_help(copied_run, sentiment, monkeypatch):
    monkeypatch.setattr(learning_curve, "_RESAMPLES", 40)
    of = ("curve", copied_run.config, "--run", copied_run.path, "--folds", 5, "--repeats", 2)
    args = (*of, "--sizes", "20, 30,40,60,88", "--to", 200)
    found = json.loads(sentiment(*args, "--json").stdout)
    assert json.loads((copied_run.path / "curve" / "curve.json").read_text()) == found
    shown = sentiment(*args).stdout
    for point in found["points"]:
        cells = [f"{point['size']:,}", str(point["n_models"]), f"{point['accuracy']['value']:.2%}"]
        assert any(line.split()[:3] == cells for line in shown.splitlines())
    beyond = found["extrapolation"]
    accuracy = [beyond[name]["value"] for name in ("accuracy_now", "accuracy_then")]
    assert "110 -> 200 reviews: accuracy {:.1%} -> {:.1%} (95% int".format(*accuracy) in shown
    answers = {True: "would help", False: "would hardly help", None: "cannot tell if more reviews"}
    assert answers[beyond["helps"]] in shown
    assert f"the figures are in {copied_run.path / 'curve'}" in shown
    assert "nothing is predicted" in sentiment(*of, "--sizes", "20,40").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sizes", "20,x"], "--sizes: expected numbers of reviews separated by commas"),
        (["--sizes", "20,"], "--sizes: expected numbers of reviews separated by commas"),
        (["--sizes", "0,20"], "--sizes: expected numbers of reviews separated by commas"),
        (["--sizes", "9" * 99], "--sizes: expected numbers of reviews separated by commas"),
        (["--sizes", "20,999"], "--sizes: expected sizes from 20 to 99"),
        (["--to", "300"], "curve: expected at least 100 training reviews outside of a fold"),
        (["--folds", "99"], "--folds: expected 2 to 55 folds"),
    ],
)
def test_a_curve_that_cannot_be_is_one_line(options, said, copied_run, sentiment):
    result = sentiment("curve", copied_run.config, "--run", copied_run.path, *options)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]


def test_a_corpus_in_one_piece_is_cross_validated_whole(small_run, tmp_path, sentiment):
    write_jsonl(tmp_path / "all.jsonl", small_run.texts, small_run.labels)
    config = tmp_path / "c.toml"
    config.write_text(f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/all.jsonl"\n')
    args = ("crossval", config, "--run", tmp_path / "run", "--folds", 2, "--json")
    assert json.loads(sentiment(*args).stdout)["pooled"]["n"] == 110
    # What is done is not done again, and is no further use; what cannot be done is none.
    assert sentiment(*args).exit_code == 0
    assert sentiment(*args, "--folds", 99).exit_code == 2
    uses = json.loads((tmp_path / "run" / "manifest.json").read_text())["test_uses"]
    assert [use["by"] for use in uses] == ["crossval"]


def test_how_results_are_looked_at_does_not_restart_a_study(small_run, copied_run, sentiment):
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 3)
    sentiment(*args)
    again = sentiment(*args, "--set", "eval.bins=5", "--set", "eval.confidence=0.9")
    assert "crossval/journal.jsonl  (up to date)" in again.stderr
    assert "90% interval" in again.stdout


def test_a_table_of_trials_cuts_no_figure_short(small_run, copied_run, sentiment):
    """However narrow the terminal is, and however many keys there are."""
    keys = ("train.learning_rate", "train.average_from", "features.unit_length", "train.l2")
    grid = zip(keys, ("[0.0125]", "[0]", "[true]", "[0.000125, 0.00025]"), strict=True)
    overrides = [part for key, values in grid for part in ("--set", f"tune.{key}={values}")]
    args = ("tune", small_run.config, "--run", copied_run.path, *overrides)
    shown = sentiment(*args, env={"COLUMNS": "52"}).stdout
    names = [word for key in keys for word in key.split(".")[1].split("_")]
    for cell in (*names, "0.0125", "0.000125", "0.00025"):
        assert cell in shown


AUTO = ("--grid", "auto", "--trials", 4, "--set", "tune.folds=2", "--set", "tune.train.l2=[0.1]")


def test_the_grid_for_all_corpora_needs_no_tune_section(small_run, copied_run, sentiment):
    """It shows the rounds, what mattered, the best trials, and the lines to paste."""
    args = ("tune", small_run.config, "--run", copied_run.path)
    result = sentiment(*args, "--grid", "auto", "--trials", 4)
    assert result.exit_code == 0
    told = r"tune +about [\d.]+ s: 7 trainings to go, by the time of the second one"
    assert re.search(told, result.stderr)
    for said in ("round  trials  folds", "explains", "accuracy on all folds", "effects.png"):
        assert said in result.stdout
    best = load_config(copied_run.path / "tune" / "best.toml")
    options = shlex.split(result.stdout.splitlines()[-1])[1:]
    pasted = re.search(r"It changes these keys.*?:\n(.*)or --set", result.stdout, re.DOTALL)[1]
    before = load_config(small_run.config)
    assert best != before.without_tune()
    assert load_config(small_run.config, options[1::2]).without_tune() == best
    table = tomllib.loads(pasted)
    for section in ("tokens", "features", "train"):
        now = before.section(section) | table.get(section, {})
        assert Config(**{section: checked(now, type(getattr(before, section)))}).section(
            section
        ) == best.section(section)


def test_nothing_mattered_where_all_drawn_trials_diverged(
    small_run, copied_run, sentiment, monkeypatch
):
    monkeypatch.setitem(SPACE, "train.learning_rate", (1e6,))
    result = sentiment("tune", small_run.config, "--run", copied_run.path, *AUTO)
    assert result.exit_code == 0
    assert "! diverged, and so lost: " in result.stdout
    assert "explains" not in result.stdout
    assert "effects" not in result.stdout
    assert not (copied_run.path / "tune" / "effects.png").exists()


def test_the_grid_for_all_corpora_replaces_the_values_in_tune(small_run, copied_run, sentiment):
    result = sentiment("tune", small_run.config, "--run", copied_run.path, *AUTO, "--json")
    tried = json.loads(result.stdout)
    assert {each["values"]["train.l2"] for each in tried} != {0.1}
    assert max(len(each["accuracies"]) for each in tried) == 2
    assert min(len(each["accuracies"]) for each in tried) == 1


def test_each_fold_of_a_cross_validation_chooses_from_the_grid(small_run, copied_run, sentiment):
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 2, *AUTO)
    shown = json.loads(sentiment(*args, "--json").stdout)
    for fold in shown["folds"]:
        assert {"features.ngrams", "train.learning_rate", "train.epochs"} <= set(fold["chosen"])
    assert "crossval/journal.jsonl  (up to date)" in sentiment(*args).stderr


def test_what_every_fold_has_chosen_is_said_once(small_run, copied_run, sentiment):
    """However narrow the terminal is, the table then shows what differs."""
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 2)
    grid = ("--set", "tune.train.l2=[0.1]", "--set", "tune.train.batch_size=[3]")
    result = sentiment(*args, *grid, env={"COLUMNS": "40"})
    assert "chosen in every fold: l2=0.1, batch_size=3" in " ".join(result.stdout.split())
    assert result.stdout.splitlines()[1].split() == ["fold", "reviews", "accuracy"]
    assert "chosen" not in sentiment(*args).stdout


def test_a_trial_that_diverges_loses_and_is_named(small_run, copied_run, sentiment):
    overrides = ("train.schedule=constant", "train.l2=0", "tune.train.learning_rate=[0.05, 1e6]")
    sets = [part for each in overrides for part in ("--set", each)]
    args = ("tune", small_run.config, "--run", copied_run.path, *sets)
    result = sentiment(*args)
    assert result.exit_code == 0
    assert "! diverged, and so lost: learning_rate=1e+06" in result.stdout
    assert load_config(copied_run.path / "tune" / "best.toml").train.learning_rate == 0.05
    tried = json.loads(sentiment(*args, "--json").stdout)
    assert [each["accuracy"] is None for each in tried] == [False, True]
    only = sentiment(*args[:-1], "tune.train.learning_rate=[1e6]")
    assert only.exit_code == 2
    assert "all trials diverged; expected lower values of train.learning_rate" in only.stderr


def test_json_is_printed_in_quiet_as_well(small_run, copied_run, sentiment):
    args = ("crossval", small_run.config, "--run", copied_run.path, "--folds", 3, "-q")
    assert sentiment(*args).output == ""
    assert len(json.loads(sentiment(*args, "--json").output)["folds"]) == 3


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("crossval", "--folds", 56), "--folds: expected 2 to 55 folds"),
        (("tune",), "tune: the config has no [tune] section"),
        (("tune", "--trials", 5), "--trials: expected --grid auto with it, got 5 alone"),
        (("tune", "--grid", "auto", "--trials", 0), "0 is not in the range 1<=x<=10000"),
        (("tune", "--grid", "auto", "--trials", "x"), "'x' is not a valid whole number"),
        (("tune", "--grid", "all"), "'all' is not 'auto'"),
        (("crossval", "--no-tune", "--grid", "auto"), "use it without --grid"),
        (("crossval", "--trials", 5), "--trials: expected --grid auto with it"),
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


def test_the_command_writes_the_baselines_and_counts_the_uses_of_test(
    copied_run, lexicon_data, sentiment
):
    args = ("baselines", copied_run.config, "--run", copied_run.path)
    with nltk_reads(lexicon_data):
        shown = sentiment(*args).stdout
    saved = json.loads((copied_run.path / "baselines" / "baselines.json").read_text())["results"]
    for result in saved:
        assert f"{result['accuracy']:.2%}" in shown
    uses = json.loads((copied_run.path / "manifest.json").read_text())["test_uses"]
    assert [use["by"] for use in uses] == ["eval", "baselines", "baselines", "baselines"]
    assert sentiment(*args, "--json").exit_code == 0
    after = json.loads((copied_run.path / "manifest.json").read_text())["test_uses"]
    assert after == uses  # nothing was scored again


def test_baselines_without_a_lexicon_says_which_are_left_out_and_scores_the_others(
    copied_run, lexicon_data, sentiment, tmp_path, monkeypatch
):
    """As in a clone without a network; with one, the next run adds them."""
    monkeypatch.setattr("pipeline.nltk_data._download", lambda name: None)
    args = ("baselines", copied_run.config, "--run", copied_run.path)
    with nltk_reads(tmp_path):
        result = sentiment(*args)
    assert result.exit_code == 0
    for name, data in (("opinion lexicon", "opinion_lexicon"), ("VADER", "vader_lexicon")):
        assert f"! {name} is left out: NLTK's {data}: not installed" in result.stderr
        assert name not in result.stdout
    saved = json.loads((copied_run.path / "baselines" / "baselines.json").read_text())
    assert [row["name"] for row in saved["results"]] == [
        *("majority class", "naive Bayes", "logistic regression", "log-count ratios")
    ]
    assert all(f"{row['accuracy']:.2%}" in result.stdout for row in saved["results"])
    assert list(saved["missing"]) == ["opinion lexicon", "VADER"]
    with nltk_reads(lexicon_data):
        assert "VADER" in sentiment(*args).stdout
    saved = json.loads((copied_run.path / "baselines" / "baselines.json").read_text())
    assert (len(saved["results"]), saved["missing"]) == (6, {})
