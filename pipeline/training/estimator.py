"""`SGDLogisticRegression`: the parameters, the validation set, costs and log-count ratios.

The loop over epochs is in `learning`, the steps of an epoch in `sgd` and its kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.boundary import inert
from pipeline.model.checks import checked_classes, checked_counts, checked_weights
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.model.parameters import Parameters
from pipeline.stratified import draw_by_class
from pipeline.training.checks import check_parameters, check_threshold
from pipeline.training.costs import document_costs, targets_of
from pipeline.training.history import Epoch, LabelledCounts
from pipeline.training.learning import learn
from pipeline.training.log_count_ratio import class_ratios
from pipeline.training.parts import IN_MEMORY, Spread

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pipeline.training.lbfgs import Minimum


class SGDLogisticRegression(Parameters, LogisticRegression):
    """Logistic regression that learns by stochastic gradient descent.

    Minimises

        J(w, b) = (1/n) sum_i c_i log(1 + exp(-y_i z_i)) + (l2/2) ||w||^2

    with z_i = x_i . w + b and y_i in {-1, +1}, in mini-batches of shuffled documents. With more
    than two classes it is softmax regression, with a weight vector w_k for each class:

        J(W, b) = (1/n) sum_i c_i (log sum_k exp(z_ik) - z_iy) + (l2/2) ||W||^2

    with z_ik = x_i . w_k + b_k and y the true class. The class has scikit-learn's methods and works
    in its tools, but does not need scikit-learn.

    Parameters
    ----------
    l2 : float
        Strength of the penalty, >= 0.
    epochs : int or "auto"
        Largest number of passes over the training set. "auto" takes 10 to 20 of them, more on a
        smaller one: see `automatic`.
    batch_size : int
        Documents per step: 1 is stochastic gradient descent, n or more is gradient descent,
        anything between is mini-batch.
    learning_rate : float or "auto"
        Size of the (first) step. "auto" makes it fit the length of the rows and the epochs: see
        `automatic`.
    schedule : {"constant", "inverse", "adagrad", "fisher"}
        The learning rate of step t.

        - "constant": learning_rate.
        - "inverse": learning_rate / (1 + learning_rate l2 t) (Bottou 2012).
        - "adagrad" and "fisher": a rate for each coordinate, learning_rate /
          (d + learning_rate l2 t). With G the sum of its squared gradients, AdaGrad has
          d = sqrt(G) (Duchi, Hazan & Singer 2011), and Fisher d = 1 + learning_rate G / 2, an
          estimate of the inverse Fisher information (Bordes, Bottou & Gallinari 2009).

        AdaGrad lets rare words learn more, and classified best wherever both were tried.
        Fisher came nearer to the penalised optimum of 25,000 reviews in as many epochs.
    average_from : int
        First epoch whose steps' weights are averaged into the result (Xu 2011); 0 takes the
        weights of the last step. For "constant" and "inverse".
    averaged_runs : int
        Number of SGD runs, each with its own order of the documents, whose weights are
        averaged. This averages out some of the noise of the order.
    parts : int
        In each epoch, SGD runs on so many parts of the shuffled documents, each run from the same
        state, and the next state is their mean (McDonald, Hall & Mann 2010; see `mixing`). The
        step t of the schedule is that of a part. More parts need more epochs; 1 does not cut.
    exact : bool
        After the epochs, L-BFGS goes on to the minimum of J: see `lbfgs`. Needs l2 > 0.
    gap : float
        With `exact`: stop when J is certainly within this distance of its minimum, > 0.
    fit_intercept : bool
        Learn b; otherwise it is 0.
    class_weight : None, "balanced" or mapping from class to cost
        The cost of a mistake on a document of each class. Balanced costs are n / (K n_class), with
        K classes.
    validation : float
        Fraction of the documents of each class that makes the validation set, >= 0 and < 1.
        The weights are not learned from it.
    patience : int
        Stop after so many epochs without a lower validation loss, and keep the weights of the
        lowest; 0 does not stop early.
    threshold : float
        A document is predicted positive where its probability is above it. For two classes only:
        of more, the most probable one is predicted.
    ratio : {"none", "documents", "counts"}
        Multiply the columns by their log-count ratio on the training set, over documents or
        counts: see `log_count_ratio`. J is then that of the multiplied counts, and `coef_`
        includes the ratio. With more than two classes, each has its own ratios: of its
        documents to all others.
    alpha : float
        Smoothing of the ratio, > 0.
    beta : float
        Share of the learned weights that is kept, 0 to 1; the rest is their mean magnitude.
    seed : int
        Seed of the validation set and the shuffle.

    Attributes
    ----------
    coef_, intercept_, classes_
        See `LogisticRegression`.
    n_features_in_ : int
        Number of columns.
    epochs_, learning_rate_ : int, float
        Those asked for, or the numbers that "auto" stood for.
    in_validation_ : bool array, shape (n,)
        True for the documents of the validation set.
    history_ : list of Epoch
        Loss and accuracy after each epoch.
    kept_ : Epoch
        The epoch whose weights were kept: the last, or that of the lowest validation loss. With
        `exact`: the last, with the figures of the minimum.
    minimum_ : Minimum or None
        How near to the minimum of J L-BFGS came; None without it.

    Examples
    --------
    >>> X = [[2, 0], [1, 0], [0, 1], [0, 3]]  # counts of "awesome" and "abysmal"
    >>> model = SGDLogisticRegression(epochs=20).fit(X, ["pos", "pos", "neg", "neg"])
    >>> model
    SGDLogisticRegression(epochs=20)
    >>> model.predict([[1, 0], [0, 1]]).tolist()
    ['pos', 'neg']
    >>> model.coef_.round(2).tolist(), model.intercept_.round(2).tolist()
    ([[0.91, -0.89]], [0.05])
    """

    n_features_in_: int
    epochs_: int
    learning_rate_: float
    in_validation_: Array
    history_: list[Epoch]
    kept_: Epoch
    minimum_: Minimum | None

    def __init__(
        self,
        l2: float = 1e-4,
        epochs: int | str = "auto",
        batch_size: int = 1,
        learning_rate: float | str = "auto",
        schedule: str = "adagrad",
        average_from: int = 0,
        averaged_runs: int = 1,
        parts: int = 1,
        exact: bool = False,
        gap: float = 1e-5,
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
        self.parts = parts
        self.exact = exact
        self.gap = gap
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.validation = validation
        self.patience = patience
        self.threshold = threshold
        self.ratio = ratio
        self.alpha = alpha
        self.beta = beta
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        groups: Any = None,
        spread: Spread = IN_MEMORY,
    ) -> Self:
        """Learn the weights.

        Parameters
        ----------
        X : sparse or dense array, shape (n, d)
            Counts, or other finite numbers.
        y : array, shape (n,)
            Two classes or more; of two, the second in sorted order is the positive one.
        sample_weight : float64 array, shape (n,), optional
            Weight of each document, >= 0; multiplies the cost of its class. Weights are scaled
            to a mean of 1, so that J is that of a corpus in which a document with weight 2
            occurs twice, and one with weight 0 does not occur. SGD takes one step per document
            whatever its weight: with `batch_size` below n the way to the optimum differs.
        on_epoch : callable, optional
            Called with each `Epoch`, once `coef_` holds its weights if they were kept.
        groups : array, shape (n,), optional
            Documents with equal values are on the same side when the validation set is drawn.
        spread : Spread
            Where parts are worked on; it changes no weight.

        Raises
        ------
        CorpusError
            If there is one class only, or a set lacks one.
        ValueError
            If X, y, sample_weight or a parameter is not valid.
        DivergenceError
            If the objective grows far beyond that of zero weights.
        """
        check_parameters(self)
        X = checked_counts(X)
        if X.shape[1] == 0:
            raise ValueError(
                f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required."
            )
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.classes_, y = checked_classes(y, X.shape[0])
        check_threshold(self)
        self.n_features_in_ = X.shape[1]
        weights = checked_weights(sample_weight, y)
        self.in_validation_ = self.draw_validation(y, groups)
        folder = spread.folder_beyond_memory(X)
        targets = targets_of(y, self.costs(y, weights), len(self.classes_), folder)
        documents = LabelledCounts(X, y, targets, self.in_validation_)
        ratio = self._log_count_ratio(X, y, weights)
        learn(self, documents, ratio, on_epoch or (lambda epoch: None), spread)
        return self

    def costs(self, y: Array, sample_weight: Array | None = None) -> Array:
        """Return the cost c_i of each document, from the weights of its class and its own.

        Parameters
        ----------
        y : int array, shape (n,)
            Number of each document's class.
        sample_weight : float64 array, shape (n,), optional
        """
        return document_costs(y, self.classes_.tolist(), self.class_weight, sample_weight)

    def draw_validation(self, y: Array, groups: Any = None) -> Array:
        """Draw the validation set, by class and group: bool, shape (n,), for labels 0, 1 ..."""
        if not self.validation:
            return np.zeros(len(y), bool)
        # Its own random stream, so that the shuffle is the same with and without a validation set.
        drawn = y, self.validation, np.random.default_rng([self.seed, 1]), "train.validation"
        names = [inert.name(str(label)) for label in self.classes_.tolist()]
        return draw_by_class(*drawn, groups, *([] if len(names) == 2 else [names]))

    def _log_count_ratio(self, X: csr_array, y: Array, weights: Array | None) -> Array | None:
        """Return the ratios on the training set: shape (d,), or (n_classes, d) above two."""
        if self.ratio == "none":
            return None
        # A document of weight 0 does not count.
        learned = np.where(self.in_validation_, 0.0, 1.0 if weights is None else weights)
        return class_ratios(X, y, self.ratio, self.alpha, learned, len(self.classes_))
