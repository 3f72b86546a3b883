"""The handout has the tasks without their solution; the key has what students must not see."""

import ast
import json
import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from coursework_submissions import SUBMISSIONS, with_module

from coursework.errors import CourseworkError
from coursework.handout import make, strip
from coursework.key import load_solution
from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS, TASKS, WHOLE
from coursework.variants import course

TO_WRITE = [task for task in TASKS if task.function != WHOLE]


def functions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def rows(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("task", TO_WRITE, ids=lambda task: task.function)
def test_a_function_keeps_its_docstring_and_loses_its_body(made, other, task):
    for course_made in (made, other):
        name = course_made.key.course.name(task.function)
        starter = functions(course_made.handout / "assignment" / f"{task.module}.py")[name]
        solved = functions(course_made.solved / f"{task.module}.py")[name]
        assert ast.get_docstring(starter) == ast.get_docstring(solved)
        assert ast.unparse(starter.args) == ast.unparse(solved.args)
        assert len(starter.body) == 2
        assert isinstance(starter.body[1], ast.Raise)


def test_what_is_not_a_task_is_whole(made):
    for name in ("classifier.py", "__init__.py"):
        assert (made.handout / "assignment" / name).read_text() == (made.solved / name).read_text()


def test_a_body_that_ends_a_file_is_removed_whole():
    assert strip('def f():\n    "1."\n    if 1:\n        return 1', {"f"}).count("\n") == 3


def test_no_file_of_the_handout_has_a_withheld_review(made):
    withheld = {row["text"] for row in rows(made.key.folder / "withheld.jsonl")}
    handed_out = [row for path in made.handout.rglob("*.jsonl") for row in rows(path)]
    assert not withheld & {row["text"] for row in handed_out}
    assert len(withheld) > 300
    assert sum(row["label"] == "positive" for row in handed_out) == len(handed_out) / 2


def test_the_seed_and_the_key_are_not_in_the_handout(other):
    seed = other.key.course.seed
    texts = [path.read_text("utf-8") for path in other.handout.rglob("*") if path.is_file()]
    assert not any(seed in text for text in texts)
    assert not any("key" in path.name for path in other.handout.rglob("*"))
    assert other.key.folder.stat().st_mode & 0o077 == 0


def test_the_readme_has_the_numbers_of_the_table(made):
    readme = (made.handout / "README.md").read_text("utf-8")
    assert f"| total | | {POINTS} | {N_PUBLIC} | {N_HIDDEN} |" in readme
    for task in TO_WRITE:
        assert re.search(rf"\| `{task.function}` \| `{task.module}.py` \| {task.points} \|", readme)
        assert all(hint in readme for hint in task.hints)
    assert "$" not in readme


def test_no_text_states_a_number_of_the_table():
    root = Path(__file__).parents[2]
    for path in (root / "coursework" / "texts" / "README.md", root / "docs" / "teaching.md"):
        assert not re.search(rf"\b({POINTS}|{N_PUBLIC}|{N_HIDDEN})\b", path.read_text("utf-8"))


def test_the_same_seed_gives_the_same_bytes(other, tmp_path):
    make(course(other.key.course.seed), tmp_path / "handout", tmp_path / "key")
    for folder, again in (
        (other.handout, tmp_path / "handout"),
        (other.key.folder, tmp_path / "key"),
    ):
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert files
        for path in files:
            assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path


def test_another_seed_gives_other_reviews_numbers_and_conventions(made, other):
    for name in ("data/train.jsonl", "tests/examples.json", "sheet.md", "assignment/logistic.py"):
        assert (made.handout / name).read_bytes() != (other.handout / name).read_bytes()


def test_a_student_gets_a_sheet_of_their_own(made):
    sheet, own = (made.handout / name for name in ("sheet.md", "sheet-ada.md"))
    assert sheet.read_text() != own.read_text()
    keys = {path.name for path in (made.key.folder / "sheets").iterdir()}
    assert keys == {"sheet.md", "sheet-ada.md"}


def test_a_sheet_is_its_key_with_gaps(made, other):
    for course_made in (made, other):
        blank = (course_made.handout / "sheet.md").read_text("utf-8").splitlines()
        filled = (
            (course_made.key.folder / "sheets" / "sheet.md").read_text("utf-8").splitlines()[1:]
        )
        assert len(blank) == len(filled)
        gaps = [(a, b) for a, b in zip(blank, filled, strict=True) if a != b]
        assert len(gaps) > 10
        for a, b in gaps:
            assert a.endswith("______")
            assert b.startswith(a.removesuffix("______"))


def test_the_first_step_is_the_one_of_the_textbook(made):
    example = next(each for each in made.key.examples if each["test"] == "sgd_step 1")
    assert example["expected"] == [[pytest.approx(0.15), pytest.approx(0.1)], pytest.approx(0.05)]


def run_pytest(folder, assignment):
    """Run a handout's tests on an assignment, as a student would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    for path in assignment.glob("*.py"):
        (folder / "assignment" / path.name).write_bytes(path.read_bytes())
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_student_sees_how_many_tests_pass_and_how_many_are_hidden(made, other, tmp_path):
    said = f"{N_HIDDEN} hidden tests run at grading."
    for number, course_made in enumerate((made, other)):
        folder = tmp_path / str(number)
        shutil.copytree(course_made.handout, folder)
        untouched = run_pytest(folder, course_made.handout / "assignment")
        assert f"Public 0 of {N_PUBLIC}; {said}" in untouched
        assert "is not written yet" in untouched
        assert f"Public {N_PUBLIC} of {N_PUBLIC}; {said}" in run_pytest(folder, course_made.solved)


def test_a_solution_prints_the_metrics_of_the_readme(made, other, tmp_path):
    for number, course_made in enumerate((made, other)):
        folder = tmp_path / str(number)
        shutil.copytree(course_made.handout / "data", folder / "data")
        shutil.copytree(course_made.solved, folder / "assignment")
        command = [sys.executable, "-m", "assignment.classifier"]
        printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        lines = printed.stdout.splitlines()
        readme = (course_made.handout / "README.md").read_text("utf-8").splitlines()
        assert len(lines) == 6
        assert all(any(said.startswith(line + " ") for said in readme) for line in lines)


@pytest.fixture
def said_of(made, monkeypatch):
    """Return a function: what the public tests say of a submission's function."""
    spec = spec_from_file_location("examples", made.handout / "tests" / "examples.py")
    public = module_from_spec(spec)
    spec.loader.exec_module(public)

    def run(modules, function):
        def load(name):
            return modules[name.removeprefix("assignment.")]

        monkeypatch.setattr(public, "importlib", SimpleNamespace(import_module=load))
        own = [each for each in public.EXAMPLES if each["function"] == function]
        with np.errstate(all="ignore"):
            return [public.said_of(each) for each in own]

    return run


@pytest.mark.parametrize(
    "submission", [each for each in SUBMISSIONS if each.edits], ids=lambda each: each.name
)
def test_a_wrong_function_fails_a_public_test(made, said_of, submission, tmp_path):
    with_module(made, tmp_path / "assignment", submission)
    said = said_of(load_solution(tmp_path / "assignment"), submission.function)
    assert any(said)
    assert not any(said_of(made.key.solution, submission.function))


def test_a_public_test_says_which_number_is_wrong(made, said_of):
    modules = {"sgd": SimpleNamespace(sgd_step=lambda **inputs: (np.array([0.15, 0.2]), 0.05))}
    said = said_of(modules, "sgd_step")[0]
    assert said.startswith("w[1] is 0.2, expected 0.1\nsgd_step returned (array(")
    modules = {"sgd": SimpleNamespace(sgd_step=lambda **inputs: None)}
    assert said_of(modules, "sgd_step")[0] == "sgd_step returned None; expected (w, b)"


def test_a_name_that_is_no_name_is_refused(tmp_path):
    with pytest.raises(CourseworkError, match="--student"):
        make(course(), tmp_path / "handout", tmp_path / "key", ["../ada"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_something_else_is_not_removed(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.md").write_text("Years of work.", "utf-8")
    for handout, key in ((mine, tmp_path / "key"), (tmp_path / "handout", mine)):
        with pytest.raises(CourseworkError, match="mine: expected a folder that is new"):
            make(course(), handout, key)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "thesis.md"]
