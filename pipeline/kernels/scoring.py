"""Token ids to scores: the sum of the weights of each document's tokens, without counts between."""

from pipeline.kernels.compiled import kernel


@kernel("void(int32[::1], int64[::1], int32[::1], float64[::1], float64, float64[::1], int64[::1])")
def sum_weights(ids, offsets, columns, weights, intercept, scores, n_known):
    """Write the score of each document, and how many of its tokens have a column.

    Parameters
    ----------
    ids : int32 array
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    columns : int32 array, shape (n_distinct,)
        The column of each distinct token; `weights.size - 1` if it has none.
    weights : float64 array, shape (n_columns + 1,)
        The weight of each column, and a zero.
    intercept : float
    scores : float64 array, shape (n_documents,)
    n_known : int64 array, shape (n_documents,)

    Examples
    --------
    Three distinct tokens, of which the last has no column:

    >>> import numpy as np
    >>> ids, offsets = np.array([0, 1, 0, 2], np.int32), np.array([0, 3, 4])
    >>> scores, n_known = np.empty(2), np.empty(2, np.int64)
    >>> columns, weights = np.array([1, 0, 2], np.int32), np.array([-1.0, 2.0, 0.0])
    >>> sum_weights(ids, offsets, columns, weights, 0.5, scores, n_known)
    >>> scores, n_known
    (array([3.5, 0.5]), array([3, 0]))
    """
    none = weights.size - 1
    for d in range(scores.size):
        score, n = 0.0, 0
        for token in ids[offsets[d] : offsets[d + 1]]:
            column = columns[token]
            score += weights[column]
            n += column != none
        scores[d] = score + intercept
        n_known[d] = n


@kernel("void(int32[::1], int64[::1], bool[::1], int64[::1])")
def count_known(ids, offsets, known, n_known):
    """Write how many tokens of each document are among the known ones.

    Parameters
    ----------
    ids, offsets
        As in `sum_weights`.
    known : bool array, shape (n_distinct,)
    n_known : int64 array, shape (n_documents,)
    """
    for d in range(n_known.size):
        n = 0
        for token in ids[offsets[d] : offsets[d + 1]]:
            n += known[token]
        n_known[d] = n
