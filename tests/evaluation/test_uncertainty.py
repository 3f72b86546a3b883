"""Claims about the bootstrap and McNemar's test; the metrics themselves and scipy judge."""

import math
import operator
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import binomtest
from scored_reviews import scored_reviews

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.accuracy import mcnemar
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import (
    METRICS,
    Scored,
    _metrics,
    _rankings,
    intervals,
    paired_differences,
    resampled,
)
from pipeline.kernels.bootstrap import resample_sums

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def drawn_rows(draw):
    """Reviews, and how often each was drawn in three resamples."""
    y, scores = draw(scored_reviews())
    draws = draw(hnp.arrays(np.int64, (3, y.size), elements=st.integers(0, y.size - 1)))
    return y, scores, draws


def some_reviews(n=300, seed=0, strength=1.0):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 2, n).astype(np.int8)
    return y, generator.normal(0, 2, n).round(1) + strength * (2 * y - 1)


@pytest.mark.parametrize("kernel", [resample_sums, resample_sums.py_func], ids=["native", "python"])
@given(drawn=drawn_rows(), threshold=st.sampled_from([0.01, 0.5, 0.7]))
def test_the_metrics_of_a_resample_are_those_of_the_reviews_written_out(kernel, drawn, threshold):
    """Every review as often as it was drawn, scored by `evaluate`: undefined ones too."""
    y, scores, draws = drawn
    _, (ranking,) = _rankings(y, [Scored(scores, threshold)])
    canonical = np.lexsort((y, -scores))
    counts = np.stack([np.bincount(rows, minlength=y.size) for rows in draws])
    sums = np.empty((3, 7))
    reviews = (ranking.is_positive, ranking.predicted, ranking.last_of_tie)
    kernel(counts, ranking.order, *reviews, ranking.losses, ranking.squares, sums)
    metrics = _metrics(sums, y.size)
    for k, places in enumerate(draws):
        chosen = canonical[places]
        expected = evaluate(y[chosen], Scored(scores[chosen], threshold), resamples=0)
        for name in METRICS:
            assert metrics[name][k] == pytest.approx(
                operator.attrgetter(name)(expected), rel=1e-12, abs=1e-300, nan_ok=True
            ), name


def test_every_review_is_as_likely_to_be_drawn():
    """The mean of the resamples is the metric, and their spread the formula's."""
    y, scores = some_reviews()
    (metrics,) = resampled(y, [Scored(scores)], 4000, seed=1)
    result = evaluate(y, Scored(scores))
    accuracy, spread = result.accuracy, math.sqrt(result.accuracy * (1 - result.accuracy) / y.size)
    assert metrics["accuracy"].mean() == pytest.approx(accuracy, abs=4 * spread / math.sqrt(4000))
    assert metrics["accuracy"].std() == pytest.approx(spread, rel=0.05)
    assert metrics["log_loss"].mean() == pytest.approx(result.log_loss, rel=0.01)


def test_the_interval_of_the_accuracy_is_near_wilsons():
    y, scores = some_reviews(n=2000)
    result = evaluate(y, Scored(scores))
    low, high = intervals(y, Scored(scores), resamples=2000)["accuracy"]
    assert low == pytest.approx(result.accuracy_low, abs=0.003)
    assert high == pytest.approx(result.accuracy_high, abs=0.003)


