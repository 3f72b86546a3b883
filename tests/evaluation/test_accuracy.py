"""The interval of an accuracy and the test of two, for reviews in groups."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from pipeline.evaluation.accuracy import (
    accuracy_interval,
    mcnemar,
    paired_p_value,
    wilson_interval,
)

pytestmark = pytest.mark.filterwarnings("error")
answers = st.lists(st.booleans(), min_size=1, max_size=60).map(lambda drawn: np.array(drawn, bool))


@st.composite
def in_groups(draw, n_groups=6):
    """Draw whether two models are right on some reviews, and the group of each review."""
    n = draw(st.integers(1, 40))
    right = st.lists(st.booleans(), min_size=n, max_size=n)
    groups = draw(st.lists(st.integers(0, n_groups - 1), min_size=n, max_size=n))
    return np.array(draw(right)), np.array(draw(right)), np.array(groups)


@given(answers, st.sampled_from([0.8, 0.95]))
def test_without_groups_and_with_one_for_each_review_the_interval_is_wilsons(right, confidence):
    expected = wilson_interval(int(right.sum()), len(right), confidence)
    assert accuracy_interval(right, confidence) == expected
    groups = np.random.default_rng(0).permutation(len(right))
    if len(right) > 1:
        assert accuracy_interval(right, confidence, groups) == pytest.approx(expected)


@given(in_groups())
def test_an_interval_with_groups_holds_the_accuracy_and_is_at_least_as_wide(drawn):
    right, _, groups = drawn
    low, high = accuracy_interval(right, groups=groups)
    assert 0 <= low <= right.mean() <= high <= 1
    narrow = accuracy_interval(right)
    assert high - low >= (narrow[1] - narrow[0]) * (1 - 1e-12)


@given(in_groups(), st.randoms(use_true_random=False))
def test_neither_the_order_of_reviews_nor_the_names_of_groups_matter(drawn, random):
    right, other, groups = drawn
    order = np.array(random.sample(range(len(right)), len(right)))
    names = np.array(random.sample(range(100), 6))
    again = names[groups[order]]
    assert accuracy_interval(right[order], groups=again) == accuracy_interval(right, groups=groups)
    p = paired_p_value(right, other, groups)
    assert paired_p_value(right[order], other[order], again) == p


def test_copies_of_a_review_tell_no_more_than_the_review():
    right = np.arange(200) % 5 > 0
    copied, groups = np.repeat(right, 7), np.repeat(np.arange(200), 7)
    alone, together = accuracy_interval(right), accuracy_interval(copied, groups=groups)
    assert together == pytest.approx(alone, abs=0.001)
    narrow = accuracy_interval(copied)
    assert (narrow[1] - narrow[0]) < 0.4 * (alone[1] - alone[0])


def test_the_interval_covers_the_accuracy_as_often_as_it_says_where_wilsons_does_not():
    draw, covered, n = np.random.default_rng(0), np.zeros(2), 400
    for _ in range(n):
        share = draw.beta(9, 1, 40)
        groups = np.repeat(np.arange(40), draw.integers(1, 20, 40))
        right = draw.random(len(groups)) < share[groups]
        for k, grouped in enumerate((groups, None)):
            low, high = accuracy_interval(right, groups=grouped)
            covered[k] += low <= 0.9 <= high
    assert covered[0] / n > 0.92
    assert covered[1] / n < 0.85


def test_one_group_tells_as_much_as_one_review():
    assert accuracy_interval(np.ones(9, bool), groups=np.zeros(9)) == wilson_interval(1, 1)


def test_no_review_has_no_interval():
    assert all(map(math.isnan, accuracy_interval(np.array([], bool), groups=np.array([], int))))


@given(answers, st.data())
def test_with_a_group_for_each_review_the_test_is_mcnemars(right, data):
    other = np.array(data.draw(st.lists(st.booleans(), min_size=len(right), max_size=len(right))))
    only_a, only_b = int((right & ~other).sum()), int((other & ~right).sum())
    assert paired_p_value(right, other) == mcnemar(only_a, only_b)
    p = paired_p_value(right, other, np.arange(len(right)))
    assert p == pytest.approx(mcnemar(only_a, only_b), rel=1e-12)


@given(in_groups())
def test_the_test_of_groups_counts_all_ways_to_turn_their_signs(drawn):
    right, other, groups = drawn
    differences = [
        int(right[groups == g].sum()) - int(other[groups == g].sum()) for g in np.unique(groups)
    ]
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    expected = np.mean([found >= abs(sum(differences)) for found in sums])
    assert paired_p_value(right, other, groups) == pytest.approx(expected)
    assert paired_p_value(other, right, groups) == pytest.approx(expected)


def test_groups_that_are_not_one_for_each_review_are_refused():
    with pytest.raises(ValueError, match="groups: expected one for each of 3 reviews, got 2"):
        accuracy_interval(np.ones(3, bool), groups=np.zeros(2))


@pytest.mark.parametrize(
    "right", [[True, True, False, False], [True, True, True, False], [True] * 4]
)
def test_reviews_of_one_group_tell_as_much_as_one_review(right):
    share = np.mean(right)
    found = accuracy_interval(np.array(right), groups=np.full(4, 7))
    assert found == wilson_interval(float(share), 1)


@pytest.mark.parametrize("right", [True, False])
def test_where_all_are_right_or_wrong_a_group_tells_as_much_as_a_review(right):
    """But for the quantiles of Student's distribution, which are wider for few groups."""
    n, n_groups = 12, 4
    found = accuracy_interval(np.full(n, right), groups=np.arange(n) % n_groups)
    few, many = (student.ppf(0.025, m - 1) for m in (n_groups, n))
    effective = n_groups * (many / few) ** 2
    assert found == pytest.approx(wilson_interval(effective if right else 0, effective))
