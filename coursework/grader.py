"""Grades a submission: each test in a process of its own, points by function.

Expected values are computed here, in the grader's process. The submission's process receives
inputs and returns outputs.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from coursework.checks import matches_and_keeps
from coursework.confine import Limits
from coursework.drawing import Draw
from coursework.errors import CourseworkError, SubmissionError
from coursework.examples import arrays
from coursework.key import Key
from coursework.sandbox import Worker, boxed
from coursework.submission import find
from coursework.tasks import TASKS, Hidden, Task
from coursework.trial import Trial


@dataclass(frozen=True)
class Test:
    """A test to run.

    Attributes
    ----------
    task : Task
    name : str
        With the function's name in the course.
    hidden : Hidden or None
        None for a public test, which has inputs.
    inputs : dict
    """

    task: Task
    name: str
    hidden: Hidden | None
    inputs: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def points(self) -> int:
        """0 for a public test."""
        return self.hidden.points if self.hidden else 0

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """The result of a test.

    Attributes
    ----------
    test : Test
    passed : bool
    message : str
        What went wrong, or "".
    value : float or None
        The accuracy, of the test that measures one.
    """

    test: Test
    passed: bool
    message: str = ""
    value: float | None = None

    @property
    def points(self) -> int:
        """All points of the test, or none."""
        return self.test.points if self.passed else 0


@dataclass(frozen=True)
class Result:
    """The outcomes of a grading.

    Attributes
    ----------
    outcomes : list of Outcome
        In the order of the table.
    draw : int
        The seed of the hidden tests' inputs: `--draw` repeats a grading.
    missing : list of str
        The limits that this machine did not enforce.
    note : str
        Which of the files were graded, if there is a notebook among them.
    """

    outcomes: list[Outcome]
    draw: int
    missing: list[str]
    note: str = ""

    @property
    def points(self) -> int:
        """The points that were reached."""
        return sum(outcome.points for outcome in self.outcomes)

    @property
    def max_points(self) -> int:
        """The points of all tests."""
        return sum(outcome.test.points for outcome in self.outcomes)


def every_test(key: Key) -> list[Test]:
    """Return the tests of a course, public ones first in each task."""
    tests = []
    for task in TASKS:
        name = key.course.name(task.function)
        tests += [
            Test(task, example["test"], None, arrays(example["inputs"]))
            for example in key.examples
            if example["function"] == name
        ]
        tests += [Test(task, f"{name}: {hidden.name}", hidden) for hidden in task.hidden]
    return tests


class Grader:
    """Runs tests of one submission; use it in a `with` statement.

    Parameters
    ----------
    key : Key
    submission : Path
        See `submission.find`.
    limits : Limits, optional
        Of each test; one with patience may take longer.
    draw : int, optional
        The seed of the hidden tests' inputs; random by default.

    Attributes
    ----------
    missing : list of str
        The limits that could not be enforced, once a test has run.
    """

    def __init__(
        self, key: Key, submission: Path, limits: Limits | None = None, draw: int | None = None
    ) -> None:
        self.key, self.submission, self.found = key, submission, find(submission)
        self.limits = limits or Limits()
        self.draw = secrets.randbits(64) if draw is None else draw
        self.missing: list[str] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        given = self.key.folder / "assignment" / "classifier.py"
        self.box = self._open.enter_context(boxed(self.submission, given))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, test: Test) -> Outcome:
        """Run a test in a process of its own."""
        if said := self.found.fault(test.task.module):
            return Outcome(test, passed=False, message=said)
        patience = test.hidden.patience if test.hidden else 1
        limits = dataclasses.replace(self.limits, seconds=patience * self.limits.seconds)
        # The seed and the name of the test: a test's inputs do not depend on which others run.
        rng = np.random.default_rng([self.draw, *test.name.encode()])
        draw = Draw(rng, self.key.course)
        with Worker(self.box, limits) as worker:
            self.missing = worker.missing
            parts = test.task.function, test.task.module, self.key.solution
            trial = Trial(*parts, worker, draw, self.key.reviews)
            message = judge(test, trial)
        return Outcome(test, not message, message, trial.value)

    def run_all(self, tests: list[Test]) -> Result:
        """Run tests, several at a time; those that measure time, one after the other."""
        timed = [test for test in tests if test.hidden and "speed" in test.hidden.name]
        others = [test for test in tests if test not in timed]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            outcomes = list(pool.map(self.run, others))
        outcomes += [self.run(test) for test in timed]
        places = {test.name: place for place, test in enumerate(tests)}
        outcomes.sort(key=lambda outcome: places[outcome.test.name])
        return Result(outcomes, self.draw, self.missing, self.found.note)


def judge(test: Test, trial: Trial) -> str:
    """Return what is wrong, or "" if nothing is."""
    try:
        if test.hidden:
            test.hidden.check(trial)
        else:
            matches_and_keeps(trial, test.inputs)
    except SubmissionError as error:
        return str(error)
    except CourseworkError:
        raise
    except Exception as error:
        # A right answer raises nothing. No answer may end the grading of the others.
        return f"gave an answer that cannot be compared ({type(error).__name__})"
    return ""


def grade(
    key: Key,
    submission: Path,
    limits: Limits | None = None,
    draw: int | None = None,
    tests: list[Test] | None = None,
) -> Result:
    """Grade a submission by every test, or by some; see `Grader`."""
    with Grader(key, submission, limits, draw) as grader:
        return grader.run_all(every_test(key) if tests is None else tests)
