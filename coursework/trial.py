"""One test of a submission: what it may ask, and how an answer is compared with the right one.

Messages say where an answer differs, never what the right one is.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from coursework.drawing import Draw, Inputs
from coursework.errors import SubmissionError
from coursework.sandbox import Worker
from coursework.variants import Course
from coursework.worker import TRUSTED

RELATIVE, ABSOLUTE = 1e-6, 1e-9


@dataclass(frozen=True)
class Reviews:
    """The reviews that a submission learns from and is measured on, and what is expected.

    Attributes
    ----------
    train_texts, withheld_texts : list of str
    train_y, withheld_y : int array
    settings : dict
        `learning_rate`, `l2` and `epochs`.
    band : (float, float)
        The lowest and the highest accuracy of the reference.
    seeds : list of int
        The seeds of the orders that the reference visited the reviews in.
    """

    train_texts: list[str]
    train_y: np.ndarray
    withheld_texts: list[str]
    withheld_y: np.ndarray
    settings: Mapping[str, Any]
    band: tuple[float, float]
    seeds: list[int]

    def orders(self, seed: int) -> np.ndarray:
        """Return the order of the training reviews in each epoch, as the pipeline shuffles."""
        shuffle = np.random.default_rng([seed])
        n = len(self.train_y)
        return np.array([shuffle.permutation(n) for _ in range(self.settings["epochs"])])


class Trial:
    """A test of one function.

    Parameters
    ----------
    function, module : str
        As the reference names them.
    solution : dict of modules
        The solved assignment of the course: the oracle.
    worker : Worker
        Runs the submission.
    draw : Draw
        Draws inputs.
    reviews : Reviews
    """

    def __init__(
        self,
        function: str,
        module: str,
        solution: Mapping[str, ModuleType],
        worker: Worker,
        draw: Draw,
        reviews: Reviews,
    ) -> None:
        self.function, self.module, self.solution = function, module, solution
        self.worker, self.draw, self.reviews = worker, draw, reviews
        self.course: Course = draw.course
        self.changed: list[str] = []
        self.value: float | None = None  # what the leaderboard shows

    def accepted(self, function: str, inputs: Inputs) -> Inputs:
        """Return the inputs that a function of this course has."""
        known = inspect.signature(self.oracle(function)).parameters
        return {name: value for name, value in inputs.items() if name in known}

    def oracle(self, function: str) -> Any:
        """Return a function of the solution, by its name in the reference."""
        name = self.course.name(function)
        return next(getattr(m, name) for m in self.solution.values() if hasattr(m, name))

    def expected(self, inputs: Inputs, function: str = "") -> Any:
        """Return the right answer."""
        function = function or self.function
        with np.errstate(all="ignore"):
            return self.oracle(function)(**self.accepted(function, inputs))

    def ask(self, inputs: Inputs, function: str = "") -> Any:
        """Return the submission's answer, and remember which inputs it changed."""
        function = function or self.function
        request = {
            "module": self.module,
            "function": self.course.name(function),
            # Where the whole is graded, or such a function itself, the submission's own counts.
            "own": [*TRUSTED] if self.function == "fit_predict" else [self.function],
        }
        found, self.changed = self.worker.call(request, self.accepted(function, inputs))
        return found


def require(condition: bool, message: str) -> None:
    """Raise the message for the student unless the condition holds."""
    if not condition:
        raise SubmissionError(message)


def compare(found: Any, expected: Any, what: str, against: str = "the right answer") -> None:
    """Raise SubmissionError that says where an answer differs, if it does.

    Parameters
    ----------
    found, expected : number, array, dict, or tuple
    what : str
        What the answer is called. A tuple has its parts, with commas between them.
    against : str
        What it differs from.
    """
    if isinstance(expected, tuple):
        parts = what.split(", ")
        is_pair = isinstance(found, list | tuple) and len(found) == len(expected)
        require(is_pair, f"expected {len(expected)} values: {what}")
        for one, other, part in zip(found, expected, parts, strict=True):
            compare(one, other, part, against)
    elif isinstance(expected, dict):
        _compare_dicts(found, expected, what, against)
    elif isinstance(expected, np.ndarray) and expected.ndim:
        _compare_arrays(found, expected, what, against)
    else:
        is_number = isinstance(found, int | float | bool) or np.ndim(found) == 0
        require(is_number and not isinstance(found, str | type(None)), f"{what}: expected a number")
        require(_close(float(found), float(expected)), _difference(what, found, expected, against))


def _compare_arrays(found: Any, expected: np.ndarray, what: str, against: str) -> None:
    try:
        array = np.asarray(found, float)
    except (TypeError, ValueError):
        raise SubmissionError(f"{what}: expected an array of numbers") from None
    shapes = f"{what}: expected an array of shape {expected.shape}, got {array.shape}"
    require(array.shape == expected.shape, shapes)
    for place in np.ndindex(array.shape):
        if not _close(array[place], expected[place]):
            where = ", ".join(map(str, place))
            text = _difference(what, array[place], expected[place], against)
            raise SubmissionError(f"{text} in coordinate {where}")


def _compare_dicts(found: Any, expected: dict[str, Any], what: str, against: str) -> None:
    require(isinstance(found, dict), f"{what}: expected a dict")
    for name in found:
        require(name in expected, f"{what}: has {name!r}, which does not belong there")
    for name, value in expected.items():
        require(name in found, f"{what}: {name!r} is missing")
        compare(found[name], value, f"{what}: {name!r}", against)


def _difference(what: str, found: Any, expected: Any, against: str) -> str:
    if not np.isfinite(found) and np.isfinite(expected):
        return f"{what} is {float(found)}, not a finite number,"
    return f"{what} differs from {against}"


def _close(found: Any, expected: Any) -> bool:
    return bool(np.isclose(found, expected, RELATIVE, ABSOLUTE, equal_nan=True))
