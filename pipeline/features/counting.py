"""`count_features`: how often each feature occurs in each document, as CSR.

The training set, the test set and new texts are counted in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.features.vocabulary import Vocabulary
from pipeline.kernels import counting as kernels
from pipeline.kernels.compiled import Kernel
from pipeline.parallel import Workspace, chunks, map_with_workspace, n_threads
from pipeline.storage.counts import csr_of
from pipeline.tokens.tokens import Tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# N-grams in a block of documents, which one thread counts.
BLOCK = 1 << 19


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
    counters = _counters(tokens, vocabulary, binary)
    most = int(sum(counter.most[-1] for counter in counters))
    # A single thread counts words of all documents as one block, which need not be copied. The
    # bound for characters is so far from their number that SciPy would copy what is left of it.
    is_whole = n_threads() == 1 and vocabulary._finders.characters is None
    block = max(1, most) if is_whole else BLOCK
    blocks = _stream(counters, vocabulary, unit_length, block)
    counts = _joined(blocks, tokens.n_documents, most)
    return csr_of(*counts, (tokens.n_documents, len(vocabulary)))


class CountBlock(NamedTuple):
    """The counts of some documents, as the fields of a CSR array."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray


def _joined(blocks: Iterator[CountBlock], n_documents: int, most: int) -> CountBlock:
    """Concatenate CSR blocks. A single block is returned as it is, without a copy."""
    # Memory that is never written to is never allocated.
    data, indices = np.empty(most, np.float32), np.empty(most, np.int32)
    indptr, n, d = np.zeros(n_documents + 1, np.int64), 0, 0
    for block in blocks:
        if len(block.indptr) == len(indptr):
            return block
        end = n + len(block.data)
        data[n:end], indices[n:end] = block.data, block.indices
        indptr[d : d + len(block.indptr)] = n + block.indptr
        n, d = end, d + len(block.indptr) - 1
    data.resize(n, refcheck=False)
    indices.resize(n, refcheck=False)
    return CountBlock(data, indices, indptr)


def stream_counts(
    tokens: Tokens, vocabulary: Vocabulary, binary: bool = False, unit_length: bool = False
) -> Iterator[CountBlock]:
    """Count as `count_features` does, and yield the counts of one block of documents at a time.

    Parameters
    ----------
    tokens, vocabulary, binary, unit_length
        As in `count_features`.

    Yields
    ------
    CountBlock
        Valid until the next iteration.
    """
    yield from _stream(_counters(tokens, vocabulary, binary), vocabulary, unit_length, BLOCK)


def count_block(
    tokens: Tokens, vocabulary: Vocabulary, binary: bool, unit_length: bool, workspace: Workspace
) -> tuple[CountBlock, np.ndarray]:
    """Count as `count_features` does, in this thread.

    Parameters
    ----------
    tokens, vocabulary, binary, unit_length
        As in `count_features`.
    workspace : Workspace
        One that was used with no other vocabulary.

    Returns
    -------
    counts : CountBlock
        Valid until the workspace is used again.
    known : bool array, shape (n_distinct,)
        Which of the distinct tokens occur in a feature.
    """
    counters = _counters(tokens, vocabulary, binary)
    known = np.logical_or.reduce([counter.known for counter in counters])
    documents = slice(0, tokens.n_documents)
    return _count(counters, vocabulary, unit_length, documents, workspace), known


@dataclass(frozen=True)
class _Counter:
    """Counts the features of one kind in some of the documents.

    Attributes
    ----------
    name : str
        Of its arrays in a workspace.
    tokens : Tokens
    kernel : Kernel
        Takes the tokens, `table`, `params`, and arrays to work with and to write to.
    table : tuple of arrays
    params : int64 array
    n_marks : int
        Items of the kernel's workspace.
    most : int64 array, shape (n_documents + 1,)
        A bound on the number of non-zeros of all documents before each one.
    known : bool array, shape (n_distinct,)
        Which of the distinct tokens occur in a feature.
    """

    name: str
    tokens: Tokens
    kernel: Kernel
    table: tuple[np.ndarray, ...]
    params: np.ndarray
    n_marks: int
    most: np.ndarray
    known: np.ndarray

    def __call__(self, documents: slice, workspace: Workspace) -> CountBlock:
        offsets = self.tokens.offsets[documents.start : documents.stop + 1]
        most = int(self.most[documents.stop] - self.most[documents.start])
        data = workspace.array(f"{self.name} data", most, np.float32)
        indices = workspace.array(f"{self.name} indices", most, np.int32)
        marks = workspace.zeros(f"{self.name} marks", self.n_marks, np.uint64)
        n_before = workspace.zeros(f"{self.name} n_before", 1, np.int64)
        params, indptr = self.params.copy(), np.zeros(len(offsets), np.int64)
        params[kernels.N_BEFORE] = n_before[0]
        n_before += len(offsets) - 1
        written = data, indices, indptr
        n = self.kernel(self.tokens.ids, offsets, *self.table, params, marks, *written)
        return CountBlock(data[:n], indices[:n], indptr)


