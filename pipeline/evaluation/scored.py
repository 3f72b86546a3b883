"""The metrics of a model's scores, whatever the number of its classes.

Two classes have `metrics` and `uncertainty`, more have `classes`. This is the one place that
chooses between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.evaluation.accuracy import Groups
from pipeline.evaluation.classes import (
    ClassesEvaluation,
    ClassScores,
    evaluate_classes,
    paired_class_differences,
)
from pipeline.evaluation.metrics import Evaluation, evaluate
from pipeline.evaluation.resampling import Interval
from pipeline.evaluation.uncertainty import Scored, paired_differences
from pipeline.model.checks import Floats, Labels


def scored(
    scores: Floats, classes: Sequence[str], threshold: float = 0.5, groups: Groups | None = None
) -> Scored | ClassScores:
    """Return the scores of a model, as the functions below take them.

    Parameters
    ----------
    scores : float64 array, shape (n,), or (n, n_classes) with more than two classes
    classes : sequence of str
        The name of each class; those of two are not used.
    threshold : float
        For two classes.
    groups : int64 array, shape (n,), optional
    """
    if scores.ndim == 1:
        return Scored(scores, threshold, groups)
    return ClassScores(scores, classes, groups)


def evaluation_of(
    y_true: Labels, model: Scored | ClassScores, **settings: Any
) -> Evaluation | ClassesEvaluation:
    """Return every metric of a model's scores; the settings are those of `metrics.evaluate`.

    Examples
    --------
    >>> import numpy as np
    >>> y_true, names = np.array([0, 1, 1], np.int8), ["bad", "fair", "good"]
    >>> two = scored(np.array([-1.0, 2.0, -3.0]), names[:2])
    >>> three = scored(np.eye(3), names)
    >>> [round(evaluation_of(y_true, m, resamples=0).accuracy, 2) for m in (two, three)]
    [0.67, 0.67]
    """
    if isinstance(model, Scored):
        return evaluate(y_true, model, **settings)
    return evaluate_classes(y_true, model, **settings)


def differences_of(
    y_true: Labels, a: Scored | ClassScores, b: Scored | ClassScores, **settings: Any
) -> dict[str, Interval]:
    """Return the interval of b's metric minus a's, by its path, for models of the same classes.

    The settings are those of `uncertainty.paired_differences`. With more than two classes the AUC
    has none.
    """
    if isinstance(a, Scored) and isinstance(b, Scored):
        return paired_differences(y_true, a, b, **settings)
    if isinstance(a, ClassScores) and isinstance(b, ClassScores):
        return paired_class_differences(y_true, a, b, **settings)
    raise TypeError("expected models of the same classes")
