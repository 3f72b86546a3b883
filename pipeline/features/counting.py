"""Tokens to sparse counts: how often each feature of a vocabulary occurs in each document.

The training set, the test set and new texts are counted in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.features.vocabulary import Vocabulary
from pipeline.kernels import counting as kernels
from pipeline.parallel import Workspace, chunks, map_with_workspace, n_threads
from pipeline.tokens.tokens import Tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# N-grams in a block of documents, which one thread counts.
BLOCK = 1 << 20


def count_features(
    tokens: Tokens, vocabulary: Vocabulary, binary: bool = False, unit_length: bool = False
) -> csr_array:
    """Count the features of a vocabulary in each document.

    Parameters
    ----------
    tokens : Tokens
        Tokens outside the vocabulary are ignored, and so are n-grams that hold one.
    vocabulary : Vocabulary
    binary : bool
        Write 1 for every positive count.
    unit_length : bool
        Divide the counts of each document by their Euclidean length.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_documents, n_columns), float32
        The indices are int32, and sorted in each row.

    Examples
    --------
    >>> from pipeline.features.vocabulary import learn_vocabulary
    >>> from pipeline.tokens.tokenizer import Tokenizer
    >>> tokenizer = Tokenizer()
    >>> vocabulary = learn_vocabulary(tokenizer(["a good film", "a bad film"]))
    >>> vocabulary.words.to_pylist()
    ['a', 'film', 'bad', 'good']
    >>> count_features(tokenizer(["good, good film", "so bad"]), vocabulary).toarray()
    array([[0., 1., 0., 2.],
           [0., 0., 1., 0.]], dtype=float32)
    """
    from scipy.sparse import csr_array

    # A single thread counts all documents as one block, which need not be copied.
    block = 0 if n_threads() > 1 else max(1, len(tokens.ids))
    blocks = stream_counts(tokens, vocabulary, binary, unit_length, block)
    data, indices, indptr = _joined(blocks, tokens, vocabulary._trie.max_n)
    if len(data) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)  # scipy wants indices and indptr of one type
    counts = csr_array((data, indices, indptr), (tokens.n_documents, len(vocabulary)))
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


class Counts(NamedTuple):
    """The counts of some documents, as the fields of a CSR array."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray


def _joined(blocks: Iterator[Counts], tokens: Tokens, max_n: int) -> Counts:
    """Concatenate CSR blocks. A single block is returned as it is, without a copy."""
    # Each token ends at most `max_n` n-grams. Memory that is never written to is never allocated.
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
    """Count as `count_features` does, and yield the counts of one block of documents at a time.

    Parameters
    ----------
    tokens, vocabulary, binary, unit_length
        As in `count_features`.
    block : int
        Tokens in a block. The default, 0, makes blocks of `BLOCK` n-grams.

    Yields
    ------
    Counts
        Valid until the next iteration.
    """
    trie = vocabulary._trie
    roots = trie.roots_of(tokens.distinct)
    params = np.zeros(kernels.N_PARAMS, np.int64)
    params[kernels.MAX_N], params[kernels.BINARY] = trie.max_n, binary
    params[kernels.N_COLUMNS], params[kernels.N_NODES] = len(vocabulary), trie.n_nodes
    levels = 1 + (trie.n_nodes >> 12), 1 + (trie.n_nodes >> 6), 0 if binary else 1 + trie.n_nodes

    def count(documents: slice, workspace: Workspace) -> Counts:
        offsets = tokens.offsets[documents.start : documents.stop + 1]
        most = trie.max_n * int(offsets[-1] - offsets[0])
        data = workspace.array("data", most, np.float32)
        indices = workspace.array("indices", most, np.int32)
        marks = workspace.zeros("marks", sum(levels), np.uint64)
        mine, indptr = params.copy(), np.zeros(len(offsets), np.int64)
        mine[kernels.N_BEFORE] = documents.start
        table = trie.edges, trie.children
        n = kernels.count(tokens.ids, offsets, roots, *table, mine, marks, data, indices, indptr)
        counts = Counts(data[:n], indices[:n], indptr)
        if unit_length:
            _to_unit_length(counts)
        return counts

    yield from map_with_workspace(
        count, chunks(tokens.offsets, block or max(1, BLOCK // trie.max_n))
    )


def _to_unit_length(counts: Counts) -> None:
    """Divide each document's counts by their length, in place; empty documents stay empty."""
    squares = np.concatenate(([0.0], np.cumsum(np.square(counts.data, dtype=np.float64))))
    lengths = np.sqrt(np.diff(squares[counts.indptr]))  # exact: squares are integers
    np.divide(counts.data, np.repeat(lengths, np.diff(counts.indptr)), out=counts.data)
