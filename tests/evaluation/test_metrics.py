"""Claims about the metrics; scikit-learn, scipy and plain arithmetic are the judges."""

import json
import math
import operator
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scored_reviews import THRESHOLDS, exact, scored_reviews
from sklearn import metrics as sklearn_metrics

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.accuracy import wilson_interval
from pipeline.evaluation.calibration import expected_calibration_error, reliability
from pipeline.evaluation.metrics import (
    average_precision,
    brier,
    evaluate,
    log_loss,
    roc_auc,
)
from pipeline.evaluation.uncertainty import Scored, intervals
from pipeline.model.confusion import confusion

pytestmark = pytest.mark.filterwarnings("error")

both_classes = scored_reviews().filter(lambda drawn: 0 < drawn[0].sum() < drawn[0].size)


# Against scikit-learn, scipy and exact arithmetic


@given(both_classes)
def test_roc_auc_is_scikit_learns(drawn):
    """Ties count half, as midranks do."""
    y, scores = drawn
    assert roc_auc(y, scores) == pytest.approx(
        sklearn_metrics.roc_auc_score(y, scores), rel=1e-12, abs=1e-12
    )


@given(scored_reviews())
def test_roc_auc_is_the_share_of_pairs_in_the_right_order(drawn):
    """Counted over all pairs, one by one."""
    y, scores = drawn
    pairs = [(p > q) + (p == q) / 2 for p in scores[y == 1] for q in scores[y == 0]]
    expected = sum(pairs) / len(pairs) if pairs else math.nan
    assert roc_auc(y, scores) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@given(scored_reviews().filter(lambda drawn: drawn[0].any()))
def test_average_precision_is_scikit_learns(drawn):
    """A step-wise sum over distinct scores, with one class only included."""
    y, scores = drawn
    assert average_precision(y, scores) == pytest.approx(
        sklearn_metrics.average_precision_score(y, scores), rel=1e-12
    )


@given(scored_reviews(scores=st.floats(-15, 15)))
def test_log_loss_is_scikit_learns_where_probabilities_suffice(drawn):
    """At |z| = 15, 1 - a still has nine digits."""
    y, scores = drawn
    expected = sklearn_metrics.log_loss(y, 1 / (1 + np.exp(-scores)), labels=[0, 1])
    assert log_loss(y, scores) == pytest.approx(expected, rel=1e-8)


@given(scored_reviews())
def test_log_loss_is_exact_at_any_score(drawn):
    """A log-odds of 1e4 on the wrong side costs 1e4 nats, not infinity."""
    y, scores = drawn
    expected = np.mean(
        [exact(z)[2 if label else 1] for label, z in zip(y, scores.tolist(), strict=True)]
    )
    assert log_loss(y, scores) == pytest.approx(expected, rel=1e-13, abs=1e-300)


@given(scored_reviews())
def test_brier_is_the_mean_squared_error_of_the_probabilities(drawn):
    """It is scikit-learn's Brier score, at any score."""
    y, scores = drawn
    probabilities = [exact(score)[0] for score in scores.tolist()]
    expected = sklearn_metrics.brier_score_loss(y, probabilities, pos_label=1)
    # A double has no more digits of 1 - a than that.
    assert brier(y, scores) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(scored_reviews(), THRESHOLDS)
def test_macro_averages_are_the_means_of_both_classes(drawn, threshold):
    """They are undefined where either class is."""
    y, scores = drawn
    result = evaluate(y, Scored(scores, threshold), resamples=0)
    for name in ("precision", "recall", "f1"):
        each = [getattr(result.negative, name), getattr(result.positive, name)]
        assert getattr(result, name) == pytest.approx(np.mean(each), rel=1e-15, nan_ok=True)


