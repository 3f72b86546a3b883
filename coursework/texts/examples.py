"""The worked examples of examples.json, and what is wrong with a function on one of them."""

import importlib
import json
from pathlib import Path

import numpy as np

EXAMPLES = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))
MOST = 3  # wrong numbers in a message


def as_input(name, value):
    """Return an input as the function takes it: a list of numbers as an array."""
    if name == "rows":
        starts, columns, values = value
        return np.array(starts), np.array(columns, int), np.array(values, float)
    return np.array(value) if isinstance(value, list) and name != "tokens" else value


def as_json(value):
    """Return an input as examples.json has it."""
    if isinstance(value, tuple):
        return [as_json(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def mistakes(found, expected, what):
    """Return where an answer differs from the expected one, to six digits, in words.

    `what` names the answer: "cost"; or its parts: "w, b".
    """
    parts = what.split(", ")
    if len(parts) > 1:
        if not isinstance(found, list | tuple) or len(found) != len(parts):
            return [f"expected ({what})"]
        return [
            said for each in zip(found, expected, parts, strict=True) for said in mistakes(*each)
        ]
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return ["expected a dict"]
        wrong = [f"{key!r} is missing" for key in expected if key not in found]
        wrong += [f"{key!r} does not belong there" for key in found if key not in expected]
        both = [key for key in expected if key in found]
        return wrong + [
            said for key in both for said in mistakes(found[key], expected[key], repr(key))
        ]
    try:
        array, right = np.asarray(found, float), np.asarray(expected, float)
    except (TypeError, ValueError):
        return [f"{what}: expected numbers"]
    if array.shape != right.shape:
        wanted = f"an array of shape {right.shape}" if right.ndim else "a number"
        got = f"an array of shape {array.shape}" if array.ndim else "a number"
        return [f"{what}: expected {wanted}, got {got}"]
    places = np.argwhere(~np.isclose(array, right, rtol=1e-6, atol=1e-9, equal_nan=True))
    return [
        f"{what}{place.tolist() or ''} is {array[tuple(place)]:.8g}, "
        f"expected {right[tuple(place)]:.8g}"
        for place in places
    ]


def said_of(example):
    """Return what is wrong with the function on an example, or ""."""
    __tracebackhide__ = True  # pytest shows the student's own line alone
    name, what = example["function"], example["returns"]
    try:
        module = importlib.import_module(f"assignment.{example['module']}")
    except SyntaxError as error:
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    function = getattr(module, name)
    inputs = {key: as_input(key, value) for key, value in example["inputs"].items()}
    try:
        found = function(**inputs)
    except NotImplementedError as error:
        return str(error)
    if found is None:
        return f"{name} returned None; expected {f'({what})' if ', ' in what else what}"
    if wrong := mistakes(found, example["expected"], what):
        more = f"; {len(wrong) - MOST} more" if len(wrong) > MOST else ""
        return f"{'; '.join(wrong[:MOST])}{more}\n{name} returned {found}"
    changed = [key for key, value in example["inputs"].items() if as_json(inputs[key]) != value]
    return f"{name} changed its input {changed[0]}; return a new array" if changed else ""
