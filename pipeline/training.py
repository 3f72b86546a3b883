"""Stochastic gradient descent: the epoch loop around the compiled epochs.

Here are the things that a kernel does not know: the validation part, the shuffle,
the learning rate's schedule, averaging, early stopping, and the history of it all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from scipy.sparse import csr_array

from pipeline.errors import CorpusError, DivergenceError
from pipeline.kernels import sgd as kernels
from pipeline.model import Array, LogisticRegression, cross_entropy

# An objective so many times that of zero weights is not noise.
_DIVERGED = 10.0


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training documents came to.

    Attributes
    ----------
    number : int
        From 1.
    objective : float
        J(w, b), loss and penalty, on the training part.
    loss, accuracy : float
        Mean cross-entropy (nats) and accuracy on the training part.
    validation_loss, validation_accuracy : float
        The same on the validation part; NaN where there is none.
    """

    number: int
    objective: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


class SGDLogisticRegression(LogisticRegression):
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
    schedule : {"constant", "inverse", "adagrad"}
        The rate of step t: `learning_rate`; learning_rate / (1 + learning_rate l2 t)
        (Bottou 2012); or one for each coordinate (Duchi, Hazan & Singer 2011).
    average_from : int
        The first epoch whose steps' weights are averaged into the result (Xu 2011);
        0 takes the last step's weights.
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
    seed : int
        Of the validation part and the shuffle.

    Attributes
    ----------
    coef_, intercept_, classes_
        See `LogisticRegression`.
    history_ : list of Epoch
    """

    history_: list[Epoch]

    def __init__(
        self,
        l2: float = 1e-4,
        epochs: int = 10,
        batch_size: int = 1,
        learning_rate: float = 0.05,
        schedule: str = "adagrad",
        average_from: int = 0,
        fit_intercept: bool = True,
        class_weight: str | Mapping[Any, float] | None = None,
        validation: float = 0.0,
        patience: int = 0,
        threshold: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.l2 = l2
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.average_from = average_from
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.validation = validation
        self.patience = patience
        self.threshold = threshold
        self.seed = seed

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's parameters by name."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Set some of the constructor's parameters."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"unknown parameter {name!r} of {type(self).__name__}")
            setattr(self, name, value)
        return self

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
            Called with every `Epoch` when it ends.

        Raises
        ------
        CorpusError
            If there are not two classes, or a part has none of one class.
        DivergenceError
            If the objective runs away.
        """
        X = csr_array(X, dtype=np.float32)
        self.classes_, y = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise CorpusError(f"training: expected two classes, got {len(self.classes_)}")
        training, held_out = _validation_part(y, self.validation, self.seed)
        costs = self._costs(y)
        descent = self._descent(X, y, costs)
        at_zero = float(np.mean(costs[training]) * np.log(2))
        best, waited = np.inf, 0
        self.history_ = []
        shuffle = np.random.default_rng(self.seed)
        part = (X[training], y[training], costs[training]) if self.validation else (X, y, costs)
        for number in range(1, self.epochs + 1):
            descent.epoch(shuffle.permutation(training), 0 < self.average_from <= number)
            w, b = descent.weights()
            epoch = self._measure(number, w, b, part, (X[held_out], y[held_out]))
            if not epoch.objective <= _DIVERGED * at_zero:
                raise DivergenceError(
                    f"training diverged: after epoch {number} the objective is "
                    f"{epoch.objective:.3g}, with all weights zero it is {at_zero:.3g}; lower "
                    f"train.learning_rate ({self.learning_rate:g}) or use the adagrad schedule"
                )
            self.history_.append(epoch)
            if on_epoch is not None:
                on_epoch(epoch)
            waited = 0 if epoch.validation_loss < best else waited + 1
            if waited == 0 or not self.patience:
                self.coef_, self.intercept_ = w.reshape(1, -1), np.array([b])
            best = min(best, epoch.validation_loss)
            if self.patience and waited >= self.patience:
                break
        return self

    def _costs(self, y: Array) -> Array:
        """Return the cost of each document."""
        match self.class_weight:
            case None:
                by_class = np.ones(2)
            case "balanced":
                by_class = len(y) / (2.0 * np.bincount(y, minlength=2))
            case Mapping() as weights:
                by_class = np.array([float(weights.get(c, 1.0)) for c in self.classes_.tolist()])
            case other:
                raise ValueError(f"class_weight: expected None, balanced or a mapping, got {other}")
        costs: Array = by_class[y]
        return costs

    def _descent(self, X: csr_array, y: Array, costs: Array) -> _Descent:
        rows = (X.data, X.indices, X.indptr)
        targets = np.where(y == 1, costs, -costs)
        if self.schedule == "adagrad":
            return _PerCoordinate(self, rows, targets, X.shape[1])
        return _Global(self, rows, targets, X.shape[1])

    def _measure(
        self,
        number: int,
        w: Array,
        b: float,
        part: tuple[csr_array, Array, Array],
        held_out: tuple[csr_array, Array],
    ) -> Epoch:
        X, y, costs = part
        z = X @ w + b
        losses = cross_entropy(z, y)
        cut = np.log(self.threshold / (1.0 - self.threshold))
        validation = (np.nan, np.nan)
        if len(held_out[1]):
            v = held_out[0] @ w + b
            validation = (cross_entropy(v, held_out[1]).mean(), np.mean((v > cut) == held_out[1]))
        return Epoch(
            number,
            float((costs * losses).mean() + 0.5 * self.l2 * (w @ w)),
            float(losses.mean()),
            float(np.mean((z > cut) == y)),
            float(validation[0]),
            float(validation[1]),
        )


