"""Claims about chosen thresholds; trying them all is the judge."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import ConfigError, CorpusError
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import Scored
from pipeline.model.logistic import decide, sigmoid
from pipeline.training.threshold import choose_threshold

pytestmark = pytest.mark.filterwarnings("error")

LEAST = st.sampled_from([0.05, 1 / 3, 0.5, 0.75, 0.9, 1.0])
GOALS = st.one_of(
    st.just(("f1", None)), st.tuples(st.sampled_from(["min_recall", "min_precision"]), LEAST)
)


@st.composite
def rows(draw):
    """At least one positive review, with tied scores and ones whose probability is 0 or 1."""
    n = draw(st.integers(1, 25))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)).filter(np.any))
    scores = st.one_of(
        st.integers(-3, 3).map(float),
        st.floats(-40, 40),
        st.sampled_from([-1e4, -745.0, -37.0, 36.7, 1e4]),
    )
    return y, draw(hnp.arrays(np.float64, n, elements=scores))


def every_decision(y, scores):
    """Yield true positives and predicted positives, at thresholds on and near every probability."""
    probability = sigmoid(scores)
    edges = {0.5, *probability, *np.nextafter(probability, 0), np.nextafter(0, 1)}
    for threshold in sorted(edges):
        if 0 < threshold < 1:
            predicted = decide(probability, threshold)
            yield int((predicted & (y == 1)).sum()), int(predicted.sum())


def ratios(y, true, predicted):
    """Return precision (-1 where undefined), recall and F1, exactly."""
    n_positive = int(y.sum())
    precision = Fraction(true, predicted) if predicted else Fraction(-1)
    return precision, Fraction(true, n_positive), Fraction(2 * true, predicted + n_positive)


def rank(goal, least, found):
    """Return what a decision is worth to a goal, None where it does not reach it."""
    precision, recall, f1 = found
    if goal == "f1":
        return f1, recall
    if goal == "min_recall":
        return (precision, recall) if float(recall) >= least else None
    return (recall, precision) if float(precision) >= least else None


@given(rows(), GOALS)
def test_no_threshold_meets_the_goal_better(drawn, wanted):
    """All decisions there are, in exact fractions; if none meets the goal, it is refused."""
    y, scores = drawn
    ranks = [rank(*wanted, ratios(y, *decision)) for decision in every_decision(y, scores)]
    reached = [each for each in ranks if each is not None]
    if not reached:
        with pytest.raises(ConfigError, match=r"^train\.threshold: no threshold reaches"):
            choose_threshold(y, scores, *wanted)
        return
    choice = choose_threshold(y, scores, *wanted)
    assert 0 < choice.threshold < 1
    predicted = decide(sigmoid(scores), choice.threshold)
    decision = int((predicted & (y == 1)).sum()), int(predicted.sum())
    assert rank(*wanted, ratios(y, *decision)) == max(reached)


@given(rows(), GOALS)
def test_the_metrics_of_a_threshold_are_those_of_evaluate(drawn, wanted):
    """At the chosen one, and at 0.5."""
    y, scores = drawn
    try:
        choice = choose_threshold(y, scores, *wanted)
    except ConfigError:
        return
    assert (choice.at.threshold, choice.at_half.threshold) == (choice.threshold, 0.5)
    assert choice.n == y.size
    for point in (choice.at, choice.at_half):
        expected = evaluate(y, Scored(scores, point.threshold), resamples=0)
        of_positive = expected.positive.precision, expected.positive.recall, expected.positive.f1
        found = point.accuracy, point.precision, point.recall, point.f1
        np.testing.assert_allclose(found, (expected.accuracy, *of_positive), rtol=1e-15)


@given(rows(), GOALS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, wanted, random):
    y, scores = drawn
    order = list(range(y.size))
    random.shuffle(order)
    try:
        choice = choose_threshold(y, scores, *wanted)
    except ConfigError:
        return
    assert repr(choose_threshold(y[order], scores[order], *wanted)) == repr(choice)


def log_odds(*probabilities):
    p = np.array(probabilities)
    return np.log(p) - np.log1p(-p)


Y = np.array([0, 1, 0, 1, 1], np.int8)
SCORES = log_odds(0.1, 0.3, 0.6, 0.7, 0.9)


@pytest.mark.parametrize(
    ("goal", "least", "stated", "threshold"),
    [
        ("f1", None, "best F1", 0.2),
        ("min_recall", 1.0, "recall >= 1", 0.2),
        ("min_recall", 0.6, "recall >= 0.6", 0.65),
        ("min_precision", 0.7, "precision >= 0.7", 0.2),
        ("min_precision", 0.8, "precision >= 0.8", 0.65),
    ],
)
def test_a_threshold_lies_in_the_middle_of_two_probabilities(goal, least, stated, threshold):
    choice = choose_threshold(Y, SCORES, goal, least)
    assert choice.goal == stated
    assert choice.threshold == pytest.approx(threshold)


def test_a_reader_sees_what_the_goal_costs():
    choice = choose_threshold(Y, SCORES, "min_recall", 1.0)
    assert (choice.at.recall, choice.at.precision, choice.at.accuracy) == (1.0, 0.75, 0.8)
    assert choice.at_half.recall == choice.at_half.precision == pytest.approx(2 / 3)


def test_of_thresholds_that_find_nothing_right_the_highest_is_best():
    """A positive whose probability rounds to 0 is found by none."""
    choice = choose_threshold(np.array([1, 0, 0]), np.array([-1e4, 0.0, 1.0]), "f1")
    assert choice.at.f1 == 0
    assert math.isnan(choice.at.precision)


def test_a_threshold_below_every_probability_may_be_the_best():
    y, scores = np.array([1, 1, 0], np.int8), log_odds(0.2, 0.4, 0.6)
    assert choose_threshold(y, scores, "f1").threshold == pytest.approx(0.1)


def test_neighbours_among_the_doubles_are_divided_all_the_same():
    """Nothing lies between them, so the lower one is the threshold."""
    z = 0.3
    while sigmoid(np.array(z)) == sigmoid(np.array(0.3)):
        z = np.nextafter(z, 1)
    choice = choose_threshold(np.array([0, 1], np.int8), np.array([0.3, z]), "f1")
    assert choice.threshold == sigmoid(np.array(0.3))
    assert choice.at.accuracy == 1


# What is refused


def test_a_goal_that_cannot_be_reached_is_refused_with_the_best_there_is():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 200).astype(np.int8)
    scores = generator.normal(0, 1, 200) + y
    scores[(y == 0).argmax()] = 9.0
    with pytest.raises(ConfigError) as error:
        choose_threshold(y, scores, "min_precision", 0.99)
    best = max(Fraction(h, c) for h, c in every_decision(y, scores) if c)
    assert str(error.value) == (
        "train.threshold: no threshold reaches precision >= 0.99 on the 200 validation reviews; "
        f"the best is {math.floor(best * 1000) / 1000:.3f}"
    )


def test_a_best_just_below_the_goal_is_not_shown_as_the_goal():
    y = np.array([1] * 9_996 + [0] * 4, np.int8)
    with pytest.raises(ConfigError, match=r">= 0\.9999 on the 10,000 .* the best is 0\.999$"):
        choose_threshold(y, np.zeros(y.size), "min_precision", 0.9999)


def test_a_recall_that_probabilities_of_0_put_out_of_reach_is_refused():
    with pytest.raises(ConfigError, match=r"no threshold reaches recall >= 1 .* best is 0\.500"):
        choose_threshold(np.array([1, 1], np.int8), np.array([-1e4, 1.0]), "min_recall", 1.0)


def test_reviews_that_are_all_negative_are_refused():
    with pytest.raises(ConfigError, match="expected a positive review among the 2 validation"):
        choose_threshold(np.zeros(2, np.int8), np.zeros(2), "f1")
    with pytest.raises(CorpusError, match="at least one review"):
        choose_threshold(np.zeros(0, np.int8), np.zeros(0), "f1")


@pytest.mark.parametrize("wanted", [("min_recall", None), ("min_recall", 0.0), ("f1", 0.5)])
def test_a_goal_and_its_bound_go_together(wanted):
    with pytest.raises(ValueError, match="least: expected"):
        choose_threshold(Y, SCORES, *wanted)


@given(rows(), GOALS, st.data())
def test_a_review_of_weight_2_counts_as_if_it_were_there_twice(drawn, goal, data):
    y, scores = drawn
    times = np.array(data.draw(st.lists(st.integers(1, 3), min_size=y.size, max_size=y.size)))

    def chosen(*arguments, **weights):
        try:
            return dataclasses.replace(choose_threshold(*arguments, *goal, **weights), n=0)
        except ConfigError:
            return None

    weighted = chosen(y, scores, sample_weight=times.astype(np.float64))
    assert repr(weighted) == repr(chosen(np.repeat(y, times), np.repeat(scores, times)))
