"""Nested subsets of the reviews that a fold's models learn from, and which sizes they may have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.config.model import TrainSection
from pipeline.errors import ConfigError, CorpusError
from pipeline.model.logistic import Array
from pipeline.stratified import stratified_order
from pipeline.studies.splits import Reviews, Split

# Sizes, each twice the one before, if nothing else is asked for; and the smallest of them.
_SIZES, _SMALLEST = 8, 50
# Reviews of each class in a subset, which may hold some of them out.
_OF_CLASS = 10


class Subset(NamedTuple):
    """The first `size` reviews of a series; the numbers are from 0."""

    fold: int
    series: int
    size: int

    def __str__(self) -> str:
        return f"fold {self.fold + 1} series {self.series + 1} size {self.size}"


@dataclass(frozen=True)
class NestedSubsets:
    """For each fold, series of subsets of the other folds; a subset holds the smaller ones.

    The series of a fold go through the same order of reviews. Each starts at another place, so
    that small subsets of two series have no review in common.

    Attributes
    ----------
    fold_of : int array, shape (n,)
        The fold of each review, from 0.
    n_series : int
    seed : int
    """

    fold_of: Array
    n_series: int
    seed: int

    @property
    def full(self) -> int:
        """The number of reviews outside of the largest fold."""
        return len(self.fold_of) - int(np.bincount(self.fold_of).max())

    def split(self, subset: Subset, reviews: Reviews) -> Split:
        """Return the split that learns from a subset and scores its fold."""
        scored = self.fold_of == subset.fold
        rows = np.flatnonzero(~scored)
        groups = None if reviews.groups is None else reviews.groups[rows]
        draw = np.random.default_rng([self.seed, subset.fold])
        order = rows[stratified_order(reviews.labels[rows], draw, groups)]
        start = subset.series * len(rows) // self.n_series
        learned = np.zeros(len(scored), bool)
        learned[np.roll(order, -start)[: subset.size]] = True
        return Split(learned, scored)

    def of_sizes(self, sizes: Sequence[int]) -> list[Subset]:
        """Return all subsets of some sizes, fold by fold, the largest first.

        A size has as many series as its subsets fit into the folds that are learned from.
        """
        return [
            Subset(fold, series, size)
            for fold in range(int(self.fold_of.max()) + 1)
            for size in sorted(sizes, reverse=True)
            for series in range(min(self.n_series, self.full // size))
        ]


def checked_sizes(
    sizes: Sequence[int], subsets: NestedSubsets, reviews: Reviews, train: TrainSection
) -> list[int]:
    """Return sizes in ascending order; if none are given, halves of all that can be learned from.

    Raises
    ------
    CorpusError
        If there are too few reviews for two sizes.
    ConfigError
        If a size is out of range, or there is only one.
    """
    full, least = subsets.full, _least(reviews, train)
    smallest = max(least, _SMALLEST)
    found = sorted(set(sizes)) or [full >> k for k in range(_SIZES) if full >> k >= smallest][::-1]
    if least >= full:
        raise CorpusError(
            f"curve: expected more than {least:,} training reviews outside of a fold, because the "
            f"smallest size has {_OF_CLASS} reviews of each class or more, got {full:,}; it needs "
            "more reviews"
        )
    if len(found) < 2 and not sizes:
        raise CorpusError(
            f"curve: expected at least {2 * smallest:,} training reviews outside of a fold, got "
            f"{full:,}; --sizes chooses sizes from {least:,}, which have {_OF_CLASS} reviews of "
            "each class or more"
        )
    for size in found:
        if not least <= size <= full:
            raise ConfigError(
                f"--sizes: expected sizes from {least:,} to {full:,}, which are the training "
                f"reviews outside of a fold, got {size:,}"
            )
    if len(found) < 2:
        raise ConfigError(f"--sizes: expected at least two sizes, got {found[0]:,} alone")
    return found


def _least(reviews: Reviews, train: TrainSection) -> int:
    """Return the smallest size that has enough reviews of each class, also to hold out."""
    of_class = max(_OF_CLASS, math.ceil(1 / train.validation) if train.validation else 0)
    smallest_class = int(np.bincount(reviews.labels, minlength=len(reviews.classes)).min())
    return math.ceil(of_class * len(reviews.labels) / smallest_class)
