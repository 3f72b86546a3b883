"""How many training reviews of each class hold each word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.logistic import Array
from pipeline.parallel import chunks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Non-zeros that are counted at once: 16 MB of work arrays.
_BLOCK = 1 << 21


@dataclass(frozen=True)
class ClassFrequency:
    """How many training reviews of each class hold each word.

    Attributes
    ----------
    of_class : int64 array, shape (n_classes, n_words)
        A row for each class, in the order of the model's classes.
    """

    of_class: Array

    @classmethod
    def of(cls, counts: csr_array, labels: Array, n_classes: int) -> ClassFrequency:
        """Count the non-zeros of each column by class.

        Parameters
        ----------
        counts : csr_array, shape (n_reviews, n_words)
        labels : int array, shape (n_reviews,)
            Numbers of classes, from 0.
        n_classes : int

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> counts = csr_array([[2, 0], [1, 1], [0, 3]])
        >>> ClassFrequency.of(counts, np.array([1, 0, 0]), 2).of_class.tolist()
        [[1, 2], [1, 0]]
        """
        d = counts.shape[1]
        of_class = np.zeros(n_classes * d, np.int64)
        # A block has room for as many non-zeros as there are sums, so that to add them is cheap.
        for rows in chunks(counts.indptr, max(_BLOCK, n_classes * d)):
            ends = counts.indptr[rows.start : rows.stop + 1]
            cells = np.repeat(labels[rows].astype(np.int64) * d, np.diff(ends))
            cells += counts.indices[ends[0] : ends[-1]]
            of_class += np.bincount(cells, minlength=n_classes * d)
        return cls(of_class.reshape(n_classes, d))
