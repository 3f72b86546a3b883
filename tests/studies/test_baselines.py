"""The baselines: each result is what it says, and is tested against the one below."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.naive_bayes import MultinomialNB
from small_lexicons import nltk_reads

from pipeline.config.loading import load_config
from pipeline.errors import RunError
from pipeline.stages import read_labels, run_stages, test_uses
from pipeline.stages.from_config import regression_of
from pipeline.storage import arrays
from pipeline.storage.run import Run
from pipeline.studies import baselines
from pipeline.studies.journal import Journal
from pipeline.studies.splits import Reviews


@pytest.fixture(scope="module")
def scored(lexicon_data, small_run, tmp_path_factory):
    """Return the results of the small run, its journal and its test labels."""
    config = load_config(small_run.config)
    reviews = Reviews.of(Run(small_run.path), "train", "test")
    in_test = np.arange(len(reviews.labels)) >= 110
    journal = Journal(tmp_path_factory.mktemp("baselines") / "j", {})
    steps: list[int] = []
    with nltk_reads(lexicon_data):
        results = baselines.run_baselines(config, reviews, in_test, journal, steps.append)
    assert sum(steps) == len(results) * 40
    return results, journal, reviews.labels[in_test]


def predicted(journal, name):
    return np.array([c == "1" for c in journal[name]["predicted"]])


def test_baselines_go_from_the_majority_class_to_log_count_ratios(scored):
    results, _, _ = scored
    assert [result.name for result in results] == list(baselines.NAMES)
    assert results[0].accuracy == 0.5


def test_naive_bayes_is_that_of_scikit_learn(scored, small_run):
    _, journal, _ = scored
    train, test = (
        arrays.read_counts(small_run.path / "features" / f"{part}.safetensors")
        for part in ("train", "test")
    )
    expected = MultinomialNB().fit(train, read_labels(Run(small_run.path), "train")).predict(test)
    assert (predicted(journal, baselines.BAYES) == expected).all()


@pytest.mark.parametrize(
    ("name", "ratio"), [(baselines.LOGISTIC, "none"), (baselines.RATIO, "documents")]
)
def test_logistic_regression_is_that_of_the_config(scored, small_run, name, ratio):
    _, journal, _ = scored
    config = load_config(small_run.config, [f"train.ratio={ratio}"])
    train, test = (
        arrays.read_counts(small_run.path / "features" / f"{part}.safetensors")
        for part in ("train", "test")
    )
    model = regression_of(config.train)
    model.fit(train, read_labels(Run(small_run.path), "train"))
    assert (predicted(journal, name) == model.predict(test)).all()


def test_a_threshold_by_a_goal_decides_on_the_ladder_too(small_run, sentiment, tmp_path):
    """As it does in the run of the same config."""
    settings = ["train.threshold={min_recall=0.95}", "train.epochs=1"]
    args = [item for setting in settings for item in ("--set", setting)]
    sentiment("eval", small_run.config, "--run", tmp_path / "run", "-q", *args)
    metrics = json.loads((tmp_path / "run" / "eval" / "metrics.json").read_text())["test"]
    assert metrics["threshold"] != 0.5
    reviews = Reviews.of(Run(small_run.path), "train", "test")
    in_test = np.arange(len(reviews.labels)) >= 110
    config = load_config(small_run.config, settings)
    works = baselines._works(config, reviews, in_test, lambda n: None)
    right = works[baselines.LOGISTIC]() == (reviews.labels[in_test] == 1)
    assert right.mean() == metrics["accuracy"]


def test_each_baseline_is_tested_against_the_previous_one(scored):
    results, journal, labels = scored
    right = [predicted(journal, name) == (labels == 1) for name in baselines.NAMES]
    for k, result in enumerate(results):
        assert result.accuracy == right[k].mean()
        assert result.low < result.accuracy <= result.high
        if k == 0:
            assert np.isnan(result.p)
            continue
        gained = int((right[k] & ~right[k - 1]).sum())
        lost = int((~right[k] & right[k - 1]).sum())
        assert (result.only_this, result.only_previous) == (gained, lost)
        expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
        assert result.p == pytest.approx(expected, rel=1e-9)


def test_a_baseline_that_is_done_is_not_done_again(scored, small_run, monkeypatch):
    results, journal, _ = scored
    monkeypatch.setattr(baselines, "vader_scores", None)
    reviews = Reviews.of(Run(small_run.path), "train", "test")
    in_test = np.arange(len(reviews.labels)) >= 110
    config = load_config(small_run.config)
    again = baselines.run_baselines(config, reviews, in_test, journal)
    assert [result.accuracy for result in again] == [result.accuracy for result in results]


def test_the_seconds_of_each_rung_that_learns_hold_its_tokens(small_run, tmp_path, monkeypatch):
    from pipeline.tokens.tokenizer import Tokenizer

    begun = []
    call = Tokenizer.__call__
    monkeypatch.setattr(Tokenizer, "__call__", lambda self, *a: begun.append(1) or call(self, *a))
    reviews = Reviews.of(Run(small_run.path), "train", "test")
    in_test = np.arange(len(reviews.labels)) >= 110
    works = baselines._works(load_config(small_run.config), reviews, in_test, lambda _: None)
    for name in baselines.LEARNED:
        works[name]()
    assert len(begun) == 3


def test_the_command_writes_the_baselines_and_counts_the_uses_of_test(
    copied_run, lexicon_data, sentiment
):
    args = ("baselines", copied_run.config, "--run", copied_run.path)
    with nltk_reads(lexicon_data):
        shown = sentiment(*args).stdout
    saved = json.loads((copied_run.path / "baselines" / "baselines.json").read_text())["results"]
    for result in saved:
        assert f"{result['accuracy']:.2%}" in shown
    uses = json.loads((copied_run.path / "test_uses.json").read_text())["uses"]
    assert [use["by"] for use in uses] == ["eval", "baselines", "baselines", "baselines"]
    assert sentiment(*args, "--json").exit_code == 0
    after = json.loads((copied_run.path / "test_uses.json").read_text())["uses"]
    assert after == uses  # nothing was scored again


# The ledger


class _Silent:
    def __getattr__(self, name):
        return lambda *_: None


def test_the_ledger_outlives_force_and_tells_configs_apart(copied_run, sentiment):
    args = ("eval", copied_run.config, "--run", copied_run.path)
    assert "has been scored once, with one config" in sentiment(*args).stdout.replace("\n", " ")
    sentiment(*args, "--force")
    output = sentiment(*args, "--set", "train.l2=0.01").stdout
    assert "has been scored 3 times, with 2 configs" in " ".join(output.split())
    uses = json.loads((copied_run.path / "test_uses.json").read_text())["uses"]
    assert len({use["config"] for use in uses}) == 2


@pytest.mark.parametrize("text", ["{}", '{"uses": 3}', '{"uses": [{"who": "eval"}]}'])
def test_a_ledger_that_was_not_written_here_is_refused_by_name(tmp_path, text):
    (tmp_path / "test_uses.json").write_text(text)
    with pytest.raises(RunError, match=r"test_uses\.json: not the file that was saved"):
        test_uses.read_test_uses(tmp_path)


def test_a_fresh_evaluation_is_no_further_use(copied_run):
    before = (copied_run.path / "test_uses.json").read_bytes()
    run_stages(load_config(copied_run.config), Run(copied_run.path), "report", _Silent())
    assert (copied_run.path / "test_uses.json").read_bytes() == before


# Comparing, as a command


def test_a_run_compared_with_itself_differs_in_nothing(small_run, sentiment):
    shown = sentiment("compare", small_run.path, small_run.path).stdout
    assert "p = 1.0000" in shown
    found = json.loads(sentiment("compare", small_run.path, small_run.path, "--json").stdout)
    assert found["p_value"] == 1
    assert found["flipped"] == []


def test_runs_that_differ_are_compared_review_by_review(small_run, copied_run, sentiment):
    options = ("--set", "train.epochs=1", "--set", "train.learning_rate=0.001")
    sentiment("eval", copied_run.config, "--run", copied_run.path, *options)
    shown = sentiment("compare", small_run.path, copied_run.path, "--flipped", 2).stdout
    found = json.loads(sentiment("compare", small_run.path, copied_run.path, "--json").stdout)
    assert f"only a {found['only_a_right']}" in shown
    assert shown.count("row ") == min(2, len(found["flipped"]))
    assert next(iter(found["differences"])) == "accuracy"


def test_what_cannot_be_compared_is_refused_in_one_line(small_run, tmp_path, sentiment):
    result = sentiment("compare", small_run.path, tmp_path)
    assert result.exit_code == 2
    assert "expected a run folder" in result.stderr
    assert len(result.stderr.splitlines()) == 1
