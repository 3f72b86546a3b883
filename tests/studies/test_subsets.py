"""Nested subsets: which reviews are learned from, and which sizes are accepted."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.model import TrainSection
from pipeline.errors import ConfigError, CorpusError
from pipeline.stratified import draw_folds
from pipeline.studies.splits import Reviews
from pipeline.studies.subsets import NestedSubsets, Subset, checked_sizes

NAMES = ("bad", "fair", "good")


def made(labels, groups=None, n_folds=4, n_series=3, seed=0):
    """Return reviews without texts, and their subsets."""
    labels = np.asarray(labels, np.int8)
    names = NAMES[: labels.max() + 1]
    reviews = Reviews(None, labels, names, {}, groups=groups)
    folds = draw_folds(labels, n_folds, 0, "", groups, names)
    return reviews, NestedSubsets(folds, n_series, seed)


labelled = st.lists(st.integers(0, 2), min_size=30, max_size=150).filter(
    lambda labels: np.bincount(labels, minlength=3).min() >= 4
)


@given(labelled, st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_a_subset_holds_the_smaller_ones_and_no_review_that_is_scored(labels, seed):
    reviews, subsets = made(labels, seed=seed)
    for fold, series in ((0, 0), (3, 2)):
        before = np.zeros(len(labels), bool)
        for size in range(1, subsets.full + 1):
            split = subsets.split(Subset(fold, series, size), reviews)
            assert (split.scored == (subsets.fold_of == fold)).all()
            assert np.count_nonzero(split.learned) == size
            assert not (split.learned & split.scored).any()
            assert (split.learned | ~before).all()
            before = split.learned


@given(labelled, st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_each_subset_has_its_share_of_each_class(labels, seed):
    reviews, subsets = made(labels, seed=seed)
    learned = subsets.fold_of != 1
    shares = np.bincount(reviews.labels[learned], minlength=3) / np.count_nonzero(learned)
    for size in range(1, subsets.full + 1):
        split = subsets.split(Subset(1, 1, size), reviews)
        found = np.bincount(reviews.labels[split.learned], minlength=3)
        assert (np.abs(found - size * shares) <= 1 + 3 * shares).all()


def test_small_subsets_of_two_series_have_no_review_in_common():
    reviews, subsets = made(np.arange(120) % 2)
    chosen = [s for s in subsets.of_sizes([30]) if s.fold == 2]
    assert [s.series for s in chosen] == [0, 1, 2]
    together = sum(subsets.split(s, reviews).learned.astype(int) for s in chosen)
    assert together.max() == 1
    assert together.sum() == 90


def test_large_sizes_have_as_many_series_as_fit_and_come_first():
    _, subsets = made(np.arange(120) % 2)
    of_first = [s for s in subsets.of_sizes([20, 45, 90]) if s.fold == 0]
    assert [(s.size, s.series) for s in of_first] == [
        *((90, 0), (45, 0), (45, 1)),
        *((20, 0), (20, 1), (20, 2)),
    ]


def test_only_the_ends_of_a_subset_divide_a_group():
    """Within a class; no group is both learned from and scored."""
    groups = np.arange(240) // 6
    reviews, subsets = made(np.arange(240) % 2, groups)
    for size in (17, 40, 90):
        split = subsets.split(Subset(1, 2, size), reviews)
        assert not set(groups[split.learned]) & set(groups[split.scored])
        for label in (0, 1):
            of_class = reviews.labels == label
            learned = np.bincount(groups[split.learned & of_class], minlength=40)
            divided = (learned > 0) & (learned < np.bincount(groups[of_class], minlength=40))
            assert divided.sum() <= 2


def test_folds_and_seeds_have_subsets_of_their_own():
    reviews, subsets = made(np.arange(120) % 2)
    other = dataclasses.replace(subsets, seed=1)
    first = subsets.split(Subset(0, 0, 20), reviews)
    assert (first.learned == subsets.split(Subset(0, 0, 20), reviews).learned).all()
    assert (first.learned != other.split(Subset(0, 0, 20), reviews).learned).any()
    assert (first.learned != subsets.split(Subset(1, 0, 20), reviews).learned).any()


# Which sizes


def sizes_of(given, labels, **train):
    reviews, subsets = made(labels)
    return checked_sizes(given, subsets, reviews, TrainSection(**train))


def test_by_default_each_size_is_half_of_the_next():
    assert sizes_of((), np.arange(2000) % 2) == [93, 187, 375, 750, 1500]
    assert len(sizes_of((), np.arange(80_000) % 2)) == 8


def test_given_sizes_are_put_in_order_and_taken_once():
    assert sizes_of((300, 40, 300), np.arange(2000) % 2) == [40, 300]


def test_a_size_has_enough_reviews_of_the_smallest_class():
    """Ten, and as many as it takes to hold one out."""
    rare = np.arange(2000) % 10 == 0
    assert sizes_of((), rare) == [187, 375, 750, 1500]
    assert sizes_of((100, 1500), rare) == [100, 1500]
    with pytest.raises(ConfigError, match=r"--sizes: expected sizes from 200 to 1,500"):
        sizes_of((100, 1500), rare, validation=0.05)


@pytest.mark.parametrize("sizes", [(19, 100), (100, 1501)])
def test_sizes_out_of_range_are_refused(sizes):
    with pytest.raises(ConfigError, match=r"--sizes: expected sizes from 20 to 1,500.*got 1"):
        sizes_of(sizes, np.arange(2000) % 2)


def test_a_single_size_is_no_curve():
    with pytest.raises(ConfigError, match="--sizes: expected at least two sizes, got 100 alone"):
        sizes_of((100, 100), np.arange(2000) % 2)


def test_too_few_reviews_are_refused():
    expected = "curve: expected at least 100 training reviews outside of a fold, got 90; "
    with pytest.raises(CorpusError, match=expected):
        sizes_of((), np.arange(120) % 2)


def test_a_class_that_is_too_rare_for_any_size_is_refused_whatever_is_asked_for():
    said = r"more than 2,000 training reviews outside of a fold, because .*, got 1,500; it needs"
    with pytest.raises(CorpusError, match=said):
        sizes_of((100, 200), np.arange(2000) % 200 == 0)
