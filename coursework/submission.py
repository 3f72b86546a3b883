"""Finds the modules of a submission: files, or cells of a notebook that write them.

A notebook is read as data: nothing of it runs here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursework.errors import CourseworkError, SubmissionError

TO_WRITE = ("logistic", "sgd", "counts", "metrics", "softmax")
LARGEST_MODULE = 64 << 20
LARGEST_NOTEBOOK = 8 << 20
# As Jupyter understands it; the name of a module alone, so that nothing else can be written.
WRITES = re.compile(r"\s*%%(?:writefile|file) +(-a +)?(?:\./)?assignment/(\w+)\.py[ \t]*\r?\n")


@dataclass(frozen=True)
class Submission:
    """What a student handed in.

    Attributes
    ----------
    files : list of Path
        The modules that are files.
    cells : dict
        The text of each module that a notebook has, by its name.
    missing : dict
        Why a notebook does not have a module, by its name, in one line for the student.
    note : str
        What was read, and what was not, if there is a notebook.
    """

    files: list[Path] = field(default_factory=list)
    cells: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def write(self, folder: Path) -> None:
        """Write the modules into a folder."""
        for path in self.files:
            if path.stat().st_size < LARGEST_MODULE:
                shutil.copyfile(path, folder / path.name)
        for name, text in self.cells.items():
            (folder / f"{name}.py").write_bytes(text.encode("utf-8", "replace"))

    def fault(self, module: str) -> str:
        """Return why a module cannot be tested, or ""; `classifier` needs all of them."""
        if module in TO_WRITE:
            return self.missing.get(module, "")
        return next(iter(self.missing.values()), "")


def find(path: Path) -> Submission:
    """Return what is graded of a path.

    Parameters
    ----------
    path : Path
        A notebook; or a folder with modules, with a folder `assignment` that has them, or with a
        notebook. Files of modules come before a notebook, which writes them when it runs.

    Raises
    ------
    CourseworkError
        If there is no such folder or notebook.
    """
    if path.suffix == ".ipynb" and path.is_file():
        return _of_notebook(path)
    if not path.is_dir():
        raise CourseworkError(
            f"{path}: expected a folder with the submission's files, or a notebook"
        )
    inside = path / "assignment"
    source = inside if inside.is_dir() and not inside.is_symlink() else path
    files, notebooks = _real(source, "*.py"), _real(path, "*.ipynb")
    if notebooks and not {file.stem for file in files} & {*TO_WRITE}:
        return _of_notebook(*notebooks)
    names = ", ".join(map(_name, notebooks))
    return Submission(files, note=f"read from its files, not from {names}" if names else "")


def _of_notebook(path: Path, *others: Path) -> Submission:
    """Return the submission of a notebook; others in its folder are not read."""
    try:
        cells, reason = read_notebook(path), ""
    except SubmissionError as error:
        cells, reason = {}, str(error)
    said = "{} has no cell that begins with %%writefile assignment/{}.py"
    missing = {
        name: reason or said.format(_name(path), name) for name in TO_WRITE if name not in cells
    }
    names = ", ".join(map(_name, others))
    note = f"read from {_name(path)}" + (f", not from {names}" if names else "")
    return Submission(cells=cells, missing=missing, note=note)


def _real(folder: Path, pattern: str) -> list[Path]:
    """Return files by name. A link could lead to a file that only the grader may read."""
    found = sorted(folder.glob(pattern))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _name(path: Path) -> str:
    """Return the name of a file in characters that can be printed on one line."""
    text = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "?" for each in text)


def read_notebook(path: Path) -> dict[str, str]:
    """Return the text of each module that the cells of a notebook write, run from top to bottom.

    Raises
    ------
    SubmissionError
        If it is no notebook, with the reason in one line.
    """
    if path.stat().st_size > LARGEST_NOTEBOOK:
        raise SubmissionError(
            f"{_name(path)} has more than {LARGEST_NOTEBOOK >> 20} MB: clear its outputs, save it"
        )
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise SubmissionError(
            f"{_name(path)} is not a notebook: it is not valid JSON ({type(error).__name__})"
        ) from None
    modules: dict[str, str] = {}
    for source in _code(content, _name(path)):
        if first := WRITES.match(source):
            appends, name = first.groups()
            text = source[first.end() :].rstrip("\n") + "\n"
            modules[name] = modules.get(name, "") + text if appends else text
    return modules


def _code(content: Any, name: str) -> Iterator[str]:
    """Yield the text of each code cell."""
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise SubmissionError(f"{name} is not a notebook: it has no list of cells")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            parts = source if isinstance(source, list) else [source]
            yield "".join(part for part in parts if isinstance(part, str))
