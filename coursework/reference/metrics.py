"""How good predictions are."""

import numpy as np


def metrics(y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return the accuracy, precision, recall and f1 of predictions.

    With TP the positives (label 1) that are predicted positive, FP what is predicted positive
    and is not, and FN the positives that are not predicted positive:

        precision = TP / (TP + FP)
        recall = TP / (TP + FN)
        f1 = 2 TP / (2 TP + FP + FN)

    Accuracy is the share of predictions that equal the true label. A metric whose denominator is
    0 is NaN.

    Parameters
    ----------
    y : array of 0 and 1, shape (n,)
        The true labels, n >= 1.
    predicted : array of 0 and 1, shape (n,)

    Examples
    --------
    >>> metrics(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))["recall"]
    0.5
    """
    true_positives = int(((y == 1) & (predicted == 1)).sum())
    n_positive, n_predicted = int((y == 1).sum()), int((predicted == 1).sum())

    def ratio(part: float, whole: float) -> float:
        return part / whole if whole else float("nan")

    return {
        "accuracy": float((y == predicted).mean()),
        "precision": ratio(true_positives, n_predicted),
        "recall": ratio(true_positives, n_positive),
        "f1": ratio(2 * true_positives, n_predicted + n_positive),
    }
