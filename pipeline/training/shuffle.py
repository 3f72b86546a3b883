"""`Shuffle`: a new order of the documents for each epoch.

SGD needs an order that tells nothing of the labels, and files come sorted by them. The order is a
random permutation as long as that is within a buffer. A larger matrix is mapped from a file, and a
permutation would read the file at random places. So it is shuffled in two steps: chunks of
consecutive documents are drawn at random until the buffer is full, then the documents of these
chunks are permuted, and so on. Each buffer has chunks from everywhere in the file. SGD then
converges as with a permutation, if a buffer holds enough chunks: Xu et al. (2022), Stochastic
Gradient Descent without Full Data Shuffle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.model.logistic import Array
from pipeline.storage.arrays import scratch

# Non-zeros whose rows are permuted together: half a gigabyte. It is no setting, because the weights
# depend on it.
BUFFER = 1 << 26
# Non-zeros of consecutive documents that are drawn together: half a megabyte.
CHUNK = 1 << 16
# Documents that are put into an order at a time.
_BLOCK = 1 << 18


class Shuffle:
    """Draws orders of some rows of a sparse matrix.

    Parameters
    ----------
    indptr : int array, shape (n + 1,)
        Where the non-zeros of each row begin.
    documents : int array, shape (n_documents,)
        The rows, in ascending order.
    folder : Path, optional
        Where the orders of a matrix beyond the buffer lie, in files without a name; else in memory.

    Examples
    --------
    >>> shuffle = Shuffle(np.array([0, 2, 4, 6]), np.array([0, 2]))
    >>> sorted(shuffle.order(np.random.default_rng(0)).tolist())
    [0, 2]
    """

    def __init__(self, indptr: Array, documents: Array, folder: Path | None = None) -> None:
        self.documents, self.folder = documents.astype(_kind(len(indptr))), folder
        self._fits = not len(documents) or int(indptr[-1]) <= BUFFER
        if not self._fits:
            self._cut(indptr)

    def _cut(self, indptr: Array) -> None:
        """Cut the documents into chunks."""
        ends, end = scratch(len(self.documents), np.int64, self.folder), 0
        for start in range(0, len(ends), _BLOCK):
            block = self.documents[start : start + _BLOCK]
            of_block = end + np.cumsum(indptr[block + 1] - indptr[block], dtype=np.int64)
            ends[start : start + _BLOCK], end = of_block, of_block[-1]
        self._fits = int(ends[-1]) <= BUFFER
        if not self._fits:
            # A chunk ends before the document that goes beyond it.
            bounds = np.arange(CHUNK, ends[-1] + CHUNK, CHUNK)
            documents_until = np.unique(np.searchsorted(ends, bounds, side="right"))
            documents_until = documents_until[documents_until > 0]
            self._lengths = np.diff(documents_until, prepend=0)
            self._sizes = np.diff(ends[documents_until - 1], prepend=0)

    def order(self, generator: np.random.Generator) -> Array:
        """Return the rows in a new order: int64, shape (n_documents,)."""
        if self._fits:
            order = self.documents.astype(np.int64)
            generator.shuffle(order)
            return order
        chunks = generator.permutation(len(self._sizes))
        number = np.maximum(np.cumsum(self._sizes[chunks]) - 1, 0) // BUFFER
        # In the smallest type, which is also sorted fastest.
        filling = np.empty(len(chunks), np.min_scalar_type(int(number[-1])))
        filling[chunks] = number
        drawn = np.arange(len(self.documents), dtype=self.documents.dtype)
        generator.shuffle(drawn)
        return self._by_filling(drawn, filling)

    def _by_filling(self, drawn: Array, filling: Array) -> Array:
        """Return the rows of the documents that were drawn, those of each filling in a run.

        A stable sort by filling, which takes a block of documents at a time.
        """
        filling_of = np.repeat(filling, self._lengths)
        sizes = np.bincount(filling, self._lengths).astype(np.int64)
        next_of, order = np.cumsum(sizes) - sizes, scratch(len(drawn), np.int64, self.folder)
        for start in range(0, len(drawn), _BLOCK):
            block = drawn[start : start + _BLOCK]
            block = block[np.argsort(filling_of[block], kind="stable")]
            sizes = np.bincount(filling_of[block], minlength=len(next_of))
            places = np.arange(len(block)) + np.repeat(next_of - np.cumsum(sizes) + sizes, sizes)
            order[places] = self.documents[block]
            next_of += sizes
        return order


def _kind(n: int) -> type[np.signedinteger]:
    """Return a type that holds 0 to n - 1, for the sake of memory."""
    return np.int32 if n <= 1 << 31 else np.int64
