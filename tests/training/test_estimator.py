"""Claims about training, judged by a dense reference, L-BFGS, scikit-learn and a textbook."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError, astuple
from pathlib import Path

import numpy as np
import pytest
import reference
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import Settings, reviews
from scipy.optimize import minimize
from scipy.sparse import csr_array

from pipeline.errors import CorpusError, DivergenceError
from pipeline.kernels import sgd as kernels
from pipeline.kernels.compiled import Kernel
from pipeline.model.logistic import cross_entropy, gradient, objective
from pipeline.stratified import draw_by_class
from pipeline.training.checks import check_parameters
from pipeline.training.estimator import SGDLogisticRegression

GLOBAL = ("constant", "inverse")  # one rate for all coordinates, whose steps can be averaged
SCHEDULES = (*GLOBAL, "adagrad", "fisher")


def schedules(*averages):
    """Return every schedule with each `average_from` that it accepts."""
    return [(s, start) for s in SCHEDULES for start in averages if s in GLOBAL or not start]


def shuffles(seed, rows, epochs):
    """Return the order of the documents in every epoch, as training promises it."""
    stream = np.random.default_rng(seed)
    return [stream.permutation(rows) for _ in range(epochs)]


def optimum(X, y, l2, costs=None):
    """Return w, b and J at the optimum that SciPy's L-BFGS finds."""

    def value_and_slope(v):
        by_w, by_b = gradient(X, y, v[:-1], v[-1], l2, costs)
        return objective(X, y, v[:-1], v[-1], l2, costs), np.append(by_w, by_b)

    found = minimize(
        value_and_slope,
        np.zeros(X.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 10_000},
    )
    return found.x[:-1], found.x[-1], found.fun


def weights(model):
    return model.coef_[0], float(model.intercept_[0])


def digest(model):
    return hashlib.sha256(model.coef_.tobytes() + model.intercept_.tobytes()).hexdigest()


def assert_same_weights(model, w, b, rtol=1e-9):
    """Compare with the largest weight, because small ones may be differences of large ones."""
    size = max(np.abs(w).max(initial=0.0), abs(b), 1e-6)
    np.testing.assert_allclose(model.coef_[0], w, rtol=rtol, atol=rtol * size)
    np.testing.assert_allclose(model.intercept_, [b], rtol=rtol, atol=rtol * size)


@st.composite
def corpora(draw):
    """A few documents of both classes, some empty, some words unused or stored as zeros."""
    n, d = draw(st.integers(2, 10)), draw(st.integers(1, 6))
    values = st.just(0.0) | st.integers(1, 3).map(float) | st.integers(-20, 20).map(lambda k: k / 7)
    X = draw(hnp.arrays(np.float32, (n, d), elements=values))
    stored = (X != 0) | draw(hnp.arrays(bool, (n, d), elements=st.booleans()))
    rows, columns = np.nonzero(stored)
    indptr = np.searchsorted(rows, np.arange(n + 1))
    index = draw(st.sampled_from([np.int32, np.int64]))
    sparse = csr_array((X[stored], columns.astype(index), indptr.astype(index)), shape=(n, d))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1)))
    y[:2] = 0, 1
    return sparse, y


@st.composite
def rules(draw, n):
    """Any update rule for n documents: every kind of step, penalty, batch and averaging."""
    schedule = draw(st.sampled_from(SCHEDULES))
    return Settings(
        learning_rate=draw(st.sampled_from([0.01, 0.1, 0.3])),
        schedule=schedule,
        l2=draw(st.sampled_from([0.0, 1e-3, 0.1, 2.0])),
        batch_size=draw(st.sampled_from([1, 3, n, n + 5])),
        average_from=draw(st.sampled_from([0, 1, 2] if schedule in GLOBAL else [0])),
        fit_intercept=draw(st.booleans()),
    )


def sample_weights(y):
    """Weights of documents, some of them 0, but not all those of a class."""
    numbers = st.sampled_from([0.0, 0.25, 1.0, 3.0])
    return hnp.arrays(np.float64, len(y), elements=numbers).filter(
        lambda weights: np.bincount(y, weights, minlength=2).all()
    )


def is_well_posed(trace, X, y, rule, costs=None):
    """Whether two correct programs must agree: no cancellation to noise, no divergence."""
    at_zero = np.mean(np.ones(len(y)) if costs is None else costs) * np.log(2)
    X = X.toarray()
    values = [reference.objective(X, y, w, b, rule.l2, costs) for w, b in trace.weights]
    sharp = rule.schedule != "adagrad" or trace.sharpness > 1e-5
    return sharp and max(values) < 5 * at_zero


