"""Scores of folds: models that learned from the other reviews alone are the judges."""

import copy
import tracemalloc

import numpy as np
import pytest
from reference import Settings, reviews, three_classes, train
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array

from pipeline.training import folds
from pipeline.training.decision import choose_decision
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews, draw, score_folds
from pipeline.training.held_out import FEWEST

X, Y = reviews(240, noise=0.2)
DENSE = X.toarray().astype(np.float64)


def fitted(y=Y, counts=X, weights=None, **settings):
    rule = {"epochs": 3, "learning_rate": 0.05, "seed": 5, **settings}
    return SGDLogisticRegression(**rule).fit(counts, y, weights)


def test_the_temperature_is_that_of_plain_numpy():
    """Log-count ratios, dense SGD and a general minimiser, fold by fold."""
    model = fitted(ratio="documents", alpha=2.0, l2=1e-3, averaged_runs=3)
    fold_of = draw(model, LearnedReviews(X, Y))
    z = np.empty(len(Y))
    for fold in range(3):
        learned = np.flatnonzero(fold_of != fold)
        has, y = DENSE[learned] > 0, Y[learned]
        shares = [(has[y == k].sum(0) + 2.0) / ((y == k).sum() + 2.0) for k in (0, 1)]
        ratio = np.log(shares[1]) - np.log(shares[0])
        shuffle = np.random.default_rng(5)
        orders = [shuffle.permutation(learned) for _ in range(3)]
        rule = Settings(0.05, "adagrad", l2=1e-3)
        w, b = train(DENSE * ratio, Y, orders, rule).weights[-1]
        z[fold_of == fold] = DENSE[fold_of == fold] @ (w * ratio) + b

    def goal(s):
        return np.mean(np.logaddexp(0, -s * np.where(Y, z, -z))) + (s - np.log(s)) / len(Y)

    best = minimize_scalar(goal, bounds=(1e-3, 1e3), method="bounded", options={"xatol": 1e-9})
    found = choose_decision(model, LearnedReviews(X, Y), calibrate=True)
    assert found.temperature == pytest.approx(1 / best.x, rel=1e-4)
    assert (found.n_scored, found.n_folds) == (240, 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"ratio": "documents", "class_weight": "balanced"},
        {"ratio": "counts", "beta": 0.5, "l2": 1e-3, "schedule": "inverse", "average_from": 2},
        {"parts": 2, "fit_intercept": False},
        {"exact": True, "gap": 1e-3, "l2": 1e-2},
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fold_is_scored_as_if_its_reviews_did_not_exist(settings, n_classes, weighted):
    counts, y = (X, Y) if n_classes == 2 else three_classes(240)
    weights = np.random.default_rng(3).integers(1, 4, 240).astype(np.float64) if weighted else None
    model = fitted(y, counts, weights, **settings)
    fold_of = draw(model, LearnedReviews(counts, y))
    found = score_folds(model, LearnedReviews(counts, y, weights), fold_of)
    for fold in range(3):
        learned, scored = fold_of != fold, fold_of == fold
        of_learned = None if weights is None else weights[learned]
        alone = fitted(y[learned], counts[learned], of_learned, **settings)
        expected = alone.decision_function(counts[scored])
        np.testing.assert_allclose(found[scored], expected, rtol=1e-12, atol=1e-14)


def test_folds_take_the_epochs_and_the_rate_that_were_chosen_for_all_reviews():
    auto = fitted(epochs="auto", learning_rate="auto")
    numbers = fitted(epochs=auto.epochs_, learning_rate=auto.learning_rate_)
    fold_of = draw(auto, LearnedReviews(X, Y))
    found, expected = (
        score_folds(model, LearnedReviews(X, Y), fold_of) for model in (auto, numbers)
    )
    assert found.tobytes() == expected.tobytes()


def test_the_labels_of_a_fold_change_none_of_its_scores():
    settings = {"ratio": "documents", "class_weight": "balanced"}
    model = fitted(**settings)
    fold_of = draw(model, LearnedReviews(X, Y))
    of_fold = fold_of == 1
    changed = np.where(of_fold, 1 - Y, Y)
    before, after = (
        score_folds(model, LearnedReviews(X, labels), fold_of) for labels in (Y, changed)
    )
    np.testing.assert_array_equal(before[of_fold], after[of_fold])
    assert (before[~of_fold] != after[~of_fold]).all()


