"""Writes the handout for students and the key for graders, both from the solved assignment."""

from __future__ import annotations

import ast
import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from string import Template

from coursework.confine import Limits
from coursework.errors import CourseworkError
from coursework.examples import make_examples
from coursework.key import load_solution, write_json, write_reviews
from coursework.notebook import FILE as NOTEBOOK
from coursework.notebook import make_notebook
from coursework.reviews import measure_band, split_reviews
from coursework.sheets import make_sheet
from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS, TASKS, WHOLE
from coursework.variants import Course, solution

TEXTS = Path(__file__).parent / "texts"
ABOUT = "tests/about.json"
PYTEST_INI = "[pytest]\ntestpaths = tests\npythonpath = .\naddopts = --tb=short -rN\n"


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
            raise CourseworkError(
                f"--student {student!r}: expected letters, digits, '.', '-', '_', '@'"
            )
    for folder, marker in ((handout, ABOUT), (key, "course.json")):
        # What this has not made, it does not remove.
        if folder.exists() and not (folder / marker).is_file() and [*folder.iterdir()]:
            raise CourseworkError(
                f"{folder}: expected a folder that is new, or of an earlier handout"
            )
    with tempfile.TemporaryDirectory(prefix="handout-") as made:
        new_handout, new_key = Path(made, "handout"), Path(made, "key")
        _write_key(course, new_key)
        _write_handout(course, new_handout, new_key)
        for student in names:
            _write_sheet(course, new_handout, new_key, student)
        for new, folder in ((new_handout, handout), (new_key, key)):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(new, folder, ignore=shutil.ignore_patterns("__pycache__"))
        key.chmod(0o700)


def _write_key(course: Course, key: Path) -> None:
    """Write what the grader reads."""
    (key / "assignment").mkdir(parents=True)
    for name, text in solution(course).items():
        (key / "assignment" / f"{name}.py").write_text(text, "utf-8")
    solved, splits = load_solution(key / "assignment"), split_reviews(course)
    for name, rows in splits.items():
        write_reviews(key / f"{name}.jsonl", rows)
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


def _write_handout(course: Course, handout: Path, key: Path) -> None:
    """Write what students get of a key."""
    for folder in ("assignment", "tests", "data"):
        (handout / folder).mkdir(parents=True)
    functions = {course.name(task.function) for task in TASKS if task.function != WHOLE}
    modules = {
        path.stem: strip(path.read_text("utf-8"), functions)
        for path in (key / "assignment").glob("*.py")
    }
    for name, text in modules.items():
        (handout / "assignment" / f"{name}.py").write_text(text, "utf-8")
    for name in ("check.py", "conftest.py", "examples.py", "test_public.py"):
        shutil.copyfile(TEXTS / name, handout / "tests" / name)
    (handout / "tests" / "__init__.py").write_text('"""The public tests."""\n', "utf-8")
    shutil.copyfile(key / "examples.json", handout / "tests" / "examples.json")
    write_json(handout / ABOUT, {"n_public": N_PUBLIC, "n_hidden": N_HIDDEN})
    (handout / "pytest.ini").write_text(PYTEST_INI, "utf-8")
    for name in ("train.jsonl", "validation.jsonl", "settings.json"):
        shutil.copyfile(key / name, handout / "data" / name)
    text = readme(course, key)
    (handout / "README.md").write_text(text, "utf-8")
    (handout / NOTEBOOK).write_text(make_notebook(course, text, modules), "utf-8")


def _write_sheet(course: Course, handout: Path, key: Path, student: str) -> None:
    """Write a sheet, and its key."""
    name = f"sheet-{student}.md" if student else "sheet.md"
    blank, filled = make_sheet(course, load_solution(key / "assignment"), student)
    (handout / name).write_text(blank, "utf-8")
    (key / "sheets").mkdir(exist_ok=True)
    (key / "sheets" / name).write_text(filled, "utf-8")


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


def readme(course: Course, key: Path) -> str:
    """Return the README of a handout: numbers of the table, and what the solution reaches."""
    facts = json.loads((key / "course.json").read_text("utf-8"))
    measure = load_solution(key / "assignment")["classifier"].measure
    solved, unpenalised = measure(key), measure(key, l2=0.0)
    limits = Limits()
    return Template((TEXTS / "README.md").read_text("utf-8")).substitute(
        conventions="\n".join(f"- {sentence}" for sentence in course.conventions()),
        table="\n".join(_table(course)),
        hints="\n".join(
            f"- `{course.name(task.function)}`: {hint}" for task in TASKS for hint in task.hints
        ),
        metrics="\n".join(
            f"{name:<10}{value:<18.6f}{unpenalised[name]:.6f}" for name, value in solved.items()
        ),
        n_validation=_count(key / "validation.jsonl"),
        n_withheld=_count(key / "withheld.jsonl"),
        n_orders=len(facts["seeds"]),
        seconds=f"{limits.seconds:g}",
        memory=limits.memory >> 20,
    )


def _count(path: Path) -> int:
    """Return the number of reviews in a file."""
    return len(path.read_text("utf-8").splitlines())


def _table(course: Course) -> list[str]:
    """Return the lines of the README's table."""
    rows = [
        "| function | file | points | public tests | hidden tests |",
        "|---|---|---:|---:|---:|",
    ]
    for task in TASKS:
        first = f"`{course.name(task.function)}` | `{task.module}.py`"
        if task.function == WHOLE:
            first = "all of them together |"
        rows.append(f"| {first} | {task.points} | {task.n_public} | {len(task.hidden)} |")
    return [*rows, f"| total | | {POINTS} | {N_PUBLIC} | {N_HIDDEN} |"]
