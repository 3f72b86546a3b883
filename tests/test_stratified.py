"""Folds and draws by class and group: their sizes, their seeds, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, CorpusError
from pipeline.stratified import draw_by_class, draw_folds, stratified_order


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


@pytest.mark.parametrize("n_folds", [2, 127, 128, 129, 300])
@pytest.mark.parametrize("in_groups", [False, True])
def test_any_number_of_folds_is_numbered_from_0(n_folds, in_groups):
    labels = np.repeat([0, 1, 0, 1], n_folds)
    groups = np.tile(np.arange(2 * n_folds), 2) if in_groups else None
    folds = draw_folds(labels, n_folds, 0, "--folds", groups)
    assert sorted(set(folds.tolist())) == list(range(n_folds))


@pytest.mark.parametrize("n", [0, 1])
def test_a_class_of_fewer_than_two_reviews_is_said_to_be_too_few_for_any_folds(n):
    with pytest.raises(ConfigError) as error:
        draw_folds(np.array([0] * n + [1] * 5), 2, 0, "--folds")
    assert str(error.value) == (
        "--folds: expected at least 2 reviews of each class, because each fold needs one, "
        f"got {n} of class negative"
    )


def test_folds_depend_on_their_seed():
    labels = np.arange(40) % 2
    assert (draw_folds(labels, 4, 0, "") == draw_folds(labels, 4, 0, "")).all()
    assert (draw_folds(labels, 4, 0, "") != draw_folds(labels, 4, 1, "")).any()


@given(st.lists(st.integers(2, 60), min_size=2, max_size=4), st.floats(0.001, 0.999))
def test_a_fraction_that_is_refused_is_told_with_one_that_is_not(sizes, fraction):
    labels, names = np.repeat(np.arange(len(sizes)), sizes), [f"c{n}" for n in range(len(sizes))]

    def drawn(fraction):
        return draw_by_class(
            labels, fraction, np.random.default_rng(0), "test_fraction", None, names
        )

    try:
        drawn(fraction)
    except CorpusError as error:
        found = drawn(float(str(error).rpartition(" = ")[2]))
        for side in (labels[found], labels[~found]):
            assert np.bincount(side, minlength=len(sizes)).all()


# Groups


@st.composite
def grouped(draw):
    """Draw labels of two classes, and the group of each document."""
    n = draw(st.integers(4, 120))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    groups = draw(st.lists(st.integers(0, 30), min_size=n, max_size=n))
    return np.array(labels, np.int8), np.array(groups)


@given(grouped(), st.integers(2, 6), st.integers(0, 9))
def test_no_group_is_in_two_folds_and_each_fold_has_both_classes(drawn, n_folds, seed):
    labels, groups = drawn
    try:
        folds = draw_folds(labels, n_folds, seed, "folds", groups)
    except ConfigError:
        return
    for group in set(groups.tolist()):
        assert len(set(folds[groups == group].tolist())) == 1
    for label in (0, 1):
        assert set(folds[labels == label].tolist()) == set(range(n_folds))


@given(grouped(), st.floats(0.05, 0.95), st.integers(0, 9))
def test_no_group_is_on_both_sides_of_a_draw_and_both_sides_have_both_classes(
    drawn, fraction, seed
):
    labels, groups = drawn
    try:
        rows = draw_by_class(labels, fraction, np.random.default_rng(seed), "x", groups)
    except CorpusError:
        return
    assert not set(groups[rows].tolist()) & set(groups[~rows].tolist())
    for side in (rows, ~rows):
        assert set(labels[side].tolist()) == set(labels.tolist())


@given(grouped(), st.integers(0, 9))
def test_groups_of_one_document_each_change_nothing(drawn, seed):
    labels, _ = drawn
    groups = np.random.default_rng(seed).permutation(len(labels))
    for draw in (
        lambda *groups: draw_folds(labels, 2, seed, "folds", *groups),
        lambda *groups: draw_by_class(labels, 0.3, np.random.default_rng(seed), "x", *groups),
    ):
        try:
            expected = draw()
        except (ConfigError, CorpusError):
            continue
        assert (draw(groups) == expected).all()


def many_groups(seed, n=2000, n_groups=150):
    """Return labels and groups of unequal sizes, each with its own share of positives."""
    draw = np.random.default_rng(seed)
    sizes = draw.pareto(2.0, n_groups) + 0.2
    groups = draw.choice(n_groups, n, p=sizes / sizes.sum())
    return (draw.random(n) < draw.beta(0.8, 0.8, n_groups)[groups]).astype(np.int8), groups


@pytest.mark.parametrize("fraction", [0.1, 0.15, 0.2, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_a_draw_of_groups_is_near_its_fraction_in_each_class(fraction, seed):
    labels, groups = many_groups(seed)
    rows = draw_by_class(labels, fraction, np.random.default_rng(seed), "x", groups)
    for label in (0, 1):
        assert rows[labels == label].mean() == pytest.approx(fraction, abs=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_folds_of_groups_are_as_even_as_those_of_scikit_learn(seed):
    peer = pytest.importorskip("sklearn.model_selection").StratifiedGroupKFold
    labels, groups = many_groups(seed)
    theirs = np.empty(len(labels), int)
    for fold, (_, rows) in enumerate(peer(5).split(labels, labels, groups)):
        theirs[rows] = fold

    def unevenness(folds):
        return sum(
            np.std(np.bincount(folds[labels == k], minlength=5) / (labels == k).sum())
            for k in (0, 1)
        )

    assert unevenness(draw_folds(labels, 5, seed, "", groups)) <= unevenness(theirs) + 1e-4


def test_folds_and_draws_of_groups_depend_on_their_seed():
    labels, groups = many_groups(0)
    first, again, other = (draw_folds(labels, 5, seed, "", groups) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
    first, again, other = (
        draw_by_class(labels, 0.2, np.random.default_rng(seed), "", groups) for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_groups_that_are_too_large_are_refused_with_their_number():
    labels, groups = np.array([0, 1] * 20, np.int8), np.arange(40) // 20
    with pytest.raises(ConfigError, match=r"^folds: 3 folds .* a negative review.*: 2 groups have"):
        draw_folds(labels, 3, 0, "folds", groups)
    labels, groups = np.array([0, 1] * 20, np.int8), np.zeros(40, int)
    with pytest.raises(CorpusError, match=r"x = 0.2 leaves one set .*together and 1 group has"):
        draw_by_class(labels, 0.2, np.random.default_rng(0), "x", groups)
    with pytest.raises(ConfigError, match=r"expected at least 2 groups .*: 1 group has negative"):
        draw_folds(labels, 2, 0, "folds", groups)


# Orders


@given(st.lists(st.integers(0, 2), min_size=1, max_size=200), st.integers(0, 9))
def test_any_run_of_a_stratified_order_has_its_share_of_each_class(labels, seed):
    labels = np.array(labels)
    order = stratified_order(labels, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(labels)))
    shares = np.bincount(labels, minlength=3) / len(labels)
    for start, end in ((0, len(labels) // 3), (len(labels) // 4, len(labels) // 2)):
        found = np.bincount(labels[order[start:end]], minlength=3)
        assert (np.abs(found - (end - start) * shares) <= 1 + 3 * shares).all()


def test_a_stratified_order_is_random():
    labels = np.arange(40) % 2
    orders = [stratified_order(labels, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert (orders[0] == orders[1]).all()
    assert (orders[0] != orders[2]).any()


def test_a_stratified_order_keeps_the_documents_of_a_group_and_a_class_together():
    labels, groups = np.arange(120) % 2, np.arange(120) // 8
    order = stratified_order(labels, np.random.default_rng(0), groups)
    for label in (0, 1):
        seen = groups[order[labels[order] == label]]
        assert np.count_nonzero(np.diff(seen)) == 14
