"""Claims about the mathematics of logistic regression, and about the rule of decision."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array
from scipy.special import expit, log_expit
from scored_reviews import exact

from pipeline.model.logistic import LogisticRegression, cross_entropy, gradient, objective, sigmoid

SCORES = st.floats(-1e4, 1e4)
LANDMARKS = [-1e4, -746.0, -745.2, -709.8, -37.0, -1.0, -5e-324, -0.0]
LANDMARKS = np.array([*LANDMARKS, *(-z for z in LANDMARKS)])


@st.composite
def problems(draw, max_rows=8, max_columns=5):
    """A small problem with weights, and with costs or none: X, y, w, b, l2, costs."""
    n, d = draw(st.integers(1, max_rows)), draw(st.integers(1, max_columns))
    numbers = st.floats(-3, 3, width=32)
    X = draw(hnp.arrays(np.float64, (n, d), elements=st.just(0.0) | numbers))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    w = draw(hnp.arrays(np.float64, d, elements=numbers))
    costs = draw(st.none() | hnp.arrays(np.float64, n, elements=st.floats(0, 5)))
    return X, y, w, draw(numbers), draw(st.sampled_from([0.0, 1e-3, 2.0])), costs


class TestSigmoid:
    @given(SCORES)
    def test_is_the_logistic_function(self, z):
        expected, *_ = exact(z)
        np.testing.assert_allclose(sigmoid(np.array([z])), expected, rtol=1e-14, atol=5e-324)

    def test_agrees_with_scipy_from_end_to_end(self):
        """But for the last few values above 0, below 1e-307, which scipy rounds to 0."""
        z = np.concatenate([np.linspace(-1e4, 1e4, 4001), np.linspace(-40, 40, 4001), LANDMARKS])
        np.testing.assert_allclose(sigmoid(z), expit(z), rtol=1e-14, atol=1e-307)

    @given(SCORES)
    def test_of_a_score_and_of_its_negative_sum_to_one(self, z):
        np.testing.assert_allclose(sigmoid(np.array(z)) + sigmoid(np.array(-z)), 1, rtol=1e-15)

    @given(SCORES, SCORES)
    def test_never_falls_as_the_score_rises(self, one, other):
        low, high = sigmoid(np.sort([one, other]))
        assert low <= high

    def test_of_zero_is_a_half(self):
        assert sigmoid(np.array([0.0, -0.0])).tolist() == [0.5, 0.5]

    @pytest.mark.parametrize("shape", [(0,), (3,), (2, 3)])
    def test_keeps_the_shape(self, shape):
        assert sigmoid(np.zeros(shape)).shape == shape

    def test_raises_no_floating_point_flag_but_underflow(self):
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            sigmoid(LANDMARKS)
            cross_entropy(LANDMARKS, np.zeros(LANDMARKS.size))
            cross_entropy(LANDMARKS, np.ones(LANDMARKS.size))


class TestCrossEntropy:
    @given(SCORES)
    def test_is_exact_where_probabilities_round_to_0_or_1(self, z):
        _, as_negative, as_positive = exact(z)
        losses = cross_entropy(np.array([z, z]), np.array([0, 1]))
        np.testing.assert_allclose(losses, [as_negative, as_positive], rtol=1e-14, atol=5e-324)

    @given(st.floats(-30, 30), st.integers(0, 1))
    def test_is_the_textbooks_formula(self, z, y):
        p = expit(z)
        textbook = -y * np.log(p) - (1 - y) * np.log(1 - p)
        # 1 - p has lost the digits of p that are below 1e-16.
        tolerance = 1e-15 / min(p, 1 - p)
        loss = cross_entropy(np.array([z]), np.array([y]))[0]
        assert loss == pytest.approx(textbook, rel=1e-12, abs=tolerance)

    @pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.float64, bool])
    def test_agrees_with_scipy_for_labels_of_any_type(self, dtype):
        z = np.concatenate([np.linspace(-1e4, 1e4, 2001), LANDMARKS])
        for y, expected in ((0, -log_expit(-z)), (1, -log_expit(z))):
            losses = cross_entropy(z, np.full(z.size, y, dtype))
            np.testing.assert_allclose(losses, expected, rtol=1e-14, atol=5e-324)

    def test_of_no_evidence_is_one_bit(self):
        assert cross_entropy(np.zeros(2), np.array([0, 1])) == pytest.approx([np.log(2)] * 2)


class TestObjective:
    @given(problems())
    def test_is_the_mean_weighted_loss_and_the_penalty(self, problem):
        X, y, w, b, l2, costs = problem
        total = 0.0
        for i, (x, label) in enumerate(zip(X, y, strict=True)):
            z = float(np.dot(x, w)) + b
            cost = 1.0 if costs is None else costs[i]
            total += cost * np.logaddexp(0.0, -z if label else z)
        expected = total / len(y) + l2 / 2 * sum(float(v) ** 2 for v in w)
        assert objective(csr_array(X), y, w, b, l2, costs) == pytest.approx(expected, rel=1e-12)

    @given(problems())
    def test_unit_costs_are_no_costs(self, problem):
        X, y, w, b, l2, _ = problem
        X, ones = csr_array(X), np.ones(len(y))
        assert objective(X, y, w, b, l2, ones) == pytest.approx(objective(X, y, w, b, l2))
        (by_w, by_b), (bare_w, bare_b) = (gradient(X, y, w, b, l2, c) for c in (ones, None))
        np.testing.assert_allclose(by_w, bare_w)
        assert by_b == pytest.approx(bare_b)

    def test_at_zero_weights_is_one_bit_and_has_no_penalty(self):
        X, y = csr_array(np.ones((3, 2))), np.array([0, 1, 1])
        assert objective(X, y, np.zeros(2), 0.0, l2=9.0) == pytest.approx(np.log(2))

    def test_does_not_penalise_the_intercept(self):
        X, y = csr_array(np.ones((2, 1))), np.array([0, 1])
        strong, none = (objective(X, y, np.zeros(1), 3.0, l2) for l2 in (1e6, 0.0))
        assert strong == none


class TestGradient:
    @given(problems())
    def test_by_w_and_b_is_the_slope_of_the_objective(self, problem):
        """Central differences, in every coordinate; their error is about h^2 + 1e-16 / h."""
        X, y, w, b, l2, costs = problem
        X, h = csr_array(X), 1e-5
        by_w, by_b = gradient(X, y, w, b, l2, costs)
        for j, direction in enumerate(np.eye(len(w))):
            above, below = (objective(X, y, w + s * h * direction, b, l2, costs) for s in (1, -1))
            assert by_w[j] == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-7)
        above, below = (objective(X, y, w, b + s * h, l2, costs) for s in (1, -1))
        assert by_b == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-7)

    def test_is_finite_for_scores_that_overflow_an_exponential(self):
        X, y = csr_array([[1.0], [-1.0]]), np.array([0, 1])
        by_w, by_b = gradient(X, y, np.array([1e4]), 0.0, l2=0.0)
        # Both documents are wrong with certainty: errors of +1 and -1.
        assert (by_w.tolist(), by_b) == ([1.0], 0.0)

    def test_vanishes_at_the_balance_of_contradicting_labels(self):
        """One text, positive three times in four: log-odds ln 3 and nothing to learn more."""
        X, y = csr_array(np.ones((4, 1))), np.array([1, 1, 0, 1])
        by_w, by_b = gradient(X, y, np.array([0.0]), np.log(3), l2=0.0)
        assert [*by_w, by_b] == pytest.approx([0.0, 0.0], abs=1e-15)


class TestLogisticRegression:
    def test_of_known_weights_is_a_classifier_of_0_and_1(self):
        model = LogisticRegression.of([0.5, -2], 0.25, threshold=0.75)
        assert (model.coef_.shape, model.coef_.dtype) == ((1, 2), np.float64)
        assert (model.intercept_.shape, model.intercept_.dtype) == ((1,), np.float64)
        assert model.coef_.tolist() == [[0.5, -2.0]]
        assert model.intercept_.tolist() == [0.25]
        assert model.classes_.tolist() == [0, 1]
        assert model.threshold == 0.75

    def test_threshold_is_a_half_unless_asked(self):
        assert LogisticRegression.of([1.0], 0.0).threshold == 0.5

    @pytest.mark.parametrize("form", [csr_array, np.asarray], ids=["sparse", "dense"])
    def test_score_of_a_document_is_the_sum_of_its_words_weights(self, form):
        model = LogisticRegression.of([0.5, -2, 1], 0.25)
        z = model.decision_function(form([[0, 0, 0], [1, 0, 0], [2, 1, 0], [0, 0, 3]]))
        assert (z.dtype, z.tolist()) == (np.float64, [0.25, 0.75, -0.75, 3.25])

    @given(problems())
    def test_probabilities_are_the_sigmoid_and_its_complement(self, problem):
        X, _, w, b, *_ = problem
        p = LogisticRegression.of(w, b).predict_proba(csr_array(X))
        np.testing.assert_allclose(p[:, 1], expit(X @ w + b), rtol=1e-9)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-15)

    def test_small_probabilities_of_either_class_are_not_rounded_to_zero(self):
        p = LogisticRegression.of([1.0], 0.0).predict_proba([[-700.0], [700.0]])
        np.testing.assert_allclose([p[0, 1], p[1, 0]], [expit(-700.0)] * 2, rtol=1e-13)

    @given(st.floats(-20, 20))
    def test_positive_only_strictly_above_the_threshold(self, z):
        p = float(sigmoid(np.array([z]))[0])
        assume(0 < p < 1)
        X = csr_array([[1.0]])
        assert LogisticRegression.of([z], 0.0, p).predict(X).tolist() == [0]
        assert LogisticRegression.of([z], 0.0, np.nextafter(p, 0)).predict(X).tolist() == [1]

    def test_a_document_without_evidence_is_negative(self):
        assert LogisticRegression.of([1.0], 0.0).predict(csr_array((3, 1))).tolist() == [0, 0, 0]

    @given(problems(), st.floats(0.01, 0.99))
    def test_predicts_by_probability_and_scores_by_accuracy(self, problem, threshold):
        X, y, w, b, *_ = problem
        model = LogisticRegression.of(w, b, threshold)
        predicted = model.predict(X)
        assert predicted.tolist() == (model.predict_proba(X)[:, 1] > threshold).tolist()
        assert model.score(X, y) == np.mean(predicted == y)

    def test_answers_in_the_names_of_its_classes(self):
        model = LogisticRegression.of([1.0], 0.0)
        model.classes_ = np.array(["bad", "good"])
        assert model.predict([[-1.0], [1.0]]).tolist() == ["bad", "good"]
