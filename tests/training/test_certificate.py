"""Claims about the bound on the distance to the optimum; SciPy's L-BFGS finds the optimum."""

import math

import numpy as np
import pytest
from fewer_examples import fewer
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import mean_slope, objective
from scipy.optimize import minimize
from scipy.sparse import csr_array

from pipeline.errors import ConfigError, CorpusError
from pipeline.training.certificate import Certificate, Objective, certify
from pipeline.training.intercepts import best_intercept

NUMBERS = st.floats(-3, 3, width=32)
with_optimum = fewer(0.4)  # L-BFGS to the last digit takes 25 ms


@st.composite
def problems(draw):
    """X, y of both classes, w, l2 and costs or none; the documents may well be separable."""
    n, d = draw(st.integers(2, 8)), draw(st.integers(1, 4))
    X = draw(hnp.arrays(np.float64, (n, d), elements=st.just(0.0) | NUMBERS))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    y[:2] = 0, 1
    w = draw(hnp.arrays(np.float64, d, elements=NUMBERS))
    l2 = draw(st.sampled_from([1e-2, 0.3, 2.0]))
    costs = draw(st.none() | hnp.arrays(np.float64, n, elements=st.floats(0.1, 5)))
    return X, y, w, l2, costs


def certified(X, y, w, l2, costs=None, fit_intercept=True, steps=0):
    return certify(Objective(X, y, l2, costs, fit_intercept), w, steps)


def optimum(X, y, l2, costs, fit_intercept):
    """Return the w, b and J that L-BFGS ends at."""
    costs = np.ones(len(y)) if costs is None else costs

    def function(parameters):
        w, b = parameters[:-1], parameters[-1] * fit_intercept
        by_w, by_b, _ = mean_slope(X, y, costs, w, b)
        slope = np.append(by_w + l2 * w, by_b * fit_intercept)
        return objective(X, y, w, b, l2, costs), slope

    options = {"gtol": 1e-10, "ftol": 0.0, "maxiter": 10_000}
    found = minimize(
        function, np.zeros(X.shape[1] + 1), jac=True, method="L-BFGS-B", options=options
    )
    return found.x[:-1], found.x[-1] * fit_intercept, found.fun


@pytest.fixture
def separable():
    """Documents that one word separates."""
    return csr_array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]), np.array([1, 1, 0])


# The bound


@with_optimum
@given(problems(), st.booleans(), st.integers(0, 3))
def test_no_optimum_is_further_below_than_the_gap(problem, fit_intercept, steps):
    X, y, w, l2, costs = problem
    found = certified(csr_array(X), y, w, l2, costs, fit_intercept, steps)
    *_, lowest = optimum(X, y, l2, costs, fit_intercept)
    assert -1e-9 <= found.objective - lowest <= found.gap + 1e-12


@with_optimum
@given(problems(), st.booleans())
def test_at_the_optimum_the_gap_is_nothing(problem, fit_intercept):
    X, y, _, l2, costs = problem
    w, b, lowest = optimum(X, y, l2, costs, fit_intercept)
    found = certified(csr_array(X), y, w, l2, costs, fit_intercept)
    assert found.gap <= 1e-10
    assert found.objective == pytest.approx(lowest, abs=1e-10)
    assert found.intercept == pytest.approx(b, abs=1e-4)


@given(hnp.arrays(np.float64, 3, elements=NUMBERS), st.sampled_from([1e-6, 0.5, 3.0]))
def test_the_gap_is_the_distance_where_nothing_but_the_penalty_depends_on_the_weights(w, l2):
    """Of empty documents the best weights are 0, so no smaller bound would do."""
    X, y = csr_array((4, 3)), np.array([0, 1, 1, 1])
    found = certified(X, y, w, l2)
    assert found.gap == pytest.approx(l2 / 2 * np.dot(w, w))
    assert found.intercept == pytest.approx(math.log(3))