class TestDenseReference:
    """The lazy, sparse code and the slow, dense one are the same algorithm."""

    @settings(max_examples=200)
    @given(st.data(), corpora(), st.integers(1, 4), st.integers(0, 3))
    def test_sparse_training_is_the_dense_rule_to_rounding(self, data, corpus, epochs, seed):
        X, y = corpus
        rule = data.draw(rules(len(y)))
        by_class = data.draw(st.sampled_from([None, {0: 0.5, 1: 2.0}, "balanced"]))
        weights = data.draw(st.none() | sample_weights(y))
        costs = np.ones(len(y)) if weights is None else weights / weights.mean()
        if by_class == "balanced":
            costs = costs * costs.sum() / (2.0 * np.bincount(y, costs)[y])
        elif by_class:
            costs = costs * np.array([by_class[label] for label in y.tolist()])
        orders = shuffles(seed, len(y), epochs)
        trace = reference.train(X.toarray(), y, orders, rule, costs)
        assume(is_well_posed(trace, X, y, rule, costs))
        event(rule.schedule)

        model = SGDLogisticRegression(
            **vars(rule), epochs=epochs, class_weight=by_class, seed=seed
        ).fit(X, y, sample_weight=weights)

        assert_same_weights(model, *trace.weights[-1])
        for epoch, (w, b) in zip(model.history_, trace.weights, strict=True):
            expected = reference.objective(X.toarray(), y, w, b, rule.l2, costs)
            assert epoch.objective == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("batch_size", [1, 7, 60])
    @pytest.mark.parametrize(("schedule", "average_from"), schedules(0, 1, 3))
    def test_they_agree_on_documents_of_many_words(self, schedule, batch_size, average_from):
        """The case that property-based examples are too small for: most words pending."""
        X, y = reviews(60, 200)
        rule = Settings(0.05, schedule, 0.01, batch_size, average_from)
        w, b = reference.train(X.toarray(), y, shuffles(5, 60, 6), rule).weights[-1]
        model = SGDLogisticRegression(**vars(rule), epochs=6, seed=5).fit(X, y)
        assert_same_weights(model, w, b)

    @pytest.mark.parametrize("batch_size", [1, 4])
    @pytest.mark.parametrize(("schedule", "average_from"), schedules(0, 1, 7, 40))
    def test_a_penalty_that_shrinks_weights_a_millionfold_again_and_again_stays_exact(
        self, schedule, batch_size, average_from
    ):
        """A scale that only shrank would be 0.8^1600 = 1e-155 here, and its inverse's sum 1e155."""
        X, y = reviews(40, 6)
        rule = Settings(0.1, schedule, 2.0, batch_size, average_from)
        w, b = reference.train(X.toarray(), y, shuffles(0, 40, 40), rule).weights[-1]
        model = SGDLogisticRegression(**vars(rule), epochs=40).fit(X, y)
        assert_same_weights(model, w, b)

    @pytest.mark.parametrize("average_from", [0, 1])
    @pytest.mark.parametrize("l2", [9.99, 10.0, 12.0])
    def test_a_step_may_take_all_of_the_weights_and_more(self, l2, average_from):
        """1 - rate l2 is nearly 0, 0 and negative; explicit L2 has no trouble there."""
        X, y = reviews(40, 6)
        rule = Settings(0.1, "constant", l2, 1, average_from)
        w, b = reference.train(X.toarray(), y, shuffles(0, 40, 3), rule).weights[-1]
        model = SGDLogisticRegression(**vars(rule), epochs=3).fit(X, y)
        assert_same_weights(model, w, b)

    def test_weights_stay_finite_after_a_million_shrinks(self):
        X, y = reviews(500, 4)
        model = SGDLogisticRegression(
            l2=1.0, learning_rate=0.5, schedule="constant", epochs=2000, average_from=2
        ).fit(X, y)
        assert np.isfinite(model.coef_).all()
        assert model.history_[-1].objective < np.log(2)

    @pytest.mark.parametrize("batch_size", [2, 6, 12, 60])
    def test_a_word_used_as_often_in_both_classes_is_not_moved_by_rounding(self, batch_size):
        """AdaGrad's first step has its full length for any slope, so a slope of 0 must be 0."""
        X, y, order = csr_array(np.ones((60, 1))), np.empty(60, int), shuffles(0, range(60), 1)[0]
        y[order] = np.arange(60) % batch_size < batch_size / 2
        model = SGDLogisticRegression(batch_size=batch_size, epochs=1, seed=0).fit(X, y)
        assert weights(model) == (0.0, 0.0)


class TestGradientDescent:
    @pytest.mark.parametrize("class_weight", [None, {0: 3.0, 1: 0.5}])
    @pytest.mark.parametrize("batch_size", [60, 61, 10**9])
    def test_one_batch_of_all_documents_steps_down_the_gradient(self, batch_size, class_weight):
        X, y = reviews(60)
        costs = None if class_weight is None else np.where(y == 1, 0.5, 3.0)
        w, b = np.zeros(X.shape[1]), 0.0
        for epoch in range(1, 6):
            by_w, by_b = gradient(X, y, w, b, 0.1, costs)
            w, b = w - 0.3 * by_w, b - 0.3 * by_b
            model = SGDLogisticRegression(
                l2=0.1,
                learning_rate=0.3,
                schedule="constant",
                epochs=epoch,
                batch_size=batch_size,
                class_weight=class_weight,
            ).fit(X, y)
            assert_same_weights(model, w, b, rtol=1e-13)

    def test_does_not_depend_on_the_shuffle(self):
        X, y = reviews(60)
        rule = {"batch_size": 60, "schedule": "constant", "epochs": 5}
        w, b = weights(SGDLogisticRegression(**rule, seed=0).fit(X, y))
        assert_same_weights(SGDLogisticRegression(**rule, seed=1).fit(X, y), w, b, rtol=1e-12)

    def test_never_raises_the_objective_at_a_rate_below_the_inverse_curvature(self):
        X, y = reviews(60)
        rows = np.column_stack([X.toarray(), np.ones(60)])
        curvature = np.linalg.norm(rows, 2) ** 2 / (4 * 60) + 0.01
        model = SGDLogisticRegression(
            l2=0.01, batch_size=60, schedule="constant", learning_rate=1 / curvature, epochs=50
        ).fit(X, y)
        values = [epoch.objective for epoch in model.history_]
        assert np.all(np.diff(values) < 0)


