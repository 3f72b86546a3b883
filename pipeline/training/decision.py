"""`choose_decision`: the temperature and the threshold of a fitted model.

A temperature divides the scores so that probabilities match frequencies (Guo et al. 2017). A
linear model can divide its weights and its intercept instead, so the saved model stays plain. It is
fitted to scores of reviews that were not learned from: those of the validation set, or where that
is missing or small those of folds of the training set.

A threshold meets a stated goal on the validation set. So does the confidence below which a model
abstains, which `choose_abstaining` chooses once both are set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.logistic import Array
from pipeline.training.abstaining import AbstainChoice, bound_of, choose_bound
from pipeline.training.abstaining import Goal as AbstainGoal
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.folds import LearnedReviews
from pipeline.training.held_out import Scored, held_out, of_validation
from pipeline.training.temperature import fit_temperature
from pipeline.training.threshold import Goal, ThresholdChoice, choose_threshold, goal_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Decision:
    """The temperature and the threshold that were chosen.

    Attributes
    ----------
    temperature : float
        Divisor of the weights and the intercept; 1 without calibration.
    n_scored : int
        The reviews whose scores the temperature was fitted to; 0 if there were too few.
    n_folds : int
        The folds of the training set that they were scored in; 0 if they are the validation set.
    threshold : ThresholdChoice or None
        None without a goal.
    """

    temperature: float
    n_scored: int
    n_folds: int
    threshold: ThresholdChoice | None


NO_DECISION = Decision(temperature=1.0, n_scored=0, n_folds=0, threshold=None)


def choose_decision(
    regression: SGDLogisticRegression,
    reviews: LearnedReviews,
    calibrate: bool,
    goal: tuple[Goal, float | None] | None = None,
    scored: Callable[[], Scored | None] | None = None,
) -> Decision | None:
    """Set the temperature and the threshold of a fitted regression, and return them.

    Parameters
    ----------
    regression : SGDLogisticRegression
        Fitted to the reviews; changed in place.
    reviews : LearnedReviews
    calibrate : bool
        Fit a temperature to scores of reviews that were not learned from. It stays 1 if there are
        too few.
    goal : tuple, optional
        The goal of the threshold and the least that it must reach on the validation set, which is
        there then: see `choose_threshold`. For two classes only.
    scored : callable, optional
        Returns these reviews; `held_out` of both without it.

    Returns
    -------
    Decision or None
        None if neither a temperature nor a threshold is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> counts, labels = csr_array([[1, 0], [0, 1], [1, 1]] * 10), np.array([1, 0, 1] * 10)
    >>> regression = SGDLogisticRegression(validation=0.5).fit(counts, labels)
    >>> reviews = LearnedReviews(counts, labels)
    >>> found = choose_decision(regression, reviews, False, ("min_recall", 1.0))
    >>> found.threshold.goal, found.threshold.at.recall, found.threshold.at.precision
    ('recall >= 1', 1.0, 1.0)
    >>> regression.threshold == found.threshold.threshold
    True
    """
    if goal is None and not calibrate:
        return None
    if goal is not None:
        check_goal(len(regression.classes_))
    temperature, n_scored, n_folds, choice, found = 1.0, 0, 0, None, None
    if calibrate:
        found = held_out(regression, reviews) if scored is None else scored()
    if found is not None:
        temperature, n_scored = fit_temperature(*found[:3]), len(found.labels)
        n_folds = found.n_folds
        regression.coef_ = regression.coef_ / temperature
        regression.intercept_ = regression.intercept_ / temperature
    if goal is not None:
        y, z, weights, _ = of_validation(regression, reviews)
        choice = choose_threshold(y, z, *goal, sample_weight=weights)
        regression.threshold = choice.threshold
    return Decision(temperature, n_scored, n_folds, choice)


def choose_abstaining(
    regression: SGDLogisticRegression, reviews: LearnedReviews, goal: AbstainGoal
) -> AbstainChoice:
    """Return the bound of the confidence that meets a goal on the validation set.

    Parameters
    ----------
    regression : SGDLogisticRegression
        As `choose_decision` leaves it.
    reviews : LearnedReviews
    goal : tuple
        See `choose_bound`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> counts, labels = csr_array([[1, 0], [0, 1], [1, 1]] * 10), np.array([1, 0, 1] * 10)
    >>> regression = SGDLogisticRegression(validation=0.5).fit(counts, labels)
    >>> choose_abstaining(regression, LearnedReviews(counts, labels), ("min_accuracy", 0.9))
    AbstainChoice(goal='accuracy >= 0.9', bound=0.0)
    """
    y, z, weights, _ = of_validation(regression, reviews)
    return choose_bound(y, z, regression.threshold, goal, weights)


@dataclass(frozen=True)
class StatedDecision:
    """What is stated of the decision: numbers, or goals on the validation set.

    Attributes
    ----------
    calibrate : bool
    threshold : float
        0.5 where there is a goal.
    goal : tuple or None
        The goal of the threshold.
    bound : float, tuple or None
        The confidence below which a prediction is unsure, or the goal of it.
    """

    calibrate: bool
    threshold: float
    goal: tuple[Goal, float | None] | None
    bound: float | AbstainGoal | None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return what the parameters of a `SentimentClassifier` state.

        Raises
        ------
        ValueError
            If a goal is none, or has no validation set.
        """
        threshold, bound = settings["threshold"], bound_of(settings["abstain"])
        goal = goal_of(threshold) if isinstance(threshold, Mapping) else None
        stated = cls(settings["calibrate"], 0.5 if goal else threshold, goal, bound)
        if (goal or isinstance(bound, tuple)) and not settings["validation"]:
            raise ValueError("expected validation > 0 where threshold or abstain is a goal")
        return stated

    def decide(
        self,
        regression: SGDLogisticRegression,
        counts: csr_array,
        labels: Array,
        sample_weight: Any = None,
    ) -> float | None:
        """Set temperature and threshold of a fitted regression, and return the bound."""
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        reviews = LearnedReviews(counts, labels, weights)
        choose_decision(regression, reviews, self.calibrate, self.goal)
        if isinstance(self.bound, tuple):
            return choose_abstaining(regression, reviews, self.bound).bound
        return self.bound


def check_goal(n_classes: int) -> None:
    """Refuse a goal for the threshold where there are more than two classes.

    >>> check_goal(3)
    Traceback (most recent call last):
    pipeline.errors.ConfigError: threshold: expected no goal where there are 3 classes; the most \
probable one is predicted
    """
    if n_classes > 2:
        raise ConfigError(
            f"threshold: expected no goal where there are {n_classes} classes; "
            "the most probable one is predicted"
        )
