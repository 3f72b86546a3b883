"""Sigmoid, cross-entropy, J and its gradient; a classifier with given weights.

    z = x . w + b                      score: the log-odds of the positive class
    P(y = 1 | x) = 1 / (1 + exp(-z))   sigmoid
    L(z, y) = log(1 + exp(z)) - y z    cross-entropy, -y ln p - (1 - y) ln(1 - p)

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2

after Jurafsky & Martin, Speech and Language Processing, chapter on logistic regression.
Here y is 0 or 1, c_i is the cost of a mistake on document i, and the intercept b is not
penalised. The gradient of J is

    by w:  (1/n) sum_i c_i (sigmoid(z_i) - y_i) x_i + l2 w
    by b:  (1/n) sum_i c_i (sigmoid(z_i) - y_i)

This module does not learn weights; `pipeline.training` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.kernels import logistic as kernels
from pipeline.model.checks import checked_counts, not_fitted

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = np.ndarray


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)) of float64 scores of any shape, without overflow.

    The exponent is never positive: for z < 0 the formula is exp(z) / (1 + exp(z)).

    Examples
    --------
    >>> sigmoid(np.array([0.0, 2.0, -800.0])).round(4).tolist()
    [0.5, 0.8808, 0.0]
    """
    small = np.exp(-np.abs(z))
    probability: Array = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return probability


def cross_entropy(z: Array, y: Array) -> Array:
    """Return the loss of each document, log(1 + exp(z)) - y z, in nats.

    This equals -y ln p - (1 - y) ln(1 - p) with p = sigmoid(z), and stays exact where p
    rounds to 0 or 1, because log(1 + exp(z)) = max(z, 0) + log1p(exp(-|z|)).

    Parameters
    ----------
    z : float64 array, shape (n,)
        Scores.
    y : array of 0 and 1, shape (n,)
        True labels.

    Examples
    --------
    >>> cross_entropy(np.array([0.0, 800.0]), np.array([1, 0])).round(4).tolist()
    [0.6931, 800.0]
    """
    loss: Array = np.maximum(z, 0.0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return loss


def decide(probability: Array, threshold: float = 0.5) -> Array:
    """Return True for each document predicted positive: where P(y = 1 | x) > threshold.

    Examples
    --------
    >>> decide(np.array([0.4, 0.5, 0.6])).tolist()
    [False, False, True]
    """
    positive: Array = probability > threshold
    return positive


def scores(data: Array, indices: Array, indptr: Array, w: Array, b: float) -> Array:
    """Return z = x . w + b of each row of a CSR triplet: float64, shape (n,)."""
    result = np.empty(len(indptr) - 1)
    triplet = (
        data.astype(np.float32, copy=False),
        indices.astype(np.int32, copy=False),
        indptr.astype(np.int64, copy=False),
    )
    kernels.scores(*triplet, np.ascontiguousarray(w, np.float64), b, result)
    return result


def objective(
    X: csr_array, y: Array, w: Array, b: float, l2: float, costs: Array | None = None
) -> float:
    """Return J(w, b), which training minimises.

    Parameters
    ----------
    X : csr_array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    w : float64 array, shape (d,)
    b : float
    l2 : float
        Strength of the penalty, >= 0.
    costs : float64 array, shape (n,), optional
        The cost c_i of a mistake on each document; 1 by default.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> X, y = csr_array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 0])
    >>> round(objective(X, y, np.zeros(2), 0.0, l2=0.1), 4)
    0.6931
    """
    losses = cross_entropy(X @ w + b, y)
    mean = losses.mean() if costs is None else (costs * losses).mean()
    return float(mean + penalty(w, l2))


def penalty(w: Array, l2: float) -> float:
    """Return (l2/2) ||w||^2, summed in the same order for any number of threads."""
    return float(0.5 * l2 * np.square(w).sum())


def gradient(
    X: csr_array, y: Array, w: Array, b: float, l2: float, costs: Array | None = None
) -> tuple[Array, float]:
    """Return the gradient of J by w, float64 of shape (d,), and by b.

    The parameters are those of `objective`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> X, y = csr_array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 0])
    >>> by_w, by_b = gradient(X, y, np.zeros(2), 0.0, l2=0.1)
    >>> by_w.tolist(), by_b
    ([-0.25, 0.25], 0.0)
    """
    errors = sigmoid(X @ w + b) - y
    if costs is not None:
        errors = costs * errors
    return X.T @ errors / len(y) + l2 * w, float(errors.mean())


class LogisticRegression:
    """A linear classifier of two classes with given weights and scikit-learn's methods.

    Attributes
    ----------
    coef_ : float64 array, shape (1, n_columns)
        The weight of each column: what one occurrence adds to the log-odds.
    intercept_ : float64 array, shape (1,)
        The log-odds of a document without features.
    classes_ : array, shape (2,)
        The negative and the positive class, in sorted order.
    threshold : float
        A document is predicted positive where its probability is above it.

    Examples
    --------
    >>> model = LogisticRegression.of([2.0, -1.0], 0.5)
    >>> model.decision_function([[1, 0], [0, 2]]).tolist()
    [2.5, -1.5]
    >>> model.predict([[1, 0], [0, 2]]).tolist()
    [1, 0]
    """

    coef_: Array
    intercept_: Array
    classes_: Array
    threshold: float = 0.5

    @classmethod
    def of(cls, weights: Any, intercept: float, threshold: float = 0.5) -> Self:
        """Return a classifier of the classes 0 and 1 with these weights, shape (n_columns,)."""
        model = cls()
        model.coef_ = np.asarray(weights, np.float64).reshape(1, -1)
        model.intercept_ = np.array([intercept], np.float64)
        model.classes_ = np.array([0, 1], np.int8)
        model.threshold = threshold
        return model

    def decision_function(self, X: Any) -> Array:
        """Return the score z = x . w + b of each row: float64, shape (n,)."""
        if not hasattr(self, "coef_"):
            raise not_fitted(self)
        X = checked_counts(X)
        if X.shape[1] != self.coef_.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.coef_.shape[1]} features as input"
            )
        return scores(X.data, X.indices, X.indptr, self.coef_[0], float(self.intercept_[0]))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class: float64, shape (n, 2), as in `classes_`."""
        z = self.decision_function(X)
        return np.column_stack([sigmoid(-z), sigmoid(z)])

    def predict(self, X: Any) -> Array:
        """Return the predicted class of each row: array, shape (n,)."""
        positive = decide(sigmoid(self.decision_function(X)), self.threshold)
        classes: Array = self.classes_[positive.astype(int)]
        return classes

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, the (weighted) share of rows that are predicted correctly."""
        return float(np.average(self.predict(X) == np.ravel(y), weights=sample_weight))
