"""`held_out`: reviews scored by models that did not learn from them; `EarlyFolds`: begun sooner."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from pipeline.model.logistic import Array
from pipeline.parallel import begin, n_threads
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews, draw, score_folds, scores_of
from pipeline.training.parts import IN_MEMORY, Spread

if TYPE_CHECKING:
    from concurrent.futures import Future

# Fewest reviews that a temperature is fitted to. Chance in n of them costs 1 / (2 n) nats a review
# on average. docs/metrics.md has what the temperature gains, by the size of the corpus.
FEWEST = 200
# Non-zeros of a small corpus, whose folds may be in memory while all of its reviews are learned.
SMALL = 1 << 22


class Scored(NamedTuple):
    """Reviews with the scores of models that did not learn from them.

    Attributes
    ----------
    labels, scores, weights
        As `fit_temperature` takes them.
    n_folds : int
        The folds that they were scored in; 0 if they are the validation set.
    """

    labels: Array
    scores: Array
    weights: Array | None
    n_folds: int


def held_out(
    regression: SGDLogisticRegression, reviews: LearnedReviews, spread: Spread = IN_MEMORY
) -> Scored | None:
    """Return what a temperature is fitted to; None if that is too little.

    It is the validation set if that has `FEWEST` reviews, and otherwise the reviews that were
    learned from, which `score_folds` scores.
    """
    n_validation = int(regression.in_validation_.sum())
    if n_validation >= FEWEST:
        return of_validation(regression, reviews)
    if n_validation:
        reviews = reviews.only(~regression.in_validation_)
    if len(reviews.labels) < FEWEST:
        return None
    fold_of = draw(regression, reviews)
    if fold_of is None:
        return None
    z = score_folds(regression, reviews, fold_of, spread)
    return Scored(reviews.labels, z, reviews.weights, int(fold_of.max()) + 1)


def of_validation(regression: SGDLogisticRegression, reviews: LearnedReviews) -> Scored:
    """Return the validation set, scored."""
    rows = regression.in_validation_
    weights = None if reviews.weights is None else reviews.weights[rows]
    return Scored(reviews.labels[rows], scores_of(regression, reviews.counts, rows), weights, 0)


class EarlyFolds:
    """Scores the folds of a small corpus in a thread while a regression learns from all of it.

    The folds share nothing with the regression but its reviews, so they change none of its weights,
    and their scores are those of `held_out`.

    Parameters
    ----------
    regression, reviews, spread
        As `held_out` takes them.
    """

    def __init__(
        self, regression: SGDLogisticRegression, reviews: LearnedReviews, spread: Spread = IN_MEMORY
    ) -> None:
        self.regression, self.reviews, self.spread = regression, reviews, spread
        self.begun: Future[Scored | None] | None = None

    def begin(self) -> None:
        """Begin, after an epoch: the numbers that "auto" stands for are known then.

        The folds wait for the end where there is one thread, where the corpus is too large to learn
        twice at a time, where parts have tasks of their own, and where a validation set may be
        scored instead.
        """
        of, one_thread = self.regression, n_threads() == 1
        late = one_thread or of.parts > 1 or of.validation or self.reviews.counts.nnz > SMALL
        if self.begun is None and not late:
            self.begun = begin(held_out, copy.copy(of), self.reviews)

    def scored(self) -> Scored | None:
        """Return what `held_out` does, once the regression is fitted."""
        if self.begun is None:
            return held_out(self.regression, self.reviews, self.spread)
        return self.begun.result()
