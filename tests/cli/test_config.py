"""`sentiment config`: every setting with its origin, and a config to start from."""

import json
import re
from pathlib import Path

import pytest
from small_corpus import small_reviews, write_jsonl

from pipeline.config.loading import load_config


def test_it_prints_every_setting_and_where_it_is_from(sentiment, small_run):
    result = sentiment("config", small_run.config, "--set", "train.l2=0.25")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "ngrams = 2                      # small.toml" in lines
    assert "l2 = 0.25                       # --set" in lines
    assert "bins = 10                       # default" in lines


def test_of_a_run_it_prints_what_auto_stood_for_in_its_training(sentiment, copied_run):
    run, rate = copied_run.path, ("--set", "train.learning_rate=auto")
    assert sentiment("train", copied_run.config, "--run", run, "-q", *rate).exit_code == 0
    shown = sentiment("config", run).stdout
    used = json.loads((run / "model" / "history.json").read_text())["steps"]["learning_rate"]
    assert f'learning_rate = "auto"          # config.toml; {used:g} in this run' in shown
    assert "epochs = 4                      # config.toml\n" in shown
    # Other settings, and those of a run that is damaged, were not those of this training.
    assert "in this run" not in sentiment("config", run, "--set", "train.l2=1").stdout
    (run / "manifest.json").write_text("{}")
    assert sentiment("config", run).stdout == shown.replace(f"; {used:g} in this run", "")


def test_without_a_config_it_prints_the_sample(sentiment):
    assert sentiment("config").stdout == sentiment("config", "sample").stdout


def test_a_bad_setting_is_refused(refused):
    assert refused("config", "--set", "train.lr=1").startswith("train.lr: unknown key; ")


def test_a_new_config_trains_on_reviews_of_ones_own(sentiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = sentiment("config", "--new", "own.toml")
    assert result.stdout == (
        "wrote own.toml; name your reviews in it, then run: sentiment train own.toml\n"
    )
    assert "sentiment eval own.toml" in Path("own.toml").read_text()
    write_jsonl(Path("reviews.jsonl"), *small_reviews())
    settings = ("--set", "corpus.train=reviews.jsonl")
    result = sentiment("train", "own.toml", *settings)
    assert result.exit_code == 0
    assert "on the validation " in result.stderr
    assert Path("runs/own/model").is_dir()


def test_a_new_config_differs_from_the_defaults_by_a_validation_set_alone(sentiment, tmp_path):
    path = tmp_path / "own.toml"
    sentiment("config", "--new", path)
    config = load_config(path)
    assert config.train.validation == 0.1
    (tmp_path / "plain.toml").write_text(
        '[corpus]\nsource = "files"\ntrain = "reviews.csv"\n[train]\nvalidation = 0.1\n'
    )
    plain = load_config(tmp_path / "plain.toml")
    assert (config.corpus, config.train) == (plain.corpus, plain.train)


def test_each_line_of_a_new_config_that_is_commented_out_is_one_to_use(sentiment, tmp_path):
    path = tmp_path / "own.toml"
    sentiment("config", "--new", path)
    start = path.read_text()
    keys = re.findall(r"^# (\w+ = .*)$", start, flags=re.MULTILINE)
    assert len(keys) == 10, keys
    for key in keys:
        more = "\nnegative_to = 2" if key.startswith("positive_from") else ""
        more = "\npositive_from = 4" if key.startswith("negative_to") else more
        path.write_text(start.replace("[corpus]", f"[corpus]\n{key}{more}"))
        load_config(path)


def test_a_new_config_takes_no_settings(sentiment, tmp_path):
    result = sentiment("config", "--new", tmp_path / "own.toml", "--set", "train.l2=0")
    assert result.exit_code == 2
    assert "--set changes a config that is there: edit the one of --new" in result.stderr
    assert not (tmp_path / "own.toml").exists()


def test_a_file_that_is_there_is_not_overwritten(refused, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    said = refused("config", "--new", path)
    assert said == f"--new: {path} is there already; expected a new file"
    assert path.read_text() == "mine"
    nowhere = tmp_path / "no" / "mine.toml"
    assert refused("config", "--new", nowhere) == (
        f"--new: cannot write {nowhere}: No such file or directory"
    )


@pytest.mark.parametrize("command", ["corpus", "crossval"])
def test_without_a_config_a_command_takes_the_sample(sentiment, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    options = ("--folds", "2", "--no-tune") if command == "crossval" else ()
    result = sentiment(command, *options)
    assert result.stderr.startswith("config    sample, bundled: ")
    assert Path("runs/sample/corpus/train.arrow").is_file()
