"""Copies and near-copies of reviews, from the hashes and shingles that kernels compute.

Two texts are near-duplicates if they differ and the resemblance of their 5-word shingles is at
least `RESEMBLANCE`. Each text is reduced to the smallest shingle hash in each of 16 buckets.
Texts that share such a hash are candidates, and the resemblance of a candidate pair is computed
exactly. A pair whose resemblance is just at the threshold is missed with probability 0.2**8,
about 1 in 400,000, or 1 in 20,000 if the texts are as short as 9 words. A pair that is more
alike is missed less often. A text without letters or digits has no shingles and resembles
nothing.

`text_statistics` reads a text once, while it is written to a file. About 100 bytes of each text
are held after that, and only texts that look alike are read again.

References
----------
A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.kernels import duplicates as kernels
from pipeline.storage import arrow
from pipeline.storage.arrays import ArrayWriter, read_arrays, scratch

# Broder and his successors call pages "roughly the same" from 0.5 to 0.95; at 0.8 a review of
# 100 words may differ in two or three separate places, which no second author does by chance.
RESEMBLANCE = 0.8
# Candidates come from the 16 buckets folded to 8, because 0.2**8 misses are few enough. All 16
# distinguish a shared stock phrase from a shared review before the two texts are read again.
_BUCKETS = 16
_GROUP_LIMIT = 50
_IN_MEMORY = 1 << 19  # texts whose statistics are held in memory, 40 MB; those of more in files
_BLOCK = 1 << 18  # texts whose numbers are looked at together
# What a file of statistics holds, the largest first.
_ARRAYS: dict[str, npt.DTypeLike] = {
    "sketches": np.uint32,
    "counts": np.int32,
    "fingerprints": np.uint64,
}

Ints = npt.NDArray[np.int64]
_Hashes = npt.NDArray[np.uint64]
_Chunk = tuple[npt.NDArray[np.uint8], Ints]


@dataclass(frozen=True)
class TextStatistics:
    """What is held of each text.

    Attributes
    ----------
    counts : int32 array, shape (n_documents, 2)
        Unicode code points, and words as `str.split` counts them.
    fingerprints : uint64 array, shape (n_documents,)
        A hash of the bytes of each text.
    sketches : uint32 array, shape (n_documents, 16)
        The smallest shingle hash of each bucket.
    """

    counts: npt.NDArray[np.int32]
    fingerprints: _Hashes
    sketches: npt.NDArray[np.uint32]

    @classmethod
    def joined(cls, parts: Sequence[TextStatistics], folder: Path | None = None) -> TextStatistics:
        """Return the concatenation; where it is large, mapped from files without a name."""
        ends = np.cumsum([len(part.counts) for part in parts], dtype=np.int64)
        whole = cls.of_size(int(ends[-1]) if len(ends) else 0, folder)
        for part, end in zip(parts, ends.tolist(), strict=True):
            rows = slice(end - len(part.counts), end)
            whole.counts[rows] = part.counts
            whole.fingerprints[rows] = part.fingerprints
            whole.sketches[rows] = part.sketches
        return whole

    @classmethod
    def of_size(cls, n: int, folder: Path | None = None) -> TextStatistics:
        """Return room for the statistics of `n` texts; much room is mapped from files."""
        folder = folder if n > _IN_MEMORY else None
        return cls(
            scratch(2 * n, np.int32, folder).reshape(n, 2),
            scratch(n, np.uint64, folder),
            scratch(_BUCKETS * n, np.uint32, folder).reshape(n, _BUCKETS),
        )

    @classmethod
    def read(cls, path: Path) -> TextStatistics:
        """Map the statistics that `appended` wrote into memory."""
        arrays = read_arrays(path, **_ARRAYS)
        n = len(arrays["fingerprints"])
        shapes = {"counts": (n, 2), "sketches": (n, _BUCKETS)}
        return cls(**{name: a.reshape(shapes.get(name, n)) for name, a in arrays.items()})

    def appended(self, file: ArrayWriter) -> None:
        """Append the statistics to a file of `statistics_file`."""
        for name in _ARRAYS:
            file.append(name, getattr(self, name))

    def take(self, texts: Ints, folder: Path | None = None) -> TextStatistics:
        """Return the statistics of some texts in a given order; many are mapped from files."""
        found = self.of_size(len(texts), folder)
        for name in _ARRAYS:
            # With a mode other than "raise", which would fill a copy of the output first.
            np.take(getattr(self, name), texts, axis=0, out=getattr(found, name), mode="clip")
        return found


def statistics_file(path: Path) -> ArrayWriter:
    """Return a file that statistics are appended to; it is a context manager."""
    return ArrayWriter(path, **_ARRAYS)


def text_statistics(texts: pa.LargeStringArray) -> TextStatistics:
    """Return the statistics of texts, which have no nulls."""
    found = TextStatistics.of_size(len(texts))
    found.sketches.fill(kernels.NO_HASH)
    if len(texts):
        text, offsets = arrow.buffers(texts)
        words, hashes = np.empty((2, _room(int(np.diff(offsets).max()))), np.uint64)
        into = (found.counts, found.fingerprints, found.sketches)
        kernels.scan(text, offsets, words, hashes, *into)
    return found


def _room(longest: int) -> int:
    """Return an upper bound on the hashes of a document's words, given its bytes."""
    return longest // 2 + 8


