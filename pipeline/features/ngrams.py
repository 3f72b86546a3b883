"""The distinct n-grams of a corpus, the documents that hold them, and their order.

N-grams stay numbers here: only those that become features get a name.
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

# N-grams to a partition, so many that its table fits a processor's second cache.
PARTITION = 1 << 15


def find_ngrams(tokens: Tokens, max_n: int) -> list[Level]:
    """Return the distinct n-grams of one token, of two, and so on."""
    levels = [_single_tokens(tokens)]
    above = tokens.ids
    for length in range(2, max_n + 1):
        level, above = _longer(tokens, above, length, is_last=length == max_n)
        levels.append(level)
    return levels


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one length; places in between that none has are of frequency 0.

    Attributes
    ----------
    keys : uint64 array
        Each as its place in the level above, that of all but its last token, and that token,
        in the two halves of a number less one. Of single tokens there are none.
    frequency : int32 array
        The number of documents that hold each.
    """

    keys: np.ndarray
    frequency: np.ndarray


def _single_tokens(tokens: Tokens) -> Level:
    n_distinct = len(tokens.distinct)
    last, frequency = np.full(n_distinct, -1), np.zeros(n_distinct, np.int32)
    kernels.document_frequency(tokens.ids, tokens.offsets, last, frequency)
    return Level(np.empty(0, np.uint64), frequency)


