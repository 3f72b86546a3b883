"""What learns weights from counts in memory: this project, and scikit-learn's two ways."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from benchmarks.search import Solver, Weights
from pipeline.training.estimator import SGDLogisticRegression


def this_project(X: csr_array, y: np.ndarray, settings: tuple[dict[str, Any], ...]) -> Solver:
    """Return this project's solver; `settings` are those of `SGDLogisticRegression`."""

    def fit(options: dict[str, Any], epochs: int) -> Weights:
        model = SGDLogisticRegression(epochs=epochs, **options).fit(X, y)
        return model.coef_[0], float(model.intercept_[0])

    return Solver("this project", fit, settings, tuple(range(1, 21)))


def sgd_classifier(X: csr_array, y: np.ndarray, settings: tuple[dict[str, Any], ...]) -> Solver:
    """Return scikit-learn's SGDClassifier with the log loss.

    `settings` are its own, but for `average`, which counts epochs here and documents there.
    """
    from sklearn.linear_model import SGDClassifier

    def fit(options: dict[str, Any], epochs: int) -> Weights:
        average = options.get("average", False)
        options = {
            "tol": None,
            **options,
            "average": average if isinstance(average, bool) else average * len(y),
        }
        with warnings.catch_warnings(action="ignore"):  # that it has not converged
            model = SGDClassifier(loss="log_loss", max_iter=epochs, random_state=0, **options)
            model.fit(X, y)
        return model.coef_[0], float(model.intercept_[0])

    return Solver("SGDClassifier", fit, settings, (1, 2, 4, 6, 9, 12, 16, 20, 25, 30, 35, 40, 50))


LIBLINEAR = tuple(
    {"dual": dual, "tol": tol}
    for tol, dual in itertools.product((0.1, 0.3, 1.0, 3.0, 0.03), (True, False))
)


def liblinear(
    X: csr_array, y: np.ndarray, l2: float, settings: tuple[dict[str, Any], ...]
) -> Solver:
    """Return LIBLINEAR through scikit-learn; it goes by its tolerance, not by epochs."""
    from sklearn.linear_model import LogisticRegression

    def fit(options: dict[str, Any], epochs: int) -> Weights:
        with warnings.catch_warnings(action="ignore"):
            model = LogisticRegression(solver="liblinear", C=1 / (l2 * len(y)), **options)
            model.fit(X, y)
        return model.coef_[0], float(model.intercept_[0])

    return Solver("liblinear", fit, settings, (1,))