class TestSampleWeight:
    """A document with weight k counts as k documents, and with weight 0 as none."""

    @pytest.mark.parametrize(
        "rule",
        [
            {"schedule": "constant", "learning_rate": 0.3},
            {"schedule": "adagrad", "class_weight": "balanced"},
            {"schedule": "fisher", "class_weight": {0: 3.0}},
            {"schedule": "adagrad", "ratio": "documents", "alpha": 0.5},
            {"schedule": "adagrad", "ratio": "counts", "beta": 0.5},
        ],
        ids=str,
    )
    def test_in_gradient_descent_is_repetition_and_removal(self, rule):
        X, y = reviews(60)
        times = np.arange(60) % 4
        model = SGDLogisticRegression(l2=0.1, batch_size=1000, epochs=20, **rule)
        repeated = model.fit(X[np.repeat(np.arange(60), times)], np.repeat(y, times))
        expected, objectives = weights(repeated), [e.objective for e in repeated.history_]
        weighted = model.fit(X, y, sample_weight=times)
        assert_same_weights(weighted, *expected)
        assert [e.objective for e in weighted.history_] == pytest.approx(objectives, rel=1e-12)

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_of_one_changes_no_byte(self, schedule):
        X, y = reviews()
        model = SGDLogisticRegression(schedule=schedule, class_weight="balanced")
        plain = digest(model.fit(X, y))
        for each in (np.ones(60), [1] * 60, np.full(60, 4.0)):
            assert digest(model.fit(X, y, sample_weight=each)) == plain

    def test_is_left_as_it_was(self):
        X, y = reviews()
        given = np.linspace(0, 3, 60)
        SGDLogisticRegression().fit(X, y, sample_weight=given)
        assert given.tolist() == np.linspace(0, 3, 60).tolist()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (np.ones(59), r"expected an array of shape \(60,\), got \(59,\)"),
            (np.ones((60, 1)), r"expected an array of shape \(60,\), got \(60, 1\)"),
            (2.0, r"expected an array of shape \(60,\), got \(\)"),
            (np.where(np.arange(60) == 7, -1.0, 1.0), r"of row 7: expected .* >= 0, got -1\.0"),
            (np.where(np.arange(60) == 7, np.nan, 1.0), "of row 7: expected a finite .* got nan"),
            (np.zeros(60), "above zero in each class"),
        ],
    )
    def test_that_makes_no_sense_is_refused(self, given, said):
        with pytest.raises(ValueError, match=f"^sample_weight.*{said}"):
            SGDLogisticRegression().fit(*reviews(60), sample_weight=given)

    def test_must_leave_both_classes(self):
        X, y = reviews()
        with pytest.raises(ValueError, match="above zero in each class"):
            SGDLogisticRegression().fit(X, y, sample_weight=y)


class TestTextbookStep:
    """Jurafsky & Martin, Speech and Language Processing (3rd ed.), logistic regression.

    One review has 3 words of the positive lexicon and 2 of the negative one, and is
    positive; weights and bias are 0 and the learning rate is 0.1.
    """

    def test_first_step_gives_the_books_weights(self):
        # There must be a second class; a document that costs nothing takes no step.
        X, y = csr_array([[3.0, 2.0], [1.0, 1.0]]), np.array([1, 0])
        model = SGDLogisticRegression(
            l2=0.0, learning_rate=0.1, schedule="constant", epochs=1, class_weight={0: 0.0}
        ).fit(X, y)
        assert model.coef_[0] == pytest.approx([0.15, 0.1], rel=1e-14)
        assert model.intercept_ == pytest.approx([0.05], rel=1e-14)

    def test_a_negative_review_takes_the_opposite_step(self):
        X, y = csr_array([[3.0, 2.0], [1.0, 1.0]]), np.array([0, 1])
        model = SGDLogisticRegression(
            l2=0.0, learning_rate=0.1, schedule="constant", epochs=1, class_weight={1: 0.0}
        ).fit(X, y)
        assert model.coef_[0] == pytest.approx([-0.15, -0.1], rel=1e-14)
        assert model.intercept_ == pytest.approx([-0.05], rel=1e-14)

    def test_first_adagrad_step_has_the_length_of_the_rate_in_every_coordinate(self):
        """The slope -1.5, -1, -.5 becomes its sign: eta_j g_j = rate g_j / sqrt(g_j^2)."""
        X, y = csr_array([[3.0, 2.0], [1.0, 1.0]]), np.array([1, 0])
        model = SGDLogisticRegression(
            l2=0.0, learning_rate=0.1, schedule="adagrad", epochs=1, class_weight={0: 0.0}
        ).fit(X, y)
        assert [*model.coef_[0], *model.intercept_] == pytest.approx([0.1] * 3, rel=1e-14)


