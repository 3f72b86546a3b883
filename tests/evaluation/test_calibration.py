"""Claims about calibration: a plain loop and worked examples are the judges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.calibration import expected_calibration_error, reliability
from pipeline.model.logistic import decide, sigmoid

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


# Bins


@given(rows(), st.integers(1, 20))
def test_bins_are_those_of_a_loop_over_the_reviews(drawn, bins):
    y, scores = drawn
    probability = sigmoid(scores)
    found = reliability(y, scores, bins)
    assert sum(each.n for each in found) == y.size
    assert (found[0].low, found[-1].high) == (0, 1)
    assert [each.high for each in found[:-1]] == [each.low for each in found[1:]]
    for each in found:
        inside = [
            k for k, p in enumerate(probability) if each.low < p <= each.high or p == each.low == 0
        ]
        assert each.n == len(inside)
        if inside:
            mean, share = probability[inside].mean(), y[inside].mean()
            assert each.mean_probability == pytest.approx(mean, rel=1e-12)
            assert each.share_positive == pytest.approx(share, rel=1e-12)
        else:
            assert math.isnan(each.mean_probability)
            assert math.isnan(each.share_positive)


def test_an_edge_divides_as_a_threshold_there_does():
    """A probability of 0.5 is in the lower half, with the reviews that are predicted negative."""
    below, above = reliability(np.array([1, 1], np.int8), np.array([0.0, 1e-9]), bins=2)
    assert (below.n, above.n) == (1, 1)
    assert not decide(sigmoid(np.array([0.0])), 0.5)[0]


def test_probabilities_of_0_and_1_have_a_bin():
    found = reliability(np.array([0, 1], np.int8), np.array([-1e4, 1e4]), bins=4)
    assert [each.n for each in found] == [1, 0, 0, 1]


@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    y, scores = drawn
    order = list(range(y.size))
    random.shuffle(order)
    assert repr(reliability(y[order], scores[order])) == repr(reliability(y, scores))


# Expected calibration error


@given(rows(), st.integers(1, 20))
def test_the_error_is_the_sum_over_the_bins(drawn, bins):
    """Guo et al.: |sum of (probability - label)| of a bin, over n."""
    y, scores = drawn
    gaps = dict.fromkeys(range(bins), 0.0)
    for label, p in zip(y.tolist(), sigmoid(scores).tolist(), strict=True):
        gaps[next(k for k in range(bins) if p <= (k + 1) / bins)] += p - label
    found = expected_calibration_error(reliability(y, scores, bins))
    assert found == pytest.approx(sum(map(abs, gaps.values())) / y.size, rel=1e-9, abs=1e-12)


def test_a_calibrated_model_has_nearly_no_error_and_a_boastful_one_has_some():
    assert expected_calibration_error(reliability(*calibrated())) < 0.01
    assert expected_calibration_error(reliability(*calibrated(temperature=4))) > 0.1


def test_the_error_of_a_worked_example():
    """Three reviews at 0.5, one positive, and one sure mistake: (3 / 6 + 1) / 4."""
    y, scores = np.array([1, 0, 0, 0], np.int8), np.array([0.0, 0.0, 0.0, 1e4])
    assert expected_calibration_error(reliability(y, scores)) == pytest.approx((3 / 6 + 1) / 4)


def test_no_bins_no_error():
    assert math.isnan(expected_calibration_error([]))


# What is refused


def test_reviews_that_cannot_be_scored_are_refused():
    with pytest.raises(CorpusError, match="at least one review"):
        reliability(np.array([], np.int8), np.array([]))
    with pytest.raises(DivergenceError, match="row 1"):
        reliability(np.array([0, 1], np.int8), np.array([0.0, math.nan]))


def test_there_is_at_least_one_bin():
    with pytest.raises(ValueError, match="bins: expected a number >= 1, got 0"):
        reliability(np.array([1], np.int8), np.array([0.0]), 0)
