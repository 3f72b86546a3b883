"""Stability: planted words keep their sign, noise is flagged."""

import json
import shutil

import numpy as np
import pytest

from pipeline.studies.execution import Execution
from pipeline.studies.stability import measure_stability, stable_words
from pipeline.studies.trained_run import TrainedRun


@pytest.fixture
def run(planted, tmp_path):
    """Return a copy of a run, to be studied from scratch."""
    return shutil.copytree(planted("run"), tmp_path / "run")


def test_a_planted_word_keeps_its_sign_and_planted_noise_is_flagged(run):
    stability = measure_stability(run, 120)
    ((good, bad, noise),) = stable_words(stability, 1, ["good", "bad", "noise"]).values()
    assert (good.weight > 0, bad.weight < 0) == (True, True)
    assert min(good.agreement, bad.agreement) > 0.99
    assert (good.uncertain, bad.uncertain, noise.uncertain) == (False, False, True)
    assert good.document_frequency == 400 // 2 + 400 // 20
    assert noise.low < 0 < noise.high


def test_intervals_are_the_quantiles_of_refits(run):
    """Each refit trains on reviews drawn with replacement, of those that were trained on."""
    stability, trained = measure_stability(run, 5), TrainedRun.read(run)
    seen = np.flatnonzero(~trained.learner().draw_validation(trained.labels))
    assert len(seen) == 0.9 * 400
    refits = []
    for k in range(5):
        draw = np.random.default_rng([0, k])
        rows = seen[draw.integers(0, len(seen), len(seen))]
        alone = trained.learner().set_params(validation=0.0)
        refits.append(alone.fit(trained.counts[rows], trained.labels[rows]).coef_[0])
    refits = np.array(refits) / trained.temperature
    low, high = np.quantile(refits, [0.025, 0.975], axis=0)
    assert stability.low == pytest.approx(low, rel=1e-6, abs=1e-7)
    assert stability.high == pytest.approx(high, rel=1e-6, abs=1e-7)
    agreement = (np.sign(refits) == np.sign(trained.model.weights)).mean(axis=0)
    assert stability.agreement == pytest.approx(agreement)


def test_refits_that_are_there_are_not_repeated(run, steps, monkeypatch):
    from pipeline.studies import stability as module

    whole = measure_stability(run, 6)
    refit, done = module._refit, []
    monkeypatch.setattr(module, "_refit", lambda k, *of: done.append(k) or refit(k, *of))
    (run / "stability" / "refit-002.safetensors").unlink()
    (run / "stability" / "refit-004.safetensors").write_bytes(b"half")
    listener = steps()
    again = measure_stability(run, 8, execution=Execution(listener=listener))
    assert sorted(done) == [2, 4, 6, 7]
    assert sum(listener.steps) == listener.n_steps == again.n_refits == 8
    assert (measure_stability(run, 6).low == whole.low).all()
    assert len(done) == 4


def test_early_stopping_is_not_repeated_but_its_epoch_is(planted):
    options = ("train.patience=1", "train.epochs=50", "train.learning_rate=1.0", "train.l2=1e-6")
    run = planted("early", *options)
    epochs = json.loads((run / "model" / "history.json").read_text())["epochs"]
    assert TrainedRun.read(run).n_epochs == len(epochs) - 1 < 49