class TestOptimum:
    """Where training ends up is where other solvers of the same objective do."""

    WAYS = (
        pytest.param(
            {"schedule": "constant", "batch_size": 60, "learning_rate": 1.0}, 1e-9, 1e-4, id="gd"
        ),
        pytest.param(
            {"schedule": "adagrad", "batch_size": 60, "learning_rate": 0.2},
            1e-5,
            0.01,
            id="adagrad",
        ),
        pytest.param({"schedule": "fisher", "learning_rate": 0.1}, 1e-3, 0.2, id="fisher"),
        pytest.param(
            {"schedule": "inverse", "average_from": 1500, "learning_rate": 0.5},
            1e-4,
            0.03,
            id="averaged-sgd",
        ),
    )

    @pytest.mark.parametrize(("way", "in_objective", "in_weights"), WAYS)
    @pytest.mark.parametrize("costs", [{}, {0: 2.0, 1: 0.25}], ids=["equal", "costs"])
    def test_is_that_of_lbfgs(self, way, in_objective, in_weights, costs):
        X, y = reviews(60)
        by_row = np.array([costs.get(label, 1.0) for label in y.tolist()])
        w, b, lowest = optimum(X, y, 0.05, by_row)
        model = SGDLogisticRegression(l2=0.05, epochs=3000, class_weight=costs, **way).fit(X, y)
        assert model.history_[-1].objective == pytest.approx(lowest, rel=in_objective)
        np.testing.assert_allclose(model.coef_[0], w, atol=in_weights)
        np.testing.assert_allclose(model.intercept_, [b], atol=in_weights)

    def test_is_that_of_scikit_learn(self):
        from sklearn.linear_model import LogisticRegression

        X, y = reviews(60)
        peer = LogisticRegression(C=1 / (60 * 0.05), tol=1e-10, max_iter=10_000)
        peer.fit(X.astype(np.float64), y)
        model = SGDLogisticRegression(
            l2=0.05, epochs=3000, schedule="constant", batch_size=60, learning_rate=1.0
        ).fit(X, y)
        np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-5)
        np.testing.assert_allclose(model.intercept_, peer.intercept_, atol=1e-5)
        np.testing.assert_allclose(model.predict_proba(X), peer.predict_proba(X), atol=1e-5)

    def test_a_cost_of_two_is_every_document_twice(self):
        """The objective of the doubled corpus is the weighted one, up to the mean cost."""
        X, y = reviews(60)
        twice = np.concatenate([np.arange(60), np.flatnonzero(y == 1)])
        scale = 60 / len(twice)
        rule = {"epochs": 3000, "schedule": "constant", "batch_size": 1000, "learning_rate": 1.0}
        weighted = SGDLogisticRegression(
            l2=0.05, class_weight={0: scale, 1: 2 * scale}, **rule
        ).fit(X, y)
        doubled = SGDLogisticRegression(l2=0.05, **rule).fit(X[twice], y[twice])
        np.testing.assert_allclose(weighted.coef_, doubled.coef_, rtol=1e-9)
        np.testing.assert_allclose(weighted.intercept_, doubled.intercept_, rtol=1e-9)

    def test_is_nearer_after_few_epochs_with_rates_by_coordinate_than_with_one_rate(self):
        """Words as frequent as in a language, by Zipf; every schedule at the best of its rates."""
        draw = np.random.default_rng(0)
        counts = draw.poisson(5 / np.arange(1, 401), (1000, 400))
        scores = counts @ draw.normal(size=400)
        X, y = csr_array(counts), (scores > np.median(scores)) ^ (draw.random(1000) < 0.1)
        *_, lowest = optimum(X, y, 0.03)

        def gap(schedule, rate):
            rule = {"l2": 0.03, "epochs": 3, "schedule": schedule, "learning_rate": rate}
            return SGDLogisticRegression(**rule).fit(X, y).history_[-1].objective - lowest

        rates = (0.003, 0.01, 0.03, 0.1)
        best = {schedule: min(gap(schedule, rate) for rate in rates) for schedule in SCHEDULES}
        by_coordinate = max(best["adagrad"], best["fisher"])
        assert by_coordinate < 0.5 * min(best[schedule] for schedule in GLOBAL)

    def test_averaged_steps_end_nearer_to_it_than_the_last_step(self):
        X, y = reviews(200)
        *_, lowest = optimum(X, y, 0.01)
        last, averaged = (
            SGDLogisticRegression(
                l2=0.01, epochs=20, schedule="constant", learning_rate=0.1, average_from=start
            )
            .fit(X, y)
            .history_[-1]
            .objective
            - lowest
            for start in (0, 2)
        )
        assert averaged < last / 10


class TestOptions:
    @pytest.mark.parametrize(("schedule", "average_from"), schedules(0, 2))
    def test_without_an_intercept_it_is_zero(self, schedule, average_from):
        model = SGDLogisticRegression(
            schedule=schedule, average_from=average_from, fit_intercept=False
        )
        assert model.fit(*reviews()).intercept_.tolist() == [0.0]

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_a_word_never_seen_has_no_weight(self, schedule):
        X, y = reviews()
        X.data[X.indices == 3] = 0.0
        assert SGDLogisticRegression(schedule=schedule).fit(X, y).coef_[0, 3] == 0.0

    def test_balanced_costs_are_n_over_twice_the_class(self):
        X, y = reviews(60)
        y[:] = np.arange(60) % 5 == 0
        balanced, spelled_out = (
            SGDLogisticRegression(class_weight=class_weight, validation=0.2).fit(X, y)
            for class_weight in ("balanced", {0: 60 / (2 * 48), 1: 60 / (2 * 12)})
        )
        assert digest(balanced) == digest(spelled_out)
        assert balanced.history_ == spelled_out.history_

    def test_balanced_costs_of_balanced_classes_are_one(self):
        X, y = reviews(60)
        y[:] = np.arange(60) % 2
        plain, balanced = (
            SGDLogisticRegression(class_weight=c).fit(X, y) for c in (None, "balanced")
        )
        assert digest(plain) == digest(balanced)

    def test_a_class_without_a_cost_costs_one(self):
        X, y = reviews()
        given_one, given_both = (
            SGDLogisticRegression(class_weight=c).fit(X, y) for c in ({1: 2.0}, {0: 1.0, 1: 2.0})
        )
        assert digest(given_one) == digest(given_both)

    def test_class_weights_go_by_the_names_of_the_classes(self):
        X, y = reviews()
        named, numbered = (
            SGDLogisticRegression(class_weight=c).fit(X, labels)
            for c, labels in (
                ({"neg": 3.0, "pos": 0.5}, np.array(["neg", "pos"])[y]),
                ({0: 3.0, 1: 0.5}, y),
            )
        )
        assert digest(named) == digest(numbered)

    def test_other_class_weights_are_refused(self):
        with pytest.raises(ValueError, match=r"class_weight.*got fair"):
            SGDLogisticRegression(class_weight="fair").fit(*reviews())

    def test_averaging_from_beyond_the_last_epoch_is_no_averaging(self):
        X, y = reviews()
        plain, late = (
            SGDLogisticRegression(epochs=3, schedule="inverse", average_from=k).fit(X, y)
            for k in (0, 4)
        )
        assert digest(plain) == digest(late)

    @pytest.mark.parametrize("schedule", ["adagrad", "fisher"])
    def test_steps_of_rates_by_coordinate_are_not_averaged(self, schedule):
        with pytest.raises(ValueError, match=f"average_from: expected 0 .*{schedule}, got 2"):
            SGDLogisticRegression(schedule=schedule, average_from=2).fit(*reviews())

    def test_threshold_moves_decisions_and_not_weights(self):
        X, y = reviews()
        half, strict = (SGDLogisticRegression(threshold=t).fit(X, y) for t in (0.5, 0.9))
        assert digest(half) == digest(strict)
        assert strict.predict(X).sum() < half.predict(X).sum()
        assert strict.predict(X).tolist() == (strict.predict_proba(X)[:, 1] > 0.9).tolist()

    def test_sparse_and_dense_input_of_any_number_type_learn_the_same(self):
        X, y = reviews()
        expected = digest(SGDLogisticRegression().fit(X, y))
        for form in (X.toarray(), X.astype(np.int64), X.tocsc(), X.astype(np.float64).tocoo()):
            assert digest(SGDLogisticRegression().fit(form, y)) == expected

    def test_entries_of_one_word_stored_apart_are_one_count(self):
        X, y = reviews()
        halves = csr_array(
            (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), X.indptr * 2), shape=X.shape
        )
        stored = halves.data.copy()
        for schedule in SCHEDULES:
            apart, together = (
                SGDLogisticRegression(schedule=schedule).fit(form, y) for form in (halves, X)
            )
            assert_same_weights(apart, *weights(together))
        assert halves.data.tolist() == stored.tolist()

    def test_input_is_left_as_it_was(self):
        X, y = reviews()
        before = [part.tobytes() for part in (X.data, X.indices, X.indptr, y)]
        SGDLogisticRegression(validation=0.2).fit(X, y)
        assert [part.tobytes() for part in (X.data, X.indices, X.indptr, y)] == before


