"""The decision on top of the weights: temperature and threshold, chosen on the validation set.

A temperature divides the scores until their probabilities fit (Guo et al. 2017); the weights
and the intercept of a linear model can be divided as well, so that what is saved is plain. A
threshold meets a stated goal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.model.logistic import Array
from pipeline.training.estimator import SGDLogisticRegression
from pipeline.training.temperature import fit_temperature
from pipeline.training.threshold import Goal, ThresholdChoice, choose_threshold

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Decision:
    """What was chosen on the validation part.

    Attributes
    ----------
    temperature : float
        What the weights and the intercept were divided by; 1 where they were not.
    threshold : ThresholdChoice or None
        None where no goal was given.
    """

    temperature: float
    threshold: ThresholdChoice | None


def choose_decision(
    regression: SGDLogisticRegression,
    counts: csr_array,
    labels: Array,
    calibrate: bool,
    goal: tuple[Goal, float | None] | None,
) -> Decision | None:
    """Set the temperature and the threshold of a regression; return None if none is asked for.

    Parameters
    ----------
    regression : SGDLogisticRegression
        Fitted to `counts` and `labels`, some of them held out; changed in place.
    counts : csr_array, shape (n, d)
    labels : array of 0 and 1, shape (n,)
    calibrate : bool
        Whether to fit a temperature.
    goal : tuple, optional
        Of the threshold, and what it must reach: see `choose_threshold`.
    """
    if goal is None and not calibrate:
        return None
    held_out = regression.held_out_
    y, z = labels[held_out], regression.decision_function(counts[held_out])
    temperature, choice = 1.0, None
    if calibrate:
        temperature = fit_temperature(y, z)
        regression.coef_ = regression.coef_ / temperature
        regression.intercept_ = regression.intercept_ / temperature
        z = z / temperature
    if goal is not None:
        choice = choose_threshold(y, z, *goal)
        regression.threshold = choice.threshold
    return Decision(temperature, choice)
