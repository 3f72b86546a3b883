"""The decision, temperature and threshold, is saved with the model."""

import json

import numpy as np
import pytest
from pyarrow import parquet
from reference import reviews
from scipy.optimize import minimize_scalar

from pipeline.config.checking import checked
from pipeline.config.loading import load_config
from pipeline.config.model import TrainSection
from pipeline.errors import ConfigError
from pipeline.model.text_classifier import TextClassifier
from pipeline.stages.from_config import regression_of
from pipeline.stages.read_run import read_labels
from pipeline.storage.counts import read_counts
from pipeline.storage.run import Run
from pipeline.stratified import TWO_CLASSES
from pipeline.training import held_out
from pipeline.training.decision import choose_decision
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews
from pipeline.training.held_out import FEWEST
from pipeline.training.temperature import fit_temperature
from pipeline.training.threshold import choose_threshold


@pytest.fixture
def few_suffice(monkeypatch):
    """Fit a temperature to the small validation set."""
    monkeypatch.setattr(held_out, "FEWEST", 10)


def trained(sentiment, small_run, tmp_path, *overrides):
    """Train the small config with overrides; return the run and the classifier."""
    args = [item for override in overrides for item in ("--set", override)]
    run = tmp_path / "run"
    result = sentiment("train", small_run.config, "--run", run, *args)
    assert result.exit_code == 0, result.output
    return run, TextClassifier.load(run), result


def validation_set(small_run, run, *overrides):
    """Return the labels and the uncalibrated scores of the validation set."""
    config = load_config(small_run.config, overrides)
    counts = read_counts(run / "features" / "train.safetensors")
    labels = read_labels(Run(run), "train")
    plain = regression_of(config.train, TWO_CLASSES).fit(counts, labels)
    return (
        labels[plain.in_validation_],
        plain.decision_function(counts[plain.in_validation_]),
        plain,
    )


def test_calibration_divides_the_weights_by_the_temperature_that_fits_best(
    sentiment, small_run, tmp_path, few_suffice
):
    run, model, _ = trained(sentiment, small_run, tmp_path)
    y, z, plain = validation_set(small_run, run)
    found = json.loads((run / "model" / "decision.json").read_text())
    temperature = found["temperature"]

    def goal(t):
        loss = np.mean(np.logaddexp(0, z / t) - y * z / t)
        return loss + (1 / t + np.log(t)) / len(y)

    best = minimize_scalar(goal, bounds=(1e-3, 1e3), method="bounded", options={"xatol": 1e-9})
    assert goal(temperature) <= best.fun + 1e-9
    assert (found["n_scored"], found["n_folds"]) == (len(y), 0)
    assert model.weights == pytest.approx(plain.coef_[0] / temperature)
    assert model.intercept == pytest.approx(float(plain.intercept_[0]) / temperature)
    assert found["threshold"] is None


@pytest.mark.parametrize(
    ("goal", "metric", "least"),
    [("min_recall = 0.9", "recall", 0.9), ("min_precision = 0.8", "precision", 0.8)],
)
def test_a_threshold_reaches_its_goal_on_the_validation_set(
    sentiment, small_run, tmp_path, goal, metric, least
):
    override = f"train.threshold={{{goal}}}"
    run, model, result = trained(sentiment, small_run, tmp_path, override)
    y, z, _ = validation_set(small_run, run, override)
    threshold = model.regression.threshold
    predicted = 1 / (1 + np.exp(-z)) > threshold
    true_positive = np.sum(predicted & (y == 1))
    value = true_positive / (np.sum(y == 1) if metric == "recall" else np.sum(predicted))
    assert value >= least
    choice = json.loads((run / "model" / "decision.json").read_text())["threshold"]
    assert choice["threshold"] == threshold
    assert choice["at"][metric] == pytest.approx(value)
    assert f"threshold for {metric} >= {least:g}" in result.stdout


