"""The baselines: each result is what it says, and is tested against the previous one."""

import json
import shutil
import sys

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.naive_bayes import MultinomialNB
from small_lexicons import nltk_reads

from pipeline.config.loading import load_config
from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.stages.from_config import regression_of
from pipeline.stages.listener import Listener
from pipeline.stages.read_run import read_labels
from pipeline.stages.test_uses import read_test_uses
from pipeline.storage.counts import read_counts
from pipeline.storage.journal import read_journal
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES
from pipeline.studies import baselines
from pipeline.studies.execution import Execution
from pipeline.studies.peers import PEERS, Learned, predict_as
from pipeline.studies.splits import Reviews


@pytest.fixture(scope="module")
def scored(lexicon_data, small_run, tmp_path_factory):
    """Return the run folder and the results of the small run."""
    path = tmp_path_factory.mktemp("baselines") / "run"
    shutil.copytree(small_run.path, path)
    with nltk_reads(lexicon_data):
        return path, baselines.score_baselines(load_config(small_run.config), path)


def journal(path):
    return read_journal(path / "baselines" / "journal.jsonl")


def predicted(path, name):
    return np.array(journal(path)[name]["predicted"])


def test_baselines_go_from_the_majority_class_to_log_count_ratios(scored):
    _, results = scored
    assert [result.name for result in results] == list(baselines.NAMES)
    assert results[0].accuracy == 0.5


def test_naive_bayes_is_that_of_scikit_learn(scored, small_run):
    path, _ = scored
    train, test = (
        read_counts(small_run.path / "features" / f"{split}.safetensors")
        for split in ("train", "test")
    )
    expected = MultinomialNB().fit(train, read_labels(Run(small_run.path), "train")).predict(test)
    assert (predicted(path, baselines.BAYES) == expected).all()


@pytest.mark.parametrize(
    ("name", "ratio"), [(baselines.LOGISTIC, "none"), (baselines.RATIO, "documents")]
)
def test_logistic_regression_is_that_of_the_config(scored, small_run, name, ratio):
    path, _ = scored
    config = load_config(small_run.config, [f"train.ratio={ratio}"])
    train, test = (
        read_counts(small_run.path / "features" / f"{split}.safetensors")
        for split in ("train", "test")
    )
    model = regression_of(config.train, TWO_CLASSES)
    model.fit(train, read_labels(Run(small_run.path), "train"))
    assert (predicted(path, name) == model.predict(test)).all()


def test_a_threshold_by_a_goal_decides_here_too(small_run, lexicon_data, sentiment, tmp_path):
    """As it does in the run of the same config."""
    settings = ["train.threshold={min_recall=0.95}", "train.epochs=1"]
    args = [item for setting in settings for item in ("--set", setting)]
    sentiment("eval", small_run.config, "--run", tmp_path / "run", "-q", *args)
    metrics = json.loads((tmp_path / "run" / "eval" / "metrics.json").read_text())["test"]
    assert metrics["threshold"] != 0.5
    with nltk_reads(lexicon_data):
        results = baselines.score_baselines(
            load_config(small_run.config, settings), tmp_path / "run"
        )
    (logistic,) = (result for result in results if result.name == baselines.LOGISTIC)
    assert logistic.accuracy == metrics["accuracy"]


def test_each_baseline_is_tested_against_the_previous_one(scored):
    path, results = scored
    labels = read_labels(Run(path), "test")
    right = [predicted(path, name) == labels for name in baselines.NAMES]
    for k, result in enumerate(results):
        assert result.accuracy == right[k].mean()
        assert result.low < result.accuracy <= result.high
        if k == 0:
            assert np.isnan(result.p)
            continue
        this, previous = result.only_this, result.only_previous
        assert this == int((right[k] & ~right[k - 1]).sum())
        assert previous == int((~right[k] & right[k - 1]).sum())
        expected = binomtest(this, this + previous).pvalue if this + previous else 1.0
        assert result.p == pytest.approx(expected, rel=1e-9)


def test_a_baseline_that_is_done_is_not_repeated(scored, small_run, steps, monkeypatch):
    path, results = scored
    monkeypatch.setattr(baselines, "_predict", None)
    uses, listener = read_test_uses(path), steps()
    again = baselines.score_baselines(
        load_config(small_run.config), path, Execution(listener=listener)
    )
    assert [result.accuracy for result in again] == [result.accuracy for result in results]
    assert sum(listener.steps) == listener.n_steps == len(results) * 40
    assert read_test_uses(path) == uses


def test_each_baseline_that_learns_is_a_use_of_the_test_set(scored):
    """From Python as from the command, because the study records it."""
    path, _ = scored
    bayes, logistic, ratio = [use for use in read_test_uses(path) if use.by == "baselines"]
    assert bayes.config == logistic.config != ratio.config


