"""What changes with the threshold, against scikit-learn and against `evaluation`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_curve

from pipeline.evaluation.calibration import reliability
from pipeline.evaluation.curves import (
    Curve,
    curves,
    histogram,
    precision_recall_points,
    roc_points,
    threshold_table,
)
from pipeline.inspection.examples import least_certain, most_wrong
from pipeline.model.confusion import confusion
from pipeline.model.logistic import sigmoid

scored = st.lists(st.tuples(st.integers(0, 1), st.integers(-40, 40)), min_size=1, max_size=60).map(
    lambda rows: (np.array([y for y, _ in rows], np.int8), np.array([z for _, z in rows]) / 8)
)


def split(n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n).astype(np.int8)
    return y, rng.normal(2.0 * y - 1, 2)


def test_the_roc_is_scikit_learns_with_every_corner():
    y, z = split()
    found = roc_points(y, z, most=10_000)
    false, true, _ = roc_curve(y, z, drop_intermediate=False)
    np.testing.assert_allclose(found.x, false)
    np.testing.assert_allclose(found.y, true)


def test_precision_and_recall_are_scikit_learns():
    y, z = split()
    found = precision_recall_points(y, z, most=10_000)
    precision, recall, _ = precision_recall_curve(y, z)
    np.testing.assert_allclose(found.x, recall[:-1][::-1])
    np.testing.assert_allclose(found.y, precision[:-1][::-1])


@given(scored)
def test_curves_run_from_left_to_right_inside_the_square(rows):
    for found in (roc_points(*rows, 20), precision_recall_points(*rows, 20)):
        assert len(found.x) == len(found.y) <= 20
        assert list(found.x) == sorted(found.x)
        assert all(0 <= value <= 1 for value in (*found.x, *found.y))
    found, n_positive = roc_points(*rows), int(rows[0].sum())
    ends = (*found.x[:1], *found.y[:1], *found.x[-1:], *found.y[-1:])
    assert ends == ((0, 0, 1, 1) if 0 < n_positive < len(rows[0]) else ())


def test_of_no_reviews_there_is_no_curve():
    empty = np.empty(0, np.int8), np.empty(0)
    assert roc_points(*empty) == precision_recall_points(*empty) == Curve((), ())


@pytest.mark.parametrize("label", [0, 1])
def test_of_one_class_there_is_no_curve(label):
    y, z = np.full(5, label, np.int8), np.arange(5.0)
    assert roc_points(y, z).x == ()
    assert (precision_recall_points(y, z).x == ()) == (label == 0)
    assert curves(y, z).thresholds.n_positive == 5 * label


@given(scored, st.integers(1, 999))
def test_the_table_of_thresholds_counts_as_the_evaluation_does(rows, k):
    table = threshold_table(*rows)
    expected = confusion(*rows, k / 1000)
    assert table.true_positive[k - 1] == expected.true_positive
    assert table.false_positive[k - 1] == expected.false_positive
    assert table.n_negative == expected.false_positive + expected.true_negative
    assert table.n_positive == expected.true_positive + expected.false_negative


@given(scored, st.integers(1, 40))
def test_the_bins_above_an_edge_hold_what_is_predicted_positive_there(rows, n_bins):
    """One definition of an edge: a probability of exactly 0.5 is below 0.5, as in the decision."""
    y, z = rows
    found, calibration = histogram(y, z, n_bins), reliability(y, z, n_bins)
    assert sum(found.positive) + sum(found.negative) == len(y)
    for k in range(1, n_bins):
        expected = confusion(y, z, k / n_bins)
        assert sum(found.positive[k:]) == expected.true_positive
        assert sum(found.negative[k:]) == expected.false_positive
        n_above = expected.true_positive + expected.false_positive
        assert sum(each.n for each in calibration[k:]) == n_above


@given(scored, st.sampled_from([0.2, 0.5, 0.8]), st.integers(0, 70))
def test_the_most_wrong_are_missed_and_gave_their_label_the_least(rows, threshold, n):
    y, z = rows
    found = most_wrong(y, z, threshold, n)
    missed = [i for i in range(len(y)) if (sigmoid(z)[i] > threshold) != y[i]]
    surprise = np.where(y == 1, -z, z)
    assert list(found) == sorted(missed, key=lambda i: (-surprise[i], i))[:n]


@given(scored, st.sampled_from([0.2, 0.5, 0.8]), st.integers(0, 70))
def test_the_least_certain_are_nearest_to_the_threshold(rows, threshold, n):
    _, z = rows
    found = least_certain(z, threshold, n)
    distance = np.abs(z - np.log(threshold / (1 - threshold)))
    np.testing.assert_allclose(distance[found], np.sort(distance)[:n])


@given(
    st.lists(st.tuples(st.integers(0, 2), *[st.integers(-4, 4)] * 3), min_size=1, max_size=30),
    st.integers(0, 40),
)
def test_of_three_classes_the_first_two_decide_who_is_least_certain_and_truth_who_is_wrong(rows, n):
    y = np.array([row[0] for row in rows], np.int8)
    z = np.array([row[1:] for row in rows], np.float64)
    margins = [first - second for first, second in (sorted(row, reverse=True)[:2] for row in z)]
    order = sorted(range(len(y)), key=lambda i: (margins[i], i))
    assert least_certain(z, 0.5, n).tolist() == order[:n]
    of_truth = z[np.arange(len(y)), y] - np.log(np.exp(z).sum(axis=1))
    found = most_wrong(y, z, 0.5, n)
    wrong = [i for i in range(len(y)) if list(z[i]).index(z[i].max()) != y[i]]
    assert set(found) <= set(wrong)
    assert of_truth[found] == pytest.approx(np.sort(of_truth[wrong])[:n])
