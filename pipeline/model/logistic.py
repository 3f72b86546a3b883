"""Logistic regression: the mathematics, and a classifier of weights that are known.

    z = x . w + b                      the score, the log-odds of the positive class
    P(y = 1 | x) = 1 / (1 + exp(-z))   the sigmoid
    L(z, y) = log(1 + exp(z)) - y z    the cross-entropy, -y ln p - (1 - y) ln(1 - p)

    J(w, b) = (1/n) sum_i c_i L(z_i, y_i) + (l2/2) ||w||^2

after Jurafsky & Martin, Speech and Language Processing, the chapter on logistic
regression; here y is 0 or 1, and the intercept b is not penalised. How the
weights are found is the matter of `training`, which this module does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.kernels import sgd as kernels

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = np.ndarray


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)) without overflow, for float64 z of any shape."""
    small = np.exp(-np.abs(z))
    positive: Array = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return positive


def cross_entropy(z: Array, y: Array) -> Array:
    """Return log(1 + exp(z)) - y z, the loss of each document.

    It is -y ln p - (1 - y) ln(1 - p) with p = sigmoid(z), but stays exact where p
    rounds to 0 or 1: log(1 + exp(z)) = max(z, 0) + log1p(exp(-|z|)).

    Parameters
    ----------
    z : float64 array, shape (n,)
        Scores.
    y : array of 0 and 1, shape (n,)
    """
    loss: Array = np.maximum(z, 0.0) - y * z + np.log1p(np.exp(-np.abs(z)))
    return loss


def decide(probability: Array, threshold: float = 0.5) -> Array:
    """Return whether a document is called positive: where P(y = 1 | x) > threshold."""
    positive: Array = probability > threshold
    return positive


def scores(data: Array, indices: Array, indptr: Array, w: Array, b: float) -> Array:
    """Return z = x . w + b of every row of a CSR triplet: float64, shape (n,)."""
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
    """Return J(w, b), what training minimises.

    Parameters
    ----------
    X : csr_array, shape (n, d)
    y : array of 0 and 1, shape (n,)
    w : float64 array, shape (d,)
    b : float
    l2 : float
        Strength of the penalty, >= 0.
    costs : float64 array, shape (n,), optional
        The weight c_i of each document; 1 by default.
    """
    losses = cross_entropy(X @ w + b, y)
    mean = losses.mean() if costs is None else (costs * losses).mean()
    return float(mean + penalty(w, l2))


def penalty(w: Array, l2: float) -> float:
    """Return (l2/2) ||w||^2, summed in one order whatever the number of threads."""
    return float(0.5 * l2 * np.square(w).sum())


def gradient(
    X: csr_array, y: Array, w: Array, b: float, l2: float, costs: Array | None = None
) -> tuple[Array, float]:
    """Return the gradient of J: (1/n) sum_i c_i (sigmoid(z_i) - y_i) x_i + l2 w, and by b.

    Parameters are those of `objective`. The first item has shape (d,).
    """
    errors = sigmoid(X @ w + b) - y
    if costs is not None:
        errors = costs * errors
    return X.T @ errors / len(y) + l2 * w, float(errors.mean())


class LogisticRegression:
    """A linear classifier of two classes, by scikit-learn's protocol.

    Attributes
    ----------
    coef_ : float64 array, shape (1, n_columns)
        The weight of each column: what one occurrence adds to the log-odds.
    intercept_ : float64 array, shape (1,)
        The log-odds of a document without features.
    classes_ : array, shape (2,)
        The negative and the positive class, in sorted order.
    threshold : float
        A document is positive where its probability is above it.
    """

    coef_: Array
    intercept_: Array
    classes_: Array
    threshold: float = 0.5

    @classmethod
    def of(cls, weights: Array, intercept: float, threshold: float = 0.5) -> Self:
        """Make a classifier of {0, 1} from weights that are known."""
        model = cls()
        model.coef_ = np.asarray(weights, np.float64).reshape(1, -1)
        model.intercept_ = np.array([intercept], np.float64)
        model.classes_ = np.array([0, 1], np.int8)
        model.threshold = threshold
        return model

    def decision_function(self, X: Any) -> Array:
        """Return the score z = x . w + b of each row: float64, shape (n,)."""
        from scipy.sparse import csr_array

        X = csr_array(X)
        if X.shape[1] != self.coef_.shape[1]:
            raise ValueError(f"expected {self.coef_.shape[1]} columns, got {X.shape[1]}")
        return scores(X.data, X.indices, X.indptr, self.coef_[0], float(self.intercept_[0]))

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of the negative and the positive class: shape (n, 2)."""
        z = self.decision_function(X)
        return np.column_stack([sigmoid(-z), sigmoid(z)])

    def predict(self, X: Any) -> Array:
        """Return the class of each row: the positive one where its probability > threshold."""
        positive = decide(sigmoid(self.decision_function(X)), self.threshold)
        classes: Array = self.classes_[positive.astype(int)]
        return classes

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy."""
        return float(np.mean(self.predict(X) == np.asarray(y)))
