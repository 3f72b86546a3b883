"""Tokens to sparse counts: which n-grams are features, and how often each occurs.

A `Vocabulary` is learned from the training part alone; counting a split against
it is the same operation for training, test and unseen text. N-grams are counted
over ids. Only one that survives pruning gets a name: its tokens with a space
between them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.kernels import counting as kernels
from pipeline.ngrams import (
    alphabet_of,
    digits_of,
    find_ngrams,
    frequency_order,
    in_alphabetical_order,
    names_of,
)
from pipeline.parallel import Room, in_order, in_rooms, n_threads, shares
from pipeline.storage import arrow, files
from pipeline.tokens.tokenizer import Tokens
from pipeline.trie import Trie

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# N-grams that are counted at a time, each such block in a thread of its own.
BLOCK = 1 << 20


@dataclass(frozen=True)
class Vocabulary:
    """The features in column order: descending document frequency, ties in code-point order.

    The tokens of two n-grams are compared one by one.

    Attributes
    ----------
    words : pyarrow.LargeStringArray, length n_columns
        The name of each column: a token, or the tokens of an n-gram joined by spaces.
    document_frequency : int32 array, shape (n_columns,)
        How many training documents hold it.
    """

    words: pa.LargeStringArray
    document_frequency: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def _trie(self) -> Trie:
        """The words as the counting kernel walks them; built once."""
        return Trie.of_words(self.words)


def learn_vocabulary(
    tokens: Tokens,
    ngrams: int = 1,
    min_df: int | float = 1,
    max_df: int | float = 1.0,
    max_features: int = 0,
) -> Vocabulary:
    """Choose the features of a corpus by the number of documents that hold them.

    Parameters
    ----------
    tokens : Tokens
        The training documents.
    ngrams : int
        The longest n-gram counted; 1 counts single tokens.
    min_df, max_df : int or float
        Bounds on the document frequency, both included: a number of documents if
        an int, a fraction of them if a float.
    max_features : int
        Keep so many, the most frequent ones; 0 keeps all.

    Returns
    -------
    Vocabulary

    Raises
    ------
    CorpusError
        If no feature is left.
    """
    n = tokens.n_documents
    if not len(tokens.ids):
        raise CorpusError(
            f"features: none of the {n:,} training reviews holds a token; see the [tokens] settings"
        )
    at_least = min_df if isinstance(min_df, int) else min_df * n
    at_most = max_df if isinstance(max_df, int) else max_df * n
    # Side by side, for neither needs the other. Numbered in code-point order, types are
    # digits, and n-grams numbers that a radix sort sorts.
    levels, alphabet = _side_by_side(
        lambda: find_ngrams(tokens, ngrams), lambda: alphabet_of(tokens.types)
    )
    kept = [
        np.flatnonzero((level.frequency >= max(at_least, 1)) & (level.frequency <= at_most))
        for level in levels
    ]
    frequency = np.concatenate([level.frequency[k] for level, k in zip(levels, kept, strict=True)])
    if not len(frequency):
        raise CorpusError(
            f"features: no n-gram occurs in {at_least:g} to {at_most:g} of the {n:,} training "
            "reviews; lower features.min_df or raise features.max_df"
        )
    types = tokens.types.take(arrow.numbers(alphabet))
    place = np.empty(len(types), np.int32)
    place[alphabet] = np.arange(len(types), dtype=np.int32)
    digits = digits_of(levels, kept, place)
    del levels, kept
    digits, frequency = in_alphabetical_order(digits, frequency)
    order = frequency_order(frequency)
    order = order[:max_features] if max_features else order
    document_frequency = frequency[order]
    del frequency
    learned = tokens.types, place

    def trie_of_what_is_kept() -> Trie:
        columns = np.full(len(digits), -1, np.int32)
        columns[order] = np.arange(len(order), dtype=np.int32)
        return Trie.of(types, digits, columns, len(order), learned)

    # What was just learned need not be read from the names again.
    words, trie = _side_by_side(lambda: names_of(types, digits, order), trie_of_what_is_kept)
    vocabulary = Vocabulary(words, document_frequency)
    vars(vocabulary)["_trie"] = trie
    return vocabulary


def count_features(
    tokens: Tokens, vocabulary: Vocabulary, binary: bool = False, unit_length: bool = False
) -> csr_array:
    """Count the features of a vocabulary in every document.

    Parameters
    ----------
    tokens : Tokens
        Of any split. A token outside the vocabulary counts nowhere, and neither
        does an n-gram that holds one.
    vocabulary : Vocabulary
    binary : bool
        Ones for counts.
    unit_length : bool
        Divide the counts of each document by their Euclidean length.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_documents, n_columns), float32
        With int32 indices, sorted in each row.
    """
    from scipy.sparse import csr_array

    # One thread needs no blocks, and what it counts stays where it is.
    block = 0 if n_threads() > 1 else max(1, len(tokens.ids))
    blocks = stream_counts(tokens, vocabulary, binary, unit_length, block)
    data, indices, indptr = _joined(blocks, tokens, vocabulary._trie.max_n)
    if len(data) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)  # scipy asks for one type of both
    counts = csr_array((data, indices, indptr), (tokens.n_documents, len(vocabulary)))
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


class Counts(NamedTuple):
    """The counts of some documents, as the fields of a CSR array."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray


def _joined(blocks: Iterator[Counts], tokens: Tokens, max_n: int) -> Counts:
    """Join the counts of blocks; a single one is its own."""
    # A token ends so many n-grams at most. What is not written to takes no memory.
    most = max_n * len(tokens.ids)
    data, indices = np.empty(most, np.float32), np.empty(most, np.int32)
    indptr, n, d = np.zeros(tokens.n_documents + 1, np.int64), 0, 0
    for block in blocks:
        if len(block.indptr) == len(indptr):
            return block
        end = n + len(block.data)
        data[n:end], indices[n:end] = block.data, block.indices
        indptr[d : d + len(block.indptr)] = n + block.indptr
        n, d = end, d + len(block.indptr) - 1
    return Counts(data[:n], indices[:n], indptr)


def stream_counts(
    tokens: Tokens,
    vocabulary: Vocabulary,
    binary: bool = False,
    unit_length: bool = False,
    block: int = 0,
) -> Iterator[Counts]:
    """Count as `count_features` does, in threads; yield the counts of blocks of documents.

    They are good until the next ones are asked for. A block has `block` tokens, or as many as
    make `BLOCK` n-grams.
    """
    trie = vocabulary._trie
    numbers = trie.numbers(tokens.types)
    first = np.where(numbers >= 0, trie.roots[numbers], -1).astype(np.int32)
    first[first < 0] = trie.n_nodes

    def count(documents: slice, room: Room) -> Counts:
        offsets = tokens.offsets[documents.start : documents.stop + 1]
        longest = int(np.diff(offsets).max(initial=0))
        most = trie.max_n * int(offsets[-1] - offsets[0])
        data, indices = room.array("data", most, np.float32), room.array("indices", most, np.int32)
        indptr = np.zeros(len(offsets), np.int64)
        n = kernels.count(
            tokens.ids,
            offsets,
            documents.start,
            numbers,
            first,
            trie.edges,
            trie.ends,
            trie.max_n,
            len(vocabulary),
            trie.n_nodes,
            binary,
            room.array("nodes", longest, np.int32),
            room.array("slots", longest + 1, np.int64),
            room.zeros("seen", 0 if binary else trie.n_nodes + 1, np.int64),
            room.zeros("words", (trie.n_nodes >> 6) + 1, np.uint64),
            room.zeros("summary", (trie.n_nodes >> 12) + 1, np.uint64),
            data,
            indices,
            indptr,
        )
        counts = Counts(data[:n], indices[:n], indptr)
        if unit_length:
            _to_unit_length(counts)
        return counts

    yield from in_rooms(count, shares(tokens.offsets, block or max(1, BLOCK // trie.max_n)))


def _to_unit_length(counts: Counts) -> None:
    """Divide each document's counts by their length; one without features stays as it is."""
    squares = np.concatenate(([0.0], np.cumsum(np.square(counts.data, dtype=np.float64))))
    lengths = np.sqrt(np.diff(squares[counts.indptr]))  # exact, for squares of counts are whole
    np.divide(counts.data, np.repeat(lengths, np.diff(counts.indptr)), out=counts.data)


def _side_by_side(*works: Callable[[], Any]) -> list[Any]:
    """Return what some functions return, called in threads."""
    return list(in_order(lambda work: work(), works))


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write a vocabulary as text: a word and its document frequency on each line."""
    files.write_tsv(
        path,
        pa.table(
            {
                "word": vocabulary.words,
                "document_frequency": arrow.numbers(vocabulary.document_frequency),
            }
        ),
    )


def read_vocabulary(path: Path) -> Vocabulary:
    """Read what `write_vocabulary` wrote."""
    table = files.read_tsv(path, {"word": pa.large_string(), "document_frequency": pa.int32()})
    words = table["word"].combine_chunks()
    return Vocabulary(words, arrow.values(table["document_frequency"]))
