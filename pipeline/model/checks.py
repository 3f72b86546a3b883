"""Refuse arrays that are not valid: labels and scores, X, y, sample_weight; not fitted."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CorpusError, DivergenceError, NotFittedError
from pipeline.storage.counts import Counts

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Labels = NDArray[np.int8]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def checked(y_true: Labels, scores: Floats) -> tuple[Mask, Floats]:
    """Check labels and scores; return which reviews are positive, and the scores.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
        True labels, 0 negative and 1 positive.
    scores : float64 array, shape (n,)
        Log-odds of the positive class.

    Raises
    ------
    CorpusError
        If there is no review.
    DivergenceError
        If a score is not finite.
    ValueError
        If the shapes differ, or a label is not 0 or 1.
    """
    y, z = np.asarray(y_true), np.ascontiguousarray(scores, dtype=np.float64)
    if y.shape != z.shape or y.ndim != 1:
        raise ValueError(f"expected as many labels as scores, got shapes {y.shape} and {z.shape}")
    if not z.size:
        raise CorpusError("expected at least one review to evaluate, got none")
    is_positive = y == 1
    unknown = ~is_positive & (y != 0)
    if unknown.any():
        row = int(unknown.argmax())
        raise ValueError(f"label of row {row}: expected 0 or 1, got {y[row]}")
    finite = np.isfinite(z)
    if not finite.all():
        row = int(finite.argmin())
        raise DivergenceError(f"score of row {row}: expected a finite number, got {z[row]}")
    return is_positive, z


def checked_counts(X: Any) -> csr_array | Counts:
    """Check counts, sparse or dense; return them as a float32 CSR matrix, or as they were mapped.

    Raises
    ------
    ValueError
        If X has not two dimensions, or holds a number that is not finite.
    TypeError
        If X holds objects that are not numbers.
    """
    if not isinstance(X, Counts):
        X = _float_csr(X)
    # NaN and infinity show in the extremes, without an array of flags.
    if not (np.isfinite(X.data.min(initial=0)) and np.isfinite(X.data.max(initial=0))):
        raise ValueError("X: expected finite counts, got NaN or infinity")
    return X


def _float_csr(X: Any) -> csr_array:
    from scipy.sparse import csr_array, issparse

    if not issparse(X):
        X = np.asarray(X)
        if X.dtype.kind in "OSU":
            X = X.astype(np.float64)
        if X.ndim != 2:
            raise ValueError(
                f"X: expected 2 dimensions, rows and columns, got {X.ndim}. "
                "Reshape your data: X.reshape(1, -1) makes one row of it"
            )
    if X.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: expected real numbers in X, got {X.dtype}")
    if not isinstance(X, csr_array) or X.dtype != np.float32:  # whose indices SciPy may copy
        X = csr_array(X, dtype=np.float32)
    return X


def checked_classes(y: Any, n_rows: int) -> tuple[NDArray[Any], NDArray[np.signedinteger]]:
    """Check labels; return the classes in sorted order, and the number of each label's class.

    The numbers are int8 if all fit into it, for the sake of memory, and int64 otherwise.

    Raises
    ------
    CorpusError
        If there is only one class.
    ValueError
        If y is not one label for each row.
    TypeError
        If labels are of several types, or of one that has no order.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected; y.ravel() makes it one",
            _as_in_sklearn("DataConversionWarning", UserWarning),
            stacklevel=3,
        )
        y = y.ravel()
    if y.ndim != 1:
        raise ValueError(f"y should be a 1d array of labels, got {y.ndim} dimensions")
    if len(y) != n_rows:
        raise ValueError(f"expected a label for each of {n_rows:,} rows, got {len(y):,} labels")
    if y.dtype.kind == "f" and not (np.isfinite(y) & (y == np.round(y))).all():
        raise ValueError(
            "Unknown label type: continuous. y: expected classes, got fractions, NaN or infinity"
        )
    try:
        classes = np.unique(y)
    except TypeError:
        types = ", ".join(sorted({type(label).__name__ for label in y.tolist()}))
        raise TypeError(
            f"y: expected labels of one type, which have an order, got {types}"
        ) from None
    if len(classes) >= 2:
        kind = np.int8 if len(classes) <= 1 << 7 else np.int64
        return classes, np.searchsorted(classes, y).astype(kind)
    raise CorpusError(
        f"training: expected at least two classes in y, got {len(classes)} class: "
        + ", ".join(map(repr, classes.tolist()))
    )


def checked_weights(sample_weight: Any, labels: NDArray[np.signedinteger]) -> Floats | None:
    """Check the weights of documents and return them: float64, shape (n,), or None as given.

    Parameters
    ----------
    sample_weight : array of numbers >= 0, shape (n,), or None
    labels : int array, shape (n,)
        Number of each document's class.

    Raises
    ------
    ValueError
        If there is not one weight for each document, a weight is negative or not finite, or all
        weights of a class are zero.
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, np.float64)
    if weights.shape != labels.shape:
        raise ValueError(
            f"sample_weight: expected an array of shape {labels.shape}, got {weights.shape}"
        )
    refused = ~(np.isfinite(weights) & (weights >= 0))
    if refused.any():
        row = int(refused.argmax())
        raise ValueError(
            f"sample_weight of row {row}: expected a finite number >= 0, got {weights[row]}"
        )
    if not np.bincount(labels, weights).all():
        raise ValueError(
            "sample_weight: expected a weight above zero in each class, got only zeros"
        )
    return weights


def not_fitted(estimator: object) -> NotFittedError:
    """Return the error of an estimator that is used before `fit`."""
    kind: type[NotFittedError] = _as_in_sklearn("NotFittedError", NotFittedError)
    return kind(f"{type(estimator).__name__} is not fitted yet; call fit first")


def _as_in_sklearn(name: str, kind: type[Any]) -> type[Any]:
    """Return a class that is also scikit-learn's, if it is loaded: its tools know no other."""
    module = sys.modules.get("sklearn.exceptions")
    if module is None:
        return kind
    theirs: type[Any] = getattr(module, name)
    return theirs if issubclass(theirs, kind) else type(name, (kind, theirs), {})