def _longer(
    tokens: Tokens, above: np.ndarray, length: int, is_last: bool
) -> tuple[Level, np.ndarray]:
    """Find the n-grams of a length, and which one begins at each token unless they are the last.

    `above` says which n-gram one token shorter begins there.
    """
    n = int(np.maximum(np.diff(tokens.offsets) - (length - 1), 0).sum())
    if n > np.iinfo(np.int32).max:
        raise CorpusError(
            f"features.ngrams: {n:,} n-grams of {length} tokens are more than one vocabulary can "
            "be learned from; expected 2,147,483,647 at most"
        )
    bits = max(1, (n // PARTITION).bit_length())
    # In threads: each has a share of the documents, and a place in each partition.
    parts = [slice(p.start, p.stop + 1) for p in chunks(tokens.offsets, max(1, len(tokens.ids)))]
    settings = above, length, 64 - bits
    by_part = np.zeros((len(parts), 1 << bits), np.int64)
    keys, positions = np.empty(n, np.uint64), np.empty(n, np.int32)

    def measure(t: int) -> None:
        text = tokens.ids, tokens.offsets[parts[t]]
        kernels.partition_sizes(*text, *settings, by_part[t])

    def spread(t: int) -> None:
        text = tokens.ids, tokens.offsets[parts[t]]
        kernels.spread(*text, *settings, begin[t], keys, positions)

    for _ in ordered_map(measure, range(len(parts))):
        pass
    sizes = by_part.sum(axis=0)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    begin = starts[:-1] + np.cumsum(by_part, axis=0) - by_part
    for _ in ordered_map(spread, range(len(parts))):
        pass
    nodes = np.empty(0 if is_last else len(tokens.ids), np.int32)

    def number(p: int, workspace: Workspace) -> None:
        part = slice(starts[p], starts[p + 1])
        size = 2 << int(sizes[p]).bit_length()
        known = workspace.array("known", size, np.uint64)[:size]
        known[:] = 0
        kernels.number(
            keys[part],
            positions[part],
            tokens.offsets,
            starts[p],
            known,
            workspace.array("numbers", size, np.int32),
            workspace.array("last", sizes[p], np.int32),
            nodes,
        )

    for _ in map_with_workspace(number, range(len(sizes))):
        pass
    return Level(keys, positions), nodes


def alphabet_of(distinct: pa.LargeStringArray) -> np.ndarray:
    """Return the ids of distinct tokens, at least one, in their code-point order: int64."""
    data, offsets = arrow.buffers(distinct)
    # UTF-8 sorts as its code points do. Integers sort faster than strings, and the first eight
    # bytes tell most tokens apart.
    words = np.empty(len(distinct), np.uint64)
    kernels.first_bytes(data, offsets, words)
    order = np.argsort(words)
    words = words[order]
    same = np.concatenate(([False], words[1:] == words[:-1], [False]))
    tied = same[1:] | same[:-1]
    left = order[tied]
    order[tied] = left[arrow.values(pc.sort_indices(distinct.take(arrow.numbers(left))))]
    return order


def digits_of(levels: list[Level], kept: list[np.ndarray], place: np.ndarray) -> np.ndarray:
    """Return the n-grams of all levels, one a row: the tokens that they are made of.

    A token is its place in the alphabet, from 1; behind the last token stand zeros.
    """
    digit = place + np.int32(1)
    digits = np.zeros((sum(map(len, kept)), len(levels)), np.int32)
    end = 0
    for n, nodes in enumerate(kept):
        part, end = slice(end, end + len(nodes)), end + len(nodes)
        for k in range(n, 0, -1):
            kernels.take_apart(levels[k].keys, nodes, digit, digits[part], k)
        digits[part, 0] = digit[nodes]
    return digits


def in_alphabetical_order(digits: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort n-grams token by token, and a number of each along with them.

    By a radix sort, whose digits are tokens, last token first. Those of the first tokens of the
    alphabet and those of the later ones are sorted apart, in threads.
    """
    n_digits = digits.shape[1]
    ends = np.concatenate(([0], np.cumsum(np.bincount(digits[:, 0]))))
    largest = -(-len(digits) // n_threads())
    sorted_digits, sorted_numbers = np.empty_like(digits), np.empty_like(numbers)

    def sort(tokens: slice) -> None:
        mine = (digits[:, 0] >= tokens.start) & (digits[:, 0] < tokens.stop)
        order = np.arange(len(digits), dtype=np.int32)[mine]
        order = _sorted_by(digits, range(n_digits - 1, -1, -1), order)
        place = slice(ends[tokens.start], ends[tokens.stop])
        # Twice as fast as an index. It does not ask whether a place is there.
        np.take(digits, order, axis=0, out=sorted_digits[place], mode="clip")
        np.take(numbers, order, out=sorted_numbers[place], mode="clip")

    for _ in ordered_map(sort, chunks(ends, largest)):
        pass
    return sorted_digits, sorted_numbers


def frequency_order(frequency: np.ndarray) -> np.ndarray:
    """Sort by descending document frequency; ties stay in order."""
    rarity = (frequency.max() - frequency)[:, np.newaxis]
    return _sorted_by(rarity, [0], np.arange(len(rarity), dtype=np.int32))


def _sorted_by(digits: np.ndarray, which: Iterable[int], order: np.ndarray) -> np.ndarray:
    """Sort by one digit after the other; what was sorted by is left in order among equals."""
    digit, following = np.empty_like(order), np.empty_like(order)
    for k in which:
        starts = np.zeros(int(digits[:, k].max(initial=0)) + 2, np.int64)
        kernels.sort_stably(digits, k, order, digit, starts, following)
        order, following = following, order
    return order


def names_of(
    distinct: pa.LargeStringArray, digits: np.ndarray, order: np.ndarray
) -> pa.LargeStringArray:
    """Spell n-grams in an order: their tokens with a space between them."""
    data, starts = arrow.buffers(distinct)
    ends = np.empty(len(order) + 1, np.int64)
    kernels.name_ends(digits, order, np.diff(starts), ends)
    spelled = np.empty(ends[-1], np.uint8)
    data = np.concatenate((data, np.zeros(8, np.uint8)))

    def spell(part: slice) -> None:
        place = spelled[ends[part.start] : ends[part.stop]]
        kernels.spell(data, starts, digits, order[part], place)

    for _ in ordered_map(spell, chunks(ends, max(1, len(spelled)))):
        pass
    return arrow.of_bytes(spelled, ends)