class _Descent(Protocol):
    """A way of taking steps; its state lives from epoch to epoch."""

    def epoch(self, order: Array, averaging: bool) -> None:
        """Visit the documents once in an order."""

    def weights(self) -> tuple[Array, float]:
        """Return w and b: averaged over steps if any were, else those of the last step."""


class _Global:
    """Steps with one learning rate for all coordinates, constant or falling with time."""

    def __init__(
        self, settings: SGDLogisticRegression, rows: tuple[Array, ...], targets: Array, d: int
    ) -> None:
        self.settings, self.rows, self.targets = settings, rows, targets
        self.vectors = np.zeros((d, 2))
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.SCALE] = 1.0
        self.state[kernels.FIT_INTERCEPT] = settings.fit_intercept
        self.n_steps = 0

    def epoch(self, order: Array, averaging: bool) -> None:
        s = self.settings
        t = self.n_steps + np.arange(-(-len(order) // s.batch_size))
        decay = s.learning_rate * s.l2 * t if s.schedule == "inverse" else np.zeros(len(t))
        self.state[kernels.AVERAGING] = averaging
        data, indices, indptr = self.rows
        kernels.sgd_epoch(
            data,
            indices,
            indptr,
            self.targets,
            order,
            s.batch_size,
            s.learning_rate / (1.0 + decay),
            s.l2,
            self.vectors,
            self.state,
        )
        self.n_steps += len(t)

    def weights(self) -> tuple[Array, float]:
        v, u = self.vectors.T
        state = self.state
        n = state[kernels.N_AVERAGED]
        if n:
            averaged: Array = (state[kernels.SCALE_SUM] * v - u) / n
            return averaged, float(state[kernels.INTERCEPT_SUM] / n)
        return state[kernels.SCALE] * v, float(state[kernels.INTERCEPT])


class _PerCoordinate:
    """AdaGrad: steps with a learning rate for each coordinate."""

    def __init__(
        self, settings: SGDLogisticRegression, rows: tuple[Array, ...], targets: Array, d: int
    ) -> None:
        self.settings, self.rows, self.targets = settings, rows, targets
        self.coordinates = np.zeros((d, 4))
        self.state = np.zeros(kernels.STATE_SIZE)
        self.state[kernels.FIT_INTERCEPT] = settings.fit_intercept

    def epoch(self, order: Array, averaging: bool) -> None:
        s, state = self.settings, self.state
        state[kernels.AVERAGING] = averaging
        data, indices, indptr = self.rows
        kernels.adagrad_epoch(
            data,
            indices,
            indptr,
            self.targets,
            order,
            s.batch_size,
            s.learning_rate,
            s.l2,
            self.coordinates,
            state,
        )
        # Settled at the end of each epoch, so that weights can be read and averaging begun.
        kernels.settle(self.coordinates, state[kernels.STEP], s.learning_rate, s.l2, averaging)

    def weights(self) -> tuple[Array, float]:
        n = self.state[kernels.N_AVERAGED]
        if n:
            averaged: Array = self.coordinates[:, kernels.WEIGHT_SUM] / n
            return averaged, float(self.state[kernels.INTERCEPT_SUM] / n)
        weights = self.coordinates[:, kernels.WEIGHT].copy()
        return weights, float(self.state[kernels.INTERCEPT])


def _validation_part(y: Array, fraction: float, seed: int) -> tuple[Array, Array]:
    """Return the rows to train on and the rows held out, the same fraction of each class."""
    if not fraction:
        return np.arange(len(y)), np.arange(0)
    # A stream of its own: the shuffle is the same with and without a validation part.
    draw = np.random.default_rng([seed, 1])
    held_out = np.zeros(len(y), bool)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        n_held_out = round(fraction * len(rows))
        if not 0 < n_held_out < len(rows):
            raise CorpusError(
                f"training: {len(rows)} reviews of a class are too few "
                f"for train.validation = {fraction:g}"
            )
        held_out[draw.permutation(rows)[:n_held_out]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
