"""The key of a course: what a grader needs and a student must not see. A folder of plain files.

    course.json       the seed, the conventions, the settings, the accuracy band
    assignment/       the solved assignment
    examples.json     the public tests
    train.jsonl       the reviews that students have
    withheld.jsonl    the reviews that they do not have
    sheets/           the key of each sheet of calculations

It needs neither the pipeline nor its libraries, only NumPy.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from coursework.errors import CourseworkError
from coursework.trial import Reviews
from coursework.variants import Course

MODULES = ("logistic", "sgd", "counts", "metrics", "softmax", "classifier")


@dataclass(frozen=True)
class Key:
    """A key in memory; see the module."""

    folder: Path
    course: Course
    solution: Mapping[str, ModuleType]
    examples: list[dict[str, Any]]
    reviews: Reviews


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, a list with a line for each item."""
    if isinstance(value, list):
        lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in value)
        path.write_text(f"[\n{lines}\n]\n", "utf-8")
    else:
        path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def write_reviews(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows, one JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8")


def load_solution(folder: Path) -> dict[str, ModuleType]:
    """Import a solved assignment; each key has a package of its own."""
    name = f"solution_{abs(hash(str(folder.resolve())))}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    package = importlib.util.module_from_spec(spec)
    for known in [known for known in sys.modules if known.partition(".")[0] == name]:
        del sys.modules[known]
    sys.modules[name] = package
    return {module: importlib.import_module(f"{name}.{module}") for module in MODULES}


def load_key(folder: Path) -> Key:
    """Read a key.

    Raises
    ------
    CourseworkError
        If the folder has none: with the command that makes it.
    """
    if not (folder / "course.json").is_file():
        raise CourseworkError(f"{folder} has no course.json: make the key with `make handout`")
    facts = json.loads((folder / "course.json").read_text("utf-8"))
    solution = load_solution(folder / "assignment")
    read = solution["classifier"].read_reviews
    train_texts, train_y = read(folder / "train.jsonl")
    texts, y = read(folder / "withheld.jsonl")
    return Key(
        folder=folder,
        course=Course(facts["seed"], frozenset(facts["others"])),
        solution=solution,
        examples=json.loads((folder / "examples.json").read_text("utf-8")),
        reviews=Reviews(
            train_texts=train_texts,
            train_y=np.asarray(train_y),
            withheld_texts=texts,
            withheld_y=np.asarray(y),
            settings=facts["settings"],
            band=(facts["band"][0], facts["band"][1]),
            seeds=facts["seeds"],
        ),
    )
