"""Folds by class: their sizes, their seeds, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.stratified import draw_folds


@given(st.lists(st.integers(0, 1), min_size=4, max_size=200), st.integers(2, 12), st.integers(0, 9))
def test_folds_are_of_one_size_and_hold_as_many_of_each_class(labels, n_folds, seed):
    """To one review; every review is in one of them."""
    labels = np.array(labels)
    if not 2 <= n_folds <= min(np.bincount(labels, minlength=2)):
        with pytest.raises(ConfigError, match="folds"):
            draw_folds(labels, n_folds, seed, "--folds")
        return
    folds = draw_folds(labels, n_folds, seed, "--folds")
    for chosen in (labels >= 0, labels == 0, labels == 1):
        sizes = np.bincount(folds[chosen], minlength=n_folds)
        assert len(sizes) == n_folds
        assert sizes.max() - sizes.min() <= 1


def test_more_folds_than_reviews_of_a_class_are_refused_by_name():
    labels = np.array([0] * 20 + [1] * 3)
    with pytest.raises(ConfigError, match=r"--folds: expected 2 to 3 folds.* 3 positive.* got 4"):
        draw_folds(labels, 4, 0, "--folds")


def test_folds_depend_on_their_seed():
    labels = np.arange(40) % 2
    assert (draw_folds(labels, 4, 0, "") == draw_folds(labels, 4, 0, "")).all()
    assert (draw_folds(labels, 4, 0, "") != draw_folds(labels, 4, 1, "")).any()
