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

With more than two classes there is a weight vector and a score for each: then the functions here
pass arrays with one more dimension on to `pipeline.model.softmax`. This module does not learn
weights; `pipeline.training` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.kernels import logistic as kernels
from pipeline.model import softmax as multinomial
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
    z : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Scores.
    y : int array, shape (n,)
        Number of the true class: 0 or 1 for two.

    Examples
    --------
    >>> cross_entropy(np.array([0.0, 800.0]), np.array([1, 0])).round(4).tolist()
    [0.6931, 800.0]
    """
    if z.ndim == 2:
        return multinomial.cross_entropy(z, y)
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


def predictions(z: Array, threshold: float = 0.5) -> Array:
    """Return the number of the predicted class of each document: int64, shape (n,).

    Of two classes it is 1 where P(y = 1 | x) > threshold; of more, that with the highest score.
    Equal scores go to the first of them.

    Parameters
    ----------
    z : float64 array, shape (n,), or (n, n_classes) with more than two classes
    threshold : float
        For two classes.

    Examples
    --------
    >>> predictions(np.array([-1.0, 2.0])).tolist()
    [0, 1]
    >>> predictions(np.array([[0.0, 2.0, 1.0]])).tolist()
    [1]
    """
    numbers: Array = z.argmax(axis=1) if z.ndim == 2 else decide(sigmoid(z), threshold).astype(int)
    return numbers


def probabilities(z: Array) -> Array:
    """Return the probability of each class: float64, shape (n, n_classes).

    Examples
    --------
    >>> probabilities(np.array([0.0])).tolist()
    [[0.5, 0.5]]
    """
    if z.ndim == 2:
        return multinomial.softmax(z)
    return np.column_stack([sigmoid(-z), sigmoid(z)])


def scores(data: Array, indices: Array, indptr: Array, w: Array, b: Any) -> Array:
    """Return z = x . w + b of each row of a CSR triplet: float64, shape (n,).

    If w has the shape (n_classes, d) and b (n_classes,), z has (n, n_classes).
    """
    if w.ndim == 2:
        return multinomial.scores(data, indices, indptr, w, b)
    result = np.empty(len(indptr) - 1)
    triplet = (
        data.astype(np.float32, copy=False),
        indices.astype(np.int32, copy=False),
        indptr.astype(np.int64, copy=False),
    )
    kernels.scores(*triplet, np.ascontiguousarray(w, np.float64), b, result)
    return result


def objective(
    X: csr_array, y: Array, w: Array, b: Any, l2: float, costs: Array | None = None
) -> float:
    """Return J(w, b), which training minimises.

    Parameters
    ----------
    X : csr_array, shape (n, d)
    y : int array, shape (n,)
        Number of the true class: 0 or 1 for two.
    w : float64 array, shape (d,), or (n_classes, d) with more than two classes
    b : float, or float64 array, shape (n_classes,)
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
    losses = cross_entropy(X @ w.T + b, y)
    mean = losses.mean() if costs is None else (costs * losses).mean()
    return float(mean + penalty(w, l2))


def penalty(w: Array, l2: float) -> float:
    """Return (l2/2) ||w||^2, summed in the same order for any number of threads."""
    return float(0.5 * l2 * np.square(w).sum())


def gradient(
    X: csr_array, y: Array, w: Array, b: Any, l2: float, costs: Array | None = None
) -> tuple[Array, Any]:
    """Return the gradient of J by w and by b, float64 of their shapes.

    The parameters are those of `objective`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> X, y = csr_array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 0])
    >>> by_w, by_b = gradient(X, y, np.zeros(2), 0.0, l2=0.1)
    >>> by_w.tolist(), by_b
    ([-0.25, 0.25], 0.0)
    """
    if w.ndim == 2:
        return multinomial.gradient(X, y, w, b, l2, costs)
    errors = sigmoid(X @ w + b) - y
    if costs is not None:
        errors = costs * errors
    return X.T @ errors / len(y) + l2 * w, float(errors.mean())


class LogisticRegression:
    """A linear classifier with given weights and scikit-learn's methods.

    Two classes have one weight vector, whose score is the log-odds of the second class. More than
    two have one each, and a score each (`pipeline.model.softmax`).

    Attributes
    ----------
    coef_ : float64 array, shape (1, n_columns) or (n_classes, n_columns)
        The weight of each column: what one occurrence adds to a score.
    intercept_ : float64 array, shape (1,) or (n_classes,)
        The scores of a document without features.
    classes_ : array, shape (n_classes,)
        In sorted order; of two, the second is the positive one.
    threshold : float
        For two classes: a document is predicted positive where its probability is above it.

    Examples
    --------
    >>> model = LogisticRegression.of([2.0, -1.0], 0.5)
    >>> model.decision_function([[1, 0], [0, 2]]).tolist()
    [2.5, -1.5]
    >>> model.predict([[1, 0], [0, 2]]).tolist()
    [1, 0]
    >>> LogisticRegression.of([[1.0], [0.0], [-1.0]], [0.0, 1.5, 0.0]).predict([[2], [0]]).tolist()
    [0, 1]
    """

    coef_: Array
    intercept_: Array
    classes_: Array
    threshold: float = 0.5

    @classmethod
    def of(cls, weights: Any, intercept: Any, threshold: float = 0.5) -> Self:
        """Return a classifier with given weights, of the classes 0, 1 ...

        Parameters
        ----------
        weights : array, shape (n_columns,), or (n_classes, n_columns) for more than two classes
        intercept : float, or array, shape (n_classes,)
        threshold : float
        """
        model = cls()
        # The weights of a feature lie side by side, as what scores a text takes them.
        model.coef_ = np.atleast_2d(np.asarray(weights, np.float64, order="F"))
        model.intercept_ = np.atleast_1d(np.asarray(intercept, np.float64))
        model.classes_ = np.arange(max(2, len(model.coef_)), dtype=np.int8)
        model.threshold = threshold
        return model

    @property
    def parameters(self) -> tuple[Array, Any]:
        """The w and b of `scores`: a vector and a float for two classes, else W and a vector."""
        if len(self.coef_) == 1:
            return self.coef_[0], float(self.intercept_[0])
        return self.coef_, self.intercept_

    def decision_function(self, X: Any) -> Array:
        """Return the scores of each row: float64, shape (n,), or (n, n_classes) above two."""
        if not hasattr(self, "coef_"):
            raise not_fitted(self)
        X = checked_counts(X)
        if X.shape[1] != self.coef_.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.coef_.shape[1]} features as input"
            )
        return scores(X.data, X.indices, X.indptr, *self.parameters)

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class: float64, shape (n, n_classes)."""
        return probabilities(self.decision_function(X))

    def predict(self, X: Any) -> Array:
        """Return the predicted class of each row: array, shape (n,)."""
        numbers = predictions(self.decision_function(X), self.threshold)
        classes: Array = self.classes_[numbers]
        return classes

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, the (weighted) share of rows that are predicted correctly."""
        return float(np.average(self.predict(X) == np.ravel(y), weights=sample_weight))
