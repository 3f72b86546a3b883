"""One step of softmax regression, number by number: trace for more than two classes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

import pipeline
from pipeline.inspection.class_trace import ClassScored, take_class_step, trace_classes
from pipeline.inspection.trace import Rule, take_step
from pipeline.model.softmax import gradient
from pipeline.training.estimator import SGDLogisticRegression

NUMBERS = st.floats(-5, 5, width=32)


@st.composite
def steps(draw):
    """Arguments of a step on a review of one to four words, of two to five classes."""
    d, n_classes = draw(st.integers(1, 4)), draw(st.integers(2, 5))
    x = draw(hnp.arrays(np.float64, d, elements=st.integers(1, 9)))
    W = draw(hnp.arrays(np.float64, (n_classes, d), elements=NUMBERS))
    b = draw(hnp.arrays(np.float64, n_classes, elements=NUMBERS))
    rule = Rule(draw(st.sampled_from([0.01, 0.1, 1.0])), draw(st.sampled_from([0.0, 0.01])))
    y = draw(st.integers(0, n_classes - 1))
    return [f"word{j}" for j in range(d)], x, (W, b), range(n_classes), y, rule


def numbers(step, name):
    """Return numbers of the terms in the order of their words: shape (n_classes, d)."""
    terms = sorted(step.terms, key=lambda term: term.feature)
    return np.array([getattr(term, name) for term in terms]).T


@given(steps())
def test_the_gradient_of_a_step_is_that_of_the_model(arguments):
    _, x, (W, b), _, y, rule = arguments
    step = take_class_step(*arguments)
    by_W, by_b = gradient(csr_array(x[None]), np.array([y]), W, b, rule.l2)
    np.testing.assert_allclose(numbers(step, "gradients"), by_W, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(step.errors, by_b, rtol=1e-12, atol=1e-14)
    assert sum(step.errors) == pytest.approx(0, abs=1e-12)


@given(steps())
def test_each_score_is_the_sum_of_its_terms(arguments):
    step = take_class_step(*arguments)
    z = numbers(step, "products").sum(axis=1) + step.intercepts
    np.testing.assert_allclose(step.before.scores, z, atol=1e-9)
    x = np.array([term.x for term in sorted(step.terms, key=lambda term: term.feature)])
    z = numbers(step, "new_weights") @ x + step.new_intercepts
    np.testing.assert_allclose(step.after.scores, z, atol=1e-9)
    assert step.after == ClassScored.of(np.array(step.after.scores), step.y)


@given(steps())
def test_the_terms_that_tell_the_classes_most_apart_come_first(arguments):
    step = take_class_step(*arguments)
    spread = [max(term.products) - min(term.products) for term in step.terms]
    assert spread == sorted(spread, reverse=True)


@given(hnp.arrays(np.float64, 4, elements=NUMBERS), st.integers(0, 3))
def test_the_loss_is_minus_the_logarithm_of_the_probability_of_the_true_class(z, y):
    found = ClassScored.of(z, y)
    powers = [math.exp(score) for score in z]
    assert found.loss == pytest.approx(-math.log(powers[y] / sum(powers)), abs=1e-9)
    assert found.probabilities == pytest.approx([power / sum(powers) for power in powers])


@given(st.lists(NUMBERS, min_size=2, max_size=2), st.integers(0, 1), NUMBERS)
def test_of_two_classes_it_is_the_step_of_the_sigmoid_at_half_the_rate(w, y, b):
    """W = w_1 - w_0 moves twice as far, because both vectors move."""
    names, x = ["a", "b"], np.array([1.0, 2.0])
    W = np.array([[-value / 2 for value in w], [value / 2 for value in w]])
    step = take_class_step(names, x, (W, np.array([-b / 2, b / 2])), "np", y, Rule(0.05))
    one = take_step(names, x, np.array(w), b, y, Rule(0.1))
    new = numbers(step, "new_weights")
    expected = [term.new_weight for term in sorted(one.terms, key=lambda term: term.feature)]
    np.testing.assert_allclose(new[1] - new[0], expected, atol=1e-9)
    assert step.before.probabilities[1] == pytest.approx(one.before.probability)
    assert step.after.loss == pytest.approx(one.after.loss)


def test_the_lessons_example_gives_the_lessons_weights():
    """Three classes, x = [3, 2], all weights 0, a rate of 0.1; the true class is number 1."""
    zeros = np.zeros((3, 2)), np.zeros(3)
    step = take_class_step(["a", "b"], np.array([3.0, 2.0]), zeros, range(3), 1, Rule(0.1))
    np.testing.assert_allclose(step.errors, [1 / 3, -2 / 3, 1 / 3])
    expected = [[-0.1, -0.2 / 3], [0.2, 0.4 / 3], [-0.1, -0.2 / 3]]
    np.testing.assert_allclose(numbers(step, "new_weights"), expected)
    assert step.before.loss == pytest.approx(math.log(3))


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_step_is_the_one_that_training_takes(l2):
    """An epoch over three reviews, then a traced step on each in the same order."""
    X, y, seed = np.array([[3.0, 2.0], [1.0, 4.0], [2.0, 1.0]]), np.array([1, 0, 2]), 4
    rule = {"learning_rate": 0.1, "l2": l2}
    model = SGDLogisticRegression(**rule, schedule="constant", epochs=1, seed=seed).fit(X, y)
    W, b = np.zeros((3, 2)), np.zeros(3)
    for i in np.random.default_rng([seed]).permutation(3):
        step = take_class_step(["0", "1"], X[i], (W, b), range(3), int(y[i]), Rule(**rule))
        W, b = numbers(step, "new_weights"), np.array(step.new_intercepts)
    np.testing.assert_allclose(W, model.coef_, rtol=1e-10)
    np.testing.assert_allclose(b, model.intercept_, rtol=1e-10)


@pytest.fixture(scope="module")
def model():
    texts = ["awesome film", "abysmal film", "fair film, and dull"]
    return pipeline.SentimentClassifier(epochs=20).fit(texts, ["good", "bad", "so-so"]).model_


def test_a_trace_is_of_the_scores_of_the_model(model):
    found = trace_classes(model, "Fair, fair film! Unheard of.", 2, Rule(0.1, 0.01))
    assert found.tokens == ("fair", "fair", "film", "unheard", "of")
    assert {term.feature: term.x for term in found.step.terms} == {"fair": 2, "film": 1}
    assert (found.n_unknown, found.n_features, found.label) == (2, 6, "so-so")
    (z,) = model.decision_function(["fair fair film"])
    np.testing.assert_allclose(found.step.before.scores, z)
    assert found.step.classes == model.classes
    assert found.step.other_weights_factor == 1 - 0.001


def test_a_text_without_a_known_word_moves_the_intercepts_alone(model):
    step = trace_classes(model, "zzz", 1, Rule(0.1)).step
    assert step.terms == ()
    np.testing.assert_array_equal(step.before.scores, model.intercept)
    moved = np.array(step.new_intercepts) - step.intercepts
    assert (moved > 0).tolist() == [False, True, False]
