"""Scores of some rows of a CSR matrix, and sums of these rows, for any number of classes."""

from pipeline.kernels.compiled import kernel


@kernel(
    "void(float32[::1], int32[::1], int64[::1], int64[::1], float64[:, ::1], float64[::1],"
    " float64[:, ::1])"
)
def row_scores(data, indices, indptr, rows, weights, intercepts, scores):
    """Write z_k = x . w_k + b_k of some rows x to `scores`.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int64 arrays
        The CSR triplet.
    rows : int64 array, shape (n_used,)
    weights : float64 array, shape (n_columns, n_scores)
    intercepts : float64 array, shape (n_scores,)
    scores : float64 array, shape (n_used, n_scores)

    Examples
    --------
    The second of two rows, (3, 0) and (0, 2):

    >>> import numpy as np
    >>> triplet = np.array([3, 2], np.float32), np.array([0, 1], np.int32), np.array([0, 1, 2])
    >>> weights, scores = np.array([[5.0], [-1.0]]), np.empty((1, 1))
    >>> row_scores(*triplet, np.array([1]), weights, np.array([0.5]), scores)
    >>> scores
    array([[-1.5]])
    """
    for i in range(rows.size):
        of_row = scores[i]
        for k in range(of_row.size):
            of_row[k] = intercepts[k]
        for p in range(indptr[rows[i]], indptr[rows[i] + 1]):
            of_feature = weights[indices[p]]
            for k in range(of_row.size):
                of_row[k] += data[p] * of_feature[k]


@kernel(
    "void(float32[::1], int32[::1], int64[::1], int64[::1], float64[:, ::1], bool, float64[:, ::1])"
)
def add_rows(data, indices, indptr, rows, factors, squared, sums):
    """Add some rows x, each times its factors, to `sums`; or x * x, if `squared`.

    Parameters
    ----------
    data, indices, indptr, rows
        As in `row_scores`.
    factors : float64 array, shape (n_used, n_scores)
    squared : bool
    sums : float64 array, shape (n_columns, n_scores)
        Changed in place.

    Examples
    --------
    >>> import numpy as np
    >>> triplet = np.array([3, 2], np.float32), np.array([0, 1], np.int32), np.array([0, 1, 2])
    >>> sums = np.zeros((2, 1))
    >>> add_rows(*triplet, np.array([0, 1]), np.array([[1.0], [10.0]]), True, sums)
    >>> sums.tolist()
    [[9.0], [40.0]]
    """
    for i in range(rows.size):
        of_row = factors[i]
        for p in range(indptr[rows[i]], indptr[rows[i] + 1]):
            of_feature = sums[indices[p]]
            value = float(data[p])
            if squared:
                value *= value
            for k in range(of_row.size):
                of_feature[k] += value * of_row[k]