class Documents:
    """The documents of the two sets in their Arrow chunks, numbered from 0 across both.

    Attributes
    ----------
    chunks : list of (uint8 array, int64 array)
        The bytes and the offsets of texts.
    starts : int64 array, shape (n_chunks + 1,)
        The number of each chunk's first document, and the number of documents at the end.
    longest : list of int
        The bytes of the longest document of each chunk.
    """

    def __init__(self, train: pa.ChunkedArray, test: pa.ChunkedArray) -> None:
        parts = [chunk for column in (train, test) for chunk in column.chunks if len(chunk)]
        self.chunks: list[_Chunk] = [arrow.buffers(part) for part in parts]
        self.starts = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        self.longest = [int(np.diff(offsets).max()) for _, offsets in self.chunks]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def by_chunks(self, pairs: Ints) -> Iterator[tuple[Ints, int, int, Ints]]:
        """Group pairs of documents by the two chunks that they are in.

        Yields
        ------
        places : int64 array
            The rows of `pairs` that a group holds.
        left, right : int
            The two chunks.
        inner : int64 array, shape (len(places), 2)
            The pairs, as their documents are numbered within the chunks.
        """
        if len(pairs) == 0:
            return
        chunks = np.searchsorted(self.starts, pairs, "right") - 1
        group = chunks[:, 0] * len(self.chunks) + chunks[:, 1]
        order = np.argsort(group, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            left, right = chunks[places[0]].tolist()
            yield places, left, right, pairs[places] - self.starts[[left, right]]


def first_occurrences(documents: Documents, fingerprints: _Hashes) -> Ints:
    """Return the number of the first document that has the same text, for each document.

    Documents with the same fingerprint are compared, byte by byte, with the first of them. Those
    that differ (hash collisions) are then compared among themselves. The type is the smallest one.
    """
    first: Ints = np.arange(len(documents), dtype=np.min_scalar_type(-1 - len(documents)))
    left = _repeated(fingerprints)
    while left.size:
        hashes = fingerprints[left]
        later = np.flatnonzero(hashes[1:] == hashes[:-1]) + 1
        # A run of consecutive ones follows the first document with their hash.
        begins_run = np.diff(later, prepend=-1) > 1
        leaders = np.maximum.accumulate(np.where(begins_run, later - 1, 0))
        pairs = np.column_stack([left[leaders], left[later]])
        same = np.empty(len(pairs), np.bool_)
        for places, one, other, inner in documents.by_chunks(pairs):
            answers = np.empty(len(inner), np.bool_)
            kernels.same_bytes(*documents.chunks[one], *documents.chunks[other], inner, answers)
            same[places] = answers
        first[pairs[same, 1]] = pairs[same, 0]
        left = pairs[~same, 1]
    return first


def _repeated(fingerprints: _Hashes) -> Ints:
    """Return the documents whose fingerprint another one has, by fingerprint and number."""
    hashes = np.sort(fingerprints)
    shared = hashes[1:][hashes[1:] == hashes[:-1]]
    del hashes
    documents = [np.empty(0, np.int64)]
    for rows in blocks(slice(0, len(fingerprints) if shared.size else 0)):
        at = np.searchsorted(shared[:-1], fingerprints[rows])
        documents.append(np.flatnonzero(shared[at] == fingerprints[rows]) + rows.start)
    found = np.concatenate(documents)
    order: Ints = found[np.argsort(fingerprints[found], kind="stable")]
    return order


def blocks(rows: slice) -> Iterator[slice]:
    """Cut rows into blocks that are looked at together."""
    return (slice(k, min(k + _BLOCK, rows.stop)) for k in range(rows.start, rows.stop, _BLOCK))


def with_text(first: Ints, texts: Ints) -> Ints:
    """Return the documents that have one of some texts.

    Parameters
    ----------
    first : int array, shape (n_documents,)
        What `first_occurrences` returns.
    texts : int64 array
        The first document with each text.

    Examples
    --------
    >>> with_text(np.array([0, 1, 0, 3, 1]), np.array([1, 3])).tolist()
    [1, 3, 4]
    """
    is_wanted = np.zeros(first.size, np.bool_)
    is_wanted[texts] = True
    return np.flatnonzero(is_wanted[first])


def near_duplicates(documents: Documents, statistics: TextStatistics, first: Ints) -> Ints:
    """Return the pairs of near-duplicates among distinct texts.

    Parameters
    ----------
    documents : Documents
    statistics : TextStatistics
        Of the same documents.
    first : int array, shape (n_documents,)
        What `first_occurrences` returns.

    Returns
    -------
    int64 array, shape (n_pairs, 2)
        The first documents with these texts, in ascending order.
    """
    buckets = range(_BUCKETS // 2)
    pairs = np.concatenate([_candidates(first, statistics.sketches, bucket) for bucket in buckets])
    # With `return_index`, because `unique` otherwise imports NumPy's masked arrays, which is slow.
    _, places = np.unique(pairs[:, 0] * len(documents) + pairs[:, 1], return_index=True)
    pairs = pairs[places]
    resemblance = np.empty(len(pairs))
    for places, one, other, inner in documents.by_chunks(pairs):
        room = _room(max(documents.longest[one], documents.longest[other]))
        words, both = np.empty(room, np.uint64), np.empty(2 * room, np.uint64)
        table = np.empty((1 << (4 * room).bit_length(), 2), np.uint64)
        out = np.empty(len(inner))
        chunks = (*documents.chunks[one], *documents.chunks[other])
        kernels.resemblances(*chunks, inner, words, both, table, out)
        resemblance[places] = out
    return pairs[resemblance >= RESEMBLANCE]


def _candidates(first: Ints, sketches: npt.NDArray[np.uint32], bucket: int) -> Ints:
    """Return the pairs of distinct texts that share the hash of a folded bucket, (n_pairs, 2)."""
    bits, n_keys = len(first).bit_length(), 0
    # A hash and its document in one number: to sort these is several times faster than argsort.
    keys = np.empty(len(first), np.uint64)
    for rows in blocks(slice(0, len(first))):
        folded = np.minimum(sketches[rows, bucket], sketches[rows, bucket + _BUCKETS // 2])
        documents = np.arange(rows.start, rows.stop)
        used = (first[rows] == documents) & (folded != kernels.NO_HASH)
        of_block = keys[n_keys : n_keys + np.count_nonzero(used)]
        of_block[:] = folded[used]
        of_block <<= np.uint64(bits)
        of_block |= documents[used].view(np.uint64)
        n_keys += len(of_block)
    keys = keys[:n_keys]
    keys.sort()
    pairs = np.empty((0, 2), np.int64)
    n_pairs = int(kernels.candidates(keys, bits, _GROUP_LIMIT, sketches, pairs) or 0)
    pairs = np.empty((n_pairs, 2), np.int64)
    kernels.candidates(keys, bits, _GROUP_LIMIT, sketches, pairs)
    return pairs
