"""The sigmoid, the cost J, and its gradient.

A document is a row x of X, and its label y is 0 or 1. Its score is z = x . w + b.
"""

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)) of each number z: a finite number for every finite z.

    Parameters
    ----------
    z : float array of any shape
        The tests pass shape (n,). Your own code may pass a float.

    Returns
    -------
    float array of the same shape

    Examples
    --------
    >>> sigmoid(np.array([0.0, 2.0, -800.0])).round(4).tolist()
    [0.5, 0.8808, 0.0]
    """
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def cost(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, l2: float) -> float:
    """Return the cost J(w, b): the mean cross-entropy of n documents, and the penalty.

        J = (1/n) sum_i L(z_i, y_i) + (l2 / 2) sum_j w_j^2
        L(z, y) = log(1 + exp(z)) - y z

    The intercept b is not penalised. The cost is finite for every finite z.

    Parameters
    ----------
    X : float array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    w : float array, shape (d,)
    b : float
    l2 : float
        Strength of the penalty, >= 0.
    """
    z = X @ w + b
    losses = np.logaddexp(0.0, z) - y * z
    return float(losses.mean() + l2 / 2 * (w @ w))


def gradient(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, l2: float
) -> tuple[np.ndarray, float]:
    """Return the gradient of the cost J: by w, an array of shape (d,), and by b, a float.

    Gradient descent subtracts it, times the learning rate. J includes the penalty. The parameters
    are those of `cost`; leave the given arrays as they are.
    """
    error = sigmoid(X @ w + b) - y
    by_w = X.T @ error / len(y) + l2 * w
    by_b = error.mean()
    return by_w, by_b
