"""How sure a model is of each prediction, and of which ones it is unsure.

    confidence   probability of the predicted class
    unsure       confidence < bound: the model abstains, which Chow (1970) calls to reject

Of two classes, log-odds are counted from the threshold t, which is where the prediction changes:

    confidence = sigmoid(|z - ln(t / (1 - t))|)

At t = 0.5 that is the probability of the predicted class. At another t it is that probability for
class sizes or costs under which 0.5 would decide alike (Elkan 2001). So confidence is lowest at the
threshold, where the model is least certain, and grows on both sides of it. The probability itself
would not do: at t = 0.8 a review with 0.79 is predicted negative, of which the probability is 0.21,
and one with 0.81 is predicted positive, with 0.81.
"""

from __future__ import annotations

import numpy as np

from pipeline.model.logistic import Array, sigmoid


def confidences(z: Array, threshold: float = 0.5) -> Array:
    """Return the confidence of each prediction: float64, shape (n,).

    It lies between 1 / n_classes and 1. The order of the classes changes nothing, not even the
    last bit.

    Parameters
    ----------
    z : float64 array, shape (n,), or (n, n_classes) with more than two classes
        Scores.
    threshold : float
        For two classes.

    Examples
    --------
    >>> confidences(np.array([0.0, 2.0, -2.0])).round(4).tolist()
    [0.5, 0.8808, 0.8808]
    >>> confidences(np.array([0.0, 2.0, -2.0]), threshold=0.8).round(4).tolist()
    [0.8, 0.6488, 0.9673]
    >>> confidences(np.array([[0.0, 1.0, 0.0]])).round(4).tolist()
    [0.5761]
    """
    if z.ndim == 2:
        # Sorted, because a sum depends on the order of its terms.
        below_highest = np.sort(z - z.max(axis=1, keepdims=True), axis=1)
        of_highest: Array = 1.0 / np.exp(below_highest).sum(axis=1)
        return of_highest
    with np.errstate(divide="ignore"):  # a threshold of 0 or 1 is infinitely far from all scores
        boundary = np.log(threshold) - np.log1p(-threshold)
    return sigmoid(np.abs(z - boundary))


def unsure(z: Array, threshold: float, bound: float) -> Array:
    """Return True for each prediction whose confidence is below a bound: shape (n,).

    Examples
    --------
    >>> unsure(np.array([0.1, 2.0, -2.0]), 0.5, bound=0.8).tolist()
    [True, False, False]
    """
    below: Array = confidences(z, threshold) < bound
    return below
