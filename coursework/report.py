"""A result as text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from coursework.grader import Outcome, Result


def is_public(outcome: Outcome) -> bool:
    """Return True for a test that students have."""
    return outcome.test.hidden is None


def summary(result: Result) -> str:
    """Return what a student sees before the hidden tests are published."""
    public = [o for o in result.outcomes if is_public(o)]
    n_hidden = len(result.outcomes) - len(public)
    passed = sum(outcome.passed for outcome in public)
    note = f" The submission was {result.note}." if result.note else ""
    return f"Public {passed} of {len(public)}; {n_hidden} hidden tests run at grading.{note}"


def as_text(result: Result) -> str:
    """Return a result for a reader: a line a test, points by function."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    functions = list(dict.fromkeys(o.test.task.function for o in result.outcomes))
    for function in functions:
        own = [o for o in result.outcomes if o.test.task.function == function]
        reached, most = sum(o.points for o in own), sum(o.test.points for o in own)
        yield f"{own[0].test.name.split(':')[0].split()[0]}: {reached} of {most} points"
        for outcome in own:
            kind = "public" if is_public(outcome) else "hidden"
            mark = "ok  " if outcome.passed else "FAIL"
            yield f"  {mark} {kind} {outcome.test.name}" + _said(outcome)
    public = [o for o in result.outcomes if is_public(o)]
    hidden = [o for o in result.outcomes if not is_public(o)]
    yield ""
    yield f"public tests: {sum(o.passed for o in public)} of {len(public)}"
    yield f"hidden tests: {sum(o.passed for o in hidden)} of {len(hidden)}"
    for outcome in hidden:
        if outcome.value is not None:
            yield f"accuracy on the withheld reviews: {outcome.value:.4f}"
    yield f"points: {result.points} of {result.max_points}"
    if result.note:
        yield f"the submission was {result.note}"
    yield f"the same inputs again: --draw {result.draw}"
    for name in result.missing:
        yield f"not limited on this machine: {name}"


def _said(outcome: Outcome) -> str:
    return f": {outcome.message}" if outcome.message else ""


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON can hold it."""
    return {
        "points": result.points,
        "max_points": result.max_points,
        "draw": result.draw,
        "not_limited": result.missing,
        "note": result.note,
        "tests": [
            {
                "name": outcome.test.name,
                "function": outcome.test.task.function,
                "public": is_public(outcome),
                "passed": outcome.passed,
                "points": outcome.points,
                "max_points": outcome.test.points,
                "message": outcome.message,
            }
            for outcome in result.outcomes
        ],
    }
