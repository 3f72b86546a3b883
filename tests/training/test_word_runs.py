"""Claims about runs that learn from n-grams of words alone, in the average with others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import reviews
from scipy.sparse import csr_array
from small_corpus import small_reviews

import pipeline
from pipeline.config.loading import load_config
from pipeline.errors import ConfigError, CorpusError, DivergenceError
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run
from pipeline.studies.certify import certify_run
from pipeline.studies.splits import CountedSplit, Reviews, Split
from pipeline.studies.trained_run import TrainedRun
from pipeline.training import parts
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.runs import in_columns
from pipeline.training.sgd import Problem

MEMBERS = ("features.characters=[2, 3]", "train.averaged_runs=4", "train.word_runs=2")


def of_three(X, y):
    """Return labels of three classes: those of two, and a class of the last documents."""
    return np.where(np.arange(len(y)) >= 2 * len(y) // 3, 2, y)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("ratio", ["none", "documents"])
@pytest.mark.parametrize(
    ("schedule", "threads"), [("constant", "1"), ("adagrad", "1"), ("adagrad", "3")]
)
def test_the_weights_are_the_mean_of_models_of_words_and_of_all(
    schedule, threads, ratio, n_classes, monkeypatch
):
    """A model of words learns from a dense matrix in which all other columns are 0."""
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    X, y = reviews()
    y = y if n_classes == 2 else of_three(X, y)
    words = np.random.default_rng(1).random(X.shape[1]) < 0.5
    settings = {"epochs": 2, "learning_rate": 0.05, "schedule": schedule}
    settings |= {"l2": 1e-3, "ratio": ratio}
    together = SGDLogisticRegression(
        averaged_runs=3, word_runs=2, word_columns=words, seed=5, **settings
    ).fit(X, y)
    alone = []
    for seed, counts in ((5, X.toarray() * words), ([5, 2], X.toarray() * words), ([5, 3], X)):
        model = SGDLogisticRegression(**settings)
        model.seed = seed
        alone.append(model.fit(counts, y))
    weights = np.mean([model.coef_ for model in alone], axis=0)
    assert together.coef_ == pytest.approx(weights, rel=1e-9, abs=1e-12)
    intercepts = np.mean([model.intercept_ for model in alone], axis=0)
    assert together.intercept_ == pytest.approx(intercepts, rel=1e-9)


@given(
    counts=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 9), st.integers(1, 6)),
        elements=st.sampled_from([0, 0, 1, 2.5]),
    ),
    data=st.data(),
)
def test_only_the_counts_of_some_columns_are_left(counts, data):
    columns = data.draw(hnp.arrays(bool, counts.shape[1]))
    problem = Problem(csr_array(counts), np.ones(len(counts)), 0.0, True)
    found = in_columns(problem, columns)
    assert (found.counts.toarray() == counts * columns).all()
    assert found.counts.indices.dtype == np.int32
    assert (found.targets == problem.targets).all()


def test_blocks_and_files_change_no_count(monkeypatch, tmp_path):
    counts = reviews()[0].astype(np.float32)
    problem = Problem(counts, np.ones(counts.shape[0]), 0.0, True)
    columns = np.arange(counts.shape[1]) % 3 > 0
    whole = in_columns(problem, columns).counts
    monkeypatch.setattr(parts, "BLOCK", 50)
    monkeypatch.setattr("pipeline.training.runs.BUFFER", 10)
    for found in (in_columns(problem, columns), in_columns(problem, columns, tmp_path)):
        for name in ("data", "indices", "indptr"):
            assert (getattr(found.counts, name) == getattr(whole, name)).all()
    assert list(tmp_path.iterdir()) == []


def test_no_run_of_words_changes_nothing():
    X, y = reviews()
    plain = SGDLogisticRegression(averaged_runs=2).fit(X, y)
    told = SGDLogisticRegression(averaged_runs=2, word_columns=np.ones(X.shape[1], bool)).fit(X, y)
    assert (plain.coef_ == told.coef_).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"word_runs": 2}, "word_runs: expected a number >= 0 and < averaged_runs, got 2"),
        ({"word_runs": -1}, "word_runs: expected a number >= 0 and < averaged_runs, got -1"),
        ({"word_runs": 1}, "word_columns: expected a bool array of the shape .* got None"),
        ({"word_runs": 1, "word_columns": np.ones(2, bool)}, "word_columns: expected a bool array"),
        ({"word_runs": 1, "parts": 2}, "word_runs: expected 0 with parts above 1"),
        (
            {"word_runs": 1, "exact": True},
            "expected 0 with parts above 1 and with exact",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given, message):
    X, y = reviews()
    with pytest.raises(ValueError, match=message):
        SGDLogisticRegression(averaged_runs=2, **given).fit(X, y)


@pytest.mark.parametrize("value", [True, False])
def test_columns_of_one_kind_are_refused(value):
    X, y = reviews()
    columns = np.full(X.shape[1], value)
    with pytest.raises(CorpusError, match="expected n-grams of words and of characters among"):
        SGDLogisticRegression(averaged_runs=2, word_runs=1, word_columns=columns).fit(X, y)


def test_a_run_that_diverges_is_named_by_its_rate():
    X, y = reviews()
    columns = np.arange(X.shape[1]) % 2 > 0
    rate = {"learning_rate": 1e4, "schedule": "constant", "l2": 0.0}
    model = SGDLogisticRegression(averaged_runs=2, word_runs=1, word_columns=columns, **rate)
    with pytest.raises(DivergenceError, match=r"lower train\.learning_rate"):
        model.fit(X, y)


def test_the_repr_shows_columns_only_if_they_are_set():
    assert repr(SGDLogisticRegression(word_runs=1)) == "SGDLogisticRegression(word_runs=1)"
    columns = np.array([True, False])
    assert "word_columns=array([ True, False])" in repr(SGDLogisticRegression(word_columns=columns))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["train.word_runs=1"],
            "train.word_runs: expected fewer than train.averaged_runs",
        ),
        (MEMBERS[1:], "train.word_runs: expected n-grams of words and of characters with it"),
        ([*MEMBERS, "features.ngrams=0"], "train.word_runs: expected n-grams of words and of"),
        ([*MEMBERS, "train.parts=2"], "train.word_runs: expected 0 with train.parts, got 2"),
        ([*MEMBERS, "train.exact=true"], "train.word_runs: expected 0 with train.exact, got 2"),
    ],
)
def test_a_config_says_what_does_not_go_together(overrides, message, small_run):
    with pytest.raises(ConfigError, match=message):
        load_config(small_run.config, overrides)


@pytest.fixture(scope="module")
def run(small_run, tmp_path_factory):
    """A run whose model is an average of models of words and of all features."""
    path = tmp_path_factory.mktemp("runs") / "average"
    config = load_config(small_run.config, MEMBERS)
    run_stages(config, Run(path), "eval", SILENT)
    return path


def test_a_classifier_with_the_settings_of_a_run_learns_its_weights(run, small_run):
    config = load_config(small_run.config, MEMBERS)
    keys = config.tokens.to_dict() | config.features.to_dict() | config.train.to_dict()
    model = pipeline.SentimentClassifier(**keys | {"class_weight": None})
    model.fit(small_run.texts, small_run.labels)
    assert (model.model_.weights == pipeline.load(run).model_.weights).all()


def test_contributions_of_the_average_add_up_to_the_score(run):
    model = pipeline.load(run)
    texts, _ = small_reviews()
    for text, score in zip(texts[:8], model.decision_function(texts[:8]), strict=True):
        found = model.explain(text)
        added = [c.contribution for c in found.explanation.contributions]
        assert sum(added) + found.explanation.intercept == pytest.approx(score, abs=1e-9)
        pieces = sum(piece.contribution for piece in found.pieces)
        assert pieces + found.explanation.intercept == pytest.approx(score, abs=1e-9)


def test_studies_know_which_columns_are_words(run):
    """A learner of a study learns the weights of the run."""
    trained = TrainedRun.read(run)
    learner = trained.learner().fit(trained.counts, trained.labels, None, None, trained.groups)
    scale = trained.temperature
    assert learner.coef_[0] / scale == pytest.approx(trained.model.weights, rel=1e-12)
    assert certify_run(run).gap > 0


def test_a_split_knows_which_columns_are_words(small_run):
    config, reviews = (
        load_config(small_run.config, MEMBERS),
        Reviews.read(Run(small_run.path), "train"),
    )
    scored = np.arange(len(reviews.labels)) % 4 == 0
    counted = CountedSplit.of(
        reviews.tokens(config.tokens), reviews, Split(~scored, scored), config.features
    )
    learned = counted.learn(config.train.but(validation=0.0))
    assert (learned.word_columns == counted.vocabulary.are_words).all()
    assert 0 < learned.word_columns.sum() < len(learned.word_columns)
