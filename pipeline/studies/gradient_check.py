"""`check_gradient`: the gradient of a trained run against central differences of its objective.

    (J(w + h e_j) - J(w - h e_j)) / 2h  =  g_j + O(h^2)

The objective is that of training, at the weights that were learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.model.logistic import gradient, objective
from pipeline.studies.trained_run import TrainedRun

# The error of a central difference is about h^2 from the curvature and 1e-16 J / h from rounding.
STEP = 1e-4
# Rounding leaves an error of 1e-12; a gradient below this is compared with this instead.
SMALLEST = 1e-6
# The largest relative error of a gradient that is right. A wrong one is off by 1e-2 and more.
BOUND = 1e-5


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of the gradient, by the formula and by a central difference.

    Attributes
    ----------
    feature : str or None
        None is the intercept.
    gradient, difference : float
    """

    feature: str | None
    gradient: float
    difference: float

    @property
    def relative_error(self) -> float:
        """The distance of the two as a fraction of the larger, or of SMALLEST if that is more."""
        size = max(abs(self.gradient), abs(self.difference), SMALLEST)
        return abs(self.gradient - self.difference) / size


@dataclass(frozen=True)
class GradientCheck:
    """Some coordinates of the gradient of J, checked.

    Attributes
    ----------
    coordinates : tuple of Coordinate
        The largest relative error first.
    n_weights, n_reviews : int
        The number of weights, of which some were drawn, and of reviews that J is the mean over.
    objective : float
        J at the weights.
    """

    coordinates: tuple[Coordinate, ...]
    n_weights: int
    n_reviews: int
    objective: float

    @property
    def largest_error(self) -> float:
        """The largest relative error."""
        return self.coordinates[0].relative_error

    @property
    def holds(self) -> bool:
        """True if no relative error is above BOUND."""
        return self.largest_error <= BOUND


def check_gradient(path: str | Path, n_coordinates: int = 20, seed: int = 0) -> GradientCheck:
    """Compare the gradient of a run's objective with central differences.

    Parameters
    ----------
    path : str or Path
        A run folder.
    n_coordinates : int
        How many weights are drawn at random; all if there are fewer. The intercept is added.
    seed : int
        Seed of the draw.

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    """
    run = TrainedRun.read(Path(path))
    run.model.require_two_classes("trace --check")
    goal, w = run.objective()
    b = run.model.intercept * run.temperature

    def cost(w: np.ndarray, b: float) -> float:
        return objective(goal.X, goal.y, w, b, goal.l2, goal.costs)

    by_w, by_b = gradient(goal.X, goal.y, w, b, goal.l2, goal.costs)
    drawn = np.random.default_rng(seed).permutation(len(w))[:n_coordinates]
    names = run.model.vocabulary.words
    found = [Coordinate(None, by_b, (cost(w, b + STEP) - cost(w, b - STEP)) / (2 * STEP))]
    for j in drawn.tolist():
        moved = np.zeros(len(w))
        moved[j] = STEP
        difference = (cost(w + moved, b) - cost(w - moved, b)) / (2 * STEP)
        found.append(Coordinate(names[j].as_py(), float(by_w[j]), difference))
    found.sort(key=lambda coordinate: -coordinate.relative_error)
    return GradientCheck(tuple(found), len(w), len(goal.y), cost(w, b))
