"""Bootstrap resamples of reviews, or of groups: the same for any order and number of threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.accuracy import Groups
from pipeline.kernels.bootstrap import count_draws
from pipeline.model.checks import Floats
from pipeline.parallel import ordered_map

# Reviews drawn in one chunk, with its own generator. A change of it changes every interval.
_CHUNK = 1 << 16
_DRAWS = 1 << 16  # drawn and counted at a time, in the memory of the ones before
Interval = tuple[float, float]


def over_resamples(
    measure: Callable[[NDArray[np.int64]], list[Any]],
    n: int,
    resamples: int,
    seed: int,
    group_of: Groups | None,
) -> list[list[Any]]:
    """Return what a function measures on resamples of n reviews, a chunk of them at a time.

    Parameters
    ----------
    measure : callable
        Of the number of times that each review was drawn: int64, shape (n_resamples, n).
    n, resamples, seed : int
    group_of : int64 array, shape (n,), or None
        The number of each review's group: see `group_numbers`.
    """
    n_drawn = n if group_of is None else int(group_of.max()) + 1
    size = max(1, _CHUNK // n)

    def draw(chunk: int) -> list[Any]:
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chunk,)))
        counts = np.empty((min(size, resamples - chunk * size), n), np.int64)
        for row in counts:
            drawn = row if group_of is None else np.empty(n_drawn, np.int64)
            drawn[:] = 0
            for first in range(0, n_drawn, _DRAWS):
                n_draws = min(_DRAWS, n_drawn - first)
                # The same numbers as of int64, in less time.
                count_draws(generator.integers(0, n_drawn, n_draws, np.uint32), drawn)
            if group_of is not None:
                np.take(drawn, group_of, out=row, mode="clip")  # "raise" would fill a copy
        return measure(counts)

    return list(ordered_map(draw, range(-(-resamples // size))))


def group_numbers(
    groups: Groups | None, canonical: NDArray[np.int64], columns: Iterable[NDArray[Any]]
) -> Groups | None:
    """Return the group of each review in canonical order, as a number from 0; None without groups.

    A group is numbered by what is in it, so that the order of the rows has no influence.

    Parameters
    ----------
    groups : int64 array, shape (n,), or None
    canonical : int64 array, shape (n,)
    columns : iterable of arrays, shape (n,)
        What is known of each review, in the order of `groups`.
    """
    if groups is None:
        return None
    if len(groups) != len(canonical):
        raise ValueError(
            f"groups: expected one for each of {len(canonical):,} reviews, got {len(groups):,}"
        )
    # Reviews that no model tells apart have the same rank.
    is_other = np.zeros(len(canonical), np.bool_)
    for column in columns:
        known = column[canonical]
        is_other[1:] |= known[1:] != known[:-1]
    ranks = np.cumsum(is_other)
    _, code, sizes = np.unique(groups[canonical], return_inverse=True, return_counts=True)
    # The bytes of unsigned numbers, the highest one first, sort as the numbers do.
    members = ranks[np.argsort(code, kind="stable")].astype(">u8")
    keys = [part.tobytes() for part in np.split(members, np.cumsum(sizes)[:-1])]
    number = np.empty(len(keys), np.int64)
    number[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    numbered: Groups = number[code]
    # Equal reviews may change places, so that sums do not depend on which comes first.
    return numbered[np.lexsort((numbered, ranks))]


def middle(values: Floats, confidence: float) -> Interval:
    """Return the percentiles that leave the same share of the values on each side."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence}")
    defined = values[~np.isnan(values)]
    if not defined.size:
        return math.nan, math.nan
    outside = (1 - confidence) / 2
    low, high = np.quantile(defined, [outside, 1 - outside])
    return float(low), float(high)
