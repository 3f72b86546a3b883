"""What training came to, epoch by epoch: loss and accuracy on the parts of the documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.logistic import Array, cross_entropy, decide, penalty, scores, sigmoid

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training documents came to.

    Attributes
    ----------
    number : int
        From 1.
    objective : float
        J(w, b), loss and penalty, on the training part.
    loss, accuracy : float
        Mean cross-entropy (nats) and accuracy on the training part.
    validation_loss, validation_accuracy : float
        The same on the validation part; NaN where there is none.
    """

    number: int
    objective: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Split:
    """The documents that are trained on, or those that are held out."""

    counts: csr_array
    labels: Array
    costs: Array

    @classmethod
    def of(cls, counts: csr_array, labels: Array, costs: Array, mask: Array) -> Split:
        """Return the documents where a mask is true."""
        if mask.all():
            return cls(counts, labels, costs)
        return cls(counts[mask], labels[mask], costs[mask])

    def scores(self, w: Array, b: float) -> Array:
        """Return the score of every document."""
        return scores(self.counts.data, self.counts.indices, self.counts.indptr, w, b)


def measure(
    number: int, w: Array, b: float, seen: Split, unseen: Split, l2: float, threshold: float
) -> Epoch:
    """Measure weights on the training part and on the validation part, which may be empty."""
    z = seen.scores(w, b)
    losses = cross_entropy(z, seen.labels)
    validation_loss = validation_accuracy = np.nan
    if len(unseen.labels):
        v = unseen.scores(w, b)
        validation_loss = cross_entropy(v, unseen.labels).mean()
        validation_accuracy = _accuracy(v, unseen.labels, threshold)
    return Epoch(
        number,
        float((seen.costs * losses).mean()) + penalty(w, l2),
        float(losses.mean()),
        _accuracy(z, seen.labels, threshold),
        float(validation_loss),
        float(validation_accuracy),
    )


def _accuracy(z: Array, labels: Array, threshold: float) -> float:
    return float(np.mean(decide(sigmoid(z), threshold) == labels))
