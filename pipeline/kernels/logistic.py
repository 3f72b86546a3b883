"""The scores x . w + b of the rows of a CSR matrix, for one weight vector or one a class."""

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


@kernel(
    "void(float32[::1], int32[::1], int64[::1], float64[:, ::1], float64[::1], float64[:, ::1])"
)
def class_scores(data, indices, indptr, weights, intercepts, result):
    """Write z_k = x . w_k + b_k of every row x and class k to `result`.

    Parameters
    ----------
    data, indices, indptr : float32, int32, int64 arrays
        The CSR triplet.
    weights : float64 array, shape (n_columns, n_classes)
    intercepts : float64 array, shape (n_classes,)
    result : float64 array, shape (n_rows, n_classes)

    Examples
    --------
    One row, (3, 0), and two classes:

    >>> import numpy as np
    >>> data, indices = np.array([3], np.float32), np.array([0], np.int32)
    >>> weights, result = np.array([[2.0, -1.0], [0.0, 9.0]]), np.empty((1, 2))
    >>> class_scores(data, indices, np.array([0, 1]), weights, np.array([0.5, 0.0]), result)
    >>> result
    array([[ 6.5, -3. ]])
    """
    for i in range(result.shape[0]):
        scores = result[i]
        for k in range(scores.size):
            scores[k] = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            of_feature = weights[indices[p]]
            for k in range(scores.size):
                scores[k] += data[p] * of_feature[k]
        for k in range(scores.size):
            scores[k] += intercepts[k]
