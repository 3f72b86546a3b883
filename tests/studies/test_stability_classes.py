"""Stability of three classes: the weights that are shown keep their sign, or are flagged."""

import json
import shutil

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.errors import CorpusError, RunError
from pipeline.stages.listener import SILENT
from pipeline.stages.read_run import read_stability
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.stability import measure_stability, stable_words, words_file
from pipeline.studies.trained_run import TrainedRun

NAMES = ("bad", "fair", "good")


@pytest.fixture(scope="module")
def run(three, tmp_path_factory):
    """Return a run of its own, to be studied from scratch."""
    return shutil.copytree(three("stable"), tmp_path_factory.mktemp("stable") / "run")


@pytest.fixture(scope="module")
def stability(run):
    return measure_stability(run, 30)


def test_the_name_of_a_class_keeps_its_sign_for_each_class_and_noise_is_flagged(stability):
    found = stable_words(stability, 1, [*NAMES, "w3"])
    assert tuple(found) == NAMES
    for label, words in found.items():
        *named, noise = words
        own = named[NAMES.index(label)]
        assert (own.low > 0, own.uncertain, own.agreement) == (True, False, 1)
        assert all((word.weight > 0) == (word is own) for word in named)
        assert noise.low < 0 < noise.high
        assert noise.uncertain
    top = stable_words(stability, 1)
    assert {label: words[0].word for label, words in top.items()} == {n: n for n in NAMES}


def test_intervals_are_the_quantiles_of_the_shown_weights_of_refits(run, stability):
    trained = TrainedRun.read(run)
    n, refits = len(trained.labels), []
    for k in range(30):
        rows = np.random.default_rng([0, k]).integers(0, n, n)
        w = trained.learner().fit(trained.counts[rows], trained.labels[rows]).coef_
        w /= trained.temperature
        shown = [w[k] - (w[(k + 1) % 3] + w[(k + 2) % 3]) / 2 for k in range(3)]
        refits.append(shown)
    w = trained.model.weights
    shown = np.array([w[k] - (w[(k + 1) % 3] + w[(k + 2) % 3]) / 2 for k in range(3)])
    low, high = np.quantile(refits, [0.025, 0.975], axis=0)
    assert stability.low.shape == w.shape
    np.testing.assert_allclose(stability.low, low, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stability.high, high, rtol=1e-5, atol=1e-6)
    agreement = (np.sign(refits) == np.sign(shown)).mean(axis=0)
    assert np.mean(stability.agreement == pytest.approx(agreement)) == 1
    assert (stability.uncertain == ((stability.low <= 0) & (stability.high >= 0))).all()


def test_blocks_of_words_change_nothing(run, stability, monkeypatch):
    from pipeline.studies import stability as module

    monkeypatch.setattr(module, "_BLOCK", 10)
    again = measure_stability(run, 30)
    for name in ("low", "high", "agreement"):
        assert (getattr(again, name) == getattr(stability, name)).all()


def test_the_table_has_columns_for_each_class_and_is_read_back(run, stability):
    header, *lines = words_file(run).read_text("utf-8").splitlines()
    kinds = ("weight", "low", "high", "agreement", "uncertain")
    expected = ["word", "document_frequency", *(f"{k}_{name}" for name in NAMES for k in kinds)]
    assert header.split("\t") == expected
    words = stability.model.vocabulary.words.to_pylist()
    assert [line.split("\t")[0] for line in lines] == words
    columns = dict(
        zip(
            header.split("\t"), zip(*(line.split("\t") for line in lines), strict=True), strict=True
        )
    )
    for name, *rows in zip(NAMES, stability.low, stability.high, strict=True):
        for kind, values in zip(("low", "high"), rows, strict=True):
            assert list(map(float, columns[f"{kind}_{name}"])) == values.tolist()
    low, high = read_stability(Run(run), stability.model)
    assert (low == stability.low).all()
    assert (high == stability.high).all()


def test_the_table_of_another_model_is_not_read_back(three, run, stability):
    other = TrainedRun.read(three("longer", "train.epochs=7")).model
    assert read_stability(Run(run), other) is None


def test_other_names_in_another_order_permute_the_intervals(of_three):
    """But for the temperature: the order of the classes decides who is in which fold."""
    order, names = (2, 0, 1), ("x", "y", "z")
    runs = [
        of_three("steady", last="train"),
        of_three("moved", names=names, order=order, last="train"),
    ]
    plain, turned = (measure_stability(run, 4) for run in runs)
    of_plain, of_turned = (TrainedRun.read(run).temperature for run in runs)
    assert turned.model.classes == ("z", "x", "y")
    for end in ("low", "high"):
        expected = getattr(plain, end)[list(order)] * of_plain
        np.testing.assert_allclose(getattr(turned, end) * of_turned, expected, atol=1e-5)


def rare(tmp_path, n_rare):
    """Return a run with few reviews of one class, each a group with many reviews of others."""
    labels = ["good", "bad"] * 20 + ["fair"] * n_rare
    write_jsonl(tmp_path / "train.jsonl", [f"{label} film" for label in labels], labels)
    write_jsonl(tmp_path / "test.jsonl", ["film"] * 3, ["good", "bad", "fair"])
    path = tmp_path / "c.toml"
    path.write_text(
        f'[corpus]\nsource = "files"\ntrain = "{tmp_path}/train.jsonl"\n'
        f'test = "{tmp_path}/test.jsonl"\nclasses = "found"\n'
    )
    run_stages(load_config(path), Run(tmp_path / "run"), "train", SILENT)
    return tmp_path / "run"


def test_each_resample_has_reviews_of_each_class(tmp_path):
    found = measure_stability(rare(tmp_path, 1), 20)  # seven in twenty resamples have none
    assert found.low.shape == found.model.weights.shape


def test_a_class_that_resamples_do_not_meet_is_named(tmp_path, monkeypatch):
    from pipeline.studies import stability as module

    monkeypatch.setattr(module, "_DRAWS", 1)
    with pytest.raises(CorpusError, match="such as fair; expected more reviews of it"):
        measure_stability(rare(tmp_path, 1), 20)


def test_an_unknown_word_is_refused(run, stability):
    with pytest.raises(RunError, match="not in the vocabulary: 'quux'"):
        stable_words(stability, 1, ["quux"])


def test_each_class_has_a_table_and_the_uncertain_words_are_counted(run, stability, sentiment):
    shown = sentiment("stability", run, "--refits", 30, "--top", 1).stdout
    for label, uncertain in zip(NAMES, stability.uncertain, strict=True):
        assert f"for {label} " in shown
        assert f"{uncertain.sum()} (for {label})" in shown
    found = json.loads(
        sentiment("stability", run, "--refits", 30, "--word", "fair", "--json").stdout
    )
    assert {label: [word["word"] for word in words] for label, words in found.items()} == {
        label: ["fair"] for label in NAMES
    }