class TestParameters:
    @pytest.mark.parametrize(
        ("name", "accepted", "refused"),
        [
            ("l2", [0], [-1e-9, np.nan]),
            ("epochs", [1], [0]),
            ("batch_size", [1], [0]),
            ("averaged_runs", [1], [0]),
            ("learning_rate", [1e-9], [0, -1, np.nan]),
            ("validation", [0, 0.999], [-1e-9, 1, np.nan]),
            ("threshold", [1e-9, 0.999], [0, 1, np.nan]),
            ("alpha", [1e-9], [0, -1, np.nan]),
            ("beta", [0, 1], [-1e-9, 1.001, np.nan]),
            ("schedule", SCHEDULES, ["", "adam"]),
            ("ratio", ["none", "documents", "counts"], ["", "words"]),
        ],
    )
    def test_are_refused_out_of_their_range_by_name(self, name, accepted, refused):
        for value in accepted:
            check_parameters(SGDLogisticRegression(**{name: value}))
        for value in refused:
            with pytest.raises(ValueError, match=rf"^{name}: expected .*, got {value!r}$"):
                check_parameters(SGDLogisticRegression(**{name: value}))

    def test_three_classes_have_no_threshold(self):
        X, y = np.eye(6), [0, 1, 2] * 2
        with pytest.raises(ValueError, match=r"^threshold: expected none \(0\.5\).* 3 classes"):
            SGDLogisticRegression(threshold=0.7).fit(X, y)
        assert SGDLogisticRegression(threshold=0.5).fit(X, y).classes_.tolist() == [0, 1, 2]


class TestHistory:
    @pytest.mark.parametrize("validation", [0.0, 0.25])
    @pytest.mark.parametrize(
        "rule",
        [
            {"schedule": "constant"},
            {"schedule": "inverse", "average_from": 2, "threshold": 0.6},
            {"schedule": "adagrad", "class_weight": {0: 0.5, 1: 2.0}, "l2": 0.1},
            {"schedule": "fisher", "l2": 0.1},
        ],
        ids=lambda rule: rule["schedule"],
    )
    def test_has_every_epochs_numbers_as_recomputed_from_its_weights(self, rule, validation):
        X, y = reviews(80)
        in_validation = validation_rows(y, validation, seed=3)
        kept = np.setdiff1d(np.arange(80), in_validation)
        costs = np.where(y == 1, 2.0, 0.5) if "class_weight" in rule else np.ones(80)
        rule = {"learning_rate": 0.05, "validation": validation, "seed": 3, **rule}
        full = SGDLogisticRegression(epochs=4, **rule).fit(X, y)
        assert [epoch.number for epoch in full.history_] == [1, 2, 3, 4]
        for epoch in full.history_:
            model = SGDLogisticRegression(epochs=epoch.number, **rule).fit(X, y)
            w, b = weights(model)
            J = objective(X[kept], y[kept], w, b, model.l2, costs[kept])
            assert epoch.objective == pytest.approx(J, rel=1e-12)
            losses = cross_entropy(X @ w + b, y)
            assert epoch.loss == pytest.approx(losses[kept].mean(), rel=1e-12)
            assert epoch.accuracy == model.score(X[kept], y[kept])
            if validation:
                assert epoch.validation_loss == pytest.approx(
                    losses[in_validation].mean(), rel=1e-12
                )
                assert epoch.validation_accuracy == model.score(X[in_validation], y[in_validation])
            else:
                assert np.isnan([epoch.validation_loss, epoch.validation_accuracy]).all()

    def test_is_reported_epoch_by_epoch(self):
        reported = []
        model = SGDLogisticRegression(epochs=3).fit(*reviews(), on_epoch=reported.append)
        assert [id(epoch) for epoch in reported] == [id(epoch) for epoch in model.history_]

    def test_starts_from_scratch_with_every_fit(self):
        model = SGDLogisticRegression(epochs=3)
        first = digest(model.fit(*reviews()))
        assert digest(model.fit(*reviews())) == first
        assert len(model.history_) == 3

    def test_cannot_be_changed(self):
        epoch = SGDLogisticRegression(epochs=1).fit(*reviews()).history_[0]
        with pytest.raises(FrozenInstanceError):
            epoch.loss = 0.0

    def test_is_plain_numbers(self):
        epoch = SGDLogisticRegression(epochs=1, validation=0.2).fit(*reviews()).history_[0]
        assert [type(value) for value in astuple(epoch)] == [int, *[float] * 5]


