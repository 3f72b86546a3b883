"""Which reviews of a corpus are the same text, and which are nearly the same.

Two texts are near-duplicates if they differ and the resemblance of their 5-word shingles is at
least `RESEMBLANCE`. Each text is reduced to the smallest shingle hash of 16 buckets, texts that
share one are candidates, and a candidate's resemblance is then computed exactly. A pair at the
threshold itself is missed with odds of about 1 in 300 000 (0.2**8), and of 1 in 20 000 if the
texts are as short as 9 words; a pair that is more alike is missed less often. A text without
letters or digits has no shingle and resembles nothing.

What the copies of a corpus mean to its reader is the audit's affair.

References
----------
A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.kernels import shingles

# Broder and his successors call pages "roughly the same" from 0.5 to 0.95; at 0.8 a review of
# 100 words may differ in two or three separate places, which no second author does by chance.
RESEMBLANCE = 0.8
# The candidates come from the 16 buckets folded to 8, where 0.2**8 misses are few enough, and
# all 16 tell a shared stock phrase from a shared review before the two are read again.
_BUCKETS = 16
_GROUP_LIMIT = 50

Ints = npt.NDArray[np.int64]
_Hashes = npt.NDArray[np.uint64]
_Buffers = tuple[npt.NDArray[np.uint8], Ints, npt.NDArray[np.uint8], Ints]


@dataclass(frozen=True)
class Comparison:
    """What one reading of train and test found; documents are numbered through both.

    Attributes
    ----------
    n_characters, n_words : int64 arrays, shape (n_documents,)
        Unicode code points, and words as `str.split` counts them.
    first : int64 array, shape (n_documents,)
        The number of the first document of the same text: its own, where it is the first.
    near : int64 array, shape (n_pairs, 2)
        The near-duplicates among the first documents of their text, the smaller number
        first, sorted.
    """

    n_characters: Ints
    n_words: Ints
    first: Ints
    near: Ints


def compare(train: pa.ChunkedArray, test: pa.ChunkedArray) -> Comparison:
    """Find the texts of two splits that are the same or nearly the same.

    Parameters
    ----------
    train, test : ChunkedArray of large_string, without nulls
    """
    buffers = (*_buffers(train), *_buffers(test))
    counts, fingerprints, sketches = _scan(buffers)
    first = _first_occurrences(buffers, fingerprints)
    near = _near_duplicates(buffers, first, sketches)
    return Comparison(counts[:, 0], counts[:, 1], first, near)


def _buffers(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Return the bytes and the offsets of texts, without a copy if they are of one chunk."""
    # `combine_chunks` would copy a single chunk too.
    texts = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if len(texts) == 0:
        return _read_only(np.empty(0, np.uint8)), _read_only(np.zeros(1, np.int64))
    _, offsets, text = texts.buffers()
    starts = np.frombuffer(offsets, np.int64, len(texts) + 1, 8 * texts.offset)
    return _read_only(np.frombuffer(text or b"", np.uint8)), _read_only(starts)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make an array read-only; numba would compile a second kernel for one that is not."""
    array.flags.writeable = False
    return array


def _room(buffers: _Buffers) -> int:
    """Return how many hashes the words of the longest document may need."""
    longest = max(int(np.diff(starts).max(initial=0)) for starts in (buffers[1], buffers[3]))
    return longest // 2 + 8


def _scan(buffers: _Buffers) -> tuple[Ints, _Hashes, _Hashes]:
    """Return characters and words, fingerprint and sketch of every document."""
    n_documents = buffers[1].size + buffers[3].size - 2
    counts = np.empty((n_documents, 2), np.int64)
    fingerprints = np.empty(n_documents, np.uint64)
    sketches = np.full((n_documents, _BUCKETS), shingles.NO_HASH)
    words, room = np.empty((2, _room(buffers)), np.uint64)
    start = 0
    for text, offsets in (buffers[:2], buffers[2:]):
        part = slice(start, start + offsets.size - 1)
        shingles.scan(text, offsets, words, room, counts[part], fingerprints[part], sketches[part])
        start = part.stop
    return counts, fingerprints, sketches


def _first_occurrences(buffers: _Buffers, fingerprints: _Hashes) -> Ints:
    """Return for every document the number of the first one of the same text."""
    first = np.arange(fingerprints.size)
    order = np.argsort(fingerprints, kind="stable")
    shingles.first_occurrences(*buffers, fingerprints, order, first)
    return first


def _near_duplicates(buffers: _Buffers, first: Ints, sketches: _Hashes) -> Ints:
    """Return the pairs of first occurrences that are near-duplicates, (n_pairs, 2), sorted."""
    distinct = np.flatnonzero(first == np.arange(first.size))
    bits = np.uint64(first.size.bit_length())
    # A hash and its document in one number: sorting these is several times faster than an
    # argsort. The bits of the hash that are lost make a few more candidates at most.
    folded = np.minimum(sketches[distinct, : _BUCKETS // 2], sketches[distinct, _BUCKETS // 2 :])
    keys = (folded >> bits << bits) | distinct.astype(np.uint64)[:, np.newaxis]
    keys = np.sort(keys[folded != shingles.NO_HASH])
    pairs = np.empty((0, 2), np.int64)
    n_pairs = shingles.candidates(keys, bits, _GROUP_LIMIT, sketches, pairs)
    pairs = np.empty((n_pairs, 2), np.int64)
    shingles.candidates(keys, bits, _GROUP_LIMIT, sketches, pairs)
    pairs = np.unique(pairs, axis=0)
    room = _room(buffers)
    words, both = np.empty(room, np.uint64), np.empty(2 * room, np.uint64)
    table = np.empty((1 << (4 * room).bit_length(), 2), np.uint64)
    resemblance = np.empty(len(pairs))
    shingles.resemblances(*buffers, pairs, words, both, table, resemblance)
    return pairs[resemblance >= RESEMBLANCE]