@settings(max_examples=30)
@given(scored_reviews(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn, random):
    """Not even the last bit: what is drawn is a place in the sorted order."""
    y, scores = drawn
    order = list(range(y.size))
    random.shuffle(order)
    here = intervals(y, Scored(scores), resamples=50)
    there = intervals(y[order], Scored(scores[order]), resamples=50)
    np.testing.assert_array_equal([*here.values()], [*there.values()])
    other = np.sin(scores)
    here = paired_differences(y, Scored(scores), Scored(other), resamples=50)
    there = paired_differences(y[order], Scored(scores[order]), Scored(other[order]), resamples=50)
    np.testing.assert_array_equal([*here.values()], [*there.values()])


def test_the_number_of_threads_changes_nothing(monkeypatch):
    y, scores = some_reviews(n=9000)  # so many that the draws are in several pieces
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("SENTIMENT_THREADS", threads)
        found.append(intervals(y, Scored(scores), resamples=100))
    assert found[0] == found[1] == found[2]


def test_the_seed_alone_decides_what_is_drawn():
    y, scores = some_reviews()
    assert intervals(y, Scored(scores), seed=3) == intervals(y, Scored(scores), seed=3)
    assert intervals(y, Scored(scores), seed=3) != intervals(y, Scored(scores), seed=4)


def test_pieces_are_drawn_differently():
    """Else hundreds of resamples of a large test set would be few."""
    y, scores = some_reviews(n=9000)
    (metrics,) = resampled(y, [Scored(scores)], 100, seed=0)
    assert np.unique(metrics["log_loss"]).size == 100


def test_a_wider_confidence_is_a_wider_interval():
    y, scores = some_reviews()
    ends = [intervals(y, Scored(scores), confidence)["roc_auc"] for confidence in (0.5, 0.9, 0.99)]
    lows, highs = zip(*ends, strict=True)
    assert lows[0] > lows[1] > lows[2]
    assert highs[0] < highs[1] < highs[2]


def test_resamples_in_which_a_metric_is_undefined_are_left_out():
    """With one positive of three reviews, many draws have none, and some have nothing else."""
    y, scores = np.array([1, 0, 0], np.int8), np.array([1.0, 2.0, -1.0])
    (metrics,) = resampled(y, [Scored(scores)], 200, seed=0)
    undefined = np.isnan(metrics["roc_auc"])
    assert 0 < undefined.sum() < 200
    low, high = intervals(y, Scored(scores), resamples=200)["roc_auc"]
    assert (low, high) == (0.0, 1.0)


def test_what_is_undefined_in_every_resample_has_no_interval():
    found = intervals(np.zeros(5, np.int8), Scored(np.arange(5.0)), resamples=20)
    for name in ("roc_auc", "average_precision", "positive.recall", "recall"):
        assert all(math.isnan(end) for end in found[name])
    assert not any(math.isnan(end) for end in found["log_loss"])


def test_without_resamples_there_is_no_interval():
    y, scores = some_reviews()
    found = intervals(y, Scored(scores), resamples=0)
    assert list(found) == list(METRICS)
    assert all(math.isnan(end) for ends in found.values() for end in ends)


def test_a_model_does_not_differ_from_itself():
    y, scores = some_reviews()
    found = paired_differences(y, Scored(scores), Scored(scores.copy()))
    assert set(found.values()) == {(0.0, 0.0)}


def test_a_difference_turns_round_with_the_models():
    y, scores = some_reviews()
    other = scores + np.random.default_rng(1).normal(0, 1, y.size)
    low, high = paired_differences(y, Scored(scores), Scored(other))["accuracy"]
    back = paired_differences(y, Scored(other), Scored(scores))["accuracy"]
    # Other draws, because the reviews have another order.
    assert back == pytest.approx((-high, -low), abs=0.01)


def test_a_paired_interval_is_narrower_than_two_apart():
    """Two models that agree on most reviews differ by less than either varies."""
    y, scores = some_reviews()
    other = scores + np.random.default_rng(1).normal(0, 0.1, y.size)
    alone = intervals(y, Scored(scores))["log_loss"]
    paired = paired_differences(y, Scored(scores), Scored(other))["log_loss"]
    assert paired[1] - paired[0] < (alone[1] - alone[0]) / 4


def test_each_model_decides_at_its_own_threshold():
    y, scores = some_reviews()
    a, b = resampled(y, [Scored(scores, 0.5), Scored(scores, 0.9)], 50, seed=0)
    np.testing.assert_array_equal(a["roc_auc"], b["roc_auc"])
    assert (a["positive.recall"] > b["positive.recall"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resamples": -1}, "resamples: expected a number >= 0, got -1"),
        ({"confidence": 1.0}, "confidence: expected a number in"),
        ({"confidence": math.nan}, "confidence: expected a number in"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    y, scores = some_reviews()
    with pytest.raises(ValueError, match=message):
        intervals(y, Scored(scores), **settings)


def test_reviews_that_cannot_be_scored_are_refused():
    with pytest.raises(CorpusError, match="at least one review"):
        intervals(np.array([], np.int8), Scored(np.array([])))
    with pytest.raises(DivergenceError, match="row 1"):
        intervals(np.array([0, 1], np.int8), Scored(np.array([0.0, math.inf])))
    with pytest.raises(ValueError, match="threshold: expected a number in"):
        intervals(np.array([0, 1], np.int8), Scored(np.array([0.0, 1.0]), 1.0))
    with pytest.raises(ValueError, match="got shapes"):
        paired_differences(np.array([0, 1]), Scored(np.zeros(2)), Scored(np.zeros(3)))


# McNemar's test


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_exact_binomial_test(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("counts", [(2000, 1500), (1500, 2000), (1750, 1700), (12_000, 12_200)])
def test_mcnemar_is_exact_for_large_counts(counts):
    assert mcnemar(*counts) == pytest.approx(binomtest(counts[0], sum(counts)).pvalue, rel=1e-7)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_equal_counts_say_nothing(count):
    assert mcnemar(count, count) == 1.0


def test_mcnemar_of_a_worked_example():
    """One against nine: 2 (1 + 10) / 1024."""
    assert mcnemar(1, 9) == mcnemar(9, 1) == 22 / 1024


def test_mcnemar_refuses_negative_counts():
    with pytest.raises(ValueError, match="expected counts >= 0, got -1 and 2"):
        mcnemar(-1, 2)


def test_importing_uncertainty_does_not_import_scipy_stats():
    code = "import sys, pipeline.evaluation.uncertainty; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Groups


def test_with_a_group_for_each_review_the_cluster_bootstrap_is_the_plain_one():
    y, scores = some_reviews(200)
    groups = np.random.default_rng(5).permutation(len(y))
    assert intervals(y, Scored(scores, 0.4, groups)) == intervals(y, Scored(scores, 0.4))
    a, b = Scored(scores, 0.5, groups), Scored(scores[::-1].copy(), 0.5, groups)
    plain = paired_differences(y, Scored(a.scores), Scored(b.scores))
    assert paired_differences(y, a, b) == plain


def test_copies_of_a_review_in_its_group_change_no_interval():
    """Groups of three equal reviews are drawn as the reviews are."""
    y, scores = some_reviews(60)
    plain = intervals(y, Scored(scores), resamples=100)
    groups = np.repeat(np.arange(60), 3)
    found = intervals(np.repeat(y, 3), Scored(np.repeat(scores, 3), 0.5, groups), resamples=100)
    for name in set(METRICS) - {"roc_auc", "average_precision"}:
        assert found[name] == pytest.approx(plain[name]), name
    assert found["roc_auc"] == pytest.approx(plain["roc_auc"])


@given(drawn=scored_reviews(), seed=st.integers(0, 9))
def test_neither_the_order_of_reviews_nor_the_names_of_groups_change_a_resample(drawn, seed):
    y, scores = drawn
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, 5, y.size)
    order, names = generator.permutation(y.size), generator.permutation(5)
    here = intervals(y, Scored(scores, 0.5, groups), resamples=20)
    again = Scored(scores[order], 0.5, names[groups[order]])
    assert repr(here) == repr(intervals(y[order], again, resamples=20))


def test_an_interval_of_reviews_that_are_alike_in_groups_is_wider():
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(50), 20)
    right = generator.random(1000) < generator.beta(4, 1, 50)[groups]
    y = generator.integers(0, 2, 1000).astype(np.int8)
    scores = np.where(right, 2.0 * y - 1, 1 - 2.0 * y)
    low, high = intervals(y, Scored(scores, 0.5, groups))["accuracy"]
    narrow = intervals(y, Scored(scores))["accuracy"]
    assert high - low > 1.5 * (narrow[1] - narrow[0])


def test_groups_that_are_not_one_for_each_review_are_refused():
    y, scores = some_reviews(5)
    with pytest.raises(ValueError, match="groups: expected one for each of 5 reviews, got 3"):
        intervals(y, Scored(scores, 0.5, np.zeros(3, np.int64)))


def test_an_evaluation_with_groups_says_how_many_and_one_without_says_nothing():
    y, scores = some_reviews(40)
    found = evaluate(y, Scored(scores, 0.5, np.arange(40) // 4), resamples=5).to_dict()
    assert found["n_groups"] == 10
    assert "n_groups" not in evaluate(y, Scored(scores), resamples=5).to_dict()
