"""Metrics of more than two classes, judged by scikit-learn and by those of two."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax
from sklearn import metrics as theirs

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.classes import ClassScores, paired_class_differences
from pipeline.evaluation.classes import evaluate_classes as evaluate_scores
from pipeline.evaluation.metrics import evaluate
from pipeline.evaluation.uncertainty import Scored

NAMES = ["1", "2", "4"]
WORDS = ["bad", "fair", "good"]


def scored(n=300, n_classes=3, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, n_classes, n)
    z = draw.normal(size=(n, n_classes))
    z[np.arange(n), y] += 1.0
    return y, z


def evaluate_classes(y, z, names, groups=None, **settings):
    return evaluate_scores(y, ClassScores(z, names, groups), **settings)


@st.composite
def reviews(draw):
    n = draw(st.integers(3, 30))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 2)))
    y[:3] = [0, 1, 2]
    z = draw(hnp.arrays(np.float64, (n, 3), elements=st.integers(-12, 12).map(lambda k: k / 4)))
    return y, z


@given(reviews())
def test_are_those_of_scikit_learn(drawn):
    y, z = drawn
    found = evaluate_classes(y, z, NAMES, resamples=0)
    predicted, probability = z.argmax(axis=1), softmax(z, axis=1)
    assert found.accuracy == pytest.approx(theirs.accuracy_score(y, predicted))
    assert found.confusion == tuple(map(tuple, theirs.confusion_matrix(y, predicted).tolist()))
    expected = theirs.precision_recall_fscore_support(
        y, predicted, labels=[0, 1, 2], zero_division=np.nan
    )
    for k, name in enumerate(NAMES):
        of_class = found.of_class[name]
        ours = of_class.precision, of_class.recall, of_class.f1, of_class.support
        assert ours == pytest.approx([column[k] for column in expected], nan_ok=True)
    ours = found.precision, found.recall, found.f1
    assert ours == pytest.approx([np.mean(column) for column in expected[:3]], nan_ok=True)
    assert found.log_loss == pytest.approx(theirs.log_loss(y, probability, labels=[0, 1, 2]))
    squares = np.square(probability - np.eye(3)[y]).sum(axis=1)
    assert found.brier == pytest.approx(squares.mean())
    numbers = np.array([1.0, 2.0, 4.0])
    assert found.ratings.mean_absolute_error == pytest.approx(
        theirs.mean_absolute_error(numbers[y], numbers[predicted])
    )


def test_the_auc_of_a_class_is_that_of_its_probability_against_the_rest():
    y, z = scored()
    found = evaluate_classes(y, z, NAMES, resamples=0)
    of_class = theirs.roc_auc_score(
        y, softmax(z, axis=1), multi_class="ovr", average=None, labels=[0, 1, 2]
    )
    assert list(found.roc_auc_of_class.values()) == pytest.approx(of_class.tolist())
    assert found.roc_auc == pytest.approx(of_class.mean())


@given(reviews())
def test_kappa_of_equal_steps_is_that_of_scikit_learn(drawn):
    y, z = drawn
    found = evaluate_classes(y, z, ["1", "2", "3"], resamples=0).ratings
    with np.errstate(invalid="ignore"):
        expected = theirs.cohen_kappa_score(y, z.argmax(axis=1), weights="quadratic")
    assert found.quadratic_kappa == pytest.approx(expected, nan_ok=True)


def test_kappa_is_1_for_right_ratings_and_counts_the_distance_of_wrong_ones():
    y = np.array([0, 1, 2] * 10)
    right = evaluate_classes(y, np.eye(3)[y], NAMES, resamples=0).ratings
    near, far = (
        evaluate_classes(y, np.eye(3)[np.where(np.arange(30) == 0, k, y)], NAMES, resamples=0)
        for k in (1, 2)
    )
    assert (right.mean_absolute_error, right.quadratic_kappa) == (0.0, 1.0)
    assert 1 > near.ratings.quadratic_kappa > far.ratings.quadratic_kappa


@pytest.mark.parametrize("names", [WORDS, ["3", "2", "1"], ["1", "1.0", "2"], ["1", "2", "nan"]])
def test_classes_that_are_no_rising_numbers_have_no_rating_metrics(names):
    found = evaluate_classes(*scored(), names, resamples=0)
    assert found.ratings is None
    assert "ratings" not in found.to_dict()


@given(reviews(), st.integers(0, 9))
def test_the_order_of_the_reviews_changes_nothing(drawn, seed):
    y, z = drawn
    order = np.random.default_rng(seed).permutation(len(y))
    groups = np.arange(len(y)) // 2
    for of in (None, groups):
        shuffled = None if of is None else of[order]
        first = evaluate_classes(y, z, NAMES, resamples=20, groups=of)
        second = evaluate_classes(y[order], z[order], NAMES, resamples=20, groups=shuffled)
        np.testing.assert_equal(first.to_dict(), second.to_dict())


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_order_of_reviews_that_differ_in_one_score_alone_changes_nothing(k):
    """Resamples are drawn from the reviews in the order of all of their scores."""
    y, z, none = np.zeros(40, int), np.zeros((40, 3)), np.zeros((40, 3))
    y[:3], z[:, k] = [0, 1, 2], np.linspace(-2, 2, 40)
    order = np.random.default_rng(0).permutation(40)

    def measured(rows):
        alone, flat = (ClassScores(each[rows], WORDS) for each in (z, none))
        differences = (
            paired_class_differences(y[rows], *pair, resamples=20)
            for pair in ((alone, flat), (flat, alone))
        )
        return evaluate_scores(y[rows], alone, resamples=20).to_dict(), *differences

    np.testing.assert_equal(measured(order), measured(np.arange(40)))


def test_two_classes_have_the_metrics_of_two():
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, 200)
    z = draw.normal(size=200) + y
    two = evaluate(y.astype(np.int8), Scored(z), resamples=0)
    found = evaluate_classes(y, np.column_stack([-z / 2, z / 2]), ["neg", "pos"], resamples=0)
    for name in ("accuracy", "accuracy_low", "precision", "recall", "f1", "log_loss", "roc_auc"):
        assert getattr(found, name) == pytest.approx(getattr(two, name), rel=1e-12)
    assert found.of_class["pos"] == two.positive
    # Each review has two probabilities here, and both are as far from the truth.
    assert found.brier == pytest.approx(2 * two.brier)


class TestIntervals:
    def test_hold_the_metric_and_are_drawn_by_the_seed(self):
        y, z = scored()
        found = evaluate_classes(y, z, NAMES, resamples=200, seed=1)
        assert found.intervals == evaluate_classes(y, z, NAMES, resamples=200, seed=1).intervals
        assert found.intervals != evaluate_classes(y, z, NAMES, resamples=200, seed=2).intervals
        low, high = found.intervals["accuracy"]
        assert low < found.accuracy < high
        low, high = found.intervals["2.recall"]
        assert low < found.of_class["2"].recall < high
        low, high = found.intervals["ratings.quadratic_kappa"]
        assert low < found.ratings.quadratic_kappa < high

    def test_of_the_accuracy_is_near_its_standard_error(self):
        y, z = scored(n=1000)
        found = evaluate_classes(y, z, NAMES, resamples=2000)
        low, high = found.intervals["accuracy"]
        error = math.sqrt(found.accuracy * (1 - found.accuracy) / len(y))
        assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.1)

    def test_are_wider_where_reviews_of_a_group_are_alike(self):
        y, z = scored(n=100)
        y, z, groups = (np.repeat(each, 5, axis=0) for each in (y, z, np.arange(100)))
        alone = evaluate_classes(y, z, NAMES, resamples=500)
        together = evaluate_classes(y, z, NAMES, resamples=500, groups=groups)
        low, high = (
            (lambda pair: pair[1] - pair[0])(each.intervals["accuracy"])
            for each in (alone, together)
        )
        assert high > 1.5 * low
        assert together.n_groups == 100

    def test_do_not_depend_on_the_number_of_threads(self, monkeypatch):
        y, z = scored()
        found = []
        for threads in ("1", "3"):
            monkeypatch.setenv("SENTIMENT_THREADS", threads)
            found.append(evaluate_classes(y, z, NAMES, resamples=500).intervals)
        assert found[0] == found[1]


def test_a_calibrated_model_has_a_small_calibration_error():
    draw = np.random.default_rng(0)
    z = draw.normal(size=(20_000, 3)) * 2
    y = (z + draw.gumbel(size=z.shape)).argmax(axis=1)
    assert evaluate_classes(y, z, NAMES, resamples=0).ece < 0.01
    assert evaluate_classes(y, 3 * z, NAMES, resamples=0).ece > 0.05


def test_an_undefined_metric_is_nan_and_null():
    y, z = np.array([0, 0, 1]), np.eye(3)[[0, 1, 1]]
    found = evaluate_classes(y, z, WORDS, resamples=0)
    assert math.isnan(found.of_class["good"].precision)
    assert math.isnan(found.f1)
    assert math.isnan(found.roc_auc)
    assert found.to_dict()["of_class"]["good"]["precision"] is None


@pytest.mark.parametrize(
    ("y", "z", "error", "said"),
    [
        ([], np.zeros((0, 3)), CorpusError, "at least one review"),
        ([0, 3], np.zeros((2, 3)), ValueError, "labels from 0 to 2, got 0 to 3"),
        ([0, 1], np.zeros((2, 2)), ValueError, r"scores \(n, 3\), got shapes"),
        ([0, 1], [[0, 0, 0], [0, math.nan, 0]], DivergenceError, "scores of row 1"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(y, z, error, said):
    with pytest.raises(error, match=said):
        evaluate_classes(np.array(y, int), np.array(z), NAMES)


def models(n=300, groups=None):
    (y, a), (_, b) = scored(n), scored(n, seed=1)
    b[np.arange(n), y] += 2.0
    return y, ClassScores(a, WORDS, groups), ClassScores(b, WORDS, groups)


def test_paired_differences_are_those_of_a_plain_bootstrap():
    y, a, b = models()
    found = paired_class_differences(y, a, b)
    right = [each.scores.argmax(axis=1) == y for each in (a, b)]
    rows = np.random.default_rng(7).integers(0, len(y), (4000, len(y)))
    drawn = right[1][rows].mean(axis=1) - right[0][rows].mean(axis=1)
    assert found["accuracy"] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.01)
    assert set(found) == set(evaluate_classes(y, a.scores, WORDS, resamples=1).intervals)


def test_paired_differences_are_narrower_than_the_intervals_of_like_models():
    y, a, _ = models()
    b = ClassScores(a.scores + 0.01 * np.random.default_rng(2).normal(size=a.scores.shape), WORDS)
    low, high = paired_class_differences(y, a, b)["log_loss"]
    of_a = evaluate_classes(y, a.scores, WORDS).intervals["log_loss"]
    assert high - low < 0.1 * (of_a[1] - of_a[0])


def test_paired_differences_of_exchanged_models_are_negative():
    y, a, b = models()
    there, back = paired_class_differences(y, a, b), paired_class_differences(y, b, a)
    assert there["accuracy"][0] > 0
    # Other resamples are drawn, because the order of the reviews is that of a first.
    assert back["accuracy"] == pytest.approx([-end for end in there["accuracy"][::-1]], abs=0.02)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_order_of_reviews_changes_no_paired_difference(grouped):
    y, a, b = models(groups=np.arange(300) // 4 if grouped else None)
    rows = np.random.default_rng(3).permutation(len(y))
    turned = [
        ClassScores(m.scores[rows], WORDS, m.groups[rows] if grouped else None) for m in (a, b)
    ]
    assert paired_class_differences(y[rows], *turned) == paired_class_differences(y, a, b)


def test_other_names_of_classes_permute_paired_differences_about():
    y, a, b = models()
    order = np.array([2, 0, 1])
    turned = [ClassScores(m.scores[:, order], [WORDS[k] for k in order]) for m in (a, b)]
    found = paired_class_differences(np.argsort(order)[y], *turned)
    for name, ends in paired_class_differences(y, a, b).items():
        assert found[name] == pytest.approx(ends, abs=0.03)


def test_without_resamples_there_is_no_paired_difference():
    y, a, b = models()
    assert paired_class_differences(y, a, b, resamples=0) == {}


def test_by_path_has_the_metrics_of_the_intervals_and_the_auc():
    y, a, _ = models()
    found = evaluate_classes(y, a.scores, NAMES)
    values = found.by_path()
    assert values.keys() == found.intervals.keys() | {"roc_auc"}
    assert values["2.recall"] == found.of_class["2"].recall
    assert values["ratings.quadratic_kappa"] == found.ratings.quadratic_kappa
    for name, (low, high) in found.intervals.items():
        assert low <= values[name] <= high
