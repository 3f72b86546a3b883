"""`learn`: the epochs of SGD, what is kept of them, and when they stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pipeline.cluster.workers import Workers
from pipeline.model.logistic import Array
from pipeline.training.history import Epoch, History, LabelledCounts
from pipeline.training.log_count_ratio import interpolated, weighted
from pipeline.training.mixing import MixedRuns
from pipeline.training.parts import Parts, Spread, cut
from pipeline.training.runs import AveragedRuns, Steps
from pipeline.training.sgd import Problem
from pipeline.training.shuffle import Shuffle
from pipeline.training.softmax import ClassProblem

if TYPE_CHECKING:
    from pipeline.training.estimator import SGDLogisticRegression


def learn(
    model: SGDLogisticRegression,
    documents: LabelledCounts,
    ratio: Array | None,
    on_epoch: Callable[[Epoch], None],
    spread: Spread,
) -> None:
    """Take the epochs, and keep the weights of the last or of the best one.

    Parameters
    ----------
    model : SGDLogisticRegression
        Receives `coef_`, `intercept_`, `history_` and `kept_`.
    documents : LabelledCounts
    ratio : float64 array, shape (d,) or (n_classes, d), or None
        The log-count ratios.
    on_epoch : callable
    spread : Spread
    """
    in_steps = ratio
    if ratio is not None and ratio.ndim == 1:  # multiplied once, and not in every step
        products = weighted(documents.counts, ratio, spread.folder)
        documents, in_steps = documents.but(products), None
    history = _history(model, documents)
    model.history_ = history.epochs
    problem = _problem(model, documents, in_steps)
    shuffle = Shuffle(documents.counts.indptr, np.flatnonzero(~documents.in_validation))
    with spread.parts(problem, cut(shuffle, model.parts, model.seed)) as parts:
        runs = _runs(model, problem, shuffle, parts, spread.workers)
        for number in range(1, model.epochs + 1):
            runs.epoch(0 < model.average_from <= number)
            with np.errstate(over="ignore", invalid="ignore"):  # an overflow is a divergence
                w, b = runs.weights()
                w = w if ratio is None else interpolated(w, model.beta)
                epoch = history.add(w, b, w if in_steps is None else w * in_steps)
            if history.keeps_last:
                folded = w if ratio is None else w * ratio
                model.kept_, model.coef_ = epoch, np.atleast_2d(folded)
                model.intercept_ = np.atleast_1d(b)
            on_epoch(epoch)
            if history.stops:
                break


def _history(model: SGDLogisticRegression, documents: LabelledCounts) -> History:
    """Return an empty history over the training and the validation set."""
    advice = f"lower train.learning_rate ({model.learning_rate:g})"
    if model.schedule != "adagrad":
        advice += " or use the adagrad schedule"
    goal = model.l2, model.threshold, model.patience
    return History(documents, *goal, advice, len(model.classes_))


def _problem(
    model: SGDLogisticRegression, documents: LabelledCounts, ratio: Array | None
) -> Problem:
    """Return the objective, as the kernels take it, of two classes or of more."""
    X, y, costs = documents.counts, documents.labels, documents.costs
    n_classes, how = len(model.classes_), (model.l2, model.fit_intercept)
    if n_classes == 2:
        return Problem(X, np.where(y, costs, -costs), *how)
    return ClassProblem(X, np.column_stack([y, costs]), *how, n_classes, ratio)


def _runs(
    model: SGDLogisticRegression,
    problem: Problem,
    shuffle: Shuffle,
    parts: Parts,
    workers: Workers,
) -> AveragedRuns | MixedRuns:
    """Return the runs of SGD, which start from zero weights."""
    steps = Steps(model.batch_size, model.learning_rate, model.schedule)
    runs = [steps.run(problem) for _ in range(model.averaged_runs)]
    if model.parts == 1:
        return AveragedRuns(runs, shuffle, model.seed)
    return MixedRuns(runs, steps, parts, workers, model.seed)
