"""Random splits and folds, stratified by class; groups of documents stay together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.errors import ConfigError, CorpusError

# The classes of labels 0 and 1, where nothing else is said.
TWO_CLASSES = ("negative", "positive")


def draw_by_class(
    labels: np.ndarray,
    fraction: float,
    draw: np.random.Generator,
    setting: str,
    groups: np.ndarray | None = None,
    names: Sequence[str] = TWO_CLASSES,
) -> np.ndarray:
    """Draw the same fraction of each class at random.

    With groups, whole groups are drawn, so that the fraction of each class is as near as a greedy
    search comes.

    Parameters
    ----------
    labels : int array, shape (n,)
        Number of each document's class.
    fraction : float in (0, 1)
    draw : numpy.random.Generator
    setting : str
        The setting that the fraction comes from; an error names it.
    groups : array, shape (n,), optional
        Documents with equal values belong together. Groups of one document each change nothing.
    names : sequence of str
        The name of each class.

    Returns
    -------
    bool array, shape (n,)
        True for the documents that are drawn.

    Raises
    ------
    CorpusError
        If a class is too small to have documents on both sides, or groups are too large.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    >>> drawn = draw_by_class(labels, 0.25, np.random.default_rng(0), "train.validation")
    >>> labels[drawn]
    array([0, 1])
    >>> films = np.array(["a", "b", "a", "b", "c", "d", "c", "d"])
    >>> drawn = draw_by_class(labels, 0.25, np.random.default_rng(0), "train.validation", films)
    >>> films[drawn].tolist()
    ['b', 'b']
    """
    if groups is not None and not _are_single(groups):
        return _draw_groups(labels, fraction, draw, setting, groups, names)
    drawn = np.zeros(len(labels), bool)
    for label, name in enumerate(names):
        rows = np.flatnonzero(labels == label)
        size = round(fraction * len(rows))
        if len(rows) and not 0 < size < len(rows):
            raise CorpusError(
                f"{setting} = {fraction:g} leaves one set without a {name} review "
                f"({len(rows):,} in all); expected some in both{_enough(labels, setting)}"
            )
        draw.shuffle(rows)
        drawn[rows[:size]] = True
    return drawn


def _enough(labels: np.ndarray, setting: str) -> str:
    """Return a fraction that draws some of each class, as the end of a sentence."""
    sizes = np.bincount(labels)
    fewest = int(sizes[sizes > 0].min())
    if fewest == 1:
        return ", and so at least two of each class"
    return f", as with {setting} = {1 / fewest:.2g}"


def draw_folds(
    labels: np.ndarray,
    n_folds: int,
    seed: int | Sequence[int],
    setting: str,
    groups: np.ndarray | None = None,
    names: Sequence[str] = TWO_CLASSES,
) -> np.ndarray:
    """Deal documents into folds at random, one class after the other.

    With groups, whole groups are dealt, large ones first, each to the fold that has least of
    its classes.

    Parameters
    ----------
    labels : int array, shape (n,)
        Number of each document's class.
    n_folds : int
        At least 2.
    seed : int or sequence of int
    setting : str
        The setting that the number comes from; an error names it.
    groups : array, shape (n,), optional
        Documents with equal values belong together. Groups of one document each change nothing.
    names : sequence of str
        The name of each class.

    Returns
    -------
    int array, shape (n,)
        The fold of each document, from 0, in the smallest type with a sign. Without groups the
        sizes of the folds differ by at most one, and so do the numbers of documents of each class
        in them; with groups, as little as a greedy search finds.

    Raises
    ------
    ConfigError
        If there are fewer than two folds, more folds than documents of a class, or too few
        groups for each fold to have a document of either class.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> draw_folds(labels, 3, seed=1, setting="--folds")
    array([0, 1, 2, 1, 2, 0], dtype=int8)
    >>> films = np.array(["a", "b", "c", "a", "b", "c"])
    >>> draw_folds(labels, 3, seed=1, setting="--folds", groups=films)
    array([1, 0, 2, 1, 0, 2], dtype=int8)
    """
    n, name = min((int(np.count_nonzero(labels == k)), name) for k, name in enumerate(names))
    if n < 2:
        raise ConfigError(
            f"{setting}: expected at least 2 reviews of each class, because each fold needs one, "
            f"got {n} of class {name}"
        )
    if not 2 <= n_folds <= n:
        raise ConfigError(
            f"{setting}: expected 2 to {n:,} folds, because each needs a review of each class "
            f"and there are {n:,} {name} ones; got {n_folds:,}"
        )
    draw = np.random.default_rng(seed)
    if groups is not None and not _are_single(groups):
        return _fold_groups(labels, n_folds, draw, setting, groups, names)
    folds, n_dealt = np.zeros(len(labels), np.min_scalar_type(-n_folds)), 0
    for label in range(len(names)):
        rows = np.flatnonzero(labels == label)
        draw.shuffle(rows)
        for first in range(n_folds):
            folds[rows[first::n_folds]] = (n_dealt + first) % n_folds
        n_dealt += len(rows)
    return folds


def stratified_order(
    labels: np.ndarray, draw: np.random.Generator, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return all rows in a random order in which any run of them has its share of each class.

    So its first rows are a stratified sample of any size, and each sample holds the smaller ones.
    The i-th of the n_c documents of a class, from 0, is at (i + 1/2) / n_c of the order, by which
    seats are dealt to parties in proportion to their votes (Sainte-Lague 1910).

    Parameters
    ----------
    labels : int array, shape (n,)
        Number of each document's class.
    draw : numpy.random.Generator
    groups : array, shape (n,), optional
        Documents of a class with equal values follow each other, so that the ends of a run may
        divide a group and nothing else does.

    Returns
    -------
    int64 array, shape (n,)

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 1, 1])
    >>> order = stratified_order(labels, np.random.default_rng(1))
    >>> order.tolist(), labels[order].tolist()
    ([0, 4, 2, 1, 5, 3], [0, 1, 0, 0, 1, 0])
    """
    shuffled = draw.permutation(len(labels))
    if groups is not None:
        _, code = np.unique(groups, return_inverse=True)
        rank = draw.permutation(int(code.max()) + 1)
        shuffled = shuffled[np.argsort(rank[code[shuffled]], kind="stable")]
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    sizes = np.bincount(labels)
    within = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = (within + 0.5) / np.repeat(sizes, sizes)
    order: np.ndarray = by_class[np.argsort(places, kind="stable")]
    return order


