"""The columns of `predictions.parquet`: labels, predictions, probabilities and scores."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.model.logistic import Array, probabilities, sigmoid
from pipeline.storage import arrow


def prediction_columns(labels: Array, scores: Array, predicted: Array) -> dict[str, pa.Array]:
    """Return the columns of `predictions.parquet`, with a row for each review.

    Of more than two classes, a review has a list of probabilities and one of scores.

    Parameters
    ----------
    labels, predicted : int array, shape (n,)
        Number of each review's true and predicted class.
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes

    Examples
    --------
    >>> pa.table(prediction_columns(*(np.array(each) for each in ([1], [0.0], [0])))).to_pylist()
    [{'row': 0, 'label': 1, 'predicted': 0, 'probability': 0.5, 'log_odds': 0.0}]
    """
    columns = {
        "row": arrow.numbers(np.arange(len(labels))),
        "label": arrow.numbers(labels),
        "predicted": arrow.numbers(predicted.astype(np.int8)),
    }
    if scores.ndim == 1:
        return columns | {
            "probability": arrow.numbers(sigmoid(scores)),
            "log_odds": arrow.numbers(scores),
        }
    flat = {"probabilities": probabilities(scores), "scores": scores}
    return columns | {
        name: pa.FixedSizeListArray.from_arrays(arrow.numbers(values.ravel()), scores.shape[1])
        for name, values in flat.items()
    }
