"""The one place that chooses between the metrics of two classes and of more."""

import numpy as np
import pytest

from pipeline.evaluation.classes import ClassScores, evaluate_classes, paired_class_differences
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.scored import differences_of, evaluation_of, scored
from pipeline.evaluation.uncertainty import METRICS, Scored, paired_differences

NAMES = ("bad", "fair", "good")
Y = np.array([0, 1, 1, 0] * 10, np.int8)
Z = np.random.default_rng(0).normal(size=(2, 40, 3))
GROUPS = np.arange(40) // 2


def test_one_score_a_review_is_that_of_two_classes():
    a, b = (scored(z[:, 0], NAMES[:2], 0.6, GROUPS) for z in Z)
    expected = [Scored(z[:, 0], 0.6, GROUPS) for z in Z]
    found = evaluation_of(Y, a, resamples=20)
    assert found == evaluate(Y, expected[0], resamples=20)
    assert tuple(found.by_path()) == METRICS
    assert found.by_path()["positive.f1"] == found.positive.f1
    assert differences_of(Y, a, b, resamples=20) == paired_differences(Y, *expected, resamples=20)


def test_a_score_for_each_class_is_that_of_more():
    y = np.arange(40) % 3
    a, b = (scored(z, NAMES, 0.6, GROUPS) for z in Z)
    expected = [ClassScores(z, NAMES, GROUPS) for z in Z]
    assert evaluation_of(y, a, resamples=20) == evaluate_classes(y, expected[0], resamples=20)
    found = differences_of(y, a, b, resamples=20)
    assert found == paired_class_differences(y, *expected, resamples=20)


def test_models_of_other_classes_do_not_compare():
    with pytest.raises(TypeError, match="expected models of the same classes"):
        differences_of(Y, scored(Z[0], NAMES), scored(Z[0][:, 0], NAMES))
