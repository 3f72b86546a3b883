"""Claims about the best intercepts of given scores."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq
from scipy.special import expit, softmax

from pipeline.errors import CorpusError
from pipeline.training.intercepts import best_intercept, curved, summed

# Two classes


@given(
    hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(-700, 700)),
    st.data(),
)
@example(np.array([-700.0, 700.0, 0.0]), None)
def test_the_slope_by_the_intercept_changes_sign_there(z, data):
    y = np.arange(len(z)) % 2
    costs = np.ones(len(z))
    if data is not None:
        costs = data.draw(hnp.arrays(np.float64, len(z), elements=st.floats(1e-3, 1e3)))
    b = best_intercept(z, y, costs)
    step = 1e-11 * (1 + np.abs(z).max())
    below, above = (np.sum(costs * (expit(z + b + s) - y)) for s in (-step, step))
    noise = 1e-14 * costs.sum()
    assert below <= noise
    assert above >= -noise


@given(hnp.arrays(np.float64, 6, elements=st.floats(-30, 30)))
def test_it_is_the_root_that_scipy_finds(z):
    y = np.array([0, 1, 0, 0, 1, 0])
    root = brentq(lambda b: np.sum(expit(z + b) - y), -40, 40, xtol=1e-13)
    assert best_intercept(z, y) == pytest.approx(root, rel=1e-6, abs=1e-6)


def test_it_is_the_log_odds_of_the_cost_where_scores_are_equal():
    y, costs = np.array([0, 1, 1]), np.array([2.0, 1.0, 5.0])
    for score in (0.0, 0.1, -1e6):
        expected = math.log(3) - score
        assert best_intercept(np.full(3, score), y, costs) == pytest.approx(expected, rel=1e-15)


def test_it_is_finite_where_scores_separate_the_classes():
    z, y = np.array([-1e5, -1e5 + 1, 1e5, 1e5]), np.array([0, 0, 1, 1])
    b = best_intercept(z, y)
    assert np.isfinite(b)
    assert np.sum(expit(z + b) - y) == 0


# More classes


@st.composite
def scored(draw, largest=700.0):
    """Scores, at least a document of each class, and costs."""
    k = draw(st.integers(3, 5))
    n = draw(st.integers(k, 12))
    z = draw(hnp.arrays(np.float64, (n, k), elements=st.floats(-largest, largest)))
    y = np.append(np.arange(k), draw(hnp.arrays(np.int64, n - k, elements=st.integers(0, k - 1))))
    return z, y, draw(hnp.arrays(np.float64, n, elements=st.floats(1e-3, 1e3)))


def slope(z, y, costs, b):
    """Return the gradient by the intercepts, as a fraction of the costs."""
    errors = softmax(z + b, axis=1) - np.eye(z.shape[1])[y]
    return (costs[:, None] * errors).sum(axis=0) / costs.sum()


@given(scored())
def test_the_slopes_by_the_intercepts_are_nothing(problem):
    """However far the scores are apart; float64 keeps 13 digits of scores up to 700."""
    z, y, costs = problem
    b = best_intercept(z, y, costs)
    assert np.abs(slope(z, y, costs, b)).max() < 1e-12
    assert b.mean() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("seed", range(3))
def test_the_slopes_are_nothing_where_the_scores_leave_no_curvature(size, seed):
    """Each document is sure of a class at random, whatever the cost of its own."""
    draw = np.random.default_rng(seed)
    z = size * np.eye(5)[draw.integers(0, 5, 100)]
    y = np.append(np.arange(5), draw.choice(5, 95, p=[0.9, 0.05, 0.03, 0.01, 0.01]))
    costs = 10 ** draw.uniform(-3, 3, 100)
    assert np.abs(slope(z, y, costs, best_intercept(z, y, costs))).max() < 1e-14 * max(10, size)


@given(scored(largest=20.0))
def test_two_classes_of_which_one_always_scores_0_have_the_intercept_of_the_sigmoid(problem):
    z, y, costs = problem
    y = y % 2
    b = best_intercept(np.column_stack([np.zeros(len(z)), z[:, 0]]), y, costs)
    assert b[1] - b[0] == pytest.approx(best_intercept(z[:, 0], y, costs), rel=1e-6, abs=1e-6)


@given(scored(largest=20.0), st.randoms())
def test_renaming_the_classes_renames_the_intercepts(problem, random):
    z, y, costs = problem
    order = np.arange(z.shape[1])
    random.shuffle(order)
    renamed = best_intercept(z[:, order], np.argsort(order)[y], costs)
    assert renamed == pytest.approx(best_intercept(z, y, costs)[order], rel=1e-6, abs=1e-6)


def test_they_are_the_logs_of_the_costs_where_scores_are_equal():
    costs = np.array([2.0, 1.0, 3.0, 4.0])
    b = best_intercept(np.full((4, 3), 1e6), np.array([0, 1, 2, 2]), costs)
    assert b == pytest.approx(np.log([2, 1, 7]) - np.log([2, 1, 7]).mean(), rel=1e-9)


def test_a_class_that_costs_nothing_has_no_best_intercept():
    z, costs = np.zeros((3, 3)), np.array([1.0, 0.0, 1.0])
    with pytest.raises(CorpusError, match="cost of 0 in class 1 of 0 to 2"):
        best_intercept(z, np.arange(3), costs)


@given(scored(largest=5.0))
def test_the_curvature_is_that_of_the_slope(problem):
    """By central differences of the sum over the documents."""
    z, y, costs = problem
    share, h = costs[:, None] / costs.sum(), 1e-6
    found = summed(softmax(z, axis=1), share)
    for unit, column in zip(np.eye(z.shape[1]), found, strict=True):
        difference = (slope(z, y, costs, h * unit) - slope(z, y, costs, -h * unit)) / (2 * h)
        assert column == pytest.approx(difference, abs=1e-8)


def test_one_probability_has_the_curvature_of_the_sigmoid():
    p, share = np.array([[0.2], [0.5]]), np.array([[1.0], [2.0]])
    assert curved(p, share, np.array([3.0])) == pytest.approx(np.array([[0.48], [1.5]]))