@given(
    st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.999999]),
)
def test_wilson_interval_is_scipys(counts, confidence):
    """At every share of successes, none and all included."""
    successes, n = counts
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, n, confidence) == pytest.approx(
        (expected.low, expected.high), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_the_interval_of_none_starts_at_0_and_of_all_ends_at_1(confidence):
    """By algebra, so also by arithmetic; the two mirror each other."""
    for n in range(1, 200):
        none, everything = wilson_interval(0, n, confidence), wilson_interval(n, n, confidence)
        assert (none[0], everything[1]) == (0.0, 1.0)
        assert none[1] == pytest.approx(1 - everything[0], rel=1e-12)


def test_wilson_interval_of_a_worked_example():
    """22 250 of 25 000 at 95 %: 0.89 give or take 0.004."""
    low, high = wilson_interval(22_250, 25_000)
    assert (round(low, 4), round(high, 4)) == (0.8861, 0.8938)


@given(scored_reviews(), THRESHOLDS)
def test_the_whole_agrees_with_its_pieces(drawn, threshold):
    """`evaluate` reports what the public functions return."""
    y, scores = drawn
    result = evaluate(y, Scored(scores, threshold), confidence=0.9, resamples=20)
    counts = confusion(y, scores, threshold)
    correct = counts.true_negative + counts.true_positive
    assert result.confusion == counts
    assert (result.n, result.threshold, result.confidence) == (y.size, threshold, 0.9)
    assert result.prevalence == y.mean()
    assert result.accuracy == correct / y.size
    assert (result.accuracy_low, result.accuracy_high) == wilson_interval(correct, y.size, 0.9)
    assert result.accuracy_low <= result.accuracy <= result.accuracy_high
    pieces = [f(y, scores) for f in (roc_auc, average_precision, log_loss, brier)]
    reported = [result.roc_auc, result.average_precision, result.log_loss, result.brier]
    np.testing.assert_array_equal(reported, pieces)
    assert repr(result.calibration) == repr(reliability(y, scores))
    assert result.ece == expected_calibration_error(result.calibration)
    assert repr(result.intervals) == repr(intervals(y, Scored(scores, threshold), 0.9, 20))


def test_every_metric_lies_in_its_interval():
    """Of a balanced test set with thousands of reviews."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 3000).astype(np.int8)
    result = evaluate(y, Scored(generator.normal(0, 2, y.size) + 2 * y - 1))
    assert len(result.intervals) > 3
    for name, (low, high) in result.intervals.items():
        assert low < operator.attrgetter(name)(result) < high
        assert high - low < 0.1


def test_without_resamples_there_are_no_intervals():
    """But Wilson's of the accuracy, which needs none."""
    result = evaluate(np.array([0, 1], np.int8), Scored(np.array([-1.0, 1.0])), resamples=0)
    assert result.intervals == {}
    assert result.accuracy_low < result.accuracy == 1


def test_settings_reach_the_resamples_and_the_bins():
    y, model = np.array([0, 1] * 20, np.int8), Scored(np.sin(np.arange(40.0)))
    here = evaluate(y, model)
    assert evaluate(y, model, seed=1).intervals != here.intervals
    assert evaluate(y, model, resamples=10).intervals != here.intervals
    assert len(evaluate(y, model, bins=7).calibration) == 7


# Invariances


@given(scored_reviews(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    """Not even the last bit of a sum."""
    y, scores = drawn
    order = list(range(y.size))
    random.shuffle(order)
    here, there = (
        evaluate(y[rows], Scored(scores[rows]), resamples=20) for rows in (order, slice(None))
    )
    assert here.to_dict() == there.to_dict()


def test_the_order_of_many_rows_changes_nothing():
    """With enough rows that a plain sum would differ."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 10_000).astype(np.int8)
    scores = generator.normal(0, 5, y.size)
    order = generator.permutation(y.size)
    assert evaluate(y[order], Scored(scores[order])) == evaluate(y, Scored(scores))


@given(scored_reviews(scores=st.integers(-20, 20).map(float)))
def test_swapping_the_classes_swaps_their_metrics(drawn):
    """The negative class is scored by the rule that scores the positive one."""
    y, scores = drawn
    scores = scores + 0.5  # away from the boundary, where the rule is not symmetric
    here, there = (
        evaluate(labels, Scored(z), resamples=0).to_dict()
        for labels, z in ((y, scores), (1 - y, -scores))
    )
    assert here["negative"] == there["positive"]
    assert here["accuracy"] == there["accuracy"]
    assert here["roc_auc"] == pytest.approx(there["roc_auc"])


def test_inputs_are_left_as_they_were():
    """Arrays that cannot be written to are good enough."""
    y, scores = np.array([1, 0, 1], np.int8), np.array([2.0, 1.0, -1.0])
    y.flags.writeable = scores.flags.writeable = False
    assert evaluate(y, Scored(scores)).n == 3


def test_extreme_scores_raise_no_floating_point_flag_but_underflow():
    """No overflow, no division by zero, no NaN on the way at |z| = 1e4 and far beyond."""
    y = np.array([0, 1, 0, 1], np.int8)
    for size in (1e4, 1e300):
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            result = evaluate(y, Scored(np.array([-size, size, size, -size])))
        assert result.log_loss == size / 2
        assert result.brier == 0.5


# What is undefined


def test_ranking_is_undefined_with_one_class():
    """ROC-AUC needs both classes; average precision needs a positive."""
    scores = np.array([1.0, -1.0])
    ones, zeros = np.ones(2, np.int8), np.zeros(2, np.int8)
    assert math.isnan(roc_auc(ones, scores))
    assert math.isnan(roc_auc(zeros, scores))
    assert math.isnan(average_precision(zeros, scores))
    assert average_precision(ones, scores) == 1.0


def test_f1_is_undefined_where_a_class_has_no_review_and_no_prediction():
    """And so are the macro averages, though the other class is perfect."""
    result = evaluate(np.array([1, 1], np.int8), Scored(np.array([1.0, 2.0])))
    assert math.isnan(result.negative.f1)
    assert result.positive.f1 == 1.0
    assert all(math.isnan(x) for x in (result.precision, result.recall, result.f1))


def test_the_interval_of_no_trials_is_undefined():
    """Nought out of nought says nothing."""
    assert all(math.isnan(end) for end in wilson_interval(0, 0))


# The dict


def test_the_keys_of_metrics_json_are_stable():
    """Others read these paths: a key may be added, not renamed."""
    metrics = evaluate(np.array([0, 1], np.int8), Scored(np.array([-1.0, 1.0]))).to_dict()
    of_class = {"precision", "recall", "f1", "support"}
    assert set(metrics) == {
        *("n", "prevalence", "threshold", "accuracy", "accuracy_low", "accuracy_high"),
        *("confidence", "precision", "recall", "f1", "negative", "positive", "confusion"),
        *("roc_auc", "average_precision", "log_loss", "brier"),
        *("ece", "calibration", "intervals"),
    }
    assert set(metrics["intervals"]) == {
        *("accuracy", "precision", "recall", "f1"),
        *(f"{name}.{key}" for name in ("negative", "positive") for key in of_class - {"support"}),
        *("roc_auc", "average_precision", "log_loss", "brier"),
    }
    bin_keys = ["low", "high", "n", "mean_probability", "share_positive"]
    assert [list(each) for each in metrics["calibration"]] == [bin_keys] * 10
    assert set(metrics["negative"]) == set(metrics["positive"]) == of_class
    assert list(metrics["confusion"]) == [
        *("true_negative", "false_positive", "false_negative", "true_positive")
    ]


@given(scored_reviews(), THRESHOLDS)
def test_the_dict_is_json_and_comes_back_the_same(drawn, threshold):
    """Plain numbers only, and no NaN, which JSON does not have."""
    y, model = drawn[0], Scored(drawn[1], np.float64(threshold))
    metrics = evaluate(y, model, np.float64(0.95), resamples=20).to_dict()
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_undefined_is_null():
    """NaN in the dataclass is None in the dict, at both levels."""
    metrics = evaluate(np.array([0], np.int8), Scored(np.array([-1.0]))).to_dict()
    assert metrics["roc_auc"] is None
    assert metrics["positive"]["f1"] is None
    assert metrics["positive"]["support"] == 0
    assert metrics["intervals"]["positive.f1"] == [None, None]
    assert metrics["calibration"][-1]["share_positive"] is None


def test_an_evaluation_cannot_be_changed():
    """A result is a fact."""
    result = evaluate(np.array([0, 1], np.int8), Scored(np.array([-1.0, 1.0])))
    with pytest.raises(FrozenInstanceError):
        result.accuracy = 1.0


# What is refused


def evaluation(y_true, scores):
    return evaluate(y_true, Scored(scores))


METRICS = [evaluation, confusion, roc_auc, average_precision, log_loss, brier]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_refuses_what_it_cannot_score(metric):
    """A user's mistake is a PipelineError, a programmer's a ValueError; both name the row."""
    with pytest.raises(CorpusError, match="at least one review"):
        metric(np.array([], np.int8), np.array([]))
    for score in (math.nan, math.inf, -math.inf):
        with pytest.raises(DivergenceError, match=f"row 1: expected a finite number, got {score}"):
            metric(np.array([0, 1], np.int8), np.array([0.0, score]))
    with pytest.raises(ValueError, match="label of row 1: expected 0 or 1, got -1"):
        metric(np.array([1, -1], np.int8), np.array([0.0, 0.0]))
    with pytest.raises(ValueError, match=r"got shapes \(2,\) and \(1,\)"):
        metric(np.array([1, 0], np.int8), np.array([0.0]))
    with pytest.raises(ValueError, match="got shapes"):
        metric(np.array([[1, 0]], np.int8), np.array([[0.0, 1.0]]))


@pytest.mark.parametrize("number", [0, 1, -0.1, 1.1, math.nan])
def test_thresholds_and_confidences_lie_strictly_between_0_and_1(number):
    """At 0 or 1 a decision or an interval says nothing."""
    y, scores = np.array([0, 1], np.int8), np.array([-1.0, 1.0])
    with pytest.raises(ValueError, match="threshold: expected a number in"):
        evaluate(y, Scored(scores, number))
    with pytest.raises(ValueError, match="confidence: expected a number in"):
        evaluate(y, Scored(scores), confidence=number)


@pytest.mark.parametrize("successes", [-1, 11])
def test_successes_lie_between_0_and_n(successes):
    """Eleven out of ten is a defect of the caller."""
    with pytest.raises(ValueError, match="expected a count from 0 to 10"):
        wilson_interval(successes, 10)


def test_importing_evaluation_does_not_import_scipy_stats():
    """Half a second of start-up would buy one quantile."""
    code = "import sys, pipeline.evaluation.metrics; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
