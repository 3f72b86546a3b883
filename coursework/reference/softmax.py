"""Softmax regression, for more than two classes: the softmax, the cost J, and its gradient.

A document is a row x of X, and its label y is the number of its class, from 0. Each class k has
its own weights w_k, which are a row of W, and its own intercept b_k. Its score is
z_k = x . w_k + b_k.
"""

import numpy as np


def softmax(z: np.ndarray) -> np.ndarray:
    """Return exp(z_k) / sum_m exp(z_m) in each row: finite numbers for all finite scores.

    Parameters
    ----------
    z : float array, shape (n, n_classes)
        The scores of the classes, a row for each document. Leave it as it is.

    Returns
    -------
    float array of the same shape
        Each row sums to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0, 0.0], [1000.0, 999.0, 0.0]])).round(4).tolist()
    [[0.3333, 0.3333, 0.3333], [0.7311, 0.2689, 0.0]]
    """
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_cost(X: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray, l2: float) -> float:
    """Return the cost J(W, b): the mean cross-entropy of n documents, and the penalty.

        J = (1/n) sum_i L(z_i, y_i) + (l2 / 2) sum_kj W_kj^2
        L(z, y) = log(sum_m exp(z_m)) - z_y

    L is minus the logarithm of the softmax of z at the true class y. The intercepts b are not
    penalised. The cost is finite for all finite scores.

    Parameters
    ----------
    X : float array, shape (n, d)
    y : int array, shape (n,)
        The number of the true class of each document: 0 to n_classes - 1.
    W : float array, shape (n_classes, d)
    b : float array, shape (n_classes,)
    l2 : float
        Strength of the penalty, >= 0.
    """
    z = X @ W.T + b
    highest = z.max(axis=1)
    logarithms = highest + np.log(np.exp(z - highest[:, None]).sum(axis=1))
    losses = logarithms - z[np.arange(len(y)), y]
    return float(losses.mean() + l2 / 2 * (W * W).sum())


def softmax_gradient(
    X: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray, l2: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the cost J: by W and by b, arrays of their shapes.

    Gradient descent subtracts it, times the learning rate. J includes the penalty. The parameters
    are those of `softmax_cost`; leave the given arrays as they are.
    """
    error = softmax(X @ W.T + b)
    error[np.arange(len(y)), y] -= 1.0
    by_W = error.T @ X / len(y) + l2 * W
    by_b = error.mean(axis=0)
    return by_W, by_b
