"""Coverage, selective accuracy and AURC, against sums over single reviews in exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.errors import CorpusError, DivergenceError
from pipeline.evaluation.abstaining import AbstainingScores, abstaining, risk_coverage
from pipeline.evaluation.accuracy import accuracy_interval, wilson_interval
from pipeline.model.confidence import confidences
from pipeline.model.logistic import predictions

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def scored(draw):
    """Labels, scores with ties, and a threshold, of two classes or three."""
    n, n_classes = draw(st.integers(1, 40)), draw(st.integers(2, 3))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    shape = n if n_classes == 2 else (n, n_classes)
    z = draw(hnp.arrays(np.float64, shape, elements=st.integers(-9, 9).map(lambda k: k / 4)))
    return y, z, draw(st.sampled_from([0.2, 0.5])) if n_classes == 2 else 0.5


def outcomes(y, z, threshold):
    """Return confidence and prediction of each review, in plain Python."""
    right = predictions(z, threshold) == y
    return list(zip(confidences(z, threshold).tolist(), right.tolist(), strict=True))


def risk_above(reviews, bound):
    """Return coverage and risk of the reviews with a confidence, as exact fractions."""
    kept = [right for confidence, right in reviews if confidence >= bound]
    return Fraction(len(kept), len(reviews)), Fraction(kept.count(False), len(kept))


@given(scored())
def test_the_curve_has_the_risk_at_each_coverage(rows):
    reviews = outcomes(*rows)
    bounds = sorted({confidence for confidence, _ in reviews}, reverse=True)
    expected = [risk_above(reviews, bound) for bound in bounds]
    found = risk_coverage(*rows)
    assert found.curve.x == tuple(float(coverage) for coverage, _ in expected)
    assert found.curve.y == tuple(float(risk) for _, risk in expected)


@given(scored())
def test_the_area_is_the_mean_of_the_risk_at_each_review(rows):
    reviews = outcomes(*rows)
    risks = [risk_above(reviews, confidence)[1] for confidence, _ in reviews]
    assert risk_coverage(*rows).aurc == pytest.approx(float(sum(risks) / len(risks)), abs=1e-12)


@given(scored(), st.data())
def test_the_order_of_reviews_changes_nothing(rows, data):
    y, z, threshold = rows
    order = np.array(data.draw(st.permutations(range(len(y)))))
    assert risk_coverage(y[order], z[order], threshold) == risk_coverage(*rows)


@given(scored(), st.integers(1, 10))
def test_a_thinned_curve_keeps_its_ends_and_its_area(rows, most):
    whole, thin = risk_coverage(*rows), risk_coverage(*rows, most=most)
    assert len(thin.curve.x) <= max(most, 1)
    assert thin.aurc == whole.aurc
    assert thin.curve.x[-1] == 1 or most == 1
    assert thin.curve.x[0] == whole.curve.x[0]


@given(scored(), st.sampled_from([0.0, 0.5, 0.7, 0.9, 1.0]), st.booleans())
def test_what_a_bound_leaves_is_counted_review_by_review(rows, bound, grouped):
    y, z, threshold = rows
    groups = np.arange(len(y)) // 2 if grouped else None
    found = abstaining(y, AbstainingScores(z, threshold, bound, groups), 0.9)
    reviews = outcomes(*rows)
    decided = np.array([confidence >= bound for confidence, _ in reviews])
    right = np.array([right for _, right in reviews])
    n_decided = int(decided.sum())
    assert (found.n, found.n_unsure) == (len(y), len(y) - n_decided)
    assert found.coverage == n_decided / len(y)
    ends = found.coverage_low, found.coverage_high
    assert ends == accuracy_interval(decided, 0.9, groups)
    within = None if groups is None else groups[decided]
    expected = accuracy_interval(right[decided], 0.9, within)
    np.testing.assert_equal((found.accuracy_low, found.accuracy_high), expected)
    if n_decided:
        assert found.accuracy == right[decided].sum() / n_decided
    else:
        assert math.isnan(found.accuracy)
        assert found.to_dict()["accuracy"] is None


def test_sure_mistakes_cost_more_area_than_unsure_ones():
    y, sure, unsure = np.array([1, 1, 1]), np.array([-3.0, 2, 1]), np.array([3.0, 2, -1])
    assert risk_coverage(y, sure).aurc > risk_coverage(y, unsure).aurc
    assert risk_coverage(y, np.array([3.0, 2, 1])).aurc == 0


def test_without_groups_the_intervals_are_wilsons():
    y, z = np.array([1] * 10), np.array([3.0] * 6 + [-3.0] * 2 + [0.1] * 2)
    found = abstaining(y, AbstainingScores(z, 0.5, 0.8))
    assert (found.coverage_low, found.coverage_high) == wilson_interval(8, 10)
    assert (found.accuracy_low, found.accuracy_high) == wilson_interval(6, 8)


@pytest.mark.parametrize(
    ("y_true", "scores", "error", "said"),
    [
        ([], [], CorpusError, "at least one review"),
        ([1, 0], [1.0], ValueError, r"as many labels as scores, got shapes \(2,\) and \(1,\)"),
        ([[1]], [1.0], ValueError, "as many labels as scores"),
        ([1, 0], [1.0, math.nan], DivergenceError, "score of row 1: expected finite numbers"),
        ([1, 0], [[1.0, 2, 3], [math.inf, 2, 3]], DivergenceError, "score of row 1: expected"),
    ],
)
def test_labels_and_scores_that_do_not_fit_are_refused(y_true, scores, error, said):
    with pytest.raises(error, match=said):
        risk_coverage(y_true, scores)


def test_the_table_has_a_coverage_once_where_ties_join_several():
    y, z = np.array([1, 1, 1, 0]), np.array([3.0, 1, 1, 1])
    assert risk_coverage(y, z).table == ((1.0, 0.25),)
    y, z = np.ones(10, np.int64), np.arange(1.0, 11)
    coverages = [coverage for coverage, _ in risk_coverage(y, z).table]
    assert coverages == [1, 0.9, 0.8, 0.7, 0.6, 0.5]
