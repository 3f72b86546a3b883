"""The formulas of the lesson that no other test holds, each against an independent answer."""

import experiments
import numpy as np
import plain
import pytest
import timing
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import reviews
from scipy.sparse import csr_array

from pipeline.model import logistic
from pipeline.model.logistic import LogisticRegression, cross_entropy, sigmoid

SCORES = st.floats(-12, 12)
PROBABILITIES = st.floats(0.01, 0.99)
LABELS = st.integers(0, 1)


def slope(function, x, h=1e-5):
    """Return a derivative by central differences."""
    return (function(x + h) - function(x - h)) / (2 * h)


@pytest.fixture
def corpus():
    X, y = reviews(60, 8)
    return X.astype(float), y


def test_the_score_of_the_textbooks_review():
    """Jurafsky & Martin: six features of a review of a film; z = .833 and P(positive) = .70."""
    model = LogisticRegression.of([2.5, -5.0, -1.2, 0.5, 2.0, 0.7], 0.1)
    x = [[3, 2, 1, 3, 0, 4.19]]
    assert model.decision_function(x)[0] == pytest.approx(0.833)
    assert model.predict_proba(x)[0].round(2).tolist() == [0.3, 0.7]


@given(SCORES)
def test_the_score_is_the_log_odds(z):
    a = sigmoid(np.array(z))
    assert np.log(a / (1 - a)) == pytest.approx(z, abs=1e-9)


@given(SCORES)
def test_the_slope_of_the_sigmoid_is_a_times_1_minus_a(z):
    a = float(sigmoid(np.array(z)))
    assert slope(lambda z: float(sigmoid(np.array(z))), z) == pytest.approx(a * (1 - a), abs=1e-9)
    assert a * (1 - a) <= 0.25


def test_linear_regression_has_the_same_gradient_with_another_h(corpus):
    X, y = corpus[0].toarray(), corpus[1]
    w, b = np.linspace(-1, 1, 8), 0.3

    def half_squared_error(w):
        return np.mean((X @ w + b - y) ** 2) / 2

    for h, cost in (
        (X @ w + b, half_squared_error),
        (plain.sigmoid(X @ w + b), lambda w: plain.cost(X, y, w, b)),
    ):
        by_w = X.T @ (h - y) / len(y)
        for j, direction in enumerate(np.eye(8)):
            assert slope(lambda s, e=direction, f=cost: f(w + s * e), 0.0) == pytest.approx(by_w[j])
    np.testing.assert_allclose(plain.gradient(X, y, w, b)[0], by_w)


@given(SCORES, PROBABILITIES)
def test_a_threshold_moves_the_boundary_and_keeps_its_direction(z, threshold):
    moved = np.log(threshold / (1 - threshold))
    if abs(z - moved) > 1e-9:
        assert bool(logistic.decide(sigmoid(np.array(z)), threshold)) == (z > moved)


