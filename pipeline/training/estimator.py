"""Stochastic gradient descent: the epoch loop around the compiled epochs.

Here are the things that a kernel does not know: the validation part, the shuffle,
the learning rate's schedule, averaging, early stopping, and the history of it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.errors import CorpusError, DivergenceError
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.model.parameters import Parameters
from pipeline.stratified import draw_by_class
from pipeline.training.history import Epoch, Split, measure
from pipeline.training.log_count_ratio import interpolated, log_count_ratio, weighted
from pipeline.training.sgd import AveragedRuns, CoordinateRates, GlobalRate, Problem, SGDRun

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# An objective so many times that of zero weights is not noise.
_DIVERGED = 10.0


class SGDLogisticRegression(Parameters, LogisticRegression):
    """Logistic regression that learns by stochastic gradient descent.

    Minimises J(w, b) = (1/n) sum_i c_i log(1 + exp(-y_i z_i)) + (l2/2) ||w||^2 with
    z_i = x_i . w + b and y_i in {-1, +1}, in mini-batches of shuffled documents.

    Parameters
    ----------
    l2 : float
        Strength of the penalty, >= 0.
    epochs : int
        Passes over the training documents, at most.
    batch_size : int
        Documents a step: 1 is stochastic gradient descent, n or more is gradient
        descent, anything between is mini-batch.
    learning_rate : float
        Size of the (first) step.
    schedule : {"constant", "inverse", "adagrad", "fisher"}
        The rate of step t: `learning_rate`; learning_rate / (1 + learning_rate l2 t)
        (Bottou 2012); or one for each coordinate, learning_rate / (d + learning_rate l2 t)
        with G the sum of its squared gradients and d = sqrt(G) (Duchi, Hazan & Singer 2011)
        or d = 1 + learning_rate G / 2, the inverse of the Fisher information. AdaGrad lets
        rare words learn more and classified best wherever both were tried; Fisher's rates
        came nearer to the penalised optimum of 25,000 reviews in as many epochs.
    average_from : int
        The first epoch whose steps' weights are averaged into the result (Xu 2011);
        0 takes the last step's weights. For the schedules with one rate.
    averaged_runs : int
        Descents, each with an order of its own in every epoch, whose weights are averaged: what
        depends on the order is in part averaged away. See `descent.AveragedRuns`.
    fit_intercept : bool
        Whether b is learned; otherwise it is 0.
    class_weight : None, "balanced" or mapping from class to cost
        The c_i of a document by its class; balanced costs are n / (2 n_class).
    validation : float
        The fraction of documents, drawn by class, that is not trained on.
    patience : int
        Stop after so many epochs without a lower validation loss, and keep the
        weights of the lowest; 0 does not stop early.
    threshold : float
        A document is positive where its probability is above it.
    ratio : {"none", "documents", "counts"}
        Whether columns are weighted by their log-count ratio on the documents that are trained
        on, over documents or counts; see `weighting`. The objective is then that of the
        weighted counts, and `coef_` has the ratio folded in.
    alpha, beta : float
        The ratio's smoothing, > 0, and how much of the learned weights is kept, 0 to 1.
    seed : int
        Of the validation part and the shuffle.

    Attributes
    ----------
    coef_, intercept_, classes_
        See `LogisticRegression`.
    held_out_ : bool array, shape (n,)
        True for the documents of the validation part.
    history_ : list of Epoch
    kept_ : Epoch
        The one whose weights were kept: the last, or that of the lowest validation loss.
    """

    history_: list[Epoch]
    kept_: Epoch
    held_out_: Array

    def __init__(
        self,
        l2: float = 1e-4,
        epochs: int = 10,
        batch_size: int = 1,
        learning_rate: float = 0.05,
        schedule: str = "adagrad",
        average_from: int = 0,
        averaged_runs: int = 1,
        fit_intercept: bool = True,
        class_weight: str | Mapping[Any, float] | None = None,
        validation: float = 0.0,
        patience: int = 0,
        threshold: float = 0.5,
        ratio: str = "none",
        alpha: float = 1.0,
        beta: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.l2 = l2
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.average_from = average_from
        self.averaged_runs = averaged_runs
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.validation = validation
        self.patience = patience
        self.threshold = threshold
        self.ratio = ratio
        self.alpha = alpha
        self.beta = beta
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn, where it asks, that this is a classifier of sparse rows."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(sparse=True),
        )

    def fit(self, X: Any, y: Any, on_epoch: Callable[[Epoch], None] | None = None) -> Self:
        """Learn the weights.

        Parameters
        ----------
        X : sparse or dense array, shape (n, d)
        y : array, shape (n,)
            Two classes; the second in sorted order is the positive one.
        on_epoch : callable, optional
            Called with every `Epoch` when it ends, and the weights of it, if kept, are there.

        Raises
        ------
        CorpusError
            If there are not two classes, or a part has none of one class.
        ValueError
            If y is not one label for each row, or parameters do not go together.
        DivergenceError
            If the objective runs away.
        """
        X, y = self._checked(X, y)
        costs = self.costs(y)
        self.held_out_ = held_out = self.draw_validation(y)
        training = np.flatnonzero(~held_out)
        ratio = None
        if self.ratio != "none":
            ratio = log_count_ratio(X[training], y[training], self.ratio, self.alpha)
            X = weighted(X, ratio)
        seen, unseen = (Split.of(X, y, costs, mask) for mask in (~held_out, held_out))
        problem = Problem(X, np.where(y, costs, -costs), self.l2, self.fit_intercept)
        averaged = AveragedRuns(
            [self._sgd_run(problem) for _ in range(self.averaged_runs)], self.seed
        )
        best, waited = np.inf, 0
        self.history_ = []
        for number in range(1, self.epochs + 1):
            averaged.epoch(training, 0 < self.average_from <= number)
            # What overflows is a divergence, and told as one.
            with np.errstate(over="ignore", invalid="ignore"):
                w, b = averaged.weights()
                w = w if ratio is None else interpolated(w, self.beta)
                epoch = measure(number, w, b, seen, unseen, self.l2, self.threshold)
            self._check_divergence(epoch, seen)
            self.history_.append(epoch)
            waited = 0 if epoch.validation_loss < best else waited + 1
            best = min(best, epoch.validation_loss)
            if waited == 0 or not self.patience:
                self.kept_ = epoch
                folded = w if ratio is None else w * ratio
                self.coef_, self.intercept_ = folded.reshape(1, -1), np.array([b])
            if on_epoch is not None:
                on_epoch(epoch)
            if self.patience and waited >= self.patience:
                break
        return self

    def _checked(self, X: Any, y: Any) -> tuple[csr_array, Array]:
        """Return canonical counts and labels in {0, 1}, and set the classes."""
        from scipy.sparse import csr_array

        X = csr_array(X, dtype=np.float32)
        if not np.isfinite(X.data).all():
            raise ValueError("expected finite counts, got NaN or infinity")
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(labels) != X.shape[0]:
            raise ValueError(
                f"expected a label for each of {X.shape[0]} rows, got {len(labels)} labels"
            )
        self._check_parameters()
        if len(self.classes_) != 2:
            raise CorpusError(f"training: expected two classes, got {len(self.classes_)}")
        return X, labels

    def _check_parameters(self) -> None:
        for name, accepted, fits in (
            ("l2", ">= 0", self.l2 >= 0),
            ("epochs", ">= 1", self.epochs >= 1),
            ("batch_size", ">= 1", self.batch_size >= 1),
            ("averaged_runs", ">= 1", self.averaged_runs >= 1),
            ("learning_rate", "> 0", self.learning_rate > 0),
            ("validation", ">= 0 and < 1", 0 <= self.validation < 1),
            ("threshold", "> 0 and < 1", 0 < self.threshold < 1),
            ("alpha", "> 0", self.alpha > 0),
            ("beta", ">= 0 and <= 1", 0 <= self.beta <= 1),
        ):
            if not fits:
                raise ValueError(f"{name}: expected a number {accepted}, got {getattr(self, name)}")
        if self.patience and not self.validation:
            raise ValueError("expected validation > 0 where patience > 0")
        if self.average_from and self.schedule in ("adagrad", "fisher"):
            raise ValueError(
                f"average_from: expected 0 with the schedule {self.schedule}, "
                f"got {self.average_from}"
            )

    def costs(self, y: Array) -> Array:
        """Return the cost c_i of each document by its label in {0, 1}."""
        match self.class_weight:
            case None:
                by_class = np.ones(2)
            case "balanced":
                by_class = len(y) / (2.0 * np.bincount(y, minlength=2))
            case Mapping() as weights:
                unknown = set(weights) - set(self.classes_.tolist())
                if unknown or not all(cost >= 0 for cost in weights.values()):
                    raise ValueError(
                        f"class_weight: expected costs >= 0 of {self.classes_.tolist()}, "
                        f"got {dict(weights)}"
                    )
                by_class = np.array([float(weights.get(c, 1.0)) for c in self.classes_.tolist()])
            case other:
                raise ValueError(f"class_weight: expected None, balanced or a mapping, got {other}")
        costs: Array = by_class[y]
        return costs

    def draw_validation(self, y: Array) -> Array:
        """Draw the validation part of labels in {0, 1}: a bool for each, true if held out."""
        if not self.validation:
            return np.zeros(len(y), bool)
        # A stream of its own: the shuffle is the same with and without a validation part.
        draw = np.random.default_rng([self.seed, 1])
        return draw_by_class(y, self.validation, draw, "train.validation")

    def _sgd_run(self, problem: Problem) -> SGDRun:
        match self.schedule:
            case "adagrad" | "fisher":
                fisher = self.schedule == "fisher"
                return CoordinateRates(problem, self.batch_size, self.learning_rate, fisher)
            case "constant" | "inverse":
                falling = self.schedule == "inverse"
                return GlobalRate(problem, self.batch_size, self.learning_rate, falling)
        raise ValueError(
            f"schedule: expected constant, inverse, adagrad or fisher, got {self.schedule!r}"
        )

    def _check_divergence(self, epoch: Epoch, seen: Split) -> None:
        """Refuse an objective far above that of zero weights, or one that is not a number."""
        at_zero = float(np.mean(seen.costs) * np.log(2))
        if not epoch.objective <= _DIVERGED * at_zero:
            raise DivergenceError(
                f"training diverged: after epoch {epoch.number} the objective is "
                f"{epoch.objective:.3g}, with all weights zero it is {at_zero:.3g}; lower "
                f"train.learning_rate ({self.learning_rate:g})"
                + ("" if self.schedule == "adagrad" else " or use the adagrad schedule")
            )
