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
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import arrow, artifacts
from pipeline.errors import CorpusError
from pipeline.kernels import ngrams as kernels
from pipeline.ngrams import (
    alphabetical_order,
    digits_of,
    find_ngrams,
    frequency_order,
    names_of,
)
from pipeline.threads import Room, in_order, in_rooms, n_threads, shares
from pipeline.tokens import Tokens
from pipeline.trie import Trie

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Counts, their columns, and where each row begins and the last one ends.
Triplet = tuple[np.ndarray, np.ndarray, np.ndarray]
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
    document_frequency : int64 array, shape (n_columns,)
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
        lambda: find_ngrams(tokens, ngrams), lambda: pc.sort_indices(tokens.types)
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
    types = tokens.types.take(alphabet)
    place = np.empty(len(types), np.int32)
    place[arrow.values(alphabet)] = np.arange(len(types), dtype=np.int32)
    digits = digits_of(levels, kept, place)
    del levels, kept
    alphabetical = alphabetical_order(digits)
    order = frequency_order(alphabetical, frequency)
    order = order[:max_features] if max_features else order
    document_frequency = frequency[order].astype(np.int64)
    column = np.full(len(digits), -1, np.int32)
    column[order] = np.arange(len(order), dtype=np.int32)
    columns = column[alphabetical]
    columns = columns[columns >= 0]
    digits = digits[order]
    del alphabetical, frequency, order, column  # what follows is the most that is held at a time
    # What was just learned need not be read from the names again.
    words, trie = _side_by_side(
        lambda: names_of(types, digits),
        lambda: Trie.of(types, digits, columns, (tokens.types, place)),
    )
    vocabulary = Vocabulary(words, document_frequency)
    vars(vocabulary)["_trie"] = trie
    return vocabulary


def count_features(tokens: Tokens, vocabulary: Vocabulary, binary: bool = False) -> csr_array:
    """Count the features of a vocabulary in every document.

    Parameters
    ----------
    tokens : Tokens
        Of any split. A token outside the vocabulary counts nowhere, and neither
        does an n-gram that holds one.
    vocabulary : Vocabulary
    binary : bool
        Ones for counts.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_documents, n_columns), float32
        With int32 indices, sorted in each row.
    """
    from scipy.sparse import csr_array

    # One thread needs no blocks, and what it counts is not copied from its room.
    block = 0 if n_threads() > 1 else len(tokens.ids)
    blocks = stream_counts(tokens, vocabulary, binary, block)
    data, indices, indptr = _joined(blocks, tokens, vocabulary)
    if len(data) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)  # scipy asks for one type of both
    counts = csr_array((data, indices, indptr), (tokens.n_documents, len(vocabulary)))
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


def _side_by_side(*works: Callable[[], Any]) -> list[Any]:
    """Return what some functions return, called in threads."""
    return list(in_order(lambda work: work(), works))


def _joined(blocks: Iterator[Triplet], tokens: Tokens, vocabulary: Vocabulary) -> Triplet:
    """Join the counts of blocks; a single one is its own."""
    first = next(blocks, None)
    if first is not None and len(first[2]) == tokens.n_documents + 1:
        return first
    # What is not written to takes no memory, so there is room for the most there can be.
    most = vocabulary._trie.max_n * len(tokens.ids)
    data, indices = np.empty(most, np.float32), np.empty(most, np.int32)
    indptr = np.zeros(tokens.n_documents + 1, np.int64)
    n, d = 0, 0
    for block_data, block_indices, ends in () if first is None else chain([first], blocks):
        data[n : n + len(block_data)] = block_data
        indices[n : n + len(block_data)] = block_indices
        indptr[d : d + len(ends)] = n + ends
        n, d = n + len(block_data), d + len(ends) - 1
    return data[:n], indices[:n], indptr


def stream_counts(
    tokens: Tokens, vocabulary: Vocabulary, binary: bool = False, block: int = 0
) -> Iterator[Triplet]:
    """Count as `count_features` does, in threads; yield the CSR triplets of blocks of documents.

    A triplet is good until the next one is asked for. A block has `block` tokens, or as many
    as make `BLOCK` n-grams.
    """
    trie = vocabulary._trie
    numbers = trie.numbers(tokens.types)
    first = np.where(numbers >= 0, trie.roots[numbers], -1).astype(np.int32)
    first[first < 0] = trie.n_nodes

    def count(documents: slice, room: Room) -> Triplet:
        offsets = tokens.offsets[documents.start : documents.stop + 1]
        longest = int(np.diff(offsets).max(initial=0))
        most = trie.max_n * int(offsets[-1] - offsets[0])
        data = room.array("data", most, np.float32)
        indices = room.array("indices", most, np.int32)
        indptr = np.zeros(len(offsets), np.int64)
        n_nonzeros = kernels.count(
            tokens.ids,
            offsets,
            documents.start,
            numbers,
            first,
            trie.edges,
            trie.max_n,
            len(vocabulary),
            trie.n_nodes,
            binary,
            room.array("nodes", longest, np.int32),
            room.array("slots", longest, np.int64),
            room.array("keys", longest, np.uint64),
            room.zeros("seen", 0 if binary else trie.n_nodes + 1, np.int64),
            room.zeros("words", (trie.n_nodes >> 6) + 1, np.uint64),
            room.zeros("summary", (trie.n_nodes >> 12) + 1, np.uint64),
            data,
            indices,
            indptr,
        )
        return data[:n_nonzeros], indices[:n_nonzeros], indptr

    yield from in_rooms(count, shares(tokens.offsets, block or max(1, BLOCK // trie.max_n)))


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write a vocabulary as text: a word and its document frequency on each line."""
    artifacts.write_tsv(
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
    table = artifacts.read_tsv(path, {"word": pa.large_string(), "document_frequency": pa.int64()})
    words = table["word"].combine_chunks()
    return Vocabulary(words, arrow.values(table["document_frequency"]))