def _are_single(groups: np.ndarray) -> bool:
    """Return True if every group has one document."""
    return len(np.unique(groups)) == len(groups)


def _draw_groups(
    labels: np.ndarray,
    fraction: float,
    draw: np.random.Generator,
    setting: str,
    groups: np.ndarray,
    names: Sequence[str],
) -> np.ndarray:
    """Draw whole groups."""
    sizes = _class_sizes(labels, groups, len(names))
    in_drawn: np.ndarray = _deal(*sizes, np.array([fraction, 1 - fraction]), draw) == 0
    for label, name in enumerate(names):
        of_class = labels == label
        n_groups, n_drawn = (len(np.unique(groups[m])) for m in (of_class, of_class & in_drawn))
        n_rest = len(np.unique(groups[of_class & ~in_drawn]))
        if n_groups and not (n_drawn and n_rest):
            raise CorpusError(
                f"{setting} = {fraction:g} leaves one set without a {name} review, because reviews "
                f"of one group stay together and {_groups_have(n_groups)} {name} ones; "
                "expected some in both"
            )
    return in_drawn


def _fold_groups(
    labels: np.ndarray,
    n_folds: int,
    draw: np.random.Generator,
    setting: str,
    groups: np.ndarray,
    names: Sequence[str],
) -> np.ndarray:
    """Deal whole groups into folds."""
    sizes = _class_sizes(labels, groups, len(names))
    fold_of = _deal(*sizes, np.full(n_folds, 1 / n_folds), draw)
    for label, name in enumerate(names):
        of_class = labels == label
        if len(np.unique(fold_of[of_class])) < n_folds:
            n_groups = len(np.unique(groups[of_class]))
            expected = "fewer folds" if n_groups > 1 else "at least 2 groups with each class"
            raise ConfigError(
                f"{setting}: {n_folds:,} folds of whole groups leave one without a {name} "
                f"review; expected {expected}: {_groups_have(n_groups)} {name} reviews"
            )
    return fold_of


def _groups_have(n: int) -> str:
    return "1 group has" if n == 1 else f"{n:,} groups have"


def _class_sizes(
    labels: np.ndarray, groups: np.ndarray, n_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each document's group, and the documents of each group and class."""
    _, code = np.unique(groups, return_inverse=True)
    n_groups = int(code.max()) + 1
    counts = np.bincount(code * n_classes + labels, minlength=n_groups * n_classes)
    return code, counts.reshape(n_groups, n_classes)


def _deal(
    code: np.ndarray, sizes: np.ndarray, shares: np.ndarray, draw: np.random.Generator
) -> np.ndarray:
    """Deal whole groups into sets, each of which is to get its share of each class.

    Large groups come first, because small ones can fill what they leave open. Groups whose
    sizes differ by less than a factor of two may come in either order. Each goes to the set where
    it adds least to the squared differences between the shares of the classes that the sets
    have and those that they are to get, relative to the latter. (StratifiedGroupKFold of
    scikit-learn is as greedy, but takes the groups by how unlike their class counts are.)

    Returns
    -------
    int array, shape (n,)
        The set of each document, in the smallest type.
    """
    n_groups, n_classes = sizes.shape
    order = np.argsort(-sizes.sum(axis=1) * (1 + draw.random(n_groups)), kind="stable")
    # The squared differences have one term that is not the same for all sets:
    # sum_c g_c (2 n_sc + g_c) / (T_c^2 share_s), for g_c documents of class c in the group,
    # n_sc in the set so far and T_c in all.
    scale = 1.0 / np.maximum(sizes.sum(axis=0), 1) ** 2
    filled = np.zeros((len(shares), n_classes))
    set_of = np.empty(n_groups, np.min_scalar_type(-len(shares)))
    for group in order:
        size = sizes[group]
        best = (((2 * filled + size) @ (size * scale)) / shares).argmin()
        filled[best] += size
        set_of[group] = best
    dealt: np.ndarray = set_of[code]
    return dealt
