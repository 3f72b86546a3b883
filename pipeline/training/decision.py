"""`choose_decision`: temperature and threshold of a fitted model, on its validation set.

A temperature divides the scores so that probabilities match frequencies (Guo et al. 2017). A
linear model can divide its weights and its intercept instead, so the saved model stays plain.
A threshold meets a stated goal. So does the confidence below which a model abstains, which
`choose_abstaining` chooses once both are set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pipeline.errors import ConfigError
from pipeline.model.logistic import Array
from pipeline.training.abstaining import AbstainChoice, bound_of, choose_bound
from pipeline.training.abstaining import Goal as AbstainGoal
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.temperature import fit_temperature
from pipeline.training.threshold import Goal, ThresholdChoice, choose_threshold, goal_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Decision:
    """The temperature and the threshold that were chosen on the validation set.

    Attributes
    ----------
    temperature : float
        Divisor of the weights and the intercept; 1 without calibration.
    threshold : ThresholdChoice or None
        None without a goal.
    """

    temperature: float
    threshold: ThresholdChoice | None


def choose_decision(
    regression: SGDLogisticRegression,
    counts: csr_array,
    labels: Array,
    calibrate: bool,
    goal: tuple[Goal, float | None] | None,
    sample_weight: Array | None = None,
) -> Decision | None:
    """Set the temperature and the threshold of a fitted regression, and return them.

    Parameters
    ----------
    regression : SGDLogisticRegression
        Fitted to `counts` and `labels` with a validation set; changed in place.
    counts : csr_array, shape (n, d)
    labels : int array, shape (n,)
        Number of each review's class.
    calibrate : bool
        Fit a temperature.
    goal : tuple, optional
        The goal of the threshold and the least that it must reach: see `choose_threshold`. For
        two classes only.
    sample_weight : float64 array, shape (n,), optional
        A document with weight 2 counts twice in both choices.

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
    >>> found = choose_decision(regression, counts, labels, False, ("min_recall", 1.0))
    >>> found.threshold.goal, found.threshold.at.recall, found.threshold.at.precision
    ('recall >= 1', 1.0, 1.0)
    >>> regression.threshold == found.threshold.threshold
    True
    """
    if goal is None and not calibrate:
        return None
    if goal is not None:
        check_goal(len(regression.classes_))
    chosen_on = regression.in_validation_
    y, z = labels[chosen_on], regression.decision_function(counts)[chosen_on]
    weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)[chosen_on]
    temperature, choice = 1.0, None
    if calibrate:
        temperature = fit_temperature(y, z, weights)
        regression.coef_ = regression.coef_ / temperature
        regression.intercept_ = regression.intercept_ / temperature
        z = z / temperature
    if goal is not None:
        choice = choose_threshold(y, z, *goal, sample_weight=weights)
        regression.threshold = choice.threshold
    return Decision(temperature, choice)


def choose_abstaining(
    regression: SGDLogisticRegression,
    counts: csr_array,
    labels: Array,
    goal: AbstainGoal,
    sample_weight: Array | None = None,
) -> AbstainChoice:
    """Return the bound of the confidence that meets a goal on the validation set.

    Parameters
    ----------
    regression : SGDLogisticRegression
        As `choose_decision` leaves it.
    counts, labels, sample_weight
        As there.
    goal : tuple
        See `choose_bound`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> counts, labels = csr_array([[1, 0], [0, 1], [1, 1]] * 10), np.array([1, 0, 1] * 10)
    >>> regression = SGDLogisticRegression(validation=0.5).fit(counts, labels)
    >>> choose_abstaining(regression, counts, labels, ("min_accuracy", 0.9))
    AbstainChoice(goal='accuracy >= 0.9', bound=0.0)
    """
    chosen_on = regression.in_validation_
    weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)[chosen_on]
    z = regression.decision_function(counts)[chosen_on]
    return choose_bound(labels[chosen_on], z, regression.threshold, goal, weights)


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
        if (stated.calibrate or goal or isinstance(bound, tuple)) and not settings["validation"]:
            raise ValueError(
                "expected validation > 0 where calibrate is True, or threshold or abstain is a goal"
            )
        return stated

    def decide(
        self,
        regression: SGDLogisticRegression,
        counts: csr_array,
        labels: Array,
        sample_weight: Array | None = None,
    ) -> float | None:
        """Set temperature and threshold of a fitted regression, and return the bound."""
        choose_decision(regression, counts, labels, self.calibrate, self.goal, sample_weight)
        if isinstance(self.bound, tuple):
            reviews = counts, labels
            return choose_abstaining(regression, *reviews, self.bound, sample_weight).bound
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