def test_a_temperature_changes_no_order_of_scores_and_no_prediction():
    plain = fitted(ratio="documents")
    calibrated = copy.copy(plain)
    found = choose_decision(calibrated, LearnedReviews(X, Y), calibrate=True)
    assert found.temperature != 1
    np.testing.assert_array_equal(calibrated.coef_, plain.coef_ / found.temperature)
    z, divided = plain.decision_function(X), calibrated.decision_function(X)
    np.testing.assert_array_equal(np.argsort(z, kind="stable"), np.argsort(divided, kind="stable"))
    np.testing.assert_array_equal(plain.predict(X), calibrated.predict(X))


def test_neither_threads_nor_folds_one_after_the_other_change_a_byte(monkeypatch):
    model, found = fitted(averaged_runs=3), []
    fold_of = draw(model, LearnedReviews(X, Y))
    for n_threads, large in (("1", folds.LARGE), ("4", folds.LARGE), ("4", 0)):
        monkeypatch.setenv("SENTIMENT_THREADS", n_threads)
        monkeypatch.setattr(folds, "LARGE", large)
        found.append(score_folds(model, LearnedReviews(X, Y), fold_of).tobytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize("settings", [{}, {"ratio": "documents"}])
def test_folds_of_a_large_corpus_need_no_more_memory_than_its_training(monkeypatch, settings):
    counts, y = reviews(100_000)
    monkeypatch.setattr(folds, "LARGE", 0)
    for module in ("history.BLOCK", "temperature._BLOCK"):
        monkeypatch.setattr(f"pipeline.training.{module}", 1 << 12)
    model, peaks = SGDLogisticRegression(epochs=1, learning_rate=0.05, **settings), []
    for work in (
        lambda: model.fit(counts, y),
        lambda: choose_decision(model, LearnedReviews(counts, y), calibrate=True),
    ):
        work()  # and import what it needs
        tracemalloc.start()
        work()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.15 * peaks[0]


def test_the_model_that_is_kept_is_left_as_it_was():
    model = fitted()
    before = copy.deepcopy(vars(model))
    score_folds(model, LearnedReviews(X, Y), draw(model, LearnedReviews(X, Y)))
    np.testing.assert_equal(vars(model), before)


def test_few_reviews_are_cut_into_three_folds_by_class_and_many_into_two():
    model = fitted()
    for n, n_folds in ((folds.MANY - 2, 3), (folds.MANY, 2)):
        labels = np.arange(n) % 2
        fold_of = draw(model, LearnedReviews(csr_array((n, 1)), labels))
        sizes = np.bincount(2 * fold_of + labels)
        assert len(sizes) == 2 * n_folds
        assert np.ptp(sizes) <= 1


def test_reviews_of_one_group_are_in_one_fold():
    model, groups = fitted(), np.arange(240) // 4
    fold_of = draw(model, LearnedReviews(X, Y, groups=groups))
    for group in range(60):
        assert len(set(fold_of[groups == group])) == 1


@pytest.mark.parametrize(
    ("n", "groups"), [(FEWEST - 1, None), (240, np.arange(240) % 2)], ids=["reviews", "groups"]
)
def test_too_few_of_them_leave_the_scores_as_they_are(n, groups):
    model = fitted(Y[:n], X[:n])
    before = model.coef_
    found = choose_decision(model, LearnedReviews(X[:n], Y[:n], groups=groups), calibrate=True)
    assert (found.temperature, found.n_scored, found.n_folds) == (1.0, 0, 0)
    assert model.coef_ is before


def test_a_validation_set_takes_the_place_of_folds(monkeypatch):
    monkeypatch.setattr(folds, "learn", None)  # nothing is learned again
    counts, y = reviews(2 * FEWEST, noise=0.2)
    model = fitted(y, counts, validation=0.5)
    found = choose_decision(model, LearnedReviews(counts, y), calibrate=True)
    assert (found.n_scored, found.n_folds) == (FEWEST, 0)


@pytest.mark.parametrize("patience", [0, 1])
def test_a_small_validation_set_does_not_and_is_left_out_of_the_folds(patience):
    """Where it stopped training early, the folds are learned as long."""
    counts, y = reviews(300, noise=0.3)
    settings = {"validation": 0.1, "patience": patience, "learning_rate": 2.0}
    model = SGDLogisticRegression(epochs=9, **settings).fit(counts, y)
    assert (model.kept_.number < 9) == (patience == 1)
    rows = ~model.in_validation_
    alone = SGDLogisticRegression(epochs=model.kept_.number, learning_rate=2.0)
    alone.fit(counts[rows], y[rows])
    expected = choose_decision(alone, LearnedReviews(counts[rows], y[rows]), calibrate=True)
    found = choose_decision(model, LearnedReviews(counts, y), calibrate=True)
    assert found.temperature == pytest.approx(expected.temperature, rel=1e-9)
    assert (found.n_scored, found.n_folds) == (270, 3)
