"""The distinct n-grams of a corpus by their length, and their document frequency.

Here n-grams are numbers. The work arrays have an item for each token, so a large corpus is taken in
parts: the distinct n-grams of each part are found, and then merged, partition by partition of their
hash. What is rarer than wanted is dropped there. So memory holds one part, and the n-grams that are
frequent enough. No n-gram is looked for that holds a shorter one which is too rare, because it
cannot be more frequent (Agrawal & Srikant 1994).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import CorpusError
from pipeline.kernels import levels as kernels
from pipeline.parallel import Workspace, chunks, map_with_workspace, ordered_map
from pipeline.storage.arrays import scratch
from pipeline.tokens.tokens import Tokens

# N-grams in a partition. Their hash table then fits into the second-level cache.
PARTITION = 1 << 15
# Tokens in a part: half a gigabyte of work arrays.
PART = 1 << 25


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


def find_ngrams(tokens: Tokens, max_n: int, least: int = 1) -> list[Level]:
    """Return the distinct n-grams of a corpus by their length: one token, two tokens, and so on.

    Parameters
    ----------
    tokens : Tokens
        If they have a folder, the work arrays of several parts lie there, else in memory.
    max_n : int
        The length of the longest.
    least : int
        The least document frequency that is wanted. An n-gram that is rarer may be missing.

    Examples
    --------
    >>> from pipeline.tokens.tokenizer import Tokenizer
    >>> single, pairs = find_ngrams(Tokenizer()(["not a film", "a film"]), 2)
    >>> single.frequency.tolist(), sorted(pairs.frequency[pairs.frequency > 0].tolist())
    ([1, 2, 2], [1, 2])
    """
    parts = list(_parts(tokens))
    folder = tokens.folder if len(parts) > 1 else None
    levels = [_single_tokens(tokens)]
    nodes = [each.ids for each in parts]
    if max_n > 1 and least > 1:
        nodes = [scratch(len(ids), np.int32, folder) for ids in nodes]
        numbers = _without_rare(levels[0].frequency, least)
        for each, copy in zip(parts, nodes, strict=True):
            copy[:] = each.ids
            kernels.renumber(copy, numbers)
    for length in range(2, max_n + 1):
        wanted = _Wanted(length, least, length == max_n, _n_bits(parts, length), folder)
        found = [_distinct(*of, wanted) for of in zip(parts, nodes, strict=True)]
        level, numbers_of = _merged(found, wanted)
        levels.append(level)
        nodes = [each.nodes for each in found]
        for of_part, numbers in zip(nodes, numbers_of, strict=False):
            kernels.renumber(of_part, numbers)
        del found, numbers_of
    return levels


@dataclass(frozen=True)
class _Wanted:
    """Which n-grams to find: their length, least frequency, partitions; and where work arrays lie.

    `is_last` is True if no longer ones are looked for after them.
    """

    length: int
    least: int
    is_last: bool
    n_bits: int
    folder: Path | None


@dataclass(frozen=True)
class _Found:
    """The distinct n-grams of a part.

    Attributes
    ----------
    level : Level
        In partitions, with indices between them that are not in use.
    starts, sizes : int64 arrays, shape (n_partitions,)
        Partition p has the nodes from `starts[p]` on, as many as `sizes[p]`.
    nodes : int32 array, shape (n_tokens,)
        The node of the n-gram that begins at each position, or -1; of shape (0,) if no longer
        n-grams are wanted.
    """

    level: Level
    starts: np.ndarray
    sizes: np.ndarray
    nodes: np.ndarray


def _parts(tokens: Tokens) -> Iterator[Tokens]:
    """Yield the documents in parts of at most `PART` tokens, unless one document has more."""
    offsets, start = tokens.offsets, 0
    while start < tokens.n_documents:
        end = int(np.searchsorted(offsets, offsets[start] + PART, "right")) - 1
        end = max(end, start + 1)
        ids = tokens.ids[offsets[start] : offsets[end]]
        yield Tokens(ids, offsets[start : end + 1] - offsets[start], tokens.distinct)
        start = end


def _single_tokens(tokens: Tokens) -> Level:
    n_distinct = len(tokens.distinct)

    def count(documents: slice, workspace: Workspace) -> np.ndarray:
        offsets = tokens.offsets[documents.start : documents.stop + 1]
        last, frequency = workspace.array("arrays", 2 * n_distinct, np.int32).reshape(2, -1)
        last[:], frequency[:] = -1, 0
        kernels.document_frequency(tokens.ids, offsets, last, frequency)
        return frequency

    total = np.zeros(n_distinct, np.int32)
    # So large that it takes longer to count the tokens of a part than to add up frequencies.
    largest = max(1 << 20, 16 * n_distinct)
    for frequency in map_with_workspace(count, chunks(tokens.offsets, largest)):
        total += frequency
    return Level(np.empty(0, np.uint64), total)


def _n_bits(parts: list[Tokens], length: int) -> int:
    """Return how many bits of the hash of an n-gram choose its partition."""
    n = sum(int(np.maximum(np.diff(part.offsets) - (length - 1), 0).sum()) for part in parts)
    return max(1, (n // PARTITION).bit_length())


def _distinct(tokens: Tokens, prefixes: np.ndarray, wanted: _Wanted) -> _Found:
    """Find the n-grams of one length in a part.

    Parameters
    ----------
    tokens : Tokens
    prefixes : int32 array, shape (n_tokens,)
        The node of the n-gram that begins at each position and is one token shorter; or -1.
    wanted : _Wanted
    """
    keys, positions, starts = _partitioned(tokens, prefixes, wanted)
    sizes = np.zeros(len(starts) - 1, np.int64)
    nodes = scratch(0 if wanted.is_last else len(tokens.ids), np.int32, wanted.folder)
    nodes[:] = -1

    def number(p: int, workspace: Workspace) -> None:
        part = slice(starts[p], starts[p + 1])
        n_slots = 2 << int(part.stop - part.start).bit_length()
        known = workspace.array("known", n_slots, np.uint64)[:n_slots]
        known[:] = 0
        sizes[p] = kernels.number(
            keys[part],
            positions[part],
            tokens.offsets,
            part.start,
            known,
            workspace.array("numbers", n_slots, np.int32),
            workspace.array("last", part.stop - part.start, np.int32),
            nodes,
        )

    for _ in map_with_workspace(number, range(len(sizes))):
        pass
    # The kernel has replaced the positions by document frequencies.
    return _Found(Level(keys, positions), starts, sizes, nodes)


def _partitioned(
    tokens: Tokens, prefixes: np.ndarray, wanted: _Wanted
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the keys and positions of all n-grams, and where each partition of them begins."""
    length, bits = wanted.length, wanted.n_bits
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
    n = _counted(int(starts[-1]), length)
    keys = scratch(n, np.uint64, wanted.folder)
    positions = scratch(n, np.int32, wanted.folder)
    ends = starts[:-1] + np.cumsum(sizes, axis=0) - sizes
    for _ in ordered_map(spread, range(len(parts))):
        pass
    return keys, positions, starts


