"""Claims about the bound on the distance to the optimum with more than two classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import logsumexp, softmax

from pipeline.errors import CorpusError
from pipeline.training.certificate import Objective, certify

NUMBERS = st.floats(-3, 3, width=32)


@st.composite
def goals(draw):
    """Objectives with or without costs, intercepts and ratios; and weights."""
    k, d = draw(st.integers(3, 4)), draw(st.integers(1, 3))
    n = draw(st.integers(k, 8))
    X = draw(hnp.arrays(np.float64, (n, d), elements=st.just(0.0) | NUMBERS))
    y = np.append(np.arange(k), draw(hnp.arrays(np.int64, n - k, elements=st.integers(0, k - 1))))
    costs = draw(st.none() | hnp.arrays(np.float64, n, elements=st.floats(0.1, 5)))
    ratio = draw(st.none() | hnp.arrays(np.float64, (k, d), elements=NUMBERS))
    l2, free = draw(st.sampled_from([1e-2, 0.3, 2.0])), draw(st.booleans())
    W = draw(hnp.arrays(np.float64, (k, d), elements=NUMBERS))
    return Objective(csr_array(X), y, l2, costs, free, ratio), W


def cost(goal, W, b):
    """Return J, written from its definition with dense arrays, and its gradient by W and b."""
    X, n = goal.X.toarray(), len(goal.y)
    costs = np.ones(n) if goal.costs is None else goal.costs
    ratio = np.ones(W.shape) if goal.ratio is None else goal.ratio
    z = X @ (W * ratio).T + b
    loss = costs @ (logsumexp(z, axis=1) - z[np.arange(n), goal.y]) / n
    errors = costs[:, None] * (softmax(z, axis=1) - np.eye(len(W))[goal.y]) / n
    by_W = (errors.T @ X) * ratio + goal.l2 * W
    return loss + goal.l2 / 2 * np.sum(W**2), by_W, errors.sum(axis=0)


def optimum(goal, W):
    """Return the W and the J that L-BFGS ends at, from zero weights."""
    size, k = W.size, len(W)

    def function(parameters):
        inside, b = parameters[:size].reshape(W.shape), parameters[size:] * goal.fit_intercept
        value, by_W, by_b = cost(goal, inside, b)
        return value, np.append(by_W.ravel(), by_b * goal.fit_intercept)

    options = {"gtol": 1e-8, "ftol": 0.0, "maxiter": 10_000}
    found = minimize(function, np.zeros(size + k), jac=True, method="L-BFGS-B", options=options)
    return found.x[:size].reshape(W.shape), found.fun


@given(goals(), st.integers(0, 3))
@settings(max_examples=25)
def test_no_optimum_is_further_below_than_the_gap(problem, steps):
    goal, W = problem
    found = certify(goal, W, steps)
    _, lowest = optimum(goal, W)
    assert -1e-9 <= found.objective - lowest <= found.gap + 1e-12


@given(goals())
@settings(max_examples=25)
def test_at_the_optimum_the_gap_is_nothing(problem):
    goal, W = problem
    W, lowest = optimum(goal, W)
    found = certify(goal, W)
    assert found.gap <= 1e-10
    assert found.objective == pytest.approx(lowest, abs=1e-10)


@given(goals())
@settings(max_examples=25)
def test_a_few_newton_steps_make_the_gap_the_distance(problem):
    goal, W = problem
    found = certify(goal, W, steps=8)
    _, lowest = optimum(goal, W)
    assert found.gap == pytest.approx(found.objective - lowest, rel=1e-3, abs=1e-6)


@given(goals())
def test_it_is_judged_by_the_cost_of_the_textbook(problem):
    goal, W = problem
    found = certify(goal, W)
    value, by_W, by_b = cost(goal, W, np.array(found.intercept))
    assert found.objective == pytest.approx(value, rel=1e-12)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(by_W), rel=1e-9, abs=1e-12)
    if goal.fit_intercept:
        assert np.abs(by_b).max() < 1e-12 * (1 + np.abs(W).max() * np.abs(goal.X).max())
    else:
        assert found.intercept == (0.0,) * len(W)
    moved = np.array(found.intercept)
    assert goal.value(W, moved) == pytest.approx(value)
    for ours, theirs in zip(goal.gradient(W, moved), (by_W, by_b), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@given(goals(), st.randoms())
@settings(max_examples=40)
def test_renaming_the_classes_changes_no_bound(problem, random):
    goal, W = problem
    order = np.arange(len(W))
    random.shuffle(order)
    y, ratio = np.argsort(order)[goal.y], None if goal.ratio is None else goal.ratio[order]
    renamed = Objective(goal.X, y, goal.l2, goal.costs, goal.fit_intercept, ratio)
    found, after = certify(goal, W, steps=2), certify(renamed, W[order], steps=2)
    for name in ("objective", "gradient_norm", "gap"):
        ours, theirs = getattr(found, name), getattr(after, name)
        assert theirs == pytest.approx(ours, rel=1e-6, abs=1e-9)
    assert after.intercept == pytest.approx(np.array(found.intercept)[order], rel=1e-6, abs=1e-6)


@given(goals())
@settings(max_examples=25)
def test_two_classes_of_softmax_have_the_certificate_of_the_sigmoid_with_half_the_l2(problem):
    """Weights of opposite sign: w/2 and -w/2 have half the square of w."""
    goal, W = problem
    y, w = goal.y % 2, W[0]
    settings = goal.costs, goal.fit_intercept
    one = certify(Objective(goal.X, y, goal.l2 / 2, *settings), w, steps=6)
    two = certify(Objective(goal.X, y, goal.l2, *settings), np.stack([-w / 2, w / 2]), steps=6)
    assert two.objective == pytest.approx(one.objective, rel=1e-9)
    assert two.plain_gap == pytest.approx(one.plain_gap, rel=1e-6, abs=1e-12)
    assert two.gap == pytest.approx(one.gap, rel=1e-3, abs=1e-6)
    assert two.intercept[1] - two.intercept[0] == pytest.approx(one.intercept, rel=1e-6, abs=1e-6)


def test_a_class_without_a_cost_has_no_best_intercept():
    goal = Objective(csr_array(np.eye(3)), np.array([0, 1, 1]), 0.1)
    with pytest.raises(CorpusError, match="expected documents of each class"):
        certify(goal, np.zeros((3, 3)))
