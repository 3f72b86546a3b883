"""The sums of the columns of a CSR matrix, of the positive and of the negative rows."""

from pipeline.kernels.compiled import kernel


@kernel("void(float32[::1], int32[::1], int64[::1], float64[::1], uint8[::1], float64[:, ::1])")
def column_sums(data, indices, indptr, weights, is_positive, sums):
    """Add the non-zeros of each row, times the weight of the row, to those of its class.

    Parameters
    ----------
    data : float32 array, shape (n_nonzeros,) or (0,)
        If it is empty, each non-zero counts as 1.
    indices, indptr : int32, int64 arrays
    weights : float64 array, shape (n_rows,)
    is_positive : uint8 array, shape (n_rows,)
    sums : float64 array, shape (2, n_columns)
        Receives the sums of the negative and of the positive rows.

    Examples
    --------
    Two rows, (3, 0) and (1, 2), the second one positive:

    >>> import numpy as np
    >>> data, indices = np.array([3, 1, 2], np.float32), np.array([0, 0, 1], np.int32)
    >>> sums = np.zeros((2, 2))
    >>> rows = data, indices, np.array([0, 1, 3]), np.ones(2), np.array([0, 1], np.uint8)
    >>> column_sums(*rows, sums)
    >>> sums.tolist()
    [[3.0, 0.0], [1.0, 2.0]]
    """
    for i in range(weights.size):
        of_class = sums[is_positive[i]]
        for p in range(indptr[i], indptr[i + 1]):
            of_class[indices[p]] += weights[i] * (data[p] if data.size else 1.0)