def _merged(found: list[_Found], wanted: _Wanted) -> tuple[Level, list[np.ndarray]]:
    """Return the n-grams of all parts that are frequent enough, and the number there of each.

    Returns
    -------
    level : Level
    numbers : list of int32 arrays
        For each part and each of its nodes, the node in the level; -1 if it is too rare. Empty if
        no node has another number.
    """
    if len(found) == 1:
        level = found[0].level
        is_final = wanted.is_last or wanted.least == 1
        return level, [] if is_final else [_without_rare(level.frequency, wanted.least)]

    def merge(p: int, workspace: Workspace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = [slice(each.starts[p], each.starts[p] + each.sizes[p]) for each in found]
        keys, frequency = (
            np.concatenate(
                [getattr(each.level, name)[row] for each, row in zip(found, rows, strict=True)]
            )
            for name in ("keys", "frequency")
        )
        n_slots = 2 << len(keys).bit_length()
        known = workspace.array("known", n_slots, np.uint64)[:n_slots]
        known[:] = 0
        merged = np.empty(len(keys), np.int32)
        slots = workspace.array("numbers", n_slots, np.int32)
        n = kernels.merge(keys, frequency, known, slots[:n_slots], merged)
        is_kept = frequency[:n] >= wanted.least
        renumbered = np.where(is_kept, np.cumsum(is_kept) - 1, -1).astype(np.int32)
        return keys[:n][is_kept], frequency[:n][is_kept], renumbered[merged]

    numbers = [scratch(len(each.level.keys), np.int32, wanted.folder) for each in found]
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    n = 0
    for p, (keys, frequency, merged) in enumerate(
        map_with_workspace(merge, range(len(found[0].sizes)))
    ):
        merged[merged >= 0] += n
        ends = np.cumsum([each.sizes[p] for each in found])
        for each, of_part, part in zip(found, numbers, np.split(merged, ends[:-1]), strict=True):
            of_part[each.starts[p] : each.starts[p] + each.sizes[p]] = part
        n = _counted(n + len(keys), wanted.length)
        kept.append((keys, frequency))
    of_all = [np.concatenate(arrays) for arrays in zip(*kept, strict=True)]
    return Level(*of_all), numbers


def _counted(n: int, length: int) -> int:
    """Return a number of n-grams, which must fit into an index."""
    if n > np.iinfo(np.int32).max:
        raise CorpusError(
            f"features.ngrams: {n:,} n-grams of {length} tokens are too many for one vocabulary; "
            "expected at most 2,147,483,647: raise features.min_df"
        )
    return n


def _without_rare(frequency: np.ndarray, least: int) -> np.ndarray:
    """Return the index of each n-gram that is frequent enough, and -1 for the others: int32."""
    return np.where(frequency >= least, np.arange(len(frequency), dtype=np.int32), np.int32(-1))
