"""The plain version is the algorithm of the textbook, and the fast one is the same algorithm."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import plain
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import reviews

from pipeline.training.estimator import SGDLogisticRegression

FILE = Path(plain.__file__)


@st.composite
def problems(draw):
    """Counts of a few words, labels of 0 and 1, weights, an intercept and a penalty."""
    n, d = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    numbers = st.floats(-3, 3, width=32)
    X = draw(hnp.arrays(np.float64, (n, d), elements=st.integers(0, 4)))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 1)))
    w = draw(hnp.arrays(np.float64, d, elements=numbers))
    return X, y, w, draw(numbers), draw(st.sampled_from([0.0, 0.5, 20.0]))


@given(problems())
def test_the_cost_is_the_textbooks_formula(problem):
    X, y, w, b, lam = problem
    a = plain.sigmoid(X @ w + b)
    assume(((a > 1e-6) & (a < 1 - 1e-6)).all())
    losses = -y * np.log(a) - (1 - y) * np.log(1 - a)
    expected = losses.mean() + lam / (2 * len(y)) * np.sum(w**2)
    assert plain.cost(X, y, w, b, lam) == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_the_cost_is_finite_where_a_probability_rounds_to_1():
    """The loss of a certain mistake is the score itself; ln(1 - a) would be minus infinity."""
    X, y = np.array([[1.0]]), np.array([0])
    assert plain.sigmoid(np.array([50.0])) == 1
    assert plain.cost(X, y, np.array([50.0]), 0.0) == 50


@given(problems())
def test_the_gradient_is_the_slope_of_the_cost(problem):
    """Central differences, in every weight and in the intercept."""
    X, y, w, b, lam = problem
    by_w, by_b = plain.gradient(X, y, w, b, lam)
    h = 1e-5
    for j, direction in enumerate(np.eye(len(w))):
        above, below = (plain.cost(X, y, w + s * h * direction, b, lam) for s in (1, -1))
        assert by_w[j] == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-7)
    above, below = (plain.cost(X, y, w, b + s * h, lam) for s in (1, -1))
    assert by_b == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("lam", [0.0, 0.6])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_its_stochastic_descent_is_the_fast_one(fit_intercept, lam):
    """The same order of reviews, a constant rate, one review a step: equal to rounding."""
    X, y = reviews(60, 8)
    w, b = plain.stochastic_gradient_descent(
        X.toarray().astype(float), y, 5, 0.05, fit_intercept, lam, seed=3
    )
    fast = SGDLogisticRegression(
        l2=lam / 60,
        epochs=5,
        learning_rate=0.05,
        schedule="constant",
        fit_intercept=fit_intercept,
        seed=3,
    ).fit(X, y)
    np.testing.assert_allclose(w, fast.coef_[0], rtol=1e-10)
    np.testing.assert_allclose(b, fast.intercept_[0], rtol=1e-10)
    assert (b != 0) == fit_intercept


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_its_gradient_descent_is_the_fast_one_with_all_reviews_in_a_batch(fit_intercept):
    X, y = reviews(60, 8)
    w, b = plain.gradient_descent(X.toarray().astype(float), y, 30, 0.3, fit_intercept, lam=1.2)
    fast = SGDLogisticRegression(
        l2=1.2 / 60,
        epochs=30,
        batch_size=60,
        learning_rate=0.3,
        schedule="constant",
        fit_intercept=fit_intercept,
    ).fit(X, y)
    np.testing.assert_allclose(w, fast.coef_[0], rtol=1e-10)
    np.testing.assert_allclose(b, fast.intercept_[0], rtol=1e-10)


def test_gradient_descent_ends_at_scikit_learns_optimum():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = reviews(60, 8)
    X, lam = X.toarray().astype(float), 1.2
    w, b = plain.gradient_descent(X, y, max_iter=3000, learning_rate=0.5, lam=lam)
    theirs = linear_model.LogisticRegression(C=1 / lam, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(w, theirs.coef_[0], atol=1e-5)
    assert b == pytest.approx(theirs.intercept_[0], abs=1e-5)


@pytest.mark.parametrize(
    "learn", [plain.gradient_descent, plain.stochastic_gradient_descent], ids=lambda f: f.__name__
)
def test_the_cost_is_printed_every_k_iterations_and_falls(learn, capsys):
    X, y = reviews(60, 8)
    X = X.toarray().astype(float)
    w, b = learn(X, y, max_iter=20, learning_rate=0.02, print_every=8)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": cost ")[0] for line in lines] == ["iteration 8", "iteration 16"]
    printed = [float(line.split(": cost ")[1]) for line in lines]
    assert np.log(2) > printed[0] > printed[1] > plain.cost(X, y, w, b)
    learn(X, y, max_iter=2)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "learn", [plain.gradient_descent, plain.stochastic_gradient_descent], ids=lambda f: f.__name__
)
def test_learning_starts_from_zeros_and_takes_the_textbooks_first_step(learn):
    """Jurafsky & Martin: x = [3, 2], y = 1 and a rate of 0.1 give w = [.15, .1] and b = .05."""
    X, y = np.array([[3.0, 2.0]]), np.array([1])
    assert learn(X, y, max_iter=0)[0].tolist() == [0, 0]
    w, b = learn(X, y, max_iter=1, learning_rate=0.1)
    assert [*w, b] == pytest.approx([0.15, 0.1, 0.05])


def test_a_review_is_predicted_positive_strictly_above_the_threshold():
    X, w = np.array([[-1.0], [0.0], [1.0]]), np.array([np.log(3)])  # probabilities 1/4, 1/2, 3/4
    assert plain.predict(X, w, 0.0).tolist() == [0, 0, 1]
    assert plain.predict(X, w, 0.0, threshold=0.3).tolist() == [0, 1, 1]
    assert plain.predict(X, w, 0.0, threshold=0.8).tolist() == [0, 0, 0]


def test_it_needs_numpy_alone_and_is_read_in_one_sitting():
    assert len(FILE.read_text("utf-8").splitlines()) <= 130
    code = (
        "import sys, numpy; before = set(sys.modules); import plain; "
        "print(*sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=FILE.parent, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == ["plain"]
