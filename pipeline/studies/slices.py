"""The accuracy of a model on slices of reviews: those that have one value in a column."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.evaluation.accuracy import Groups, accuracy_interval
from pipeline.model.checks import Labels
from pipeline.storage import arrow
from pipeline.stratified import TWO_CLASSES

# A slice with fewer reviews says little, whatever its accuracy is.
FEW = 30


@dataclass(frozen=True)
class Slice:
    """The reviews that have one value in a column.

    Attributes
    ----------
    value : str or None
        None for the reviews without a value.
    n : int
    accuracy, low, high : float
        Accuracy with its interval.
    shares, predicted_shares : dict of str to float
        The share of each class, by their labels and by the model.
    """

    value: str | None
    n: int
    accuracy: float
    low: float
    high: float
    shares: dict[str, float]
    predicted_shares: dict[str, float]

    @property
    def is_small(self) -> bool:
        """Whether there are too few reviews to say much."""
        return self.n < FEW

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them; of two classes, the shares of the positive."""
        values = asdict(self)
        if tuple(self.shares) == TWO_CLASSES:
            shares = values.pop("shares"), values.pop("predicted_shares")
            values["share_positive"], values["share_predicted_positive"] = (
                share["positive"] for share in shares
            )
        return values


class Predicted(NamedTuple):
    """Reviews with their labels and predictions, the numbers of classes, and their groups."""

    labels: Labels
    predicted: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: Groups | None = None

    def take(self, rows: NDArray[np.int64]) -> Predicted:
        """Return some of the reviews."""
        groups = None if self.groups is None else self.groups[rows]
        return Predicted(self.labels[rows], self.predicted[rows], self.classes, groups)

    def slice(self, value: str | None, confidence: float) -> Slice:
        """Return these reviews as the slice of a value."""
        right = self.predicted == self.labels
        n, n_classes = len(right), len(self.classes)
        shares, predicted = (
            dict(
                zip(self.classes, (np.bincount(of, minlength=n_classes) / n).tolist(), strict=True)
            )
            for of in (self.labels, self.predicted)
        )
        ends = accuracy_interval(right, confidence, self.groups)
        return Slice(value, n, float(right.mean()), *ends, shares, predicted)


def slices_of(
    column: pa.ChunkedArray, predicted: Predicted, confidence: float
) -> tuple[Slice, ...]:
    """Return the slices of a column of values, the largest first, then by value."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    values, codes = encoded.dictionary.to_pylist(), arrow.values(encoded.indices)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(values)))
    of_each = zip(values, np.split(order, ends[:-1]), strict=True)
    found = [predicted.take(rows).slice(value, confidence) for value, rows in of_each]
    return tuple(sorted(found, key=lambda each: (-each.n, each.value is None, each.value or "")))