def validation_rows(y, validation, seed):
    """Return the rows that are not trained on: a word of their own then has no weight."""
    model = SGDLogisticRegression(validation=validation, seed=seed, epochs=1)
    return np.flatnonzero(model.fit(np.eye(len(y)), y).coef_[0] == 0)


class TestValidationSet:
    @settings(max_examples=50)
    @given(
        st.integers(4, 40), st.integers(4, 40), st.sampled_from([0.2, 0.25, 0.5]), st.integers(0, 9)
    )
    def test_is_the_same_fraction_of_each_class(self, n_negative, n_positive, fraction, seed):
        y = np.repeat([0, 1], [n_negative, n_positive])
        in_validation = validation_rows(y, fraction, seed)
        expected = [round(fraction * n_negative), round(fraction * n_positive)]
        assert np.bincount(y[in_validation], minlength=2).tolist() == expected

    def test_is_drawn_by_the_seed(self):
        y = np.arange(100) % 2
        drawn = [validation_rows(y, 0.2, seed).tolist() for seed in (0, 0, 1)]
        assert drawn[0] == drawn[1] != drawn[2]

    def test_has_a_random_stream_that_no_run_has(self):
        """The runs have the streams of seed, [seed, 2], [seed, 3] ..."""
        y = np.arange(100) % 2
        stream = np.random.default_rng([7, 1])
        expected = draw_by_class(y, 0.2, stream, "train.validation")
        assert validation_rows(y, 0.2, 7).tolist() == np.flatnonzero(expected).tolist()

    def test_is_not_the_end_of_a_sorted_corpus(self):
        y = np.repeat([0, 1], 50)
        in_validation = validation_rows(y, 0.2, 0)
        for label in (0, 1):
            rows = in_validation[y[in_validation] == label] - 50 * label
            assert rows.min() < 20
            assert rows.max() >= 30

    def test_does_not_move_the_weights(self):
        X, y = reviews(80)
        in_validation = validation_rows(y, 0.25, 0)
        other = X.toarray()
        other[in_validation] = 7.0
        learned = [SGDLogisticRegression(validation=0.25).fit(form, y) for form in (X, other)]
        assert digest(learned[0]) == digest(learned[1])
        assert learned[0].history_[0].loss == learned[1].history_[0].loss
        assert learned[0].history_[0].validation_loss != learned[1].history_[0].validation_loss

    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_leaves_the_rest_to_be_shuffled_by_the_seed(self, schedule):
        X, y = reviews(80)
        kept = np.setdiff1d(np.arange(80), validation_rows(y, 0.25, 4))
        rule = Settings(0.1, schedule, 0.01, batch_size=3)
        w, b = reference.train(X.toarray(), y, shuffles(4, kept, 3), rule).weights[-1]
        model = SGDLogisticRegression(**vars(rule), epochs=3, seed=4, validation=0.25).fit(X, y)
        assert_same_weights(model, w, b)

    @pytest.mark.parametrize(("n_negative", "fraction"), [(1, 0.5), (2, 0.1), (4, 0.9)])
    def test_needs_documents_of_each_class_on_both_sides(self, n_negative, fraction):
        y = np.repeat([0, 1], [n_negative, 40])
        with pytest.raises(
            CorpusError, match=rf"train\.validation.*negative.*\({n_negative} in all\);"
        ):
            SGDLogisticRegression(validation=fraction).fit(np.eye(len(y)), y)


@pytest.fixture
def overfitting():
    """A noisy corpus, and a rule that learns it by heart."""
    rule = {"l2": 0.0, "learning_rate": 0.5, "epochs": 40, "validation": 0.3, "seed": 1}
    return reviews(60, 120, seed=2, noise=0.3), rule


class TestPatience:
    @pytest.mark.parametrize("patience", [1, 2, 5])
    def test_stops_so_many_epochs_after_the_lowest_validation_loss(self, overfitting, patience):
        corpus, rule = overfitting
        model = SGDLogisticRegression(**rule, patience=patience).fit(*corpus)
        losses = [epoch.validation_loss for epoch in model.history_]
        assert len(losses) < 40
        assert np.argmin(losses) == len(losses) - 1 - patience

    @pytest.mark.parametrize("patience", [1, 2, 5])
    def test_keeps_the_weights_of_the_lowest_validation_loss(self, overfitting, patience):
        corpus, rule = overfitting
        patient = SGDLogisticRegression(**rule, patience=patience).fit(*corpus)
        best = 1 + int(np.argmin([epoch.validation_loss for epoch in patient.history_]))
        stopped = SGDLogisticRegression(**rule).set_params(epochs=best).fit(*corpus)
        assert digest(patient) == digest(stopped)

    @pytest.mark.parametrize("patience", [1, 2, 3, 10])
    def test_is_counted_from_every_lower_loss(self, patience):
        X, y = reviews(120, 30)
        rule = {"schedule": "constant", "learning_rate": 0.02, "epochs": 40, "validation": 0.3}
        losses = [e.validation_loss for e in SGDLogisticRegression(**rule).fit(X, y).history_]
        since_lowest = [k - int(np.argmin(losses[: k + 1])) for k in range(40)]
        assert 0 in since_lowest[since_lowest.index(1) :]  # it rises, then falls lower
        model = SGDLogisticRegression(**rule, patience=patience).fit(X, y)
        stop = since_lowest.index(patience) + 1
        assert [e.validation_loss for e in model.history_] == losses[:stop]

    def test_of_zero_runs_to_the_end_and_keeps_the_last_weights(self, overfitting):
        corpus, rule = overfitting
        model = SGDLogisticRegression(**rule).fit(*corpus)
        assert len(model.history_) == 40
        watched = SGDLogisticRegression(**rule, patience=40).fit(*corpus)
        assert len(watched.history_) == 40
        assert digest(model) != digest(watched)

    def test_without_a_validation_set_is_refused(self):
        with pytest.raises(ValueError, match="validation > 0"):
            SGDLogisticRegression(patience=2).fit(*reviews())


