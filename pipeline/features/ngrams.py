"""N-grams in the order of their frequency and of the alphabet, and their names."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.features.levels import Level
from pipeline.kernels import ngrams as kernels
from pipeline.parallel import chunks, n_threads, ordered_map
from pipeline.storage import arrow


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


def digits_of(levels: list[Level], kept: list[np.ndarray], rank: np.ndarray) -> np.ndarray:
    """Return n-grams of all levels as rows of digits, which stand for their tokens.

    Parameters
    ----------
    levels : list of Level
    kept : list of int64 arrays
        The nodes that are wanted in each level. They are changed in place.
    rank : int32 array, shape (n_distinct,)
        The rank of each token in code-point order, from 0.

    Returns
    -------
    int32 array, shape (n_ngrams, n_levels)
        The rank plus one of each token, and zeros after the last token.
    """
    digit = rank + np.int32(1)
    digits = np.zeros((sum(map(len, kept)), len(levels)), np.int32)
    end = 0
    for n, nodes in enumerate(kept):
        part, end = slice(end, end + len(nodes)), end + len(nodes)
        for k in range(n, 0, -1):
            kernels.split_last(levels[k].keys, nodes, digit, digits[part], k)
        digits[part, 0] = digit[nodes]
    return digits


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
    if digits.shape[1] == 1:
        return distinct.take(arrow.numbers(digits[order, 0] - 1))
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
