"""Stability: planted words keep their sign, noise is flagged; the certificate of a run."""

import json
import shutil

import numpy as np
import pytest
from small_corpus import write_jsonl

from pipeline.config.loading import load_config
from pipeline.errors import ConfigError, RunError
from pipeline.stages import load_model, run_stages
from pipeline.storage.run import Run
from pipeline.studies.certify import certify_run
from pipeline.studies.journal import Journal
from pipeline.studies.stability import measure_stability, stable_words
from pipeline.studies.trained_run import TrainingPart
from pipeline.training.log_count_ratio import log_count_ratio

N = 400


@pytest.fixture(scope="module")
def planted(tmp_path_factory, sentiment):
    """Make a run whose positive reviews say `good`, negative ones `bad`, any of them `noise`.

    A review of ten has the other side's word too, and `noise` is in half of each class.
    """
    folder = tmp_path_factory.mktemp("planted")
    draw = np.random.default_rng(0)
    texts, labels = [], []
    for n in range(N):
        label = n % 2
        words = [f"w{k}" for k in draw.integers(0, 40, 8)]
        words += ["good" if label else "bad"]
        words += (["bad" if label else "good"] if n % 20 < 2 else []) + ["noise"] * (n % 4 < 2)
        texts.append(" ".join(words))
        labels.append(label)
    write_jsonl(folder / "train.jsonl", texts, labels)
    write_jsonl(folder / "test.jsonl", texts[:50], labels[:50])
    (folder / "c.toml").write_text(
        f'[corpus]\nsource = "files"\ntrain = "{folder}/train.jsonl"\n'
        f'test = "{folder}/test.jsonl"\n[train]\nl2 = 1e-2\nepochs = 10\nvalidation = 0.1\n'
    )
    result = sentiment("train", folder / "c.toml", "--run", folder / "run", "-q")
    assert result.exit_code == 0, result.output
    return folder


def train(folder, name, sentiment, *overrides):
    args = [item for override in overrides for item in ("--set", override)]
    result = sentiment("train", folder / "c.toml", "--run", folder / name, "-q", *args)
    assert result.exit_code == 0, result.output
    return folder / name


def measure(run, folder, n_refits=60, on_done=lambda n: None):
    folder.mkdir(exist_ok=True)
    journal = Journal(folder / "journal.jsonl", {})
    part = TrainingPart.of(run)
    return part, measure_stability(part, n_refits, 0, 0.95, folder, journal, on_done)


def test_a_planted_word_keeps_its_sign_and_planted_noise_is_flagged(planted, tmp_path):
    part, stability = measure(planted / "run", tmp_path / "s", 120)
    good, bad, noise = stable_words(part, stability, 1, ["good", "bad", "noise"])
    assert (good.weight > 0, bad.weight < 0) == (True, True)
    assert min(good.agreement, bad.agreement) > 0.99
    assert (good.uncertain, bad.uncertain, noise.uncertain) == (False, False, True)
    assert good.document_frequency == N // 2 + N // 20
    assert noise.low < 0 < noise.high


def test_intervals_are_the_quantiles_of_refits(planted, tmp_path):
    """Each refit is a training on reviews drawn with replacement, of those that were trained on."""
    part, stability = measure(planted / "run", tmp_path / "s", 5)
    learner = part.learner()
    seen = np.flatnonzero(~learner.draw_validation(part.labels))
    assert len(seen) == 0.9 * N
    refits = []
    for k in range(5):
        draw = np.random.default_rng([0, k])
        rows = seen[draw.integers(0, len(seen), len(seen))]
        alone = part.learner().set_params(validation=0.0)
        refits.append(alone.fit(part.counts[rows], part.labels[rows]).coef_[0])
    low, high = np.quantile(refits, [0.025, 0.975], axis=0)
    assert stability.low == pytest.approx(low, rel=1e-6, abs=1e-7)
    assert stability.high == pytest.approx(high, rel=1e-6, abs=1e-7)
    agreement = (np.sign(refits) == np.sign(part.model.weights)).mean(axis=0)
    assert stability.agreement == pytest.approx(agreement)


def test_refits_that_are_there_are_not_done_again(planted, tmp_path, monkeypatch):
    from pipeline.studies import stability as module

    _, whole = measure(planted / "run", tmp_path / "s", 6)
    refit, done = module._refit, []
    monkeypatch.setattr(module, "_refit", lambda *a: done.append(a[1]) or refit(*a))
    (tmp_path / "s" / "refit-002.safetensors").unlink()
    (tmp_path / "s" / "refit-004.safetensors").write_bytes(b"half")
    steps: list[int] = []
    _, again = measure(planted / "run", tmp_path / "s", 8, steps.append)
    assert sorted(done) == [2, 4, 6, 7]
    assert sum(steps) == 8
    _, six = measure(planted / "run", tmp_path / "s", 6)
    assert (six.low == whole.low).all()
    assert again.n_refits == 8


def test_early_stopping_is_not_repeated_but_its_epoch_is(planted, sentiment, tmp_path):
    options = ("train.patience=1", "train.epochs=50", "train.learning_rate=1.0", "train.l2=1e-6")
    run = train(planted, "early", sentiment, *options)
    part = TrainingPart.of(run)
    epochs = json.loads((run / "model" / "history.json").read_text())["epochs"]
    assert part.n_epochs == len(epochs) - 1 < 49


