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

GRID = np.geomspace(COLDEST, HOTTEST, 60)

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


def prior(temperature, n):
    """Minus the log density of the gamma prior of 1 / T, up to a constant, in nats a review."""
    return (1 / temperature + math.log(temperature)) / n


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))))
def test_the_temperature_has_the_least_log_loss_and_prior(drawn):
    """No other one that SciPy's search or a grid finds has less."""
    y, scores = drawn
    found = fit_temperature(y, scores)
    assert COLDEST < found < HOTTEST

    def goal(temperature):
        return log_loss(y, scores / temperature) + prior(temperature, len(y))

    ends = math.log(COLDEST), math.log(HOTTEST)
    search = minimize_scalar(lambda t: goal(math.exp(t)), bounds=ends, method="bounded")
    assert goal(found) <= min([search.fun, *map(goal, GRID)]) + 1e-12


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))))
def test_the_slope_is_0_at_the_temperature(drawn):
    y, scores = drawn
    found = fit_temperature(y, scores)
    assume(scores.any())
    slope = np.mean((sigmoid(scores / found) - y) * scores) + (1 - found) / len(y)
    assert slope == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("temperature", [0.05, 1, 3, 40])
def test_a_known_temperature_is_found(temperature):
    y, scores = calibrated(temperature=temperature)
    assert fit_temperature(y, scores) == pytest.approx(temperature, rel=0.03)


def test_dividing_the_scores_divides_the_temperature_of_many_reviews():
    y, scores = calibrated()
    assert fit_temperature(y, scores / 7) == pytest.approx(fit_temperature(y, scores) / 7, rel=2e-3)


def test_scores_divided_by_the_temperature_are_better_calibrated():
    y, scores = calibrated(temperature=4)
    scaled = scores / fit_temperature(y, scores)
    assert expected_calibration_error(reliability(y, scaled)) < 0.01
    np.testing.assert_array_equal(decide(sigmoid(scaled)), decide(sigmoid(scores)))


def test_scores_that_separate_the_classes_are_as_sure_as_there_are_reviews():
    """All n reviews are right by the margin 1: n / (1 + e^s) = 1 - 1 / s."""
    chances = []
    for n in (10, 100, 1000):
        s = 1 / fit_temperature(np.arange(n) % 2, 2.0 * (np.arange(n) % 2) - 1)
        assert n / (1 + math.exp(s)) == pytest.approx(1 - 1 / s)
        chances.append(1 / (1 + math.exp(s)))
    assert chances == sorted(chances, reverse=True)
    assert 1 / 1000 < chances[-1] * 1.5 < 2 / 1000


def test_scores_no_better_than_chance_have_a_high_temperature():
    y, z = np.tile([0, 1], 500), np.repeat([-1.0, 1.0], 500)
    assert 10 < fit_temperature(y, z) < 100
    assert 10 < fit_temperature(y, np.column_stack([-z / 2, z / 2])) < 100


def test_scores_that_say_the_opposite_have_a_higher_one():
    y = np.tile([1, 0], 500)
    assert 100 < fit_temperature(y, np.tile([-1.0, 1.0], 500)) < HOTTEST
    assert fit_temperature(y, np.tile([-100.0, 100.0], 500)) == pytest.approx(HOTTEST)


def test_scores_that_are_all_0_stay_as_they_are():
    assert fit_temperature(np.array([1, 0, 0], np.int8), np.zeros(3)) == 1.0


@pytest.mark.parametrize("size", [1e-300, 1e-5, 1e4, 1e300])
def test_scores_of_any_size_have_a_temperature(size):
    y = np.array([1, 1, 0, 0, 1, 0], np.int8)
    found = fit_temperature(y, size * np.array([1.0, 2, -1, -2, -0.5, 1.5]))
    assert COLDEST <= found <= HOTTEST


# What is refused


def test_reviews_that_cannot_be_scored_are_refused():
    with pytest.raises(CorpusError, match="at least one review"):
        fit_temperature(np.array([], np.int8), np.array([]))
    with pytest.raises(DivergenceError, match="row 1"):
        fit_temperature(np.array([0, 1], np.int8), np.array([0.0, math.nan]))


@given(rows(scores=st.floats(-5, 5).map(lambda z: round(z, 3))), st.data())
def test_a_review_of_weight_2_counts_twice_in_the_mean(drawn, data):
    y, scores = drawn
    times = np.array(data.draw(st.lists(st.integers(1, 3), min_size=y.size, max_size=y.size)))
    found = fit_temperature(y, scores, times.astype(np.float64))
    assert found == pytest.approx(fit_temperature(y, scores, times / 7), rel=1e-9)
    repeated = np.repeat(y, times), np.repeat(scores, times)

    def goal(temperature):
        return log_loss(repeated[0], repeated[1] / temperature) + prior(temperature, len(y))

    assert goal(found) <= min(map(goal, GRID)) + 1e-12


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 101.0)])
def test_blocks_change_nothing(monkeypatch, weights):
    draw = np.random.default_rng(0)
    y, z = draw.integers(0, 2, 100), draw.normal(size=100)
    whole = fit_temperature(y, z, weights)
    monkeypatch.setattr("pipeline.training.temperature._BLOCK", 7)
    assert fit_temperature(y, z, weights) == pytest.approx(whole, rel=1e-12)


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
def test_of_three_classes_the_temperature_has_the_least_log_loss_and_prior(drawn):
    y, scores, weights = drawn
    found = fit_temperature(y, scores, weights)
    assert COLDEST < found < HOTTEST

    def goal(temperature):
        loss = np.average(cross_entropy(scores / temperature, y), weights=weights)
        return loss + prior(temperature, len(y))

    assert goal(found) <= min(map(goal, GRID)) + 1e-12


@given(rows_of_three(), st.randoms(use_true_random=False))
def test_the_order_of_rows_of_three_classes_changes_nothing(drawn, random):
    y, scores, weights = drawn
    order = list(range(y.size))
    random.shuffle(order)
    shuffled = None if weights is None else weights[order]
    assert fit_temperature(y[order], scores[order], shuffled) == pytest.approx(
        fit_temperature(y, scores, weights), rel=1e-12
    )
