"""Log-count ratios: how much more a class uses a word than the other, as a weight of its column.

    r_j = ln((p_j + alpha) / P) - ln((q_j + alpha) / Q)

p_j and q_j count feature j in the positive and in the negative documents. A classifier that
learns from x_j r_j in place of x_j starts from what naive Bayes knows (Wang & Manning 2012,
Baselines and Bigrams). Its weights times r are weights of the counts, so that what is saved
is a plain linear classifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.logistic import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def log_count_ratio(
    counts: csr_array, labels: Array, over: str = "documents", alpha: float = 1.0
) -> Array:
    """Return r of each column.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
    labels : array of 0 and 1, shape (n,)
    over : {"documents", "counts"}
        "documents": p_j and q_j are the documents of a class that hold feature j, P and Q
        the documents of a class plus alpha. "counts": they are summed counts, P and Q their
        sums over all columns, alpha included, as in multinomial naive Bayes.
    alpha : float
        The smoothing, > 0.

    Returns
    -------
    float64 array, shape (d,)
    """
    if not alpha > 0:
        raise ValueError(f"alpha: expected a number > 0, got {alpha}")
    if over not in ("documents", "counts"):
        raise ValueError(f"over: expected documents or counts, got {over!r}")
    d = counts.shape[1]
    in_positive = np.repeat(labels == 1, np.diff(counts.indptr))
    size = np.ones(counts.nnz) if over == "documents" else counts.data.astype(np.float64)
    p = np.bincount(counts.indices[in_positive], size[in_positive], d) + alpha
    q = np.bincount(counts.indices[~in_positive], size[~in_positive], d) + alpha
    if over == "documents":
        n_positive = int(np.count_nonzero(labels == 1))
        totals = n_positive + alpha, len(labels) - n_positive + alpha
    else:
        totals = p.sum(), q.sum()
    ratio: Array = np.log(p / totals[0]) - np.log(q / totals[1])
    return ratio


def weighted(counts: csr_array, ratio: Array) -> csr_array:
    """Return counts with column j times r_j: float32, on the same indices."""
    from scipy.sparse import csr_array

    data = counts.data * ratio.astype(np.float32)[counts.indices]
    result = csr_array((data, counts.indices, counts.indptr), counts.shape)
    result.has_sorted_indices = result.has_canonical_format = True
    return result


def interpolated(weights: Array, beta: float) -> Array:
    """Return (1 - beta) m + beta w, with m the mean of |w|: between naive Bayes and the learned w.

    Wang & Manning 2012, section 2.3. With beta = 1 the weights are those that were learned; with
    beta = 0 each column counts by its ratio alone.
    """
    if beta == 1:
        return weights
    mixed: Array = (1 - beta) * np.abs(weights).mean() + beta * weights
    return mixed
