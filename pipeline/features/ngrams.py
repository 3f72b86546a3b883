"""N-grams in the order of their frequency and of the alphabet, and their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.features.levels import Level
from pipeline.kernels import ngrams as kernels
from pipeline.parallel import chunks, n_threads, ordered_map
from pipeline.storage import arrow

# Bits of a number that are sorted by at a time: the places to write to fit the second-level cache.
_BITS = 13


def alphabet_of(distinct: pa.LargeStringArray) -> np.ndarray:
    """Return the ids of distinct tokens (at least one) in code-point order: int64."""
    data, offsets = arrow.buffers(distinct)
    # UTF-8 sorts as its code points do. Integers sort faster than strings, and the first eight
    # bytes tell most tokens apart.
    heads = np.empty(len(distinct), np.uint64)
    kernels.first_bytes(data, offsets, heads)
    order = np.argsort(heads)
    heads = heads[order]
    same = np.concatenate(([False], heads[1:] == heads[:-1], [False]))
    is_tied = same[1:] | same[:-1]
    tied = order[is_tied]
    order[is_tied] = tied[arrow.values(pc.sort_indices(distinct.take(arrow.numbers(tied))))]
    return order


def read_levels(
    levels: list[Level], alphabet: np.ndarray, ranks: np.ndarray, bounds: range
) -> tuple[np.ndarray, np.ndarray]:
    """Return the n-grams of all levels in alphabetical order, token by token.

    Parameters
    ----------
    levels : list of Level
    alphabet, ranks : int64 and int32 arrays, shape (n_distinct,)
        The ids of the tokens in code-point order, and the rank of each in it.
    bounds : range
        The document frequencies to keep.

    Returns
    -------
    digits : int32 array, shape (n_ngrams, n_levels)
        The rank plus one of each token, and zeros after the last token.
    frequency : int32 array, shape (n_ngrams,)
        The number of documents that hold each.
    """
    sizes = [np.count_nonzero(level.frequency >= bounds.start) for level in levels[1:]]
    starts = np.cumsum([0, len(ranks), *sizes])
    numbers, frequency = np.empty(starts[-1], np.uint64), np.empty(starts[-1], np.int32)
    numbers[: len(ranks)] = np.arange(len(ranks))
    frequency[: len(ranks)] = levels[0].frequency[alphabet]
    order = _Order(ranks, len(ranks), ranks)
    for k, level in enumerate(levels[1:], 1):
        part = slice(starts[k], starts[k + 1])
        nodes = np.empty(part.stop - part.start, np.int32)
        _sort_level(level, bounds.start, order, numbers[part], nodes)
        np.take(level.frequency, nodes, out=frequency[part], mode="clip")
        if k + 1 < len(levels):
            places = np.empty(len(level.keys), np.int32)
            places[nodes] = np.arange(len(nodes), dtype=np.int32)
            order = _Order(places, len(nodes), ranks)
    state = np.zeros((3, len(starts)), np.int64)
    state[0] = starts
    digits = np.empty((len(numbers), len(levels)), np.int32)
    kept = np.empty(len(numbers), np.int32)
    given = numbers, frequency, starts, order.n_bits, bounds.start, bounds.stop
    n = kernels.merge_levels(*given, state, digits, kept)
    return digits[:n], kept[:n]


class _Order(NamedTuple):
    """What the n-grams of a level are sorted by: their prefix, and then their last token.

    Attributes
    ----------
    places : int32 array
        The place of each node of the previous level that is in use.
    n_places : int
    ranks : int32 array, shape (n_distinct,)
        The rank of each token.
    """

    places: np.ndarray
    n_places: int
    ranks: np.ndarray

    @property
    def n_bits(self) -> int:
        """The number of bits of a rank."""
        return len(self.ranks).bit_length()


def _sort_level(
    level: Level, least: int, order: _Order, numbers: np.ndarray, nodes: np.ndarray
) -> None:
    """Write the n-grams of a level that are frequent enough, as sorted numbers, and their nodes.

    Each thread sorts those whose prefix has a place in a certain range.
    """

    def sort(start: int) -> tuple[np.ndarray, np.ndarray]:
        found = np.empty_like(level.keys), np.empty_like(level.frequency)
        wanted = np.array([least, start, start + size])
        table = order.places, order.ranks, order.n_bits
        n = kernels.rank_ngrams(level.keys, level.frequency, wanted, *table, *found)
        found = found[0][:n], found[1][:n]
        space = np.empty_like(found[0]), np.empty_like(found[1])
        for shift in range(0, order.n_bits + order.n_places.bit_length(), _BITS):
            starts = np.zeros((1 << _BITS) + 1, np.int64)
            kernels.sort_by_bits(*found, shift, starts, *space)
            found, space = space, found
        return found

    end, size = 0, max(1, -(-order.n_places // n_threads()))
    for found in ordered_map(sort, range(0, order.n_places, size)):
        start, end = end, end + len(found[0])
        numbers[start:end], nodes[start:end] = found


def in_alphabetical_order(digits: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort n-grams token by token, and reorder a number of each along with them.

    This is a radix sort whose digits are tokens, last token first. Each thread sorts the n-grams
    that begin with a certain range of tokens.

    Examples
    --------
    >>> digits = np.array([[2, 1], [1, 0], [1, 2]], np.int32)
    >>> in_alphabetical_order(digits, np.array([10, 20, 30], np.int32))[1]
    array([20, 30, 10], dtype=int32)
    """
    n_digits = digits.shape[1]
    ends = np.concatenate(([0], np.cumsum(np.bincount(digits[:, 0]))))
    largest = -(-len(digits) // n_threads())
    sorted_digits, sorted_numbers = np.empty_like(digits), np.empty_like(numbers)

    def sort(tokens: slice) -> None:
        mine = (digits[:, 0] >= tokens.start) & (digits[:, 0] < tokens.stop)
        order = np.arange(len(digits), dtype=np.int32)[mine]
        order = _sorted_by(digits, range(n_digits - 1, -1, -1), order)
        rows = slice(ends[tokens.start], ends[tokens.stop])
        # With mode "clip", `take` does not check the bounds, and is twice as fast as an index.
        np.take(digits, order, axis=0, out=sorted_digits[rows], mode="clip")
        np.take(numbers, order, out=sorted_numbers[rows], mode="clip")

    for _ in ordered_map(sort, chunks(ends, largest)):
        pass
    return sorted_digits, sorted_numbers


def frequency_order(frequency: np.ndarray) -> np.ndarray:
    """Return the order by descending document frequency; ties keep their order."""
    rarity = (frequency.max() - frequency)[:, np.newaxis]
    return _sorted_by(rarity, [0], np.arange(len(rarity), dtype=np.int32))


def _sorted_by(digits: np.ndarray, which: Iterable[int], order: np.ndarray) -> np.ndarray:
    """Sort `order` stably by each digit in `which`, one after the other."""
    digit, following = np.empty_like(order), np.empty_like(order)
    for k in which:
        starts = np.zeros(int(digits[:, k].max(initial=0)) + 2, np.int64)
        kernels.sort_stably(digits, k, order, digit, starts, following)
        order, following = following, order
    return order


def names_of(
    distinct: pa.LargeStringArray, digits: np.ndarray, order: np.ndarray
) -> pa.LargeStringArray:
    """Return n-grams in a given order as strings: their tokens, joined by spaces."""
    data, starts = arrow.buffers(distinct)
    ends = np.empty(len(order) + 1, np.int64)
    kernels.name_ends(digits, order, np.diff(starts), ends)
    spelled = np.empty(ends[-1], np.uint8)
    data = np.concatenate((data, np.zeros(8, np.uint8)))

    def spell(part: slice) -> None:
        kernels.spell(
            data, starts, digits, order[part], spelled[ends[part.start] : ends[part.stop]]
        )

    for _ in ordered_map(spell, chunks(ends, max(1, len(spelled)))):
        pass
    return arrow.of_bytes(spelled, ends)
