"""The distinct n-grams of a corpus, the documents that hold them, and their order.

N-grams stay numbers here: only those that become features get a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline import arrow
from pipeline.errors import CorpusError
from pipeline.kernels import vocabulary as kernels
from pipeline.threads import in_order, shares
from pipeline.tokens import Tokens

# N-grams to a partition, so many that its table fits a processor's second cache.
PARTITION = 1 << 15
# Bytes of names that are spelled at a time.
BLOCK = 1 << 24


def find_ngrams(tokens: Tokens, max_n: int) -> list[Level]:
    """Return the distinct n-grams of one token, of two, and so on."""
    levels = [_single_tokens(tokens)]
    above = tokens.ids
    for length in range(2, max_n + 1):
        level, above = _longer(tokens, above, length)
        levels.append(level)
    return levels


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one length.

    Attributes
    ----------
    parents, tokens : int32 arrays
        Each without its last token, as its place in the level above; and that token.
    frequency : int32 array
        The number of documents that hold each; places in between that no n-gram has are 0.
    """

    parents: np.ndarray
    tokens: np.ndarray
    frequency: np.ndarray


def _single_tokens(tokens: Tokens) -> Level:
    n_types = len(tokens.types)
    last, frequency = np.full(n_types, -1), np.zeros(n_types, np.int32)
    kernels.document_frequency(tokens.ids, tokens.offsets, last, frequency)
    return Level(np.empty(0, np.int32), np.arange(n_types, dtype=np.int32), frequency)


def _longer(tokens: Tokens, above: np.ndarray, length: int) -> tuple[Level, np.ndarray]:
    """Find the n-grams of a length, and which one begins at each token.

    `above` says which n-gram one token shorter begins there.
    """
    n = int(np.maximum(np.diff(tokens.offsets) - (length - 1), 0).sum())
    if n > np.iinfo(np.int32).max:
        raise CorpusError(
            f"features.ngrams: {n:,} n-grams of {length} tokens are more than one vocabulary can "
            "be learned from; expected 2,147,483,647 at most"
        )
    bits = max(1, (n // PARTITION).bit_length())
    sizes = np.zeros(1 << bits, np.int64)
    text = tokens.ids, tokens.offsets, above, length, 64 - bits
    kernels.partition_sizes(*text, sizes)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    keys, positions = np.empty(n, np.uint64), np.empty(n, np.int32)
    kernels.spread(*text, starts[:-1].copy(), keys, positions)
    nodes = np.empty(len(tokens.ids), np.int32)
    level = Level(np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n, np.int32))

    def number(p: int) -> None:
        part = slice(starts[p], starts[p + 1])
        size = 2 << int(sizes[p]).bit_length()
        kernels.number(
            keys[part],
            positions[part],
            tokens.offsets,
            starts[p],
            np.zeros(size, np.uint64),
            np.empty(size, np.int32),
            nodes,
            level.parents[part],
            level.tokens[part],
            np.empty(sizes[p], np.int64),
            level.frequency[part],
        )

    for _ in in_order(number, range(len(sizes))):
        pass
    return level, nodes


def digits_of(levels: list[Level], kept: list[np.ndarray], alphabet: np.ndarray) -> np.ndarray:
    """Return the n-grams of all levels: row k holds the tokens at their place k.

    A token is its place in the alphabet, from 1; an n-gram that is shorter has a 0.
    """
    place = np.empty(len(alphabet), np.int32)
    place[alphabet] = np.arange(1, len(alphabet) + 1)
    digits = np.zeros((len(levels), sum(map(len, kept))), np.int32)
    end = 0
    for n, nodes in enumerate(kept):
        part, end = slice(end, end + len(nodes)), end + len(nodes)
        for k in range(n, -1, -1):
            digits[k, part] = place[levels[k].tokens[nodes]]
            nodes = levels[k].parents[nodes] if k else nodes
    return digits


def radix_sorted(order: np.ndarray, digits: Iterable[np.ndarray]) -> np.ndarray:
    """Sort by digits, the least significant one first: a radix sort."""
    for digit in digits:
        following = np.empty_like(order)
        starts = np.zeros(int(digit.max()) + 2, np.int64)
        kernels.sort_stably(digit, order, starts, following)
        order = following
    return order


def arranged(
    types: pa.LargeStringArray, digits: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray, pa.LargeStringArray]:
    """Return the tokens of n-grams in their order, where each begins, and their names."""
    data, starts = arrow.buffers(types)
    tokens = np.empty(digits.size, np.int32)
    offsets, ends = np.empty(len(order) + 1, np.int64), np.empty(len(order) + 1, np.int64)
    kernels.arrange(digits, order, np.diff(starts), tokens, offsets, ends)
    spelled = np.empty(ends[-1], np.uint8)

    def spell(part: slice) -> None:
        some = offsets[part.start : part.stop + 1]
        kernels.spell(data, starts, tokens, some, spelled, ends[part.start])

    for _ in in_order(spell, shares(ends, BLOCK)):
        pass
    return tokens[: offsets[-1]], offsets, arrow.of_bytes(spelled, ends)
