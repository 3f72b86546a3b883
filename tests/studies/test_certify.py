"""The certificate of a run: its bound holds."""

import shutil

import numpy as np
import pytest

from pipeline.errors import ConfigError, RunError
from pipeline.studies.certify import certify_run
from pipeline.studies.trained_run import TrainedRun
from pipeline.training.log_count_ratio import log_count_ratio


@pytest.mark.parametrize(
    ("ratio", "class_weight"),
    [
        ("none", "balanced"),
        ("documents", "balanced"),
        ("counts", "balanced"),
        ("none", "{ negative = 1.0, positive = 3.0 }"),
    ],
)
def test_the_bound_of_a_run_holds_against_its_optimum(planted, ratio, class_weight):
    """Found by SciPy, on the documents that were trained on, with their costs and ratios."""
    from scipy.optimize import minimize

    settings = (f"train.ratio={ratio}", f"train.class_weight={class_weight}", "train.epochs=3")
    run = planted(f"bound-{ratio}", *settings)
    trained, certificate = TrainedRun.read(run), certify_run(run)
    seen = ~trained.learner().draw_validation(trained.labels)
    X, y = trained.counts[seen].toarray().astype(float), trained.labels[seen]
    if ratio != "none":
        X = X * log_count_ratio(trained.counts[seen], y, ratio, 1.0)
    balanced = len(trained.labels) / (2 * np.bincount(trained.labels))
    costs = (balanced if class_weight == "balanced" else np.array([1.0, 3.0]))[y]

    def loss(parameters):
        z = X @ parameters[:-1] + parameters[-1]
        losses = np.logaddexp(0, z) - y * z
        return (costs * losses).mean() + trained.train.l2 / 2 * (parameters[:-1] ** 2).sum()

    best = minimize(loss, np.zeros(X.shape[1] + 1), method="L-BFGS-B", options={"maxiter": 2000})
    assert certificate.n == int(seen.sum())
    assert certificate.objective - best.fun <= certificate.gap + 1e-9
    assert certificate.objective >= best.fun - 1e-7


@pytest.mark.parametrize("ratio", ["none", "documents", "counts"])
def test_the_bound_of_three_classes_holds_against_the_optimum_of_their_run(three, ratio):
    """Of the averaged weights, before the temperature and the ratios were folded in."""
    from scipy.optimize import minimize

    more = ("train.epochs=40", "train.class_weight=balanced", "train.averaged_runs=2")
    run = three(f"bound-{ratio}", f"train.ratio={ratio}", *more)
    trained, certificate = TrainedRun.read(run), certify_run(run)
    seen = ~trained.learner().draw_validation(trained.labels)
    X, y = trained.counts[seen].toarray().astype(float), trained.labels[seen]
    ratios = np.ones((3, X.shape[1]))
    if ratio != "none":
        found = (log_count_ratio(trained.counts[seen], y == k, ratio, 1.0) for k in range(3))
        ratios = np.stack(list(found))
    of_class = np.bincount(trained.labels)
    costs = (len(trained.labels) / (3 * of_class))[y]

    def loss(parameters):
        W, b = parameters[:-3].reshape(ratios.shape), parameters[-3:]
        z = X @ (W * ratios).T + b
        losses = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]
        errors = costs[:, None] * np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None]) / len(y)
        errors[np.arange(len(y)), y] -= costs / len(y)
        slope = ratios * (errors.T @ X) + trained.train.l2 * W
        value = (costs * losses).mean() + trained.train.l2 / 2 * (W**2).sum()
        return value, np.append(slope.ravel(), errors.sum(axis=0))

    at = np.zeros(ratios.size + 3)
    best = minimize(loss, at, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-8})
    assert trained.temperature != 1
    assert certificate.n == int(seen.sum())
    assert -1e-7 <= certificate.objective - best.fun <= certificate.gap + 1e-9
    # Training was on its way there: nothing was left out that it counted.
    assert certificate.objective - best.fun < 0.1 * (np.log(3) - best.fun)


def test_each_of_three_classes_has_its_intercept_shown(three, sentiment):
    shown = sentiment("certify", three("shown")).stdout
    lines = [line for line in shown.splitlines() if "optimal intercept for these weights" in line]
    assert [line.split()[5] for line in lines] == ["bad", "fair", "good"]
    assert sum(float(line.split()[6]) for line in lines) == pytest.approx(0, abs=2e-6)


@pytest.mark.parametrize(
    ("override", "error", "said"),
    [
        ("train.l2=0", ConfigError, "train.l2 = 0"),
        ("train.beta=0.5", ConfigError, "train.beta = 0.5"),
    ],
)
def test_what_has_no_certificate_is_refused_in_one_line(planted, override, error, said):
    run = planted("none", override, "train.ratio=documents")
    with pytest.raises(error, match=said):
        certify_run(run)


@pytest.mark.parametrize("name", ["decision.json", "history.json"])
def test_a_model_with_a_missing_or_changed_file_is_refused(planted, sentiment, tmp_path, name):
    """Without decision.json the weights would seem to be divided by no temperature."""
    run = tmp_path / "half"
    shutil.copytree(planted("calibrated", "train.calibrate=true"), run)
    (run / "model" / name).unlink()
    result = sentiment("certify", run)
    assert result.exit_code == 2
    assert f"{run / 'model'}: files are missing or changed" in result.stderr
    (run / "model" / name).write_text("{}")
    assert sentiment("certify", run).exit_code == 2


def test_a_model_without_its_training_set_is_refused(planted, tmp_path):
    shutil.copytree(planted("run") / "model", tmp_path / "model")
    with pytest.raises(RunError):
        TrainedRun.read(tmp_path / "model")
    other = planted("other")
    planted("other", "features.ngrams=2", last="features")
    with pytest.raises(RunError, match="not trained on the features in this folder"):
        TrainedRun.read(other)
