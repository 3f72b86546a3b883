"""`learn`: the epochs of SGD, L-BFGS after them, what is kept and when it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.boundary import inert
from pipeline.cluster.workers import HERE, Workers
from pipeline.errors import CorpusError
from pipeline.model.logistic import Array
from pipeline.training.automatic import RowSize, resolve
from pipeline.training.costs import costs_of
from pipeline.training.history import Epoch, History, LabelledCounts
from pipeline.training.log_count_ratio import interpolated, weighted
from pipeline.training.mixing import MixedRuns
from pipeline.training.parts import Parts, Spread, cut
from pipeline.training.runs import AveragedRuns, Steps
from pipeline.training.sgd import Problem
from pipeline.training.shuffle import Shuffle
from pipeline.training.softmax import ClassProblem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pipeline.training.estimator import SGDLogisticRegression


def learn(
    model: SGDLogisticRegression,
    documents: LabelledCounts,
    ratio: Array | None,
    on_epoch: Callable[[Epoch], None] | None,
    spread: Spread,
) -> None:
    """Take the epochs, then the steps of L-BFGS if they are asked for; keep the weights.

    Parameters
    ----------
    model : SGDLogisticRegression
        Receives `coef_`, `intercept_`, `epochs_`, `learning_rate_`, `history_`, `kept_` and
        `minimum_`.
    documents : LabelledCounts
    ratio : float64 array, shape (d,) or (n_classes, d), or None
        The log-count ratios.
    on_epoch : callable or None
        None measures no epoch, and keeps the weights of the last one.
    spread : Spread
    """
    folder = spread.folder_beyond_memory(documents.counts)
    shuffle = Shuffle(documents.counts.indptr, np.flatnonzero(~documents.in_validation), folder)
    _choose_steps(model, documents.counts, shuffle.documents, documents.targets)
    folded_later = ratio
    if ratio is not None and ratio.ndim == 1:  # multiplied once, and not in every step
        products = weighted(documents.counts, ratio, spread.folder)
        documents, folded_later = documents.but(products), None
    if model.exact and model.fit_intercept:
        _require_costs(model, documents)
    problem = _problem(model, documents, folded_later, folder)
    weights = _Weights(model, _history(model, documents, folder), ratio, folded_later)
    model.history_, model.minimum_ = weights.history.epochs, None
    with spread.parts(problem, cut(shuffle, model.parts, model.seed)) as parts:
        workers = spread.workers if model.parts > 1 else HERE
        runs = _runs(model, problem, shuffle, parts, workers)
        for number in range(1, model.epochs_ + 1):
            runs.epoch(0 < model.average_from <= number)
            if on_epoch is not None:
                on_epoch(weights.after_epoch(runs))
            if weights.history.stops:
                break
        if on_epoch is None:
            weights.keep_last(runs)
        if model.exact:
            weights.go_on(runs, parts, workers)


@dataclass
class _Weights:
    """The weights of a model while it is trained: what is measured of them, and what is kept.

    Attributes
    ----------
    model : SGDLogisticRegression
    history : History
    ratio : float64 array or None
        The log-count ratios, by which the weights are multiplied in the end.
    folded_later : float64 array or None
        Those by which the counts of the history are not multiplied.
    """

    model: SGDLogisticRegression
    history: History
    ratio: Array | None
    folded_later: Array | None

    def after_epoch(self, runs: AveragedRuns | MixedRuns) -> Epoch:
        """Measure the weights of an epoch, and keep them if they are those to keep."""
        with np.errstate(over="ignore", invalid="ignore"):  # an overflow is a divergence
            w, b = runs.weights()
            w = self._mixed(w)
            epoch = self.history.add(w, b, self._folded(w))
        if self.history.keeps_last:
            self._keep(epoch, w, b)
        return epoch

    def keep_last(self, runs: AveragedRuns | MixedRuns) -> None:
        """Keep the weights of the last epoch, without measuring them."""
        w, b = runs.weights()
        self._keep(self.model.kept_, self._mixed(w), b)

    def go_on(self, runs: AveragedRuns | MixedRuns, parts: Parts, workers: Workers) -> None:
        """Go on to the minimum of J, and keep its weights, under the number of the last epoch."""
        from pipeline.training.full_sums import FullObjective
        from pipeline.training.lbfgs import minimise

        n = int((~self.history.documents.in_validation).sum())
        goal = FullObjective(parts, workers, n, self.model.l2)
        w, b = runs.weights()
        start = w.reshape(-1, w.shape[-1]).T, np.atleast_1d(b)
        found, b, minimum = minimise(goal, *start, self.model.gap, self.model.fit_intercept)
        w = self._mixed(found.T.reshape(w.shape))
        b = b if w.ndim == 2 else float(b[0])
        last = len(self.history.epochs)
        self._keep(self.history.measure(last, w, b, self._folded(w)), w, b)
        self.model.minimum_ = minimum

    def _mixed(self, w: Array) -> Array:
        return w if self.ratio is None else interpolated(w, self.model.beta)

    def _folded(self, w: Array) -> Array:
        return w if self.folded_later is None else w * self.folded_later

    def _keep(self, epoch: Epoch, w: Array, b: Any) -> None:
        folded = w if self.ratio is None else w * self.ratio
        self.model.kept_, self.model.coef_ = epoch, np.atleast_2d(folded)
        self.model.intercept_ = np.atleast_1d(b)


def _choose_steps(
    model: SGDLogisticRegression, counts: csr_array, rows: Array, targets: Array
) -> None:
    """Set `epochs_` and `learning_rate_`: as the parameters are, or from the rows for "auto"."""
    asked, n_steps = (model.epochs, model.learning_rate), -(-len(rows) // model.parts)
    how = model.schedule, model.l2, n_steps
    chosen = resolve(asked, *how, lambda: RowSize.of(counts, rows, targets))
    model.epochs_, model.learning_rate_ = chosen


def _require_costs(model: SGDLogisticRegression, documents: LabelledCounts) -> None:
    """Refuse a class whose documents cost nothing: the best intercept would be infinite."""
    learned = np.where(documents.in_validation, 0.0, costs_of(documents.targets))
    by_class = np.bincount(documents.labels, learned, len(model.classes_))
    if not by_class.all():
        name = inert.name(str(model.classes_[by_class.argmin()]))
        raise CorpusError(
            f"train.exact: the best intercept is infinite, because a mistake on class {name} costs "
            "nothing; expected a cost above 0"
        )


def _history(
    model: SGDLogisticRegression, documents: LabelledCounts, folder: Path | None
) -> History:
    """Return an empty history over the training and the validation set."""
    advice = f"lower train.learning_rate ({model.learning_rate_:g})"
    if model.schedule != "adagrad":
        advice += " or use the adagrad schedule"
    goal = model.l2, model.threshold, model.patience
    return History(documents, *goal, advice, len(model.classes_), folder)


def _problem(
    model: SGDLogisticRegression,
    documents: LabelledCounts,
    ratio: Array | None,
    folder: Path | None,
) -> Problem:
    """Return the objective, as the kernels take it, of two classes or of more."""
    given = documents.counts, documents.targets, model.l2, model.fit_intercept
    n_classes = len(model.classes_)
    if n_classes == 2:
        return Problem(*given, folder=folder)
    return ClassProblem(*given, n_classes, ratio, folder=folder)


def _runs(
    model: SGDLogisticRegression,
    problem: Problem,
    shuffle: Shuffle,
    parts: Parts,
    workers: Workers,
) -> AveragedRuns | MixedRuns:
    """Return the runs of SGD, which start from zero weights."""
    steps = Steps(model.batch_size, model.learning_rate_, model.schedule)
    runs = [steps.run(problem) for _ in range(model.averaged_runs)]
    if model.parts == 1:
        return AveragedRuns(runs, shuffle, model.seed)
    return MixedRuns(runs, steps, parts, workers, model.seed)
