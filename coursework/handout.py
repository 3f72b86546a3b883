"""Writes the handout for students and the key for graders, both from the solved assignment."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

from coursework.confine import Limits
from coursework.examples import make_examples
from coursework.key import load_solution, write_json, write_reviews
from coursework.reviews import measure_band, split_reviews
from coursework.sheets import make_sheet
from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS, TASKS, WHOLE
from coursework.variants import Course, solution

TEXTS = Path(__file__).parent / "texts"


def make(course: Course, handout: Path, key: Path, students: Iterable[str] = ()) -> None:
    """Write the handout and the key of a course; folders that are there are replaced.

    Parameters
    ----------
    course : Course
    handout, key : Path
        The folders to write. The key has what students must not see.
    students : iterable of str
        Who gets a sheet with numbers of their own, besides the sheet of the course.
    """
    names = ["", *students]
    for student in names:
        if not re.fullmatch(r"[\w.@-]*", student):
            raise SystemExit(f"--student {student!r}: expected letters, digits, '.', '-', '_', '@'")
    modules, splits = solution(course), split_reviews(course)
    for folder in (handout, key):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (handout / "assignment", handout / "tests", handout / "data"):
        folder.mkdir(parents=True)
    for folder in (key, key / "assignment", key / "sheets"):
        folder.mkdir(parents=True)
    key.chmod(0o700)
    for name, text in modules.items():
        (key / "assignment" / f"{name}.py").write_text(text, "utf-8")
        (handout / "assignment" / f"{name}.py").write_text(strip(text, _to_write(course)), "utf-8")
    solved = load_solution(key / "assignment")
    _write_key(course, key, splits, solved)
    shutil.copyfile(key / "examples.json", handout / "tests" / "examples.json")
    for name in ("conftest.py", "test_public.py"):
        shutil.copyfile(TEXTS / name, handout / "tests" / name)
    write_json(handout / "tests" / "about.json", {"n_public": N_PUBLIC, "n_hidden": N_HIDDEN})
    (handout / "pytest.ini").write_text("[pytest]\ntestpaths = tests\npythonpath = .\n", "utf-8")
    for name in ("train", "validation"):
        write_reviews(handout / "data" / f"{name}.jsonl", splits[name])
    shutil.copyfile(key / "settings.json", handout / "data" / "settings.json")
    (handout / "README.md").write_text(readme(course, len(splits["withheld"])), "utf-8")
    for student in names:
        blank, filled = make_sheet(course, solved, student)
        name = f"sheet-{student}.md" if student else "sheet.md"
        (handout / name).write_text(blank, "utf-8")
        (key / "sheets" / name).write_text(filled, "utf-8")


def _to_write(course: Course) -> set[str]:
    return {course.name(task.function) for task in TASKS if task.function != WHOLE}


def _write_key(course: Course, key: Path, splits: dict[str, Any], solved: Any) -> None:
    """Write what the grader reads."""
    for name in ("train", "withheld"):
        write_reviews(key / f"{name}.jsonl", splits[name])
    reviews = measure_band(course, splits, solved["classifier"])
    write_json(key / "settings.json", reviews.settings)
    write_json(key / "examples.json", make_examples(course, solved))
    facts = {
        "seed": course.seed,
        "others": sorted(course.others),
        "settings": reviews.settings,
        "band": reviews.band,
        "seeds": reviews.seeds,
    }
    write_json(key / "course.json", facts)
    shutil.copyfile(TEXTS / "test_submission.py", key / "test_submission.py")


def strip(text: str, functions: set[str]) -> str:
    r"""Return a module without the bodies of functions; their docstrings stay.

    Examples
    --------
    >>> print(strip('def f():\n    "Return 1."\n    return 1\n', {"f"}), end="")
    def f():
        "Return 1."
        raise NotImplementedError("f is not written yet")
    """
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            docstring = node.body[0]
            new = f'    raise NotImplementedError("{node.name} is not written yet")\n'
            lines[docstring.end_lineno : node.end_lineno] = [new]
    return "".join(lines)


def readme(course: Course, n_withheld: int) -> str:
    """Return the README of a handout: tasks, points and hints from the table."""
    to_write = [task for task in TASKS if task.function != WHOLE]
    names = {task.function: course.name(task.function) for task in TASKS}
    rows = [
        "| function | file | points | public tests | hidden tests |",
        "|---|---|---:|---:|---:|",
    ]
    for task in TASKS:
        name = f"`{names[task.function]}`"
        first = f"{name} | `{task.module}.py`"
        if task.function == WHOLE:
            first = "all of them together |"
        rows.append(f"| {first} | {task.points} | {task.n_public} | {len(task.hidden)} |")
    rows.append(f"| total | | {POINTS} | {N_PUBLIC} | {N_HIDDEN} |")
    hints = [f"- `{names[task.function]}`: {hint}" for task in to_write for hint in task.hints]
    limits = Limits()
    return Template((TEXTS / "README.md").read_text("utf-8")).substitute(
        conventions="\n".join(f"- {sentence}" for sentence in course.conventions()),
        table="\n".join(rows),
        hints="\n".join(hints),
        n_withheld=n_withheld,
        seconds=f"{limits.seconds:g}",
        memory=limits.memory >> 20,
    )
