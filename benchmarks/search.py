"""The quickest settings with which a solver does what is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.harness import show_progress

Weights = tuple[np.ndarray, float]


@dataclass(frozen=True)
class Solver:
    """A way to learn weights, with all the settings that are tried.

    Attributes
    ----------
    name : str
    fit : callable
        Takes settings and a number of epochs; returns weights and intercept.
    settings : tuple of dict
    epochs : tuple of int
        Tried in this order with each settings, until it is enough.
    """

    name: str
    fit: Callable[[dict[str, Any], int], Weights]
    settings: tuple[dict[str, Any], ...]
    epochs: tuple[int, ...]


@dataclass(frozen=True)
class Attempt:
    """Settings and epochs that were enough, and the seconds they took in the search."""

    solver: Solver
    options: dict[str, Any]
    epochs: int
    seconds: float
    weights: Weights

    def fit(self) -> Weights:
        """Do it again."""
        return self.solver.fit(self.options, self.epochs)

    def __str__(self) -> str:
        parts = [
            f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}"
            for key, value in self.options.items()
        ]
        if len(self.solver.epochs) > 1:
            parts.append(f"{self.epochs} epoch" + "s" * (self.epochs > 1))
        return ", ".join(parts) or "as it is"


def quickest(solver: Solver, is_enough: Callable[[Weights], bool]) -> Attempt | None:
    """Return the quickest attempt that is enough; None where none is.

    Each settings get more epochs until that is enough, or slower than the best so far. Between
    the epochs that were enough and those tried before, all numbers are tried in the end.
    """
    best: Attempt | None = None
    for options in solver.settings:
        for epochs in solver.epochs:
            attempt = _try(solver, options, epochs)
            if best is not None and attempt.seconds > best.seconds:
                break
            if is_enough(attempt.weights):
                best = attempt
                break
    if best is None:
        return None
    below = [epochs for epochs in solver.epochs if epochs < best.epochs]
    for epochs in range(max(below, default=0) + 1, best.epochs):
        attempt = _try(solver, best.options, epochs)
        if is_enough(attempt.weights):
            return attempt
    return best


def _try(solver: Solver, options: dict[str, Any], epochs: int) -> Attempt:
    show_progress(f"searching settings of {solver.name}: {options}, {epochs} epochs")
    start = time.perf_counter()
    weights = solver.fit(options, epochs)
    return Attempt(solver, options, epochs, time.perf_counter() - start, weights)
