"""How much more a feature belongs to one class than to the other: the log-count ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def log_count_ratio(
    counts: csr_array, labels: Array, over: str = "documents", alpha: float = 1.0
) -> Array:
    """Return the logarithm of how much likelier each feature is in the positive class.

    With p_j and q_j what the positive and the negative documents hold of feature j,

        r_j = ln((p_j + alpha) / P) - ln((q_j + alpha) / Q)

    Over documents, p_j counts the positive documents that hold the feature, and P is their
    number + alpha. Over counts, p_j sums its counts, and P sums p_k + alpha over all
    features k (Wang & Manning 2012, Baselines and Bigrams, section 2.1): the weights of
    multinomial naive Bayes. Counts that are 0 or 1 sum to numbers of documents.

    Parameters
    ----------
    counts : csr_array, shape (n, d)
        Numbers >= 0, without stored zeros.
    labels : array of 0 and 1, shape (n,)
    over : {"documents", "counts"}
    alpha : float
        Added to every p_j and q_j, > 0.

    Returns
    -------
    float64 array, shape (d,)
    """
    if not alpha > 0:
        raise ValueError(f"alpha: expected a number > 0, got {alpha:g}")
    if over not in ("documents", "counts"):
        raise ValueError(f"over: expected documents or counts, got {over!r}")
    d = counts.shape[1]
    in_positive = np.repeat(labels == 1, np.diff(counts.indptr))
    logs = []
    for mask, label in ((in_positive, 1), (~in_positive, 0)):
        amounts = None if over == "documents" else counts.data[mask]
        smoothed = np.bincount(counts.indices[mask], amounts, minlength=d) + alpha
        n_documents = np.count_nonzero(labels == label)
        total = n_documents + alpha if over == "documents" else smoothed.sum()
        logs.append(np.log(smoothed) - np.log(total))
    ratio: Array = logs[0] - logs[1]
    return ratio
