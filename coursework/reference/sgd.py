"""Stochastic gradient descent: a step for one document, and an epoch on sparse documents."""

import numpy as np

from .logistic import sigmoid


def sgd_step(
    x: np.ndarray, y: int, w: np.ndarray, b: float, learning_rate: float, l2: float
) -> tuple[np.ndarray, float]:
    """Return w and b after one step of gradient descent on one document.

    The step lowers the cost of this one document, L(z, y) + (l2 / 2) sum_j w_j^2. The penalty
    does not contain b. Return new weights, and leave the given array as it is.

    Parameters
    ----------
    x : float array, shape (d,)
    y : 0 or 1
    w : float array, shape (d,)
    b : float
    learning_rate : float
    l2 : float
        Strength of the penalty, >= 0.
    """
    error = float(sigmoid(x @ w + b)) - y
    return w - learning_rate * (error * x + l2 * w), b - learning_rate * error


def lazy_epoch(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray],
    y: np.ndarray,
    order: np.ndarray,
    w: np.ndarray,
    b: float,
    learning_rate: float,
    l2: float,
) -> tuple[np.ndarray, float]:
    """Return w and b after one step of `sgd_step` on each document of `order`.

    A document has few of the d words. So a step must take time in proportion to the words of
    its document, not to d: keep the weights as w = scale * v, and let the penalty multiply the
    scale. The scale becomes tiny in a long epoch; multiply it into v before it reaches 0.

    Parameters
    ----------
    rows : (starts, columns, values)
        The sparse documents. Document i has the counts values[starts[i]:starts[i + 1]] in the
        columns columns[starts[i]:starts[i + 1]], each column once, and 0 elsewhere. `starts` has
        n + 1 entries. A document may have no words.
    y : array of 0 and 1, shape (n,)
    order : int array of any length
        The documents to visit. One may occur several times, or never.
    w : float array, shape (d,)
        The weights to start from. Leave this array as it is.
    b : float
        The intercept to start from.
    learning_rate : float
    l2 : float
        Strength of the penalty, >= 0; learning_rate * l2 is less than 1.
    """
    starts, columns, values = rows
    shrink = 1.0 - learning_rate * l2
    v, scale = w.copy(), 1.0
    for i in order:
        document = slice(starts[i], starts[i + 1])
        j, x = columns[document], values[document]
        error = float(sigmoid(scale * (x @ v[j]) + b)) - y[i]
        scale *= shrink
        v[j] -= learning_rate * error / scale * x
        b -= learning_rate * error
        if scale < 1e-9:
            v, scale = scale * v, 1.0
    return scale * v, b