ONE_RUN = """
import hashlib, json, sys
import numpy as np
from pipeline.training.estimator import SGDLogisticRegression

draw = np.random.default_rng(0)
X, y = draw.poisson(0.3, (50, 30)), np.arange(50) % 2
digests = []
for schedule, average_from in (("constant", 0), ("inverse", 2), ("adagrad", 0), ("fisher", 0)):
    model = SGDLogisticRegression(
        schedule=schedule,
        batch_size=3,
        validation=0.2,
        average_from=average_from,
        class_weight="balanced",
    ).fit(X, np.array(["neg", "pos"])[y])
    digests.append(hashlib.sha256(model.coef_.tobytes() + model.intercept_.tobytes()).hexdigest())
print(json.dumps([digests, "sklearn" in sys.modules]))
"""


def run(script, **environment):
    """Return what a script prints, as JSON, from a Python of its own that takes no warning."""
    root = Path(__file__).parents[2]
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, **environment},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def processes():
    return [run(ONE_RUN, PYTHONHASHSEED=seed) for seed in ("1", "2")]


class TestReproducibility:
    def test_processes_with_other_hash_seeds_learn_the_same_bytes(self, processes):
        assert processes[0] == processes[1]

    def test_training_does_not_import_scikit_learn(self, processes):
        assert not any(imported for _, imported in processes)

    @pytest.mark.parametrize("batch_size", [1, 3])
    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_same_seed_same_bytes_and_another_seed_others(self, schedule, batch_size):
        X, y = reviews()
        digests = [
            digest(
                SGDLogisticRegression(schedule=schedule, batch_size=batch_size, seed=seed).fit(X, y)
            )
            for seed in (0, 0, 1)
        ]
        assert digests[0] == digests[1] != digests[2]

    def test_weights_do_not_depend_on_the_state_of_numpys_global_generator(self):
        X, y = reviews()
        digests = set()
        for seed in (0, 1):
            np.random.seed(seed)  # noqa: NPY002
            digests.add(digest(SGDLogisticRegression(validation=0.2).fit(X, y)))
        assert len(digests) == 1


class TestDivergence:
    @pytest.mark.parametrize(
        "rule",
        [
            {"schedule": "constant", "learning_rate": 1e3, "l2": 0.0},
            {"schedule": "inverse", "learning_rate": 1e3, "l2": 1e-9},
            {"schedule": "adagrad", "learning_rate": 1e3, "l2": 0.0},
            {"schedule": "constant", "learning_rate": 0.5, "l2": 6.0, "epochs": 50},
            {"schedule": "constant", "learning_rate": 1e200, "l2": 0.0},
            {"schedule": "constant", "learning_rate": 1e300, "l2": 1.0},
            {"schedule": "constant", "learning_rate": 1e300, "l2": 1.0, "average_from": 1},
            {"schedule": "inverse", "learning_rate": 1e300, "l2": 1.0},
            {"schedule": "adagrad", "learning_rate": 1e300, "l2": 1e-300},
        ],
        ids=lambda rule: f"{rule['schedule']}-{rule['learning_rate']:g}-{rule['l2']:g}",
    )
    @pytest.mark.parametrize("batch_size", [1, 5])
    def test_is_an_error_that_names_the_rate_and_leaves_no_nan(self, rule, batch_size):
        model = SGDLogisticRegression(batch_size=batch_size, **rule)
        with pytest.raises(DivergenceError, match=r"train\.learning_rate") as error:
            model.fit(*reviews(200, 30))
        assert f"{rule['learning_rate']:g}" in str(error.value)
        assert np.isfinite(getattr(model, "coef_", 0.0)).all()

    @pytest.mark.parametrize("schedule", SCHEDULES)
    @pytest.mark.parametrize("size", [1e-45, 1e-38, 1e-20, 1e10, 1e20, 3e38])
    def test_of_extreme_counts_is_an_error_or_does_not_happen(self, schedule, size):
        X, y = reviews()
        X.data[::7] *= 0
        X.data[::5] = size
        model = SGDLogisticRegression(schedule=schedule)
        try:
            model.fit(X, y)
        except DivergenceError:
            assert size > 1
        else:
            assert np.isfinite(model.coef_).all()
            assert np.isfinite(model.intercept_).all()

    def test_does_not_come_of_a_score_that_overflows_an_exponential(self):
        """Two long documents contradict each other: the second is wrong by a score of 1000."""
        X, y = np.zeros((100, 1)), np.arange(100) % 2
        X[:2] = 1e4
        rule = Settings(0.1, "adagrad", fit_intercept=False)
        w, b = reference.train(X, y, shuffles(0, 100, 1), rule).weights[-1]
        assert_same_weights(SGDLogisticRegression(**vars(rule), epochs=1).fit(X, y), w, b)

    @pytest.mark.parametrize("size", [np.inf, np.nan])
    def test_is_prevented_by_refusing_counts_that_are_not_finite(self, size):
        X, y = reviews()
        X.data[5] = size
        with pytest.raises(ValueError, match="finite counts"):
            SGDLogisticRegression().fit(X, y)

    def test_of_a_later_epoch_names_the_epoch(self):
        """With l2 * rate = 2.2, weights change sign at each step and grow by a fifth."""
        model = SGDLogisticRegression(
            schedule="constant", learning_rate=1.0, l2=2.2, batch_size=60, epochs=100
        )
        with pytest.raises(DivergenceError, match="after epoch") as error:
            model.fit(*reviews(60))
        assert f"after epoch {len(model.history_) + 1} " in str(error.value)
        assert len(model.history_) > 1

    @pytest.mark.parametrize("rate", [0.01, 1.0, 10.0])
    def test_does_not_happen_to_adagrad_at_rates_a_user_would_try(self, rate):
        model = SGDLogisticRegression(learning_rate=rate, l2=0.1).fit(*reviews())
        assert np.isfinite(model.coef_).all()