@given(PROBABILITIES, st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_best_threshold_has_the_least_expected_cost(a, false_alarm, miss):
    threshold = experiments.best_threshold(false_alarm, miss)
    if_positive, if_negative = (1 - a) * false_alarm, a * miss
    if abs(a - threshold) > 1e-9:
        assert (a > threshold) == (if_positive < if_negative)


@given(PROBABILITIES)
def test_the_likelihood_is_the_probability_of_the_labels(a):
    assert experiments.likelihood(a, 1) == a
    assert experiments.likelihood(a, 0) == 1 - a


@pytest.mark.parametrize(("k", "n"), [(1, 4), (3, 4), (5, 10)])
def test_the_most_likely_probability_is_the_observed_share(k, n):
    y = np.arange(n) < k
    grid = np.linspace(0.001, 0.999, 999)
    products = [np.prod(experiments.likelihood(a, y.astype(int))) for a in grid]
    assert grid[np.argmax(products)] == pytest.approx(k / n)


def test_the_cost_is_minus_the_mean_log_likelihood(corpus):
    X, y = corpus
    w, b = np.linspace(-1, 1, 8), 0.3
    product = np.prod(experiments.likelihood(sigmoid(X @ w + b), y))
    assert logistic.objective(X, y, w, b, 0.0) == pytest.approx(-np.log(product) / len(y))
    assert plain.cost(X.toarray(), y, w, b) == pytest.approx(-np.log(product) / len(y))


@given(PROBABILITIES, LABELS)
def test_the_slope_of_the_loss_by_the_probability(a, y):
    found = experiments.loss_slope(a, y)
    assert found == pytest.approx((a - y) / (a * (1 - a)))
    assert found == pytest.approx(
        slope(lambda a: -np.log(experiments.likelihood(a, y)), a), rel=1e-5
    )


def test_the_slope_of_squared_error_is_that_of_finite_differences(corpus):
    X, y = corpus
    w, b = np.linspace(-1, 1, 8), 0.3
    by_w, by_b = experiments.squared_error_slope(X, y, w, b, 0.1)
    for j, direction in enumerate(np.eye(8)):
        found = slope(
            lambda s, e=direction: experiments.squared_error(X, y, w + s * e, b, 0.1), 0.0
        )
        assert found == pytest.approx(by_w[j], abs=1e-9)
    assert slope(lambda b: experiments.squared_error(X, y, w, b, 0.1), b) == pytest.approx(by_b)


def test_squared_error_has_a_valley_that_is_not_the_lowest():
    X, y = experiments.two_word_reviews()
    ends = [
        experiments.descend(experiments.squared_error_slope, start)[-1]
        for start in ((1, 1), (-2, -2))
    ]
    for end in ends:
        by_w, _ = experiments.squared_error_slope(X, y, end, 0.0)
        assert np.abs(by_w).max() < 1e-6
    good, bad = (experiments.squared_error(X, y, end, 0.0) for end in ends)
    assert bad > 1.5 * good


def test_cross_entropy_ends_in_one_place_from_anywhere():
    ends = [
        experiments.descend(logistic.gradient, start)[-1] for start in ((1, 1), (-2, -2), (-2, 2))
    ]
    np.testing.assert_allclose(ends, [ends[0]] * 3, atol=1e-6)


@given(SCORES, LABELS)
def test_the_curvature_of_squared_error_has_both_signs(z, y):
    """By finite differences of its slope; and where the model is sure and wrong, it is negative."""

    def by_z(z):
        a = float(sigmoid(np.array(z)))
        return 2 * (a - y) * a * (1 - a)

    found = experiments.squared_error_curvature(np.array(z), y)
    assert found == pytest.approx(slope(by_z, z), abs=1e-8)
    nine_tenths = np.log(9)
    assert experiments.squared_error_curvature(nine_tenths, 0) == pytest.approx(0.0162 - 0.1296)
    assert experiments.squared_error_curvature(nine_tenths, 1) > 0


@given(SCORES, st.floats(-3, 3), LABELS)
def test_the_curvature_of_the_loss_is_never_negative(z, along, y):
    """Along a line in the space of weights, on which the score grows by `along`."""

    def loss(s):
        return float(cross_entropy(np.array([z + s * along]), np.array([y]))[0])

    h = 1e-3
    curvature = (loss(h) - 2 * loss(0.0) + loss(-h)) / h**2
    a = float(sigmoid(np.array(z)))
    assert curvature == pytest.approx(a * (1 - a) * along**2, abs=1e-5)
    assert curvature > -1e-8


@given(
    hnp.arrays(np.float64, 8, elements=st.floats(-5, 5)),
    hnp.arrays(np.float64, 8, elements=st.floats(-5, 5)),
    st.floats(0, 1),
)
def test_the_cost_never_lies_above_a_line_between_two_of_its_points(u, v, t):
    X, y = reviews(60, 8)
    middle, one, other = (
        logistic.objective(X, y, w, 0.0, 0.1) for w in (t * u + (1 - t) * v, u, v)
    )
    assert middle <= t * one + (1 - t) * other + 1e-9


def test_five_ways_to_write_the_penalty_have_one_minimum(corpus):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = corpus
    n, l2 = len(y), 0.02
    w, b = experiments.minimum(X, y, l2)
    lam = n * l2
    dense = X.toarray()
    np.testing.assert_allclose(
        plain.gradient_descent(dense, y, 4000, 0.5, lam=lam)[0], w, atol=1e-4
    )
    theirs = linear_model.LogisticRegression(C=1 / (n * l2), tol=1e-10, max_iter=10_000)
    np.testing.assert_allclose(theirs.fit(dense, y).coef_[0], w, atol=1e-4)
    sgd = linear_model.SGDClassifier(
        "log_loss", alpha=l2, max_iter=5000, tol=None, learning_rate="optimal", random_state=0
    )
    np.testing.assert_allclose(sgd.fit(dense, y).coef_[0], w, atol=0.01)
    alpha = n * l2 / 2  # the sum of log-likelihoods less alpha ||w||^2 is flat at w
    errors = sigmoid(X @ w + b) - y
    np.testing.assert_allclose(-(X.T @ errors) - 2 * alpha * w, 0, atol=1e-3)


def test_a_penalty_on_one_number_is_a_penalty_on_every_weight(corpus):
    X, y = corpus
    expected = plain.stochastic_gradient_descent(
        X.toarray(), y, 1, 0.01, lam=experiments.L2 * len(y)
    )
    for lazy in (False, True):
        w, b = timing.sparse_epoch(X, y, lazy)
        np.testing.assert_allclose(w, expected[0], atol=1e-12)
        assert b == pytest.approx(expected[1])


@given(st.floats(-700, 700), LABELS)
def test_labels_of_minus_1_and_1_say_the_same(z, y):
    sign = 2 * y - 1
    loss = float(cross_entropy(np.array([z]), np.array([y]))[0])
    assert np.logaddexp(0, -sign * z) == pytest.approx(loss, rel=1e-12, abs=1e-300)
    error = -sign * float(sigmoid(np.array(-sign * z)))
    assert error == pytest.approx(float(sigmoid(np.array(z))) - y, abs=1e-15)
    assert error != 0  # but a - y is, where a is rounded to y


def test_gradient_descent_with_a_softmax_of_two_classes_is_that_with_the_sigmoid():
    w, W = experiments.two_as_classes(steps=5)
    np.testing.assert_allclose(W[1] - W[0], w, atol=1e-12)
    np.testing.assert_allclose(W[1], -W[0], atol=1e-12)


@given(SCORES, LABELS)
def test_a_step_with_the_wrong_sign_raises_the_loss(z, y):
    x, error = 2.0, float(sigmoid(np.array(z))) - y
    right, wrong = (
        float(cross_entropy(np.array([z + sign * 0.01 * error * x * x]), np.array([y]))[0])
        for sign in (-1, 1)
    )
    assert right < float(cross_entropy(np.array([z]), np.array([y]))[0]) < wrong


def test_at_the_minimum_the_errors_of_a_word_balance_its_penalty(corpus):
    X, y = corpus
    for l2 in (0.001, 0.1):
        w, b = experiments.minimum(X, y, l2)
        lam = l2 * len(y)
        np.testing.assert_allclose(X.T @ (sigmoid(X @ w + b) - y), -lam * w, atol=1e-3)
        assert np.abs(lam * w).max() > 0.1


def test_a_free_intercept_makes_the_mean_probability_the_share(corpus):
    X, y = corpus
    rows = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:5]])
    X, y = csr_array(X[rows]), y[rows]
    w, b = experiments.minimum(X, y, 0.1)
    assert sigmoid(X @ w + b).mean() == pytest.approx(y.mean(), abs=1e-5)


def test_a_sum_without_brackets_is_another_cost():
    right, wrong = experiments.without_brackets()
    assert right > 0 > wrong


def test_the_best_of_many_coins_is_not_a_better_coin():
    rows = experiments.guesses((1, 1000), trials=100)
    assert rows[1][1] > 0.57
    assert rows[1][2] == pytest.approx(0.5, abs=0.01)
