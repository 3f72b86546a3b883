"""Intervals over folds: Student's, and not narrower than the number of reviews allows."""

import numpy as np
import pytest
from scipy import stats

from pipeline.evaluation.over_folds import intervals_over_folds, jackknife_error


def measured(values, n_scored, confidence=0.95):
    """Return what folds of equal sizes measured at one size, with intervals."""
    return intervals_over_folds(
        lambda kept: values[kept].mean(axis=0)[:, np.newaxis],
        np.full(len(values), n_scored),
        confidence,
    )


def test_they_are_students_over_the_folds():
    values = np.random.default_rng(0).uniform(0.3, 0.7, (8, 3))
    for (found,), of_folds in zip(measured(values, 10_000, 0.9), values.T, strict=True):
        low, high = stats.t.interval(0.9, 7, of_folds.mean(), stats.sem(of_folds))
        assert (found.value, found.low, found.high) == pytest.approx((of_folds.mean(), low, high))


def test_that_of_accuracy_is_not_narrower_than_that_of_as_many_reviews():
    (accuracy,), (loss,), (ece,) = measured(np.full((5, 3), 0.8), 20)
    reach = stats.t.ppf(0.975, 4) * np.sqrt(0.8 * 0.2 / 100)
    assert (accuracy.low, accuracy.high) == pytest.approx((0.8 - reach, 0.8 + reach))
    assert (loss.low, loss.high) == (ece.low, ece.high) == pytest.approx((0.8, 0.8))


def test_ends_stay_where_the_metric_can_be():
    values = np.array([[1.0, 0.0, 0.0], [0.9, 3.0, 0.4]])
    (accuracy,), (loss,), (ece,) = measured(values, 50)
    assert 0 < accuracy.low < 0.95
    assert accuracy.high == 1
    assert (ece.low, ece.high) == (0, 1)
    assert loss.low == 0
    assert loss.high > 3


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(1).normal(size=12)
    without = np.array([np.delete(values, k).mean() for k in range(12)])
    assert jackknife_error(without) == pytest.approx(stats.sem(values))
