"""The public tests: worked examples, with numbers of the course.

An example is a JSON object: the function and its module, inputs, and what it returns, with names.
The handout's tests and the grader read the same file.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from coursework.checks import what
from coursework.drawing import Draw, Inputs
from coursework.tasks import TASKS, Task
from coursework.variants import Course

# The worked example of the textbook, for the course without a seed.
TEXTBOOK_STEP: Inputs = {
    "x": np.array([3.0, 2.0]),
    "y": 1,
    "w": np.zeros(2),
    "b": 0.0,
    "learning_rate": 0.1,
    "l2": 0.0,
}


def plain(value: Any) -> Any:
    """Return what JSON can hold: arrays and tuples as lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def arrays(inputs: dict[str, Any]) -> Inputs:
    """Return the inputs of an example as a function takes them: lists of numbers as arrays.

    Examples
    --------
    >>> arrays({"w": [1.0, 2.0], "tokens": ["very", "good"]})
    {'w': array([1., 2.]), 'tokens': ['very', 'good']}
    """
    taken: Inputs = {}
    for name, value in inputs.items():
        if name == "rows":
            taken[name] = tuple(map(np.array, value))
        elif isinstance(value, list) and name != "tokens":
            taken[name] = np.array(value)
        else:
            taken[name] = value
    return taken


def make_examples(course: Course, solution: Mapping[str, ModuleType]) -> list[dict[str, Any]]:
    """Return the public tests of a course."""
    return [
        _example(course, solution[task.module], task, number)
        for task in TASKS
        for number in range(task.n_public)
    ]


def _example(course: Course, module: ModuleType, task: Task, number: int) -> dict[str, Any]:
    name = course.name(task.function)
    test = f"{name} {number + 1}"
    inputs = task.public[number](Draw(course.generator(f"example {test}"), course, small=True))
    if test == "sgd_step 1" and not course.seed:
        inputs = TEXTBOOK_STEP
    function = getattr(module, name)
    known = inspect.signature(function).parameters
    inputs = {key: value for key, value in inputs.items() if key in known}
    with np.errstate(all="ignore"):
        expected = function(**inputs)
    return {
        "test": test,
        "module": task.module,
        "function": name,
        "inputs": plain(inputs),
        "returns": what(course, task.function),
        "expected": plain(expected),
    }
