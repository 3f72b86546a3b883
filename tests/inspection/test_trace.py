"""One step of gradient descent, number by number: trace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_array

import pipeline
from pipeline.inspection.trace import Rule, Scored, take_step, textbook_step, trace
from pipeline.model.logistic import gradient
from pipeline.training.estimator import SGDLogisticRegression

NUMBERS = st.floats(-5, 5, width=32)


@st.composite
def steps(draw):
    """Arguments of a step on a review of one to five words."""
    d = draw(st.integers(1, 5))
    x = draw(hnp.arrays(np.float64, d, elements=st.integers(1, 9)))
    w = draw(hnp.arrays(np.float64, d, elements=NUMBERS))
    rule = Rule(draw(st.sampled_from([0.01, 0.1, 1.0])), draw(st.sampled_from([0.0, 0.01])))
    return [f"word{j}" for j in range(d)], x, w, draw(NUMBERS), draw(st.integers(0, 1)), rule


def test_the_textbooks_example_gives_the_textbooks_weights():
    """Jurafsky & Martin: x = [3, 2], y = 1, w = 0, b = 0 and a rate of 0.1."""
    step = textbook_step()
    assert [term.x for term in step.terms] == [3, 2]
    assert [term.gradient for term in step.terms] == [-1.5, -1.0]
    assert [term.new_weight for term in step.terms] == pytest.approx([0.15, 0.1])
    assert (step.error, step.new_intercept) == (-0.5, 0.05)
    assert (step.before.score, step.before.probability) == (0.0, 0.5)


def test_a_negative_label_turns_the_textbooks_step_round():
    positive, negative = textbook_step(1), textbook_step(0)
    for one, other in zip(positive.terms, negative.terms, strict=True):
        assert one.new_weight == -other.new_weight


@given(steps())
def test_the_gradient_of_a_step_is_that_of_the_model(arguments):
    names, x, w, b, y, rule = arguments
    step = take_step(*arguments)
    by_w, by_b = gradient(csr_array(x[None]), np.array([y]), w, b, rule.l2)
    found = {term.feature: term.gradient for term in step.terms}
    np.testing.assert_allclose([found[name] for name in names], by_w, rtol=1e-12, atol=1e-15)
    assert step.error == pytest.approx(by_b, abs=1e-15)


@given(steps())
def test_the_score_is_the_sum_of_its_terms_which_come_by_size(arguments):
    step = take_step(*arguments)
    products = [term.product for term in step.terms]
    assert step.before.score == pytest.approx(sum(products) + step.intercept, abs=1e-9)
    assert [abs(p) for p in products] == sorted((abs(p) for p in products), reverse=True)


@given(steps())
def test_the_score_after_a_step_is_that_of_its_new_weights(arguments):
    step = take_step(*arguments)
    score = sum(term.x * term.new_weight for term in step.terms) + step.new_intercept
    assert step.after.score == pytest.approx(score, abs=1e-9)
    assert step.after == Scored.of(step.after.score, step.y)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_step_is_the_one_that_training_takes(l2):
    """An epoch over two reviews, then a traced step on each in the same order."""
    X, y, seed = np.array([[3.0, 2.0], [1.0, 4.0]]), np.array([1, 0]), 4
    rule = {"learning_rate": 0.1, "l2": l2}
    model = SGDLogisticRegression(**rule, schedule="constant", epochs=1, seed=seed).fit(X, y)
    w, b = np.zeros(2), 0.0
    for i in np.random.default_rng([seed]).permutation(2):
        step = take_step(["0", "1"], X[i], w, b, int(y[i]), Rule(**rule))
        w = np.array([term.new_weight for term in sorted(step.terms, key=lambda t: t.feature)])
        b = step.new_intercept
    np.testing.assert_allclose(w, model.coef_[0], rtol=1e-12)
    assert b == pytest.approx(model.intercept_[0], rel=1e-12)


@pytest.fixture(scope="module")
def model():
    texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    return pipeline.SentimentClassifier(epochs=20).fit(texts, ["good", "good", "bad", "bad"]).model_


def test_a_trace_shows_the_tokens_and_the_non_zeros_of_x(model):
    found = trace(model, "Awesome, awesome film! Unheard of.", 0, Rule(0.1, 0.01))
    assert found.tokens == ("awesome", "awesome", "film", "unheard", "of")
    assert {term.feature: term.x for term in found.step.terms} == {"awesome": 2, "film": 1}
    assert (found.n_unknown, found.n_features, found.label) == (2, 6, "bad")
    assert found.step.before.score == pytest.approx(
        float(model.decision_function(["awesome awesome film"])[0])
    )


def test_the_penalty_alone_moves_the_weights_of_other_words(model):
    assert trace(model, "film", 1, Rule(0.1, 0.01)).step.other_weights_factor == 1 - 0.001
    assert trace(model, "film", 1, Rule(0.1)).step.other_weights_factor == 1


def test_a_text_without_a_known_word_moves_the_intercept_alone(model):
    step = trace(model, "zzz", 1, Rule(0.1)).step
    assert step.terms == ()
    assert step.before.score == model.intercept
    assert step.new_intercept > step.intercept
