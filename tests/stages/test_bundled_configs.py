"""What the bundled configs promise: figures that stay, plain sentences, a textbook baseline."""

import json
from pathlib import Path

import pytest

from pipeline.config.corpus import SampleCorpus
from pipeline.config.loading import find_config, load_config
from pipeline.config.model import TrainSection
from pipeline.config.schema import Config
from pipeline.errors import CorpusError
from pipeline.inspection.weights import top_words
from pipeline.stages.from_config import class_names, source_files
from pipeline.stages.listener import Listener
from pipeline.stages.read_run import load_model
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run

FIXTURE = Path(__file__).parents[1] / "fixtures" / "sample.toml"
PLAIN = {
    "positive": [
        *["I loved this film", "not bad at all", "This is great", "This movie is great"],
        *["I love it", "Highly recommended", "An excellent book", "A wonderful evening"],
    ],
    "negative": [
        *["The food was awful", "What a waste of time", "This is terrible", "I hated it"],
        *["This movie is terrible", "Not good", "I was disappointed", "I want my money back"],
    ],
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """Return a run of the bundled sample, trained."""
    path = tmp_path_factory.mktemp("sample")
    run_stages(
        load_config(find_config(Path("sample")).path), Run(path / "run"), "train", Listener()
    )
    return path / "run"


def test_a_config_that_stays_has_figures_that_stay(tmp_path):
    """One review may change sides on another processor, whose exponential rounds otherwise."""
    run_stages(load_config(FIXTURE), Run(tmp_path / "run"), "eval", Listener())
    metrics = json.loads((tmp_path / "run" / "eval" / "metrics.json").read_text())["test"]
    assert metrics["accuracy"] == pytest.approx(0.7825, abs=1.01 / 400)
    expected = {"roc_auc": 0.8645, "average_precision": 0.8562858}
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=1e-4)
    expected = {"log_loss": 0.4824025, "brier": 0.1564293}
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_the_sample_is_learned_as_long_as_it_helps(sample):
    assert Run(sample).stage("train")["warnings"] == []


@pytest.mark.parametrize("name", ["awesome", "abysmal"])
def test_the_sample_shows_the_two_words_among_the_ten_largest(sample, name):
    model, frequency = load_model(sample)
    positive, negative = top_words(model, 10, frequency)
    assert name in [word.word for word in (positive if name == "awesome" else negative)]


@pytest.mark.parametrize("label", PLAIN)
def test_the_sample_gets_plain_sentences_right(sample, label):
    probabilities = load_model(sample)[0].probabilities(PLAIN[label])
    wrong = [
        text
        for text, p in zip(PLAIN[label], probabilities, strict=True)
        if (p > 0.5) != (label == "positive")
    ]
    assert not wrong


def test_five_stars_learns_from_a_file_with_stars_and_measures_their_order(tmp_path, monkeypatch):
    """Without the file, it says which key names another."""
    monkeypatch.chdir(tmp_path)
    config, run = load_config(find_config(Path("five_stars")).path), Run(tmp_path / "run")
    with pytest.raises(CorpusError, match=r"^reviews\.csv: no such file; .*; set corpus\.train$"):
        run_stages(config, run, "train", Listener())
    words = ("abysmal", "poor", "fair", "good", "awesome")
    rows = [f"{words[k % 5]} film {k // 5},{k % 5 + 1}\n" for k in range(200)]
    Path("reviews.csv").write_text("text,stars\n" + "".join(rows), encoding="utf-8")
    run_stages(config, run, "eval", Listener())
    metrics = json.loads((run.path / "eval" / "metrics.json").read_text())["test"]
    assert metrics["classes"] == ["1", "2", "3", "4", "5"]
    assert metrics["accuracy"] > 0.9
    assert metrics["ratings"]["mean_absolute_error"] < 0.2
    assert metrics["ratings"]["quadratic_kappa"] > 0.9


@pytest.mark.parametrize(
    ("neutral", "files"),
    [
        (False, ["train.jsonl", "test.jsonl"]),
        (True, ["train.jsonl", "neutral_train.jsonl", "test.jsonl", "neutral_test.jsonl"]),
    ],
)
def test_the_sample_has_a_third_class_where_it_is_asked_for(neutral, files):
    config = Config().but(corpus=SampleCorpus(neutral=neutral))
    assert [path.name for path in source_files(config)] == files
    assert (config == Config()) is not neutral
    assert ("neutral" in class_names(config)) is neutral


def test_the_third_class_of_the_sample_is_learned(tmp_path):
    """Better than by chance: of 480 test reviews, 80 are neutral."""
    config = load_config(find_config(Path("three_classes")).path)
    run_stages(config, Run(tmp_path / "run"), "eval", Listener())
    metrics = json.loads((tmp_path / "run" / "eval" / "metrics.json").read_text())["test"]
    assert metrics["classes"] == ["negative", "neutral", "positive"]
    assert metrics["accuracy_low"] > 200 / 480 + 0.2
    assert metrics["of_class"]["neutral"]["f1"] > 0.4
    assert min(metrics["roc_auc_of_class"].values()) > 0.75


def test_the_textbook_baseline_is_plain_sgd_on_counts_of_words():
    config = load_config(find_config(Path("textbook")).path)
    assert (config.corpus, config.tokens, config.features) == (
        Config().corpus,
        Config().tokens,
        Config().features,
    )
    train = TrainSection(
        schedule="constant",
        learning_rate=config.train.learning_rate,
        l2=config.train.l2,
        epochs=config.train.epochs,
        calibrate=False,
    )
    assert config.train == train
    assert (train.batch_size, train.validation, train.threshold) == (1, 0.0, 0.5)
    assert (config.features.ngrams, config.features.binary, train.ratio) == (1, False, "none")
    assert train.l2 > 0


def test_the_textbook_baseline_comes_near_its_optimum(tmp_path):
    from pipeline.studies.certify import certify_run

    run_stages(load_config(find_config(Path("textbook")).path), Run(tmp_path), "train", Listener())
    assert certify_run(tmp_path).relative_gap < 0.05