class TestWhatCannotBeLearned:
    def test_one_class_alone_is_refused(self):
        with pytest.raises(CorpusError, match="expected at least two classes in y, got 1 class: 1"):
            SGDLogisticRegression().fit(np.eye(3), [1, 1, 1])

    @pytest.mark.parametrize("y", [[0.5, 1.5, 0.5], [0.0, 1.0, np.nan], [0.0, 1.0, np.inf]])
    def test_numbers_that_are_no_classes_are_refused(self, y):
        with pytest.raises(ValueError, match="continuous"):
            SGDLogisticRegression().fit(np.eye(3), y)

    @pytest.mark.parametrize("y", [None, "pos", [[0, 1], [1, 0], [0, 1]]])
    def test_labels_that_are_no_sequence_are_refused(self, y):
        with pytest.raises(ValueError, match="y should be a 1d array"):
            SGDLogisticRegression().fit(np.eye(3), y)

    @pytest.mark.parametrize("n", [2, 4, 100_000])
    def test_labels_that_are_not_one_for_each_document_are_refused(self, n):
        with pytest.raises(ValueError, match=f"3 rows.*{n:,} labels"):
            SGDLogisticRegression().fit(np.eye(3), np.arange(n) % 2)


class TestKernels:
    @pytest.mark.parametrize("batch_size", [1, 4])
    @pytest.mark.parametrize(("schedule", "average_from"), schedules(0, 2))
    def test_compiled_and_plain_python_agree(self, schedule, batch_size, average_from, monkeypatch):
        X, y = reviews(30)
        rule = Settings(0.1, schedule, 1.0, batch_size, average_from)
        compiled = SGDLogisticRegression(**vars(rule), epochs=6).fit(X, y)
        native = {k: value for k, value in vars(kernels).items() if isinstance(value, Kernel)}
        assert native
        for name, value in native.items():
            monkeypatch.setattr(kernels, name, value.py_func)
        plain = SGDLogisticRegression(**vars(rule), epochs=6).fit(X, y)
        assert_same_weights(plain, *weights(compiled), rtol=1e-12)


class TestAveragedRuns:
    """Several SGD runs, each with its own orders, whose weights are averaged."""

    @pytest.mark.parametrize("schedule", ["constant", "adagrad"])
    @pytest.mark.parametrize("threads", ["1", "3"])
    def test_the_weights_are_the_mean_of_the_runs(self, schedule, threads, monkeypatch):
        monkeypatch.setenv("SENTIMENT_THREADS", threads)
        X, y = reviews()
        settings = {"epochs": 3, "schedule": schedule, "l2": 1e-3}
        averaged = SGDLogisticRegression(averaged_runs=3, seed=5, **settings).fit(X, y)
        alone = []
        for seed in (5, [5, 2], [5, 3]):
            model = SGDLogisticRegression(**settings)
            model.seed = seed
            alone.append(model.fit(X, y))
        expected = np.mean([model.coef_ for model in alone], axis=0)
        assert averaged.coef_ == pytest.approx(expected, rel=1e-12)
        intercepts = np.mean([model.intercept_ for model in alone], axis=0)
        assert averaged.intercept_ == pytest.approx(intercepts, rel=1e-12)

    def test_one_run_is_plain_sgd(self):
        X, y = reviews()
        one = SGDLogisticRegression(averaged_runs=1).fit(X, y)
        assert (one.coef_ == SGDLogisticRegression().fit(X, y).coef_).all()

    def test_the_order_matters_less_with_more_runs(self):
        """The spread of the weights over seeds falls as that of a mean."""
        X, y = reviews(n=200)

        def spread(averaged_runs):
            models = [
                SGDLogisticRegression(averaged_runs=averaged_runs, seed=s, epochs=1).fit(X, y)
                for s in range(12)
            ]
            return np.std([model.coef_[0] for model in models], axis=0).mean()

        assert spread(9) < 0.6 * spread(1)


def test_a_group_is_on_one_side_of_the_validation_set():
    X, y = reviews()
    groups = np.random.default_rng(0).integers(0, 12, len(y))
    model = SGDLogisticRegression(epochs=1, validation=0.25).fit(X, y, groups=groups)
    assert 0 < model.in_validation_.sum() < len(y)
    sides = (set(groups[side]) for side in (model.in_validation_, ~model.in_validation_))
    assert not set.intersection(*sides)
    assert (model.draw_validation(y, groups) == model.in_validation_).all()