def test_the_command_shows_words_and_writes_all_of_them(planted, sentiment):
    args = ("stability", planted / "run", "--refits", 8)
    words = json.loads(sentiment(*args, "--word", "good", "--word", "noise", "--json").stdout)
    assert [word["word"] for word in words] == ["good", "noise"]
    table = (planted / "run" / "stability" / "words.tsv").read_text().splitlines()
    model, _ = load_model(planted / "run")
    assert len(table) == 1 + len(model.vocabulary)
    shown = sentiment(*args, "--top", 2).stdout
    assert "good" in shown
    assert "8 refits" in shown


def test_a_word_that_is_unknown_is_refused(planted, sentiment):
    words = ("--word", "good", "--word", "zzz")
    result = sentiment("stability", planted / "run", "--refits", 2, *words)
    assert result.exit_code == 2
    assert "--word: expected words of the vocabulary; it does not have 'zzz'" in result.stderr


# The certificate of a run


def test_a_converged_run_passes_and_a_run_of_one_epoch_does_not(planted, sentiment):
    rate = "train.learning_rate=0.1"
    long = train(planted, "long", sentiment, "train.epochs=300", rate)
    short = train(planted, "short", sentiment, "train.epochs=1", rate)
    passed = sentiment("certify", long, "--gap", 1e-3)
    failed = sentiment("certify", short, "--gap", 1e-3)
    assert (passed.exit_code, failed.exit_code) == (0, 1)
    assert "passes: " in passed.stdout
    assert "does not pass: " in failed.stdout
    found = json.loads(sentiment("certify", long, "--json").stdout)
    share = f"at most {100 * found['gap'] / found['objective']:.2g}% lower"
    assert share in " ".join(passed.stdout.split())
    plain = found["gradient_norm"] ** 2 / (2 * found["l2"])
    assert found["gap"] <= found["plain_gap"] == pytest.approx(plain)


@pytest.mark.parametrize(
    ("ratio", "class_weight"),
    [
        ("none", "balanced"),
        ("documents", "balanced"),
        ("counts", "balanced"),
        ("none", "{ negative = 1.0, positive = 3.0 }"),
    ],
)
def test_the_bound_of_a_run_holds_against_its_optimum(planted, sentiment, ratio, class_weight):
    """Found by SciPy, on the documents that were trained on, with their costs and ratios."""
    from scipy.optimize import minimize

    settings = (f"train.ratio={ratio}", f"train.class_weight={class_weight}", "train.epochs=3")
    run = train(planted, f"bound-{ratio}", sentiment, *settings)
    part, certificate = TrainingPart.of(run), certify_run(run)
    seen = ~part.learner().draw_validation(part.labels)
    X, y = part.counts[seen].toarray().astype(float), part.labels[seen]
    if ratio != "none":
        X = X * log_count_ratio(part.counts[seen], y, ratio, 1.0)
    balanced = len(part.labels) / (2 * np.bincount(part.labels))
    costs = (balanced if class_weight == "balanced" else np.array([1.0, 3.0]))[y]

    def loss(parameters):
        z = X @ parameters[:-1] + parameters[-1]
        losses = np.logaddexp(0, z) - y * z
        return (costs * losses).mean() + part.train.l2 / 2 * (parameters[:-1] ** 2).sum()

    best = minimize(loss, np.zeros(X.shape[1] + 1), method="L-BFGS-B", options={"maxiter": 2000})
    assert certificate.n == int(seen.sum())
    assert certificate.objective - best.fun <= certificate.gap + 1e-9
    assert certificate.objective >= best.fun - 1e-7


@pytest.mark.parametrize(
    ("override", "error", "said"),
    [
        ("train.l2=0", ConfigError, "train.l2 = 0"),
        ("train.beta=0.5", ConfigError, "train.beta = 0.5"),
    ],
)
def test_what_has_no_certificate_is_refused_in_one_line(planted, sentiment, override, error, said):
    run = train(planted, "none", sentiment, override, "train.ratio=documents")
    with pytest.raises(error, match=said):
        certify_run(run)


@pytest.mark.parametrize("name", ["decision.json", "history.json"])
def test_a_model_that_is_half_there_is_refused(planted, sentiment, tmp_path, name):
    """Without decision.json the weights would be taken for those that no temperature divided."""
    run = tmp_path / "half"
    shutil.copytree(train(planted, "settled", sentiment, "train.calibrate=true"), run)
    (run / "model" / name).unlink()
    result = sentiment("certify", run)
    assert result.exit_code == 2
    assert f"{run / 'model'}: not all there" in result.stderr
    (run / "model" / name).write_text("{}")
    assert sentiment("certify", run).exit_code == 2


def test_a_model_without_what_it_was_trained_on_is_refused(planted, sentiment, tmp_path):
    shutil.copytree(planted / "run" / "model", tmp_path / "model")
    with pytest.raises(RunError):
        TrainingPart.of(tmp_path / "model")
    config = load_config(planted / "c.toml", ["features.ngrams=2"])
    run = Run(shutil.copytree(planted / "run", tmp_path / "other"))

    class Silent:
        def __getattr__(self, name):
            return lambda *_: None

    run_stages(config, run, "features", Silent())
    with pytest.raises(RunError, match="not trained on the features that are there"):
        TrainingPart.of(tmp_path / "other")
