"""Claims about counted predictions; scikit-learn and exact arithmetic are the judges."""

import math
from dataclasses import astuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scored_reviews import THRESHOLDS, exact, scored_reviews
from sklearn import metrics as sklearn_metrics

from pipeline.model.confusion import class_metrics, confusion, counts_above


@given(scored_reviews(), THRESHOLDS)
def test_confusion_is_scikit_learns(drawn, threshold):
    """The decision is that of the probability against the threshold."""
    y, scores = drawn
    predicted = [exact(score)[0] > threshold for score in scores.tolist()]
    expected = sklearn_metrics.confusion_matrix(y, predicted, labels=[0, 1]).ravel()
    assert astuple(confusion(y, scores, threshold)) == tuple(expected.tolist())


@given(scored_reviews(), THRESHOLDS)
def test_precision_recall_f1_and_support_are_scikit_learns(drawn, threshold):
    """Per class, with scikit-learn told that a division by nothing is NaN."""
    y, scores = drawn
    predicted = [exact(score)[0] > threshold for score in scores.tolist()]
    expected = sklearn_metrics.precision_recall_fscore_support(
        y, predicted, labels=[0, 1], zero_division=np.nan
    )
    ours = [astuple(each) for each in class_metrics(confusion(y, scores, threshold))]
    np.testing.assert_allclose(np.transpose(ours), np.array(expected), rtol=1e-15)


@given(scored_reviews(), st.lists(st.floats(-40, 40) | st.sampled_from([-3.0, 0.0, 2.0])))
def test_counts_at_many_thresholds_are_those_of_a_loop(drawn, thresholds):
    """At thresholds in any order, some of them equal to a value, some beyond all."""
    y, values = drawn
    true_positive, false_positive = counts_above(y == 1, values, np.array(thresholds))
    for k, threshold in enumerate(thresholds):
        assert true_positive[k] == sum(values[y == 1] > threshold)
        assert false_positive[k] == sum(values[y == 0] > threshold)


@given(scored_reviews(), THRESHOLDS)
def test_the_accuracy_is_the_share_of_true_predictions(drawn, threshold):
    y, scores = drawn
    predicted = [exact(score)[0] > threshold for score in scores.tolist()]
    assert confusion(y, scores, threshold).accuracy == np.mean(predicted == y)


def test_a_probability_at_the_threshold_is_negative():
    """Log-odds 0 is probability 0.5, which is not above 0.5."""
    counts = confusion(np.array([1, 1], np.int8), np.array([0.0, 1e-9]))
    assert (counts.false_negative, counts.true_positive) == (1, 1)


def test_precision_is_undefined_where_no_review_is_predicted_to_have_the_class():
    """Recall and F1 are 0 there, because the class has a review."""
    negative, positive = class_metrics(confusion(np.array([0, 1]), np.array([-1.0, -1.0])))
    assert math.isnan(positive.precision)
    assert (positive.recall, positive.f1) == (0.0, 0.0)
    assert (negative.precision, negative.recall) == (0.5, 1.0)


def test_recall_is_undefined_where_no_review_has_the_class():
    """Precision and F1 are 0 there, because a review is wrongly predicted to have the class."""
    _, positive = class_metrics(confusion(np.array([0, 0]), np.array([1.0, -1.0])))
    assert math.isnan(positive.recall)
    assert (positive.precision, positive.f1, positive.support) == (0.0, 0.0, 0)
