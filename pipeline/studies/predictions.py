"""The predictions that the `eval` stage of a run wrote, read back, and their metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.evaluation.classes import ClassScores
from pipeline.evaluation.scored import scored
from pipeline.evaluation.uncertainty import Scored
from pipeline.model.checks import Floats, Labels
from pipeline.model.softmax import softmax
from pipeline.stages.outputs import read_classes, read_metrics
from pipeline.stages.read_run import read_groups
from pipeline.storage import arrow
from pipeline.storage.run import Run


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run, in the order of its test set.

    Attributes
    ----------
    labels, predicted : int8 array, shape (n,)
        The numbers of classes.
    probability : float64 array, shape (n,)
        Of the positive class; of more than two classes, of the predicted one.
    scored : Scored, or ClassScores with more than two classes
    """

    labels: Labels
    predicted: Labels
    probability: Floats
    scored: Scored | ClassScores

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read the predictions of a run.

        Raises
        ------
        RunError
            If they are not there, or not what was written.
        """
        from pyarrow import parquet

        run = Run(path)
        file, metrics = run.output("eval/predictions.parquet"), read_metrics(run)
        groups = read_groups(run, "test")
        try:
            with parquet.ParquetFile(file) as opened:
                table = opened.read()
            labels, predicted = (arrow.values(table[name]) for name in ("label", "predicted"))
            if "log_odds" in table.column_names:
                probability, scores = (
                    arrow.values(table[name]) for name in ("probability", "log_odds")
                )
            else:
                of_class, scores = (_by_class(table[name]) for name in ("probabilities", "scores"))
                probability = of_class[np.arange(len(labels)), predicted]
            threshold = metrics.get("threshold", 0.5)
            of_model = scored(scores, read_classes(run), threshold, groups)
            return cls(labels, predicted, probability, of_model)
        except (OSError, pa.ArrowException, LookupError, TypeError, ValueError) as error:
            raise RunError(
                f"{path / 'eval'}: cannot be read: {error}; `sentiment eval CONFIG --force` "
                "rewrites it"
            ) from None

    @property
    def threshold(self) -> float | None:
        """The threshold of the model; None with more than two classes."""
        return self.scored.threshold if isinstance(self.scored, Scored) else None

    def apart(self, other: Predictions) -> Floats:
        """Return how much the probabilities of two runs differ, 0 to 1: float64, shape (n,).

        Half the sum of the absolute differences over the classes; of two classes, that is the
        absolute difference for one of them.
        """
        if isinstance(self.scored, Scored):
            return np.abs(self.probability - other.probability)
        a, b = (softmax(each.scored.scores) for each in (self, other))
        differences: Floats = np.abs(a - b).sum(axis=1) / 2
        return differences


def _by_class(column: pa.ChunkedArray) -> Floats:
    """Return a column of lists of one length: float64, shape (n, n_classes)."""
    lists = column.combine_chunks()
    values: Floats = arrow.values(lists.flatten()).reshape(len(lists), -1)
    return values
