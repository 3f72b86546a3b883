"""The scores x . w + b of the rows of a CSR matrix."""

from pipeline.kernels.compiled import kernel


@kernel("void(float32[::1], int32[::1], int64[::1], float64[::1], float64, float64[::1])")
def scores(data, indices, indptr, weights, intercept, result):
    """Write z = x . w + b of every row x to `result`.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int64 arrays
        The CSR triplet.
    weights : float64 array, shape (n_columns,)
    intercept : float
    result : float64 array, shape (n_rows,)

    Examples
    --------
    Two rows, (3, 0) and (0, 1):

    >>> import numpy as np
    >>> data, indices = np.array([3, 1], np.float32), np.array([0, 1], np.int32)
    >>> result = np.empty(2)
    >>> scores(data, indices, np.array([0, 1, 2]), np.array([2.0, -1.0]), 0.5, result)
    >>> result
    array([ 6.5, -0.5])
    """
    for i in range(result.size):
        score = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            score += data[p] * weights[indices[p]]
        result[i] = score + intercept
