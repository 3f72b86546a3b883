"""Writes the assignment as a notebook for students: the same functions with the same gaps.

A cell with `%%writefile assignment/sgd.py` holds the module as the handout has it, and writes it
when it runs. So the notebook and the folder `assignment/` are one submission.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from coursework.tasks import TASKS, WHOLE, Task
from coursework.variants import Course

FILE = "assignment.ipynb"
WRITES = "%%writefile assignment/{name}.py\n"
INTRODUCTION = """\
Work from top to bottom: fill in a gap, run the cell, which writes the file of its first line, and
run the checks below it.

**Work here or in the files of `assignment/`, not in both.** The cells below overwrite the files. A
file that was changed elsewhere is kept: the first cell copies it into `backup/`, and says so.
"""
START = """\
from pathlib import Path

if Path("tests/check.py").is_file():
    from tests.check import check, check_all, keep_files

    keep_files()
else:
    print("Open this notebook in the folder of the handout: tests/check.py is not here.")
"""
HAND_IN = """\
## Hand in

This notebook, saved. It needs no outputs: what counts are the cells that write files, as they
stand. Or the folder `assignment/`, once these cells have run.
"""


def make_notebook(course: Course, readme: str, modules: Mapping[str, str]) -> str:
    """Return the notebook as text: JSON, version 4.5 of the format.

    Parameters
    ----------
    course : Course
    readme : str
        The README of the handout, whose sections are used.
    modules : dict
        The text of each module, with gaps, by its name.
    """
    cells: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": _lines(source)}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, source) in enumerate(_cells(course, readme, modules))
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": [dict(sorted(cell.items())) for cell in cells],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cells(course: Course, readme: str, modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each cell."""
    yield "markdown", readme.partition("\n## ")[0] + "\n" + INTRODUCTION
    yield "code", START
    for title in ("Conventions", "Tasks and points"):
        yield "markdown", _section(readme, title)
    for module in dict.fromkeys(task.module for task in TASKS if task.function != WHOLE):
        tasks = [task for task in TASKS if task.module == module]
        yield "markdown", f"## `{module}.py`\n\n" + "\n".join(_task(course, t) for t in tasks)
        yield "code", WRITES.format(name=module) + modules[module]
        for task in tasks:
            yield "code", f'check("{course.name(task.function)}")'
    yield "markdown", _section(readme, "The whole classifier")
    yield "code", "check_all()"
    yield "markdown", HAND_IN


def _section(readme: str, title: str) -> str:
    """Return a section of the README with its title."""
    text = readme.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    if not text:
        raise ValueError(f"the README has no section {title!r}")
    return f"## {title}\n{text}"


def _task(course: Course, task: Task) -> str:
    """Return points, tests and hints of a function."""
    tests = f"{task.n_public} public tests, {len(task.hidden)} hidden tests"
    first = f"**`{course.name(task.function)}`**: {task.points} points, {tests}.\n"
    return "\n".join([first, *(f"- {hint}" for hint in task.hints), ""])


def _lines(text: str) -> list[str]:
    """Return a text as a notebook keeps it: its lines, all but the last with their ends."""
    return text.strip("\n").splitlines(keepends=True)
