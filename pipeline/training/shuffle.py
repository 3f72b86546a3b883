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

import numpy as np

from pipeline.model.logistic import Array

# Non-zeros whose rows are permuted together: half a gigabyte. It is no setting, because the weights
# depend on it.
BUFFER = 1 << 26
# Non-zeros of consecutive documents that are drawn together: half a megabyte.
CHUNK = 1 << 16


class Shuffle:
    """Draws orders of some rows of a sparse matrix.

    Parameters
    ----------
    indptr : int array, shape (n + 1,)
        Where the non-zeros of each row begin.
    documents : int64 array, shape (n_documents,)
        The rows, in ascending order.

    Examples
    --------
    >>> shuffle = Shuffle(np.array([0, 2, 4, 6]), np.array([0, 2]))
    >>> sorted(shuffle.order(np.random.default_rng(0)).tolist())
    [0, 2]
    """

    def __init__(self, indptr: Array, documents: Array) -> None:
        self.documents = documents
        ends = np.cumsum(np.diff(indptr)[documents], dtype=np.int64)
        self._fits = not len(ends) or int(ends[-1]) <= BUFFER
        if not self._fits:
            # A document without a non-zero goes with the one before it.
            chunks = np.maximum(ends - 1, 0) // CHUNK
            _, self._chunk_of = np.unique(chunks, return_inverse=True)
            starts = np.flatnonzero(np.diff(self._chunk_of, prepend=-1))
            self._sizes = np.diff(ends[np.append(starts[1:], len(ends)) - 1], prepend=0)

    def order(self, generator: np.random.Generator) -> Array:
        """Return the rows in a new order: int64, shape (n_documents,)."""
        if self._fits:
            whole: Array = generator.permutation(self.documents)
            return whole
        chunks = generator.permutation(len(self._sizes))
        filling = np.empty(len(chunks), np.int64)
        filling[chunks] = (np.cumsum(self._sizes[chunks]) - 1) // BUFFER
        drawn = generator.permutation(len(self.documents))
        by_filling = np.argsort(filling[self._chunk_of[drawn]], kind="stable")
        order: Array = self.documents[drawn[by_filling]]
        return order
