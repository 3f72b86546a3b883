"""J, its gradient and its curvature over parts, judged by the formulas and by differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import Processes
from reference import reviews, three_classes

from pipeline.cluster.workers import HERE
from pipeline.model.logistic import probabilities
from pipeline.training import parts as parts_module
from pipeline.training.certificate import Objective
from pipeline.training.full_sums import FullObjective
from pipeline.training.parts import PartFiles, PartsInMemory
from pipeline.training.sgd import Problem
from pipeline.training.softmax import ClassProblem


def problem_of(X, y, costs, ratio=None):
    if y.max() == 1:
        return Problem(X, np.where(y, costs, -costs), 0.1, True)
    return ClassProblem(X, np.column_stack([y, costs]), 0.1, True, int(y.max()) + 1, ratio)


def some_place(X, y, seed=0):
    """Return costs, ratios or none, and weights and intercepts for each score."""
    draw = np.random.default_rng(seed)
    n_scores = 1 if y.max() == 1 else int(y.max()) + 1
    ratio = draw.normal(size=(n_scores, X.shape[1])) if n_scores > 1 else None
    costs = draw.choice([0.0, 0.5, 2.0], len(y))
    return costs, ratio, draw.normal(size=(X.shape[1], n_scores)), draw.normal(size=n_scores)


class TestFullObjective:
    @settings(max_examples=30)
    @given(
        st.sampled_from([reviews, three_classes]),
        st.integers(1, 4),
        st.integers(1, 60),
        st.integers(0, 99),
    )
    def test_is_the_objective_of_the_formula(self, data, n_parts, block, seed):
        X, y = data()
        costs, ratio, w, b = some_place(X, y, seed)
        rows = np.array_split(np.random.default_rng(seed).permutation(len(y))[10:], n_parts)
        seen = np.sort(np.concatenate(rows))
        parts = PartsInMemory(problem_of(X, y, costs, ratio), [np.sort(part) for part in rows])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parts_module, "BLOCK", block)
            place = FullObjective(parts, HERE, len(seen), 0.1).at(w, b)
        goal = Objective(X[seen].astype(float), y[seen], 0.1, costs[seen], ratio=ratio)
        at = (w[:, 0], b[0]) if w.shape[1] == 1 else (w.T, b)
        by_w, by_b = goal.gradient(*at)
        assert place.objective == pytest.approx(goal.value(*at), rel=1e-12)
        np.testing.assert_allclose(place.by_w.T.reshape(by_w.shape), by_w, rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(place.by_b, np.atleast_1d(by_b), rtol=1e-9, atol=1e-13)

    @pytest.mark.parametrize("data", [reviews, three_classes])
    def test_has_the_curvature_of_its_gradient(self, data):
        X, y = data()
        costs, ratio, w, b = some_place(X, y)
        parts = PartsInMemory(problem_of(X, y, costs, ratio), [np.arange(len(y))])
        goal = FullObjective(parts, HERE, len(y), 0.1)
        by_w, by_b = goal.curvature(w, b)
        h = 1e-5
        for j, k in np.ndindex(w.shape):
            step = np.zeros_like(w)
            step[j, k] = h
            slopes = [goal.at(w + sign * step, b).by_w[j, k] for sign in (1, -1)]
            assert by_w[j, k] == pytest.approx((slopes[0] - slopes[1]) / (2 * h), rel=1e-6)
        for k, step in enumerate(h * np.eye(len(b))):
            slopes = [goal.at(w, b + sign * step).by_b for sign in (1, -1)]
            np.testing.assert_allclose(by_b[k], (slopes[0] - slopes[1]) / (2 * h), rtol=1e-6)

    def test_is_the_same_bytes_from_files_in_other_processes(self, tmp_path):
        X, y = three_classes()
        costs, ratio, w, b = some_place(X, y)
        problem, rows = problem_of(X, y, costs, ratio), [np.arange(0, 60, 2), np.arange(1, 60, 2)]
        here = FullObjective(PartsInMemory(problem, rows), HERE, 60, 0.1).at(w, b)
        files = PartFiles.write(tmp_path, problem, rows)
        there = FullObjective(files, Processes(are_kept=True), 60, 0.1).at(w, b)
        assert there.by_w.tobytes() == here.by_w.tobytes()
        assert there.by_b.tobytes() == here.by_b.tobytes()
        assert there.objective == here.objective

    def test_stays_finite_where_scores_overflow_an_exponential(self):
        for data in (reviews, three_classes):
            X, y = data()
            costs, ratio, w, b = some_place(X, y)
            parts = PartsInMemory(problem_of(X, y, costs, ratio), [np.arange(len(y))])
            goal = FullObjective(parts, HERE, len(y), 0.1)
            for found in (*goal.at(1e4 * w, b), *goal.curvature(1e4 * w, b)):
                assert np.isfinite(found).all()


@pytest.mark.parametrize("data", [reviews, three_classes])
def test_kernels_compute_the_same_as_plain_python(data, request):
    X, y = data(20)
    costs, ratio, w, b = some_place(X, y)
    parts = PartsInMemory(problem_of(X, y, costs, ratio), [np.arange(3, len(y))])
    goal = FullObjective(parts, HERE, len(y), 0.1)
    compiled = *goal.at(w, b), *goal.curvature(w, b)
    request.getfixturevalue("uncompiled")
    for plain, native in zip((*goal.at(w, b), *goal.curvature(w, b)), compiled, strict=True):
        np.testing.assert_allclose(plain, native, rtol=1e-12, atol=1e-15)


def test_two_scores_are_two_classes_of_softmax():
    """The gradient of one score is half the difference of the gradients of two."""
    X, y = reviews(30)
    ones = np.ones(len(y))
    draw = np.random.default_rng(0)
    w, b = draw.normal(size=(X.shape[1], 1)), draw.normal(size=1)
    rows = [np.arange(len(y))]
    one = FullObjective(PartsInMemory(problem_of(X, y, ones), rows), HERE, len(y), 0.0).at(w, b)
    two = ClassProblem(X, np.column_stack([y, ones]), 0.0, True, 2, None)
    both = np.hstack([-w, w]) / 2, np.concatenate([-b, b]) / 2
    place = FullObjective(PartsInMemory(two, rows), HERE, len(y), 0.0).at(*both)
    assert probabilities(X @ w[:, 0] + b) == pytest.approx(probabilities(X @ both[0] + both[1]))
    assert place.objective == pytest.approx(one.objective, rel=1e-12)
    np.testing.assert_allclose(place.by_w[:, [1]], one.by_w, rtol=1e-9, atol=1e-13)
