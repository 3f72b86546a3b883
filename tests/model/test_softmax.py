"""Claims about the mathematics of softmax regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from scipy.special import log_softmax
from scipy.special import softmax as softmax_of_scipy

from pipeline.model import logistic, softmax
from pipeline.training.estimator import SGDLogisticRegression

SCORES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(2, 5)), elements=st.floats(-1e3, 1e3)
)


@st.composite
def problems(draw):
    """A small problem with weights, and with costs or none: X, y, W, b, l2, costs."""
    n, d, k = (draw(st.integers(1, most)) for most in (6, 4, 4))
    numbers = st.floats(-3, 3, width=32)
    X = draw(hnp.arrays(np.float64, (n, d), elements=st.just(0.0) | numbers))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)))
    W = draw(hnp.arrays(np.float64, (k, d), elements=numbers))
    b = draw(hnp.arrays(np.float64, k, elements=numbers))
    costs = draw(st.none() | hnp.arrays(np.float64, n, elements=st.floats(0, 5)))
    return X, y, W, b, draw(st.sampled_from([0.0, 1e-3, 2.0])), costs


class TestSoftmax:
    @given(SCORES)
    def test_is_scipys(self, z):
        np.testing.assert_allclose(softmax.softmax(z), softmax_of_scipy(z, axis=1), rtol=1e-12)

    @given(SCORES, st.floats(-1e3, 1e3))
    def test_does_not_change_if_all_scores_rise_alike(self, z, rise):
        before, after = softmax.softmax(z), softmax.softmax(z + rise)
        np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-300)

    @given(st.floats(-700, 700))
    def test_of_two_scores_is_the_sigmoid_of_their_difference(self, z):
        both = softmax.softmax(np.array([0.0, z]))
        np.testing.assert_allclose(both[1], logistic.sigmoid(np.array(z)), rtol=1e-12)

    def test_does_not_overflow(self):
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            assert softmax.softmax(np.array([1e300, -1e300, 0.0])).tolist() == [1, 0, 0]


class TestCrossEntropy:
    @given(SCORES)
    def test_is_minus_the_log_probability_of_the_true_class(self, z):
        for k in range(z.shape[1]):
            losses = softmax.cross_entropy(z, np.full(len(z), k))
            np.testing.assert_allclose(losses, -log_softmax(z, axis=1)[:, k], atol=1e-12)

    @given(st.floats(-700, 700), st.integers(0, 1))
    def test_of_two_classes_is_that_of_the_sigmoid(self, z, y):
        ours = softmax.cross_entropy(np.array([[0.0, z]]), np.array([y]))
        theirs = logistic.cross_entropy(np.array([z]), np.array([y]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


class TestObjective:
    @given(problems())
    def test_the_gradient_is_that_of_central_differences(self, problem):
        X, y, W, b, l2, costs = problem
        X = csr_array(X)
        by_W, by_b = logistic.gradient(X, y, W, b, l2, costs)
        h = 1e-5
        for place in np.ndindex(W.shape):
            step = np.zeros_like(W)
            step[place] = h
            ends = [logistic.objective(X, y, W + s * step, b, l2, costs) for s in (1, -1)]
            assert by_W[place] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-7)
        for k in range(len(b)):
            step = np.where(np.arange(len(b)) == k, h, 0.0)
            ends = [logistic.objective(X, y, W, b + s * step, l2, costs) for s in (1, -1)]
            assert by_b[k] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-7)

    @given(problems())
    def test_zero_weights_cost_the_log_of_the_number_of_classes(self, problem):
        X, y, W, b, l2, _ = problem
        found = logistic.objective(csr_array(X), y, np.zeros_like(W), np.zeros_like(b), l2)
        assert found == pytest.approx(np.log(len(b)), rel=1e-12)

    @given(problems())
    def test_two_classes_are_the_sigmoid_with_the_difference_of_the_weights(self, problem):
        """With w_1 = -w_0 = w / 2, the penalty on both is half of that on w."""
        X, y, W, b, l2, costs = problem
        X, y, w = csr_array(X), y % 2, W[0]
        one = logistic.objective(X, y, w, float(b[0]), l2, costs)
        halves = np.stack([-w, w]) / 2, np.array([-b[0], b[0]]) / 2
        both = logistic.objective(X, y, *halves, 2 * l2, costs)
        assert both == pytest.approx(one, rel=1e-10, abs=1e-12)


class TestScores:
    @given(problems())
    def test_are_x_times_w_plus_b(self, problem):
        X, _, W, b, *_ = problem
        of = csr_array(X, dtype=np.float32)
        found = logistic.scores(of.data, of.indices, of.indptr, W, b)
        expected = X.astype(np.float32).astype(np.float64) @ W.T + b
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)

    def test_the_first_of_equal_scores_is_predicted(self):
        assert logistic.predictions(np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])).tolist() == [1, 0]


@pytest.mark.parametrize("schedule", ["constant", "adagrad"])
@pytest.mark.parametrize("ratio", ["none", "documents"])
def test_weights_lie_as_the_loop_takes_them(schedule, ratio):
    """Otherwise each text that is scored copies them all."""
    X, y = csr_array(np.eye(4, dtype=np.float32)), [0, 1, 2, 2]
    model = SGDLogisticRegression(schedule=schedule, ratio=ratio, beta=0.5).fit(X, y)
    assert model.coef_.T.flags.c_contiguous
    again = logistic.LogisticRegression.of(model.coef_.copy("C"), model.intercept_)
    assert again.coef_.T.flags.c_contiguous
    np.testing.assert_array_equal(again.coef_, model.coef_)


def test_a_classifier_of_three_classes_has_their_probabilities():
    model = logistic.LogisticRegression.of([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [0.0, 0.0, 1.0])
    X = [[3, 0], [0, 3], [0, 0]]
    assert model.predict(X).tolist() == [0, 1, 2]
    expected = softmax_of_scipy(np.array([[3, 0, 1], [0, 3, 1], [0, 0, 1]]), axis=1)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)
