"""The public tests: each compares a function with a worked example of examples.json."""

import importlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))


def as_input(name, value):
    """Return an input as the function takes it: a list of numbers as an array."""
    if name == "rows":
        return tuple(map(np.array, value))
    return np.array(value) if isinstance(value, list) and name != "tokens" else value


def assert_agrees(found, expected):
    """Compare numbers to six digits; an array or a tuple one by one; a dict by its keys."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert set(found) == set(expected)
        for key in expected:
            assert_agrees(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_agrees(one, other)
    elif math.isnan(expected):
        assert math.isnan(found)
    else:
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["test"])
def test_worked_example(example):
    """The function returns what the example says."""
    module = importlib.import_module(f"assignment.{example['module']}")
    inputs = {name: as_input(name, value) for name, value in example["inputs"].items()}
    assert_agrees(getattr(module, example["function"])(**inputs), example["expected"])
