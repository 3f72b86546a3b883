"""Claims about the temperature: a general minimiser is the judge."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize_scalar

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.calibration import expected_calibration_error, reliability
from pipeline.evaluation.metrics import log_loss
from pipeline.model.logistic import cross_entropy, decide, sigmoid
from pipeline.training.temperature import COLDEST, HOTTEST, fit_temperature

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def rows(draw, scores=None):
    n = draw(st.integers(1, 60))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    if scores is None:
        scores = st.one_of(
            st.integers(-3, 3).map(float), st.floats(-30, 30), st.sampled_from([-1e4, 1e4])
        )
    return y, draw(hnp.arrays(np.float64, n, elements=scores))


def calibrated(n=20_000, temperature=1.0):
    """Reviews that are positive as often as their probability, and scores too large by T."""
    generator = np.random.default_rng(0)
    z = generator.normal(0, 2, n)
    return (generator.random(n) < sigmoid(z)).astype(np.int8), z * temperature


@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    y, scores = drawn
    order = list(range(y.size))
    random.shuffle(order)
    assert fit_temperature(y[order], scores[order]) == fit_temperature(y, scores)


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))))
def test_the_temperature_has_the_least_log_loss(drawn):
    """No other one that SciPy's search or a grid finds has less."""
    y, scores = drawn
    found = fit_temperature(y, scores)
    assert COLDEST <= found <= HOTTEST
    least = log_loss(y, scores / found)
    search = minimize_scalar(
        lambda t: log_loss(y, scores / math.exp(t)), bounds=(math.log(COLDEST), math.log(HOTTEST))
    )
    others = [search.fun, *(log_loss(y, scores / t) for t in np.geomspace(COLDEST, HOTTEST, 60))]
    assert least <= min(others) + 1e-12


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))))
def test_the_slope_is_0_at_the_temperature(drawn):
    y, scores = drawn
    found = fit_temperature(y, scores)
    assume(COLDEST < found < HOTTEST)
    slope = np.mean((sigmoid(scores / found) - y) * scores)
    assert slope == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("temperature", [0.05, 1, 3, 40])
def test_a_known_temperature_is_found(temperature):
    y, scores = calibrated(temperature=temperature)
    assert fit_temperature(y, scores) == pytest.approx(temperature, rel=0.03)


def test_dividing_the_scores_divides_the_temperature():
    y, scores = calibrated()
    assert fit_temperature(y, scores / 7) == pytest.approx(fit_temperature(y, scores) / 7, rel=1e-9)


def test_scores_divided_by_the_temperature_are_better_calibrated():
    y, scores = calibrated(temperature=4)
    scaled = scores / fit_temperature(y, scores)
    assert expected_calibration_error(reliability(y, scaled)) < 0.01
    np.testing.assert_array_equal(decide(sigmoid(scaled)), decide(sigmoid(scores)))


def test_scores_that_separate_the_classes_get_the_lowest_temperature():
    assert fit_temperature(np.array([0, 1], np.int8), np.array([-1.0, 2.0])) == COLDEST
    assert fit_temperature(np.array([1, 1], np.int8), np.array([0.0, 2.0])) == COLDEST


def test_scores_that_say_the_opposite_get_the_highest_temperature():
    assert fit_temperature(np.array([1, 0], np.int8), np.array([-1.0, 2.0])) == HOTTEST


def test_scores_that_are_all_0_stay_as_they_are():
    assert fit_temperature(np.array([1, 0, 0], np.int8), np.zeros(3)) == 1.0


@pytest.mark.parametrize("size", [1e-300, 1e-5, 1e4, 1e300])
def test_scores_of_any_size_have_a_temperature(size):
    y = np.array([1, 1, 0, 0, 1, 0], np.int8)
    found = fit_temperature(y, size * np.array([1.0, 2, -1, -2, -0.5, 1.5]))
    assert COLDEST <= found <= HOTTEST


def test_a_temperature_is_found_far_from_where_the_search_starts():
    """A hundred sure and right, and one wrong by a hair: the slope falls by e with each step."""
    y = np.array([1] * 100 + [0], np.int8)
    scores = np.array([1.0] * 100 + [1e-200])
    # 100 e^-s = 1e-200 / 2
    assert 1 / fit_temperature(y, scores) == pytest.approx(math.log(200) + 200 * math.log(10))


# What is refused


def test_reviews_that_cannot_be_scored_are_refused():
    with pytest.raises(CorpusError, match="at least one review"):
        fit_temperature(np.array([], np.int8), np.array([]))
    with pytest.raises(DivergenceError, match="row 1"):
        fit_temperature(np.array([0, 1], np.int8), np.array([0.0, math.nan]))


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))), st.data())
def test_a_review_of_weight_2_counts_as_if_it_were_there_twice(drawn, data):
    y, scores = drawn
    times = np.array(data.draw(st.lists(st.integers(1, 3), min_size=y.size, max_size=y.size)))
    weighted = fit_temperature(y, scores, times.astype(np.float64))
    repeated = fit_temperature(np.repeat(y, times), np.repeat(scores, times))
    assert weighted == pytest.approx(repeated, rel=1e-6)


# More than two classes


@st.composite
def rows_of_three(draw):
    """Labels, scores and weights or none; the scores are rounded as those of `rows` above."""
    n = draw(st.integers(1, 30))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 2)))
    numbers = st.floats(-5, 5).map(lambda z: round(z, 3))
    z = draw(hnp.arrays(np.float64, (n, 3), elements=numbers))
    times = hnp.arrays(np.float64, n, elements=st.sampled_from([0.5, 1.0, 3.0]))
    return y, z, draw(st.none() | times)


@given(rows_of_three())
def test_of_three_classes_the_temperature_has_the_least_log_loss(drawn):
    y, scores, weights = drawn
    found = fit_temperature(y, scores, weights)
    assert COLDEST <= found <= HOTTEST

    def loss(temperature):
        return np.average(cross_entropy(scores / temperature, y), weights=weights)

    others = [loss(t) for t in np.geomspace(COLDEST, HOTTEST, 60)]
    assert loss(found) <= min(others) + 1e-12


@given(rows_of_three(), st.randoms(use_true_random=False))
def test_the_order_of_rows_of_three_classes_changes_nothing(drawn, random):
    y, scores, weights = drawn
    order = list(range(y.size))
    random.shuffle(order)
    shuffled = None if weights is None else weights[order]
    assert fit_temperature(y[order], scores[order], shuffled) == pytest.approx(
        fit_temperature(y, scores, weights), rel=1e-12
    )


def test_scores_no_better_than_chance_get_the_highest_temperature():
    """Two reviews contradict each other, so that the slope is 0 wherever it is measured."""
    assert fit_temperature(np.array([1, 0], np.int8), np.full(2, 1e-300)) == HOTTEST
    z = np.array([[1e-300, 0.0, 0.0], [1e-300, 0.0, 0.0], [1e-300, 0.0, 0.0]])
    assert fit_temperature(np.array([0, 1, 2]), z) == HOTTEST
