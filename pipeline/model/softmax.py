"""Softmax, cross-entropy, J and its gradient for more than two classes.

    z_k = x . w_k + b_k                          score of class k
    P(y = k | x) = exp(z_k) / sum_l exp(z_l)     softmax
    L(z, y) = log(sum_l exp(z_l)) - z_y          cross-entropy, -ln P(y | x)

    J(W, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||W||^2

This is the multinomial logistic regression of Jurafsky & Martin, Speech and Language Processing,
chapter on logistic regression. There is one weight vector w_k for each class, and y is the number
of the true class, from 0. The gradient of L by z_k is softmax(z)_k - [k = y], so that of J is

    by w_k:  (1/n) sum_i c_i (softmax(z_i)_k - [k = y_i]) x_i + l2 w_k
    by b_k:  (1/n) sum_i c_i (softmax(z_i)_k - [k = y_i])

With two classes, softmax(z)_1 = sigmoid(z_1 - z_0): one weight vector w_1 - w_0 is enough, and
`pipeline.model.logistic` has just that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.kernels import logistic as kernels

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = np.ndarray


def softmax(z: Array) -> Array:
    """Return exp(z_k) / sum_l exp(z_l) along the last axis, without overflow.

    The largest score is subtracted first: it cancels in the ratio.

    Parameters
    ----------
    z : float64 array, shape (..., n_classes)

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0, 0.0], [1000.0, 999.0, 0.0]])).round(4).tolist()
    [[0.3333, 0.3333, 0.3333], [0.7311, 0.2689, 0.0]]
    """
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    probability: Array = powers / powers.sum(axis=-1, keepdims=True)
    return probability


def cross_entropy(z: Array, y: Array) -> Array:
    """Return the loss of each document, log(sum_l exp(z_l)) - z_y, in nats.

    Parameters
    ----------
    z : float64 array, shape (n, n_classes)
    y : int array, shape (n,)
        Number of the true class.

    Examples
    --------
    >>> cross_entropy(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 800.0]]), np.array([1, 0])).round(4)
    array([  1.0986, 800.    ])
    """
    highest = z.max(axis=1)
    total = np.exp(z - highest[:, None]).sum(axis=1)
    loss: Array = np.log(total) + (highest - z[np.arange(len(z)), y])
    return loss


def scores(data: Array, indices: Array, indptr: Array, W: Array, b: Array) -> Array:
    """Return z = x . w_k + b_k of each row of a CSR triplet and class: float64, (n, n_classes).

    Parameters
    ----------
    data, indices, indptr : arrays
        The CSR triplet.
    W : float64 array, shape (n_classes, n_columns)
    b : float64 array, shape (n_classes,)
    """
    result = np.empty((len(indptr) - 1, len(W)))
    kernels.class_scores(
        data.astype(np.float32, copy=False),
        indices.astype(np.int32, copy=False),
        indptr.astype(np.int64, copy=False),
        np.ascontiguousarray(W.T, np.float64),
        np.ascontiguousarray(b, np.float64),
        result,
    )
    return result


def gradient(
    X: csr_array, y: Array, W: Array, b: Array, l2: float, costs: Array | None = None
) -> tuple[Array, Array]:
    """Return the gradient of J by W, shape (n_classes, d), and by b, shape (n_classes,).

    Parameters
    ----------
    X : csr_array, shape (n, d)
    y : int array, shape (n,)
        Number of the true class.
    W : float64 array, shape (n_classes, d)
    b : float64 array, shape (n_classes,)
    l2 : float
        Strength of the penalty, >= 0.
    costs : float64 array, shape (n,), optional
        The cost c_i of a mistake on each document; 1 by default.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> X, y = csr_array([[1.0], [2.0], [3.0]]), np.array([0, 1, 2])
    >>> by_W, by_b = gradient(X, y, np.zeros((3, 1)), np.array([0.0, 1.0, 2.0]), l2=0.1)
    >>> by_W.round(2).tolist(), by_b.round(2).tolist()
    ([[-0.15], [-0.18], [0.33]], [-0.24, -0.09, 0.33])
    """
    errors = softmax(X @ W.T + b)
    errors[np.arange(len(y)), y] -= 1.0
    if costs is not None:
        errors *= costs[:, None]
    by_W: Array = (X.T @ errors).T / len(y) + l2 * W
    by_b: Array = errors.mean(axis=0)
    return by_W, by_b