def test_the_gap_shrinks_on_the_way_to_the_optimum(separable):
    X, y = separable
    w, *_ = optimum(X.toarray(), y, 0.01, None, True)
    gaps = [certified(X, y, share * w, 0.01).gap for share in (0, 0.5, 0.9, 0.99, 1)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-12 < gaps[0]


# Undamped steps go to and fro between the flat ends of the loss here.
FLAT = np.array([[-3.0], [-1.625], [0.0]]), np.array([0, 1, 0]), np.array([-2.0]), 0.3, None


@with_optimum
@given(problems(), st.booleans())
@example(FLAT, False)
def test_a_few_newton_steps_make_the_gap_the_distance(problem, fit_intercept):
    X, y, w, l2, costs = problem
    *_, lowest = optimum(X, y, l2, costs, fit_intercept)
    found = certified(csr_array(X), y, w, l2, costs, fit_intercept, steps=8)
    assert found.gap == pytest.approx(found.objective - lowest, rel=1e-3, abs=1e-6)


@given(problems(), st.booleans())
def test_no_step_makes_the_gap_wider_or_changes_what_is_judged(problem, fit_intercept):
    X, y, w, l2, costs = problem
    found = [certified(csr_array(X), y, w, l2, costs, fit_intercept, k) for k in range(4)]
    gaps = [one.gap for one in found]
    assert gaps == sorted(gaps, reverse=True)
    assert len({(one.objective, one.intercept, one.gradient_norm) for one in found}) == 1


def test_steps_narrow_the_gap_where_a_frequent_word_is_a_little_off():
    """The first word is 50 times in every document, so its gradient is steep."""
    draw = np.random.default_rng(0)
    X = np.column_stack([np.full(200, 50.0), draw.poisson(0.3, (200, 20))])
    y = (draw.random(200) < 0.5).astype(int)
    w, _, lowest = optimum(X, y, 1e-3, None, False)
    w[0] += 0.01
    alone, after = (certified(csr_array(X), y, w, 1e-3, None, False, steps) for steps in (0, 3))
    distance = alone.objective - lowest
    assert alone.gap > 1000 * distance
    assert after.gap < 1.2 * distance


# What else a certificate says


@given(problems(), st.booleans())
def test_the_gradient_is_the_slope_of_the_objective_with_the_best_intercept(problem, fit_intercept):
    """Central differences, each with its own best intercept."""
    X, y, w, l2, costs = problem
    X, h = csr_array(X), 1e-5
    slopes = []
    for direction in np.eye(len(w)):
        above, below = (
            certified(X, y, w + s * h * direction, l2, costs, fit_intercept).objective
            for s in (1, -1)
        )
        slopes.append((above - below) / (2 * h))
    found = certified(X, y, w, l2, costs, fit_intercept)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(slopes), rel=1e-5, abs=1e-6)
    assert found.gap == pytest.approx(found.gradient_norm**2 / (2 * l2))


@given(problems())
def test_the_objective_is_that_of_the_dense_reference(problem):
    X, y, w, l2, costs = problem
    found = certified(csr_array(X), y, w, l2, costs)
    expected = objective(X, y, w, found.intercept, l2, costs)
    assert found.objective == pytest.approx(expected, rel=1e-12)
    assert (found.l2, found.n) == (l2, len(y))


@given(problems())
def test_without_an_intercept_it_is_0(problem):
    X, y, w, l2, costs = problem
    found = certified(csr_array(X), y, w, l2, costs, fit_intercept=False)
    assert found.intercept == 0.0
    assert found.objective == pytest.approx(objective(X, y, w, 0.0, l2, costs), rel=1e-12)


@given(problems(), st.integers(2, 4))
def test_a_document_of_twice_the_cost_is_two_documents(problem, times):
    X, y, w, l2, _ = problem
    costs = np.ones(len(y))
    costs[0] = times
    n = len(y)
    again = np.r_[np.zeros(times - 1, int), np.arange(n)]
    # J is a mean over documents, so the penalty has to grow with their number.
    weighted = certified(csr_array(X), y, w, l2, costs)
    repeated = certified(csr_array(X[again]), y[again], w, l2 * n / len(again))
    assert weighted.intercept == pytest.approx(repeated.intercept, rel=1e-9, abs=1e-9)
    assert weighted.gap * n == pytest.approx(repeated.gap * len(again), rel=1e-6, abs=1e-12)


def test_the_relative_gap_is_that_share_of_the_objective():
    assert Certificate(0.5, 0.0, 0.1, 0.005, 1.0, 3).relative_gap == pytest.approx(0.01)
    assert math.isnan(Certificate(0.0, 0.0, 0.0, 0.0, 1.0, 3).relative_gap)


def test_counts_in_float32_are_judged_in_float64(separable):
    X, y = separable
    w = np.array([0.1, -0.3])
    assert certified(X.astype(np.float32), y, w, 0.1) == certified(X, y, w, 0.1)


@given(problems())
def test_the_slope_by_the_intercept_is_nothing(problem):
    X, y, w, _, costs = problem
    costs = np.ones(len(y)) if costs is None else costs
    b = best_intercept(X @ w, y, costs)
    assert mean_slope(X, y, costs, w, b)[1] == pytest.approx(0, abs=1e-14)


# What has no bound


@pytest.mark.parametrize("l2", [0, 0.0, -1.0, math.nan])
def test_without_a_penalty_one_line_says_what_to_do(separable, l2):
    X, y = separable
    with pytest.raises(ConfigError, match=r"train\.l2 = .*l2 > 0.*--set train\.l2=1e-6") as error:
        certified(X, y, np.zeros(2), l2)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("y", "costs"),
    [([1, 1, 1], None), ([0, 0, 0], None), ([0, 1, 1], [0.0, 1.0, 1.0]), ([0, 1, 1], [0.0] * 3)],
    ids=["positive only", "negative only", "negative at no cost", "nothing costs"],
)
def test_one_class_has_no_best_intercept_and_is_named(separable, y, costs):
    X, _ = separable
    costs = None if costs is None else np.array(costs)
    with pytest.raises(CorpusError, match="the best intercept is infinite: expected documents of"):
        certified(X, np.array(y), np.zeros(2), 0.1, costs)
    assert certified(X, np.array(y), np.zeros(2), 0.1, costs, fit_intercept=False).gap >= 0
