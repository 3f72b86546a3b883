"""Log-count ratios r_j of the columns, counts times r, weights mixed with their mean.

    r_j = ln((p_j + alpha) / P) - ln((q_j + alpha) / Q)

p_j and q_j count feature j in the positive and in the negative documents. A classifier that
learns from x_j r_j instead of x_j starts from what naive Bayes knows (Wang & Manning 2012,
Baselines and Bigrams). Its weights times r are weights of the counts, so the saved model is a
plain linear classifier.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels.log_count_ratio import column_sums
from pipeline.model.logistic import Array
from pipeline.storage.arrays import scratch
from pipeline.storage.counts import Counts
from pipeline.training.shuffle import BUFFER

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Non-zeros that are multiplied at a time: 4 megabytes.
_BLOCK = 1 << 20


def log_count_ratio(
    counts: csr_array,
    y: Array,
    over: str = "documents",
    alpha: float = 1.0,
    sample_weight: Array | None = None,
) -> Array:
    """Return the log-count ratio of each column.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    y : array of 0 and 1, shape (n,)
        True labels, or whether a document is of one class and not of the rest.
    over : {"documents", "counts"}
        "documents": p_j and q_j are the numbers of documents with feature j, and P and Q the
        numbers of documents, of a class, plus alpha. "counts": p_j and q_j are sums of counts,
        and P and Q their sums over all columns, alpha included, as in multinomial naive Bayes.
    alpha : float
        Smoothing, > 0.
    sample_weight : float64 array, shape (n,), optional
        A document with weight 2 counts twice.

    Returns
    -------
    float64 array, shape (d,)

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> counts = csr_array([[1.0, 1.0], [2.0, 0.0], [0.0, 1.0]])
    >>> log_count_ratio(counts, np.array([1, 1, 0])).round(4).tolist()
    [0.6931, -0.4055]
    """
    if not alpha > 0:
        raise ValueError(f"alpha: expected a number > 0, got {alpha}")
    if over not in ("documents", "counts"):
        raise ValueError(f"over: expected documents or counts, got {over!r}")
    d, is_positive = counts.shape[1], np.asarray(y) == 1
    weights = np.ones(len(is_positive))
    if sample_weight is not None:
        weights = np.asarray(sample_weight, np.float64)
    data = counts.data if over == "counts" else np.empty(0)
    q, p = sums = np.zeros((2, d))
    column_sums(
        data.astype(np.float32, copy=False),
        counts.indices.astype(np.int32, copy=False),
        counts.indptr.astype(np.int64, copy=False),
        weights,
        is_positive.view(np.uint8),
        sums,
    )
    sums += alpha
    if over == "documents":
        counted = weights > 0
        totals = [weights[of & counted].sum() + alpha for of in (is_positive, ~is_positive)]
    else:
        totals = [p.sum(), q.sum()]
    ratio: Array = np.log(p / totals[0]) - np.log(q / totals[1])
    return ratio


def class_ratios(
    counts: csr_array,
    y: Array,
    over: str,
    alpha: float,
    sample_weight: Array | None,
    n_classes: int,
) -> Array:
    """Return the ratios that training uses: of two classes, or of each class to the rest.

    The parameters are those of `log_count_ratio`, but y numbers the classes from 0.

    Returns
    -------
    float64 array, shape (d,), or (n_classes, d) with more than two classes
    """
    if n_classes == 2:
        return log_count_ratio(counts, y, over, alpha, sample_weight)
    of_each = (y == k for k in range(n_classes))
    ratios = [log_count_ratio(counts, one, over, alpha, sample_weight) for one in of_each]
    return np.stack(ratios, axis=1).T  # those of a feature side by side


def weighted(counts: csr_array, ratio: Array, folder: Path | None = None) -> Counts:
    """Return counts with column j multiplied by ratio[j]: float32, on the same indices.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    ratio : float64 array, shape (d,)
    folder : Path, optional
        Where the products lie, in a file without a name, if they are more than the shuffle's
        buffer holds. Such counts are mapped from a file, and their products need no more memory
        than they do.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> weighted(csr_array([[1, 0], [2, 1]]), np.array([0.5, -1.0])).data.tolist()
    [0.5, 1.0, -1.0]
    """
    ratio = ratio.astype(np.float32)
    data = scratch(counts.nnz, np.float32, folder if counts.nnz > BUFFER else None)
    for start in range(0, counts.nnz, _BLOCK):
        block = slice(start, start + _BLOCK)
        np.multiply(counts.data[block], ratio[counts.indices[block]], out=data[block])
    return Counts(data, counts.indices, counts.indptr, counts.shape)


def interpolated(weights: Array, beta: float) -> Array:
    """Return (1 - beta) m + beta w, with m the mean of |w| (Wang & Manning 2012, section 2.3).

    A class that has its own weights has its own mean.

    With beta = 1 these are the learned weights; with beta = 0 they are all equal, so that each
    column has the weight of its ratio alone, as in naive Bayes.

    Examples
    --------
    >>> interpolated(np.array([1.0, -3.0]), beta=0.5).tolist()
    [1.5, -0.5]
    """
    if beta == 1:
        return weights
    mean = np.abs(weights).mean(axis=-1, keepdims=True)
    mixed: Array = (1 - beta) * mean + beta * weights
    return mixed
