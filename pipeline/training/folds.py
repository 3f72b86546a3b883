"""`score_folds`: scores of the training reviews by models that did not learn from them.

The reviews are cut into folds. Each fold is scored by a model that learned from the others, with
the settings of the one that learned from all. So the scores are as those of new reviews, and no
review is held out from the model that is kept.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.cluster.workers import HERE, in_this_process
from pipeline.errors import ConfigError
from pipeline.model.logistic import Array, scores
from pipeline.storage.arrays import scratch
from pipeline.stratified import draw_folds
from pipeline.training.costs import targets_of
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.history import BLOCK, LabelledCounts
from pipeline.training.learning import learn
from pipeline.training.log_count_ratio import class_ratios
from pipeline.training.parts import IN_MEMORY, Spread

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Two folds take as long as one more training, because each is learned from half of the reviews.
# Half of a small training set is too few: three folds are nearer to the temperature of ten. They
# cost two trainings, which are short. docs/metrics.md has the measurements.
MANY, FEW_FOLDS, MORE_FOLDS = 10_000, 2, 3
# Non-zeros up to which folds are learned side by side. Beyond them one comes after the other, in
# the memory that the regression itself has needed.
LARGE = 1 << 24


class LearnedReviews(NamedTuple):
    """The reviews that a regression was fitted to, with its validation set if it has one.

    Attributes
    ----------
    counts : csr_array, shape (n, d), float32
        In canonical format.
    labels : int array, shape (n,)
        The number of each review's class.
    weights : float64 array, shape (n,), or None
        A review with weight 2 counts twice.
    groups : array, shape (n,), or None
        Reviews with equal values are in one fold.
    """

    counts: csr_array
    labels: Array
    weights: Array | None = None
    groups: Array | None = None

    def only(self, rows: Array) -> LearnedReviews:
        """Return some of the reviews: those for which `rows` is True."""
        weights, groups = (None if each is None else each[rows] for each in self[2:])
        return LearnedReviews(self.counts[rows], self.labels[rows], weights, groups)


def draw(regression: SGDLogisticRegression, reviews: LearnedReviews) -> Array | None:
    """Draw the fold of each review, as `draw_folds` does.

    Returns None where there are too few reviews, or groups, for each fold to have all classes.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> reviews = LearnedReviews(csr_array(np.ones((4, 1))), np.array([0, 1, 0, 1]))
    >>> regression = SGDLogisticRegression(epochs=1).fit(*reviews[:2])
    >>> draw(regression, reviews) is None  # two reviews of a class, for three folds
    True
    """
    labels, names = reviews.labels, [""] * len(regression.classes_)
    n_folds = FEW_FOLDS if len(labels) >= MANY else MORE_FOLDS
    # Two more numbers make a random stream that nothing else has: see `cut` of the parts.
    seed = [regression.seed, 0, 2]
    try:
        return draw_folds(labels, n_folds, seed, "folds", reviews.groups, names)
    except ConfigError:
        return None


def score_folds(
    regression: SGDLogisticRegression,
    reviews: LearnedReviews,
    fold_of: Array,
    spread: Spread = IN_MEMORY,
) -> Array:
    """Return the score of each review by a model that learned from the other folds.

    Parameters
    ----------
    regression : SGDLogisticRegression
        Fitted to all of the reviews. The folds are learned with its settings, but in a single SGD
        run. If it stopped early, its epoch is their last.
    reviews : LearnedReviews
    fold_of : int array, shape (n,)
        The fold of each review, from 0.
    spread : Spread
        Where folds and parts are worked on; it changes no score.

    Returns
    -------
    float64 array, shape (n,), or (n, n_classes) with more than two classes

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> counts, labels = csr_array(np.float32([[1], [-1], [1], [-1]])), np.array([1, 0, 1, 0])
    >>> regression = SGDLogisticRegression(epochs=5).fit(counts, labels)
    >>> z = score_folds(regression, LearnedReviews(counts, labels), np.array([0, 0, 1, 1]))
    >>> (z > 0).tolist()
    [True, False, True, False]
    """
    n_classes = len(regression.classes_)
    shape = (len(fold_of),) + (n_classes,) * (n_classes > 2)
    folder = spread.folder_beyond_memory(reviews.counts)
    z = scratch(math.prod(shape), np.float64, folder).reshape(shape)
    for fold, of_fold in enumerate(_each(regression, reviews, fold_of, spread)):
        z[fold_of == fold] = of_fold
    return z


def _each(
    regression: SGDLogisticRegression, reviews: LearnedReviews, fold_of: Array, spread: Spread
) -> Iterator[Array]:
    """Yield the scores of each fold."""
    folds = range(int(fold_of.max()) + 1)
    # Parts have tasks of their own, in threads or on workers.
    if regression.parts > 1 or reviews.counts.nnz > LARGE:
        return (_scores(fold, regression, reviews, fold_of, spread) for fold in folds)
    # The reviews are in the memory of this process.
    workers = spread.workers if in_this_process(spread.workers) else HERE
    return workers.map_in_threads(_scores, folds, regression, reviews, fold_of, spread)


def _scores(
    fold: int,
    regression: SGDLogisticRegression,
    reviews: LearnedReviews,
    fold_of: Array,
    spread: Spread,
) -> Array:
    """Return the scores of a fold by a model that learned from the others."""
    counts, labels, _, _ = reviews
    scored = fold_of == fold
    n_parts = min(regression.parts, len(labels) - int(scored.sum()))
    model = copy.copy(regression)
    # The numbers that "auto" stood for are those of all reviews.
    steps = {"epochs": regression.epochs_, "learning_rate": regression.learning_rate_}
    model.set_params(parts=n_parts, averaged_runs=1, **steps)
    if model.patience:
        model.set_params(epochs=model.kept_.number)
    targets = _targets(model, reviews, ~scored, spread.folder_beyond_memory(counts))
    ratio = None if model.ratio == "none" else _ratio(model, reviews, ~scored)
    learn(model, LabelledCounts(counts, labels, targets, scored), ratio, None, spread)
    return scores_of(model, counts, scored)


def _targets(
    model: SGDLogisticRegression, reviews: LearnedReviews, learned: Array, folder: Path | None
) -> Array:
    """Return the targets of the reviews that are learned from, at their places among zeros."""
    labels = reviews.labels[learned]
    weights = None if reviews.weights is None else reviews.weights[learned]
    of_learned = targets_of(labels, model.costs(labels, weights), len(model.classes_))
    shape = len(learned), *of_learned.shape[1:]
    targets = scratch(math.prod(shape), np.float64, folder).reshape(shape)
    targets[:] = 0.0
    targets[learned] = of_learned
    return targets


def _ratio(model: SGDLogisticRegression, reviews: LearnedReviews, learned: Array) -> Array:
    """Return the log-count ratios of the reviews that are learned from."""
    weights = 1.0 if reviews.weights is None else reviews.weights
    of_learned = model.ratio, model.alpha, np.where(learned, weights, 0.0), len(model.classes_)
    return class_ratios(reviews.counts, reviews.labels, *of_learned)


def scores_of(model: SGDLogisticRegression, counts: csr_array, rows: Array) -> Array:
    """Return the scores of some reviews: those for which `rows` is True."""
    z = []
    for start in range(0, len(rows), BLOCK):
        ends = counts.indptr[start : start + BLOCK + 1]
        of_block = scores(counts.data, counts.indices, ends, *model.parameters)
        z.append(of_block[rows[start : start + BLOCK]])
    return np.concatenate(z)
