"""Claims about the bound of the confidence; trying all bounds is the judge."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import ConfigError
from pipeline.model.confidence import confidences, unsure
from pipeline.model.logistic import predictions, probabilities, sigmoid
from pipeline.training.abstaining import bound_of, choose_bound

pytestmark = pytest.mark.filterwarnings("error")

THRESHOLDS = st.sampled_from([0.02, 0.3, 0.5, 0.8])
ACCURACIES = st.sampled_from([0.05, 1 / 3, 0.5, 0.75, 0.9, 1.0])
SHARES = st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.99])


@st.composite
def scored(draw):
    """Labels, scores and a threshold, of two classes to four, with ties and extreme scores."""
    n, n_classes = draw(st.integers(1, 25)), draw(st.integers(2, 4))
    values = st.one_of(
        st.integers(-3, 3).map(float),
        st.floats(-40, 40),
        st.sampled_from([-1e4, -745.0, 36.7, 1e4]),
    )
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    shape = n if n_classes == 2 else (n, n_classes)
    z = draw(hnp.arrays(np.float64, shape, elements=values))
    return y, z, draw(THRESHOLDS) if n_classes == 2 else 0.5


def every_bound(y, z, threshold):
    """Yield each distinct confidence, ascending, with what it keeps: the rights and the number."""
    confidence, right = confidences(z, threshold), predictions(z, threshold) == y
    for bound in sorted(set(confidence.tolist())):
        kept = [bool(r) for r, c in zip(right, confidence, strict=True) if c >= bound]
        yield bound, sum(kept), len(kept)


def choose(rows, goal, **weights):
    y, z, threshold = rows
    return choose_bound(y, z, threshold, goal, **weights)


@given(scored(), ACCURACIES)
def test_the_bound_reaches_the_accuracy_and_no_lower_one_does(rows, least):
    """All bounds that there are, in exact fractions; where none reaches it, that is said."""
    y, z, threshold = rows
    found = [
        (bound, n) for bound, right, n in every_bound(*rows) if float(Fraction(right, n)) >= least
    ]
    if not found:
        with pytest.raises(ConfigError, match=r"^train\.abstain: no confidence bound reaches"):
            choose(rows, ("min_accuracy", least))
        return
    choice = choose(rows, ("min_accuracy", least))
    lowest, n_kept = found[0]
    kept = ~unsure(z, threshold, choice.bound)
    assert kept.sum() == n_kept
    assert (predictions(z, threshold) == y)[kept].mean() >= least
    assert choice.bound <= lowest
    assert (choice.bound == 0) == (n_kept == len(y))


@given(scored(), SHARES)
def test_the_bound_of_a_share_leaves_out_as_many_as_it_may(rows, most):
    _, z, threshold = rows
    choice = choose(rows, ("max_unsure", most))
    n = len(z)
    left_out = [n - kept for _, _, kept in every_bound(*rows) if (n - kept) / n <= most]
    assert unsure(z, threshold, choice.bound).sum() == max(left_out)


@given(scored(), ACCURACIES, ACCURACIES)
def test_fewer_reviews_are_decided_for_a_higher_accuracy(rows, one, other):
    bounds = []
    for least in sorted((one, other)):
        try:
            bounds.append(choose(rows, ("min_accuracy", least)).bound)
        except ConfigError:
            bounds.append(math.inf)
    assert bounds[0] <= bounds[1]


@given(scored(), ACCURACIES, st.data())
def test_neither_the_order_of_reviews_nor_that_of_classes_changes_the_bound(rows, least, data):
    y, z, threshold = rows
    n_classes = 2 if z.ndim == 1 else z.shape[1]
    order = np.array(data.draw(st.permutations(range(len(y)))))
    renamed = np.array(data.draw(st.permutations(range(n_classes))))
    if z.ndim == 2:
        # Of equal scores the first class is predicted, so a tie would have another prediction.
        top = np.sort(z, axis=1)[:, -2:]
        distinct = top[:, 0] < top[:, 1]
        other = renamed[y], z[:, np.argsort(renamed)], threshold
    else:
        distinct = sigmoid(z) != threshold
        other = (y, z, threshold) if renamed[0] == 0 else (1 - y, -z, 1 - threshold)
    if not distinct.all() or threshold != 0.5:  # 1 - 0.3 rounds
        other = rows

    def chosen(rows):
        try:
            return choose(rows, ("min_accuracy", least))
        except ConfigError as error:
            return str(error)

    y, z, threshold = other
    assert chosen((y[order], z[order], threshold)) == chosen(rows)


@given(scored(), ACCURACIES, st.data())
def test_a_review_of_weight_2_counts_as_if_it_were_there_twice(rows, least, data):
    y, z, threshold = rows
    times = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(y), max_size=len(y))))
    for goal in (("min_accuracy", least), ("max_unsure", least / 2)):
        found = []
        for reviews, weights in (
            (rows, times.astype(np.float64)),
            ((np.repeat(y, times), np.repeat(z, times, axis=0), threshold), None),
        ):
            try:
                found.append(choose(reviews, goal, sample_weight=weights))
            except ConfigError:
                found.append(None)
        assert found[0] == found[1]


def log_odds(*probabilities):
    p = np.array(probabilities)
    return np.log(p) - np.log1p(-p)


Y, Z = np.array([0, 1, 0, 1, 1]), log_odds(0.1, 0.7, 0.6, 0.8, 0.97)


def test_a_bound_lies_in_the_middle_of_two_confidences():
    choice = choose_bound(Y, Z, 0.5, ("min_accuracy", 0.9))
    assert dataclasses.asdict(choice) == {
        "goal": "accuracy >= 0.9",
        "bound": pytest.approx((0.6 + 0.7) / 2),
    }


def test_neighbours_among_the_doubles_are_on_different_sides():
    """Nothing lies between them, so the higher one is the bound."""
    z = 0.3
    while sigmoid(np.array(z)) == sigmoid(np.array(0.3)):
        z = np.nextafter(z, 1)
    choice = choose_bound(np.array([0, 1]), np.array([0.3, z]), 0.5, ("min_accuracy", 1.0))
    assert choice.bound == sigmoid(np.array(z))
    assert unsure(np.array([0.3, z]), 0.5, choice.bound).tolist() == [True, False]


def test_where_all_predictions_reach_the_goal_no_bound_is_needed():
    assert choose_bound(Y, Z, 0.5, ("min_accuracy", 0.8)).bound == 0
    assert choose_bound(Y, Z, 0.5, ("max_unsure", 0.1)).bound == 0


def test_an_accuracy_out_of_reach_is_refused_with_the_best_there_is():
    wrong = np.array([1, 1, 0, 1, 0])
    with pytest.raises(ConfigError) as error:
        choose_bound(wrong, Z, 0.5, ("min_accuracy", 0.95))
    assert str(error.value) == (
        "train.abstain: no confidence bound reaches accuracy >= 0.95 on the 5 validation "
        "reviews; the best is 0.500"
    )


@pytest.mark.parametrize(
    "stated",
    [
        *({}, {"min_accuracy": 0}, {"min_accuracy": 1.1}, {"max_unsure": 1.0}, {"max_unsure": -1}),
        *({"min_accuracy": 0.9, "max_unsure": 0.1}, {"accuracy": 0.9}, {"min_accuracy": "0.9"}),
        *(True, -0.1, 1.5, math.nan, "0.9", [0.9]),
    ],
)
def test_what_is_no_bound_and_no_goal_is_refused(stated):
    with pytest.raises(ValueError, match="abstain: expected a number from 0 to 1, or one of"):
        bound_of(stated)


def test_on_other_reviews_a_goal_is_missed_about_as_often_as_it_is_exceeded():
    """Labels drawn with the probabilities that a model states; the truth is known."""
    generator = np.random.default_rng(0)
    ranked = -np.sort(-sigmoid(np.abs(generator.normal(0, 2.2, 100_000))))
    accuracy = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    found = []
    for _ in range(100):
        z = generator.normal(0, 2.2, 400)
        y = (generator.random(400) < sigmoid(z)).astype(int)
        bound = choose_bound(y, z, 0.5, ("min_accuracy", 0.9)).bound
        found.append(accuracy[np.searchsorted(-ranked, -bound, side="right") - 1])
    assert 0.35 < np.mean(np.array(found) < 0.9) < 0.75
    assert abs(np.mean(found) - 0.9) < 0.01


class TestConfidence:
    @given(scored())
    def test_it_is_the_probability_of_the_prediction_at_a_threshold_of_a_half(self, rows):
        _, z, _ = rows
        highest = probabilities(z).max(axis=1)
        np.testing.assert_allclose(confidences(z), highest, rtol=1e-12)

    @given(scored(), THRESHOLDS)
    def test_it_grows_with_the_distance_from_the_threshold(self, rows, threshold):
        z = np.sort(rows[1].ravel())
        confidence, above = confidences(z, threshold), sigmoid(z) > threshold
        assert (np.diff(confidence[above]) >= 0).all()
        assert (np.diff(confidence[~above]) <= 0).all()
        assert (confidence >= 0.5).all()

    def test_it_is_least_at_the_threshold(self):
        z = log_odds(0.2)
        assert confidences(z, 0.2) == pytest.approx([0.5])

    @pytest.mark.parametrize("threshold", [0, 1])
    def test_a_threshold_that_predicts_one_class_is_certain_of_it(self, threshold):
        assert confidences(np.array([-3.0, 0.0, 3.0]), threshold).tolist() == [1, 1, 1]
