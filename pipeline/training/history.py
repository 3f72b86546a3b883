"""Loss and accuracy after each epoch; divergence, and when to stop early."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import DivergenceError
from pipeline.model.logistic import Array, cross_entropy, penalty, predictions, scores
from pipeline.storage.arrays import scratch
from pipeline.training.costs import costs_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# An objective so many times that of zero weights is a divergence, not noise.
_DIVERGED = 10.0
# Documents that are scored at once: their work arrays fit a cache.
BLOCK = 1 << 15


@dataclass(frozen=True)
class Epoch:
    """Loss and accuracy after one pass over the training set.

    Attributes
    ----------
    number : int
        From 1.
    objective : float
        J(w, b), loss and penalty, on the training set.
    loss, accuracy : float
        Mean cross-entropy (nats) and accuracy on the training set, without costs.
    validation_loss, validation_accuracy : float
        The same on the validation set; NaN without one.
    """

    number: int
    objective: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class LabelledCounts:
    """The documents of the training and of the validation set, in one matrix.

    Attributes
    ----------
    counts : csr_array, shape (n, d)
    labels : int array, shape (n,)
    targets : float64 array, shape (n,), or (n, 2) with more than two classes
        Labels and costs: see `targets_of`.
    in_validation : bool array, shape (n,)
        True for the documents of the validation set, which may be empty.
    """

    counts: csr_array
    labels: Array
    targets: Array
    in_validation: Array

    def but(self, counts: csr_array) -> LabelledCounts:
        """Return the same documents with other counts."""
        return replace(self, counts=counts)


@dataclass
class History:
    """The epochs of a fit, measured one by one.

    Attributes
    ----------
    documents : LabelledCounts
    l2, threshold : float
    patience : int
        Number of epochs without a lower validation loss after which training stops; 0 for never.
    advice : str
        What to change if training diverges.
    n_classes : int
    folder : Path or None
        Where the losses of the documents lie meanwhile, in a file without a name; else in memory.
    epochs : list of Epoch
    """

    documents: LabelledCounts
    l2: float
    threshold: float
    patience: int
    advice: str
    n_classes: int
    folder: Path | None = None
    epochs: list[Epoch] = field(default_factory=list)
    _lowest: float = np.inf
    _waited: int = 0

    def add(self, w: Array, b: Any, folded: Array) -> Epoch:
        """Measure the weights after an epoch, and append the result.

        The parameters are those of `measure`.
        """
        epoch = self.measure(len(self.epochs) + 1, w, b, folded)
        self.epochs.append(epoch)
        self._waited = 0 if epoch.validation_loss < self._lowest else self._waited + 1
        self._lowest = min(self._lowest, epoch.validation_loss)
        return epoch

    def measure(self, number: int, w: Array, b: Any, folded: Array) -> Epoch:
        """Return loss and accuracy of weights after an epoch.

        Parameters
        ----------
        number : int
            Of the epoch.
        w : float64 array
            The weights that are penalised.
        b : float, or float64 array
        folded : float64 array
            The weights of the counts; they may include a ratio.

        Raises
        ------
        DivergenceError
            If the objective is far above that of zero weights, or not a number.
        """
        of, held_out = self.documents, self.documents.in_validation
        n = len(of.labels)
        learned = ~held_out if held_out.any() else slice(None)
        losses, right = scratch(n, np.float64, self.folder), np.empty(n, np.bool_)
        blocks = [slice(start, start + BLOCK) for start in range(0, n, BLOCK)]
        for rows in blocks:
            losses[rows] = costs_of(of.targets[rows])
        at_zero = float(losses[learned].mean() * np.log(self.n_classes))
        for rows in blocks:  # whose work arrays are several times as large
            ends = slice(rows.start, rows.stop + 1)
            z = scores(of.counts.data, of.counts.indices, of.counts.indptr[ends], folded, b)
            losses[rows] = cross_entropy(z, of.labels[rows])
            right[rows] = predictions(z, self.threshold) == of.labels[rows]
        of_training = float(losses[learned].mean()), float(right[learned].mean())
        validation_loss = validation_accuracy = np.nan
        if held_out.any():
            validation_loss = float(losses[held_out].mean())
            validation_accuracy = float(right[held_out].mean())
        for rows in blocks:
            losses[rows] *= costs_of(of.targets[rows])
        objective = float(losses[learned].mean()) + penalty(w, self.l2)
        if not objective <= _DIVERGED * at_zero:
            raise DivergenceError(
                f"training diverged: after epoch {number} the objective is {objective:.3g}, "
                f"with all weights zero it is {at_zero:.3g}; {self.advice}"
            )
        return Epoch(number, objective, *of_training, validation_loss, validation_accuracy)

    @property
    def keeps_last(self) -> bool:
        """Return True if the weights of the last epoch are those to keep."""
        return not self.patience or self._waited == 0

    @property
    def stops(self) -> bool:
        """Return True if the validation loss has not fallen for `patience` epochs."""
        return 0 < self.patience <= self._waited