def test_the_threshold_that_was_chosen_decides_on_test(sentiment, small_run, tmp_path, few_suffice):
    """Over the probabilities of a calibrated model; the metrics say at which threshold."""
    settings = ("train.threshold={min_recall=0.95}",)
    run, model, _ = trained(sentiment, small_run, tmp_path, *settings)
    args = [item for override in settings for item in ("--set", override)]
    assert sentiment("eval", small_run.config, "--run", run, *args, "-q").exit_code == 0
    table = parquet.read_table(run / "eval" / "predictions.parquet")
    above = np.array(table["probability"].to_pylist()) > model.regression.threshold
    assert table["predicted"].to_pylist() == above.astype(int).tolist()
    metrics = json.loads((run / "eval" / "metrics.json").read_text())
    assert metrics["test"]["threshold"] == model.regression.threshold


def test_without_a_goal_and_a_temperature_there_is_no_decision(sentiment, small_run, tmp_path):
    run, *_ = trained(sentiment, small_run, tmp_path, "train.calibrate=false")
    assert not (run / "model" / "decision.json").exists()


def test_few_reviews_give_no_temperature(small_run):
    found = json.loads((small_run.path / "model" / "decision.json").read_text())
    assert found == {"temperature": 1.0, "n_scored": 0, "n_folds": 0, "threshold": None}


def test_the_certificate_knows_the_temperature(sentiment, small_run, tmp_path, few_suffice):
    from pipeline.studies.certify import certify_run

    one = trained(sentiment, small_run, tmp_path)[0]
    other = trained(sentiment, small_run, tmp_path / "plain", "train.calibrate=false")[0]
    assert certify_run(one).gap == pytest.approx(certify_run(other).gap, rel=1e-9)


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": {"min_recall": 0.9}},
        {"threshold": {}, "validation": 0.1},
        {"threshold": {"min_recall": 0.9, "best": "f1"}, "validation": 0.1},
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings):
    with pytest.raises(ConfigError, match="expected"):
        checked(settings, TrainSection)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{ min_recal = 0.9 }", "train.threshold.min_recal: unknown key; did you mean min_recall"),
        ("{ min_recall = 1.9 }", "train.threshold.min_recall: expected a number above 0, up to 1"),
        ('{ min_recall = 0.9, best = "f1" }', "train.threshold: expected one of min_recall"),
        ('"high"', "train.threshold: expected a number between 0 and 1, or a goal such as"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused_by_its_key(small_run, value, said):
    with pytest.raises(ConfigError, match=said):
        load_config(small_run.config, [f"train.threshold={value}"])


def test_the_decision_counts_the_weights_of_the_validation_set():
    X, y = reviews(2 * FEWEST, noise=0.3)
    weights = np.random.default_rng(1).integers(1, 5, len(y)).astype(np.float64)
    rule = {"validation": 0.5, "epochs": 3, "learning_rate": 0.05}
    model = SGDLogisticRegression(**rule).fit(X, y, weights)
    rows = model.in_validation_
    z = model.decision_function(X[rows])
    found = choose_decision(model, LearnedReviews(X, y, weights), True, ("f1", None))
    assert found.temperature == fit_temperature(y[rows], z, weights[rows])
    assert found.temperature != fit_temperature(y[rows], z)
    expected = choose_threshold(y[rows], z / found.temperature, "f1", sample_weight=weights[rows])
    assert found.threshold.at == expected.at


@pytest.mark.parametrize("calibrate", [False, True])
def test_more_than_two_classes_have_a_temperature_but_no_threshold(calibrate):
    X, y = reviews(3 * FEWEST, noise=0.3)
    y = y + np.arange(len(y)) % 2
    model = SGDLogisticRegression(validation=0.4, epochs=3).fit(X, y)
    learned = LearnedReviews(X, y)
    W, b = model.coef_, model.intercept_
    with pytest.raises(ConfigError, match="expected no goal where there are 3 classes"):
        choose_decision(model, learned, calibrate, ("f1", None))
    assert model.coef_ is W
    found = choose_decision(model, learned, calibrate)
    if not calibrate:
        assert found is None
        return
    assert found.threshold is None
    np.testing.assert_array_equal(model.coef_, W / found.temperature)
    np.testing.assert_array_equal(model.intercept_, b / found.temperature)