def test_the_seconds_of_each_baseline_that_learns_include_its_tokens(small_run, monkeypatch):
    from pipeline.tokens.tokenizer import Tokenizer

    begun = []
    call = Tokenizer.__call__
    monkeypatch.setattr(Tokenizer, "__call__", lambda self, *a: begun.append(1) or call(self, *a))
    reviews, config = Reviews.read(Run(small_run.path), "train", "test"), Config()
    in_test = np.arange(len(reviews.labels)) >= 110
    for name in baselines.LEARNED:
        baselines._predict(name, config, reviews, in_test, lambda _: None)
    assert len(begun) == 3


@pytest.fixture(scope="module")
def scored_three(three):
    path = three("baselines", last="features")
    config = load_config(path.parent / "c.toml")
    return path, baselines.score_baselines(config, path)


STARS = ("bad", "fair", "good")


class TestThreeClasses:
    def test_the_lexicons_are_left_out_and_named(self, scored_three, sentiment):
        path, results = scored_three
        assert [result.name for result in results] == [baselines.MAJORITY, *baselines.LEARNED]
        found = json.loads((path / "baselines" / "baselines.json").read_text())
        assert list(found["missing"]) == [baselines.LEXICON, baselines.VADER]
        assert [result["name"] for result in found["results"]] == [r.name for r in results]
        done = sentiment("baselines", path.parent / "c.toml", "--run", path)
        assert "VADER is left out: it tells negative from positive" in " ".join(done.stderr.split())
        assert "VADER" not in done.stdout

    def test_each_is_what_it_says(self, scored_three):
        path, results = scored_three
        run = Run(path)
        train, test = (
            read_counts(path / "features" / f"{split}.safetensors") for split in ("train", "test")
        )
        labels, truth = read_labels(run, "train"), read_labels(run, "test")
        config = load_config(path.parent / "c.toml")
        expected = {
            baselines.MAJORITY: np.zeros(60),
            baselines.BAYES: MultinomialNB().fit(train, labels).predict(test),
            baselines.LOGISTIC: regression_of(config.train, STARS).fit(train, labels).predict(test),
        }
        for name, numbers in expected.items():
            assert (predicted(path, name) == numbers).all()
        previous = None
        for result in results:
            right = predicted(path, result.name) == truth
            assert result.accuracy == right.mean()
            if previous is not None:
                assert result.only_this == int((right & ~previous).sum())
                assert result.only_previous == int((~right & previous).sum())
            previous = right

    def test_a_threshold_is_refused_before_anything_is_scored(self, three):
        path = three("refused", last="corpus")
        config = load_config(path.parent / "c.toml", ["train.threshold=0.7"])
        with pytest.raises(ConfigError, match="expected none where there are 3 classes"):
            baselines.score_baselines(config, path)
        assert not (path / "baselines").exists()


@pytest.fixture(scope="module")
def with_peers(small_run, tmp_path_factory):
    """Return the run folder, the results of all baselines, and what the listener heard."""
    path = tmp_path_factory.mktemp("peers") / "run"
    heard = []

    class Hearing(Listener):
        def left_out(self, part, reason):
            heard.append((part, reason))

    config = load_config(small_run.config, ["features.ngrams=2"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "fasttext", None)  # as if it was not installed
        results = baselines.score_baselines(config, path, Execution(listener=Hearing()), peers=True)
    return path, results, heard


def test_peers_are_scored_on_request_by_their_own_packages(with_peers):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    path, _, _ = with_peers
    reviews = Reviews.read(Run(path), "train", "test")
    n_train = len(Reviews.read(Run(path), "train").labels)
    texts, labels = reviews.texts.to_pylist(), reviews.labels
    counter = TfidfVectorizer(ngram_range=(1, 2))
    svm = LinearSVC().fit(counter.fit_transform(texts[:n_train]), labels[:n_train])
    expected = svm.predict(counter.transform(texts[n_train:]))
    assert predicted(path, "TF-IDF SVM (sklearn)").tolist() == expected.tolist()


def test_a_peer_that_is_not_installed_is_left_out_and_named(with_peers):
    path, results, heard = with_peers
    assert ("fastText", "fasttext is not installed; pip install fasttext") in heard
    names = [result.name for result in results]
    assert [name for name in names if name in PEERS] == [n for n in PEERS if n != "fastText"]
    found = json.loads((path / "baselines" / "baselines.json").read_text())
    assert "fastText" in found["missing"]


def test_each_peer_that_learned_is_a_use_of_the_test_set(with_peers):
    path, results, _ = with_peers
    uses = [use for use in read_test_uses(path) if use.by == "baselines"]
    learned = [r.name for r in results if r.name in (*baselines.LEARNED, *PEERS)]
    assert sorted(use.result.split(" ", 1)[1] for use in uses) == sorted(learned)


def test_fasttext_predicts_the_same_each_time():
    pytest.importorskip("fasttext", reason="fastText is not installed")
    learned = Learned(
        ["a good\nfilm", "good fun", "bad acting", "a bad film"] * 30, [1, 1, 0, 0] * 30, 2
    )
    first, second = (predict_as("fastText", learned, ["good", "bad\nbad"]) for _ in range(2))
    assert first.tolist() == second.tolist()
