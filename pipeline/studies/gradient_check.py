"""`check_gradient`: the gradient of a trained run against central differences of its objective.

    (J(w + h e_j) - J(w - h e_j)) / 2h  =  g_j + O(h^2)

The objective is that of training, at the weights that were learned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
class ClassCoordinate(Coordinate):
    """A coordinate of the gradient by the weights of one of more than two classes."""

    label: Any


@dataclass(frozen=True)
class GradientCheck:
    """Some coordinates of the gradient of J, checked.

    Attributes
    ----------
    coordinates : tuple of Coordinate, or of ClassCoordinate
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
        How many weights are drawn at random; all if there are fewer. The intercept is added, or
        those of more than two classes.
    seed : int
        Seed of the draw.

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    """
    run = TrainedRun.read(Path(path))
    goal, w = run.objective()
    b = np.asarray(run.model.intercept * run.temperature)
    by_w, by_b = goal.gradient(w, b)
    names = run.model.vocabulary.words
    found = []
    for place in np.ndindex(b.shape):
        difference = _difference(lambda moved: goal.value(w, moved), b, place)
        found.append(_coordinate(run, None, place, float(np.asarray(by_b)[place]), difference))
    for position in np.random.default_rng(seed).permutation(w.size)[:n_coordinates].tolist():
        *of_class, column = place = np.unravel_index(position, w.shape)
        difference = _difference(lambda moved: goal.value(moved, b), w, place)
        feature = names[int(column)].as_py()
        found.append(_coordinate(run, feature, of_class, float(by_w[place]), difference))
    found.sort(key=lambda coordinate: -coordinate.relative_error)
    return GradientCheck(tuple(found), w.size, len(goal.y), goal.value(w, b))


def _difference(cost: Callable[[Any], float], at: np.ndarray, place: tuple[Any, ...]) -> float:
    """Return the central difference of a cost along one coordinate of an array."""
    step = np.zeros(at.shape)
    step[place] = STEP
    return (cost(at + step) - cost(at - step)) / (2 * STEP)


def _coordinate(
    run: TrainedRun,
    feature: str | None,
    of_class: Sequence[Any],
    gradient: float,
    difference: float,
) -> Coordinate:
    """Return a coordinate; of more than two classes, with the class whose weight it is."""
    if not of_class:
        return Coordinate(feature, gradient, difference)
    label = run.model.classes[int(of_class[0])]
    return ClassCoordinate(feature, gradient, difference, label)