def _counters(tokens: Tokens, vocabulary: Vocabulary, binary: bool) -> list[_Counter]:
    """Return a counter for each kind of features that a vocabulary has."""
    found = []
    finders = vocabulary._finders
    n_words, n_characters = map(len, finders.columns or (vocabulary, vocabulary))
    if (trie := finders.words) is not None:
        params = trie.params(n_words)
        params[kernels.BINARY] = binary
        roots = trie.roots_of(tokens.distinct)
        table, known = (roots, trie.edges), roots < trie.n_nodes
        n_marks = _n_marks(trie.n_nodes, binary)
        # Each token ends at most `max_n` n-grams.
        most = trie.max_n * tokens.offsets
        found.append(_Counter("words", tokens, kernels.count, table, params, n_marks, most, known))
    if finders.characters is not None:
        from pipeline.kernels import characters

        params = np.zeros(kernels.N_PARAMS, np.int64)
        params[kernels.N_COLUMNS], params[kernels.BINARY] = n_characters, binary
        places = finders.characters.places(tokens.distinct)
        most = np.zeros(tokens.n_documents + 1, np.int64)
        characters.count_places(tokens.ids, tokens.offsets, places.ends, most)
        n_marks = _n_marks(n_characters, False)
        kernel, known = characters.count, np.diff(places.ends) > 0
        found.append(_Counter("characters", tokens, kernel, places, params, n_marks, most, known))
    return found


def _n_marks(n_nodes: int, binary: bool) -> int:
    """Return the size of a kernel's workspace: two levels of bits, and counts unless binary."""
    return 1 + (n_nodes >> 12) + 1 + (n_nodes >> 6) + (0 if binary else 1 + n_nodes)


def _stream(
    counters: list[_Counter], vocabulary: Vocabulary, unit_length: bool, block: int
) -> Iterator[CountBlock]:
    """Yield the counts of blocks of documents, which have at most about `block` n-grams."""
    both = vocabulary._finders.columns is not None
    most = counters[0].most + counters[1].most if both else counters[0].most
    yield from map_with_workspace(
        lambda documents, workspace: _count(
            counters, vocabulary, unit_length, documents, workspace
        ),
        chunks(most, block),
    )


def _count(
    counters: list[_Counter],
    vocabulary: Vocabulary,
    unit_length: bool,
    documents: slice,
    workspace: Workspace,
) -> CountBlock:
    """Return the counts of the features of all kinds in some of the documents."""
    columns = vocabulary._finders.columns
    found = [counter(documents, workspace) for counter in counters]
    counts = found[0] if columns is None else _merged(found, columns, workspace)
    if unit_length:
        _to_unit_length(counts)
    return counts


def _merged(
    found: list[CountBlock], columns: tuple[np.ndarray, np.ndarray], workspace: Workspace
) -> CountBlock:
    """Return the counts of two kinds of features in the columns of the vocabulary."""
    from pipeline.kernels.characters import merge

    of_words, of_characters = (
        counts._replace(indices=place[counts.indices])
        for counts, place in zip(found, columns, strict=True)
    )
    n = len(of_words.data) + len(of_characters.data)
    data = workspace.array("data", n, np.float32)[:n]
    indices = workspace.array("indices", n, np.int32)[:n]
    indptr = np.zeros_like(of_words.indptr)
    merge(*of_words, *of_characters, data, indices, indptr)
    return CountBlock(data, indices, indptr)


def _to_unit_length(counts: CountBlock) -> None:
    """Divide each document's counts by their length, in place; empty documents stay empty."""
    squares = np.concatenate(([0.0], np.cumsum(np.square(counts.data, dtype=np.float64))))
    lengths = np.sqrt(np.diff(squares[counts.indptr]))  # exact: squares are integers
    np.divide(counts.data, np.repeat(lengths, np.diff(counts.indptr)), out=counts.data)
