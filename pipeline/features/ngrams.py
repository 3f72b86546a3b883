"""The distinct n-grams of a corpus, their document frequency and their order.

Here n-grams are numbers. Only those that become features are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import CorpusError
from pipeline.kernels import ngrams as kernels
from pipeline.parallel import Workspace, chunks, map_with_workspace, n_threads, ordered_map
from pipeline.storage import arrow
from pipeline.tokens.tokens import Tokens

# N-grams in a partition. Their hash table then fits into the second-level cache.
PARTITION = 1 << 15


def find_ngrams(tokens: Tokens, max_n: int) -> list[Level]:
    """Return the distinct n-grams of a corpus by their length: one token, two tokens, and so on."""
    levels, nodes = [_single_tokens(tokens)], tokens.ids
    for length in range(2, max_n + 1):
        level, nodes = _longer(tokens, nodes, length, is_last=length == max_n)
        levels.append(level)
    return levels


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one length. Node k is the n-gram at index k.

    Attributes
    ----------
    keys : uint64 array, shape (n_nodes,) or (0,)
        The high 32 bits are the node of the prefix, the n-gram without its last token, in the
        previous level. The low 32 bits are the id of the last token. Stored plus one, so that 0
        can mean an empty slot of a hash table. Empty for single tokens, whose node is their id.
    frequency : int32 array, shape (n_nodes,)
        The number of documents that hold each n-gram; 0 for an index that is not in use.
    """

    keys: np.ndarray
    frequency: np.ndarray


def _single_tokens(tokens: Tokens) -> Level:
    n_distinct = len(tokens.distinct)
    last, frequency = np.full(n_distinct, -1), np.zeros(n_distinct, np.int32)
    kernels.document_frequency(tokens.ids, tokens.offsets, last, frequency)
    return Level(np.empty(0, np.uint64), frequency)


def _longer(
    tokens: Tokens, prefixes: np.ndarray, length: int, is_last: bool
) -> tuple[Level, np.ndarray]:
    """Find the n-grams of one length.

    Parameters
    ----------
    tokens : Tokens
    prefixes : int32 array, shape (n_tokens,)
        The node of the n-gram that begins at each position and is one token shorter.
    length : int
    is_last : bool
        True if no longer n-grams are wanted.

    Returns
    -------
    level : Level
    nodes : int32 array, shape (n_tokens,)
        The node of the n-gram that begins at each position; of shape (0,) if `is_last`.
    """
    keys, positions, starts = _partitioned(tokens, prefixes, length)
    nodes = np.empty(0 if is_last else len(tokens.ids), np.int32)

    def number(p: int, workspace: Workspace) -> None:
        part = slice(starts[p], starts[p + 1])
        n_slots = 2 << int(part.stop - part.start).bit_length()
        known = workspace.array("known", n_slots, np.uint64)[:n_slots]
        known[:] = 0
        kernels.number(
            keys[part],
            positions[part],
            tokens.offsets,
            part.start,
            known,
            workspace.array("numbers", n_slots, np.int32),
            workspace.array("last", part.stop - part.start, np.int32),
            nodes,
        )

    for _ in map_with_workspace(number, range(len(starts) - 1)):
        pass
    # The kernel has replaced the positions by document frequencies.
    return Level(keys, positions), nodes


def _partitioned(
    tokens: Tokens, prefixes: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the keys and positions of all n-grams, and where each partition of them begins."""
    n = int(np.maximum(np.diff(tokens.offsets) - (length - 1), 0).sum())
    if n > np.iinfo(np.int32).max:
        raise CorpusError(
            f"features.ngrams: {n:,} n-grams of {length} tokens are too many for one vocabulary; "
            "expected at most 2,147,483,647"
        )
    keys, positions = np.empty(n, np.uint64), np.empty(n, np.int32)
    bits = max(1, (n // PARTITION).bit_length())
    # Each thread has its own documents, and its own place in every partition.
    parts = [slice(p.start, p.stop + 1) for p in chunks(tokens.offsets, max(1, len(tokens.ids)))]
    sizes = np.zeros((len(parts), 1 << bits), np.int64)

    def count(t: int) -> None:
        text = tokens.ids, tokens.offsets[parts[t]], prefixes
        kernels.partition_sizes(*text, length, 64 - bits, sizes[t])

    def spread(t: int) -> None:
        text = tokens.ids, tokens.offsets[parts[t]], prefixes
        kernels.spread(*text, length, 64 - bits, ends[t], keys, positions)

    for _ in ordered_map(count, range(len(parts))):
        pass
    starts = np.concatenate(([0], np.cumsum(sizes.sum(axis=0))))
    ends = starts[:-1] + np.cumsum(sizes, axis=0) - sizes
    for _ in ordered_map(spread, range(len(parts))):
        pass
    return keys, positions, starts


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
