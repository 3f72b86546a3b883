"""The notebook has the gaps of the handout, runs in a kernel, and is graded like the files."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursework.errors import CourseworkError, SubmissionError
from coursework.grader import every_test, grade
from coursework.report import as_json, as_text, summary
from coursework.sandbox import boxed
from coursework.submission import LARGEST_NOTEBOOK, TO_WRITE, find, read_notebook
from coursework.tasks import POINTS, TASKS, WHOLE

FIRST = "%%writefile assignment/"
TO_FILL = [task for task in TASKS if task.function != WHOLE]


def sources(notebook, kind="code"):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def write(path, *cells):
    """Write a notebook with code cells."""
    code = [{"cell_type": "code", "source": source} for source in cells]
    path.write_text(json.dumps({"cells": code, "nbformat": 4}), "utf-8")
    return path


def fill(made, path, modules=TO_WRITE):
    """Write the notebook of a handout with the solution in the gaps of some modules."""
    content = json.loads((made.handout / "assignment.ipynb").read_text("utf-8"))
    for cell in content["cells"]:
        first, _, _ = "".join(cell["source"]).partition("\n")
        name = first.removeprefix(FIRST).removesuffix(".py")
        if first.startswith(FIRST) and name in modules:
            text = (made.solved / f"{name}.py").read_text("utf-8")
            cell["source"] = f"{first}\n{text}".splitlines(keepends=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


def some(made, *names):
    return [test for test in every_test(made.key) if test.name in names]


def test_its_gaps_are_those_of_the_files(made, other):
    for course_made in (made, other):
        written = read_notebook(course_made.handout / "assignment.ipynb")
        assert {*written} == {*TO_WRITE} == {task.module for task in TO_FILL}
        for name, text in written.items():
            assert text == (course_made.handout / "assignment" / f"{name}.py").read_text("utf-8")


def test_it_has_points_hints_checks_and_conventions(made, other):
    for course_made in (made, other):
        course, notebook = course_made.key.course, course_made.handout / "assignment.ipynb"
        text = "\n".join(sources(notebook, "markdown"))
        assert all(sentence in text for sentence in course.conventions())
        for task in TO_FILL:
            name = course.name(task.function)
            assert f"**`{name}`**: {task.points} points" in text
            assert all(f"- {hint}" in text for hint in task.hints)
            assert f'check("{name}")' in sources(notebook)


@pytest.mark.usefixtures("few_processes")
def test_the_solution_in_its_gaps_scores_everything(other, tmp_path):
    result = grade(other.key, fill(other, tmp_path / "ada.ipynb"))
    assert [o for o in result.outcomes if not o.passed] == []
    assert result.points == POINTS
    assert "the submission was read from ada.ipynb\n" in as_text(result)
    assert as_json(result)["note"] == "read from ada.ipynb"


@pytest.mark.usefixtures("few_processes")
def test_the_untouched_one_scores_nothing(made, tmp_path):
    shutil.copy(made.handout / "assignment.ipynb", tmp_path)
    result = grade(made.key, tmp_path)
    assert not any(outcome.passed for outcome in result.outcomes)
    assert all("is not written yet" in outcome.message for outcome in result.outcomes)


def test_a_module_that_is_not_there_costs_its_own_points(made, tmp_path):
    text = (made.solved / "metrics.py").read_text("utf-8")
    path = write(tmp_path / "a.ipynb", f"{FIRST}metrics.py\n{text}", "1 / 0", "!rm -rf /")
    tests = some(made, "metrics: random predictions", "sgd_step 1", "fit_predict: withheld reviews")
    result = grade(made.key, path, tests=tests)
    assert [o.passed for o in result.outcomes] == [False, True, False]
    said = [o.message for o in result.outcomes if not o.passed]
    assert said[0] == f"a.ipynb has no cell that begins with {FIRST}sgd.py"
    assert said[1] == f"a.ipynb has no cell that begins with {FIRST}logistic.py"


def test_cells_write_as_jupyter_does(tmp_path):
    """The last one counts, one with -a is added, and only modules of the assignment are files."""
    found = read_notebook(
        write(
            tmp_path / "a.ipynb",
            f"{FIRST}sgd.py\nold\n",
            f"\n{FIRST}sgd.py  \n\nnew",
            "%%file -a ./assignment/sgd.py\r\nmore\n\n\n",
            f"{FIRST}helper.py\nx = 1",
            "%%writefile assignment/../../evil.py\n",
            "%%writefile /etc/assignment/evil.py\n",
            f"# {FIRST}counts.py\n",
            f"{FIRST}counts.py",
        )
    )
    assert found == {"sgd": "\nnew\nmore\n", "helper": "x = 1\n"}


def test_files_of_modules_come_before_a_notebook_and_it_says_so(made, tmp_path):
    """Its cells write them. A link is not followed."""
    (tmp_path / "secret.ipynb").symlink_to(made.handout / "assignment.ipynb")
    assert (find(tmp_path).cells, find(tmp_path).note) == ({}, "")
    fill(made, tmp_path / "b.ipynb")
    (tmp_path / "notes.py").write_text("", "utf-8")
    (tmp_path / "a\n\u200b.ipynb").write_text("", "utf-8")
    assert find(tmp_path).note == "read from a??.ipynb, not from b.ipynb"
    (tmp_path / "a\n\u200b.ipynb").unlink()
    assert find(tmp_path).note == "read from b.ipynb"
    (tmp_path / "assignment").mkdir()
    shutil.copy(made.solved / "metrics.py", tmp_path / "assignment")
    result = grade(made.key, tmp_path, tests=some(made, "metrics 1", "counts 1"))
    assert result.note == "read from its files, not from b.ipynb"
    assert result.note in summary(result)


HOSTILE = {
    "nothing": b"",
    "garbage": b"\x00\xff\xfe[[[",
    "a list": b"[]",
    "no cells": b"{}",
    "cells that are no list": b'{"cells": {"a": 1}}',
    "cells of an old format": b'{"worksheets": [{"cells": []}], "nbformat": 3}',
    "far too deep": b'{"cells": ' + b"[" * 200_000,
    "deep and closed": b"[" * 200_000 + b"]" * 200_000,
    "a number of many digits": b'{"cells": [' + b"1" * 10_000 + b"]}",
    "too large": b'{"cells": [' + b" " * LARGEST_NOTEBOOK + b"]}",
    "strange cells": b'{"cells": [1, null, [], {"cell_type": "code"}, {"cell_type": ["code"]}, '
    b'{"cell_type": "code", "source": [1, null, {}]}, {"cell_type": "code", "source": {"a": 1}}]}',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_notebook_is_told_in_one_line_and_ends_no_grading(made, content, tmp_path):
    (tmp_path / "assignment.ipynb").write_bytes(content)
    result = grade(made.key, tmp_path)
    assert result.points == 0
    for outcome in result.outcomes:
        assert outcome.message.startswith("assignment.ipynb ")
        assert len(outcome.message.splitlines()) == 1


def test_characters_that_are_none_do_not_end_the_grading(made, tmp_path):
    path = write(tmp_path / "a.ipynb", f"{FIRST}metrics.py\n'\ud800\x00'\n1 / 0\n")
    (outcome,) = grade(made.key, path, tests=some(made, "metrics 1")).outcomes
    assert outcome.message.startswith("cannot be imported: ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "metadata"]), inner, max_size=3
        )
        | st.fixed_dictionaries({"cell_type": st.just("code"), "source": inner})
        | st.fixed_dictionaries({"cells": st.lists(inner, max_size=3)})
    ),
    max_leaves=8,
)


@given(content=json_values | st.binary(), name=st.sampled_from(["a.ipynb", "b c.ipynb"]))
def test_any_notebook_is_read_or_refused(tmp_path_factory, content, name):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    try:
        said = "".join(read_notebook(path).values())
    except SubmissionError as error:
        said = str(error)
    assert said == "" or said.startswith(name)
    assert len(find(path).missing) == len(TO_WRITE)


def test_a_path_that_is_neither_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("", "utf-8")
    for name in ("a.txt", "none.ipynb"):
        with pytest.raises(CourseworkError, match="a folder with the submission's files, or a not"):
            find(tmp_path / name)


def test_the_box_of_a_notebook_is_that_of_the_files(made, tmp_path):
    given = made.solved / "classifier.py"
    with boxed(fill(made, tmp_path / "a.ipynb"), given) as box:
        for path in (box / "assignment").glob("*.py"):
            assert path.read_text("utf-8") == (made.solved / path.name).read_text("utf-8")
        assert len([*box.rglob("*.py")]) == len(TO_WRITE) + 1


def run(folder):
    """Run the notebook of a handout in a kernel; return what its code cells print."""
    nbclient = pytest.importorskip("nbclient", reason="make lesson installs the kernel")
    pytest.importorskip("ipykernel", reason="make lesson installs the kernel")
    import nbformat
    from traitlets.config import Config

    found = nbformat.read(folder / "assignment.ipynb", 4)
    with tempfile.TemporaryDirectory() as own:  # the path of a socket is short
        manager = {"transport": "ipc", "connection_file": f"{own}/kernel.json"}
        client = nbclient.NotebookClient(
            found,
            kernel_name="python3",
            config=Config({"KernelManager": manager}),
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env=os.environ | {"IPYTHONDIR": own})
    code = [cell for cell in found.cells if cell.cell_type == "code"]
    return {
        cell.source: "".join(output.get("text", str(output)) for output in cell.outputs)
        for cell in code
    }


@pytest.mark.slow
def test_a_kernel_runs_it_and_says_what_is_missing(made, tmp_path):
    shutil.copytree(made.handout, tmp_path / "handout")
    printed = run(tmp_path / "handout")
    for task in TO_FILL:
        said = printed[f'check("{task.function}")']
        assert f"{task.function}: 0 of {task.n_public} public tests" in said
        assert f"each: {task.function} is not written yet" in said
    assert printed["check_all()"] == "count_ngrams is not written yet\n"
    assert "Traceback" not in "".join(printed.values())


@pytest.mark.slow
def test_a_kernel_runs_the_solved_one_and_files_that_it_replaces_are_kept(other, tmp_path):
    folder, mine = tmp_path / "handout", "def metrics(y, predicted):\n    return {'mine': 1}\n"
    shutil.copytree(other.handout, folder)
    fill(other, folder / "assignment.ipynb")
    for path in other.solved.glob("*.py"):
        shutil.copy(path, folder / "assignment")
    (folder / "assignment" / "metrics.py").write_text(mine, "utf-8")
    printed = run(folder)
    for task in TO_FILL:
        name = other.key.course.name(task.function)
        expected = f"{name}: {task.n_public} of {task.n_public} public tests\n"
        assert printed[f'check("{name}")'] == expected
    readme = (folder / "README.md").read_text("utf-8")
    for line in printed["check_all()"].splitlines():
        assert line in readme
    (kept,) = (folder / "backup").iterdir()
    assert kept.read_text("utf-8") == mine
    assert f"assignment/metrics.py is not what its cell writes: kept as backup/{kept.name}" in str(
        printed
    )


CHECKS = """
import sys
from pathlib import Path
from tests.check import check
for text in sys.argv[1:]:
    Path("assignment/counts.py").write_text(text, "utf-8")
    check("count_ngrams")
    print("---")
"""


def test_checks_say_what_is_wrong_in_lines_of_their_own(made, tmp_path):
    """Without a kernel: each kind of mistake, and a file that is corrected is read again."""
    shutil.copytree(made.handout, tmp_path / "handout")
    mistakes = {
        "def count_ngrams(tokens, n):\n    return tokens[99]\n": "counts.py, line 2",
        "def count_ngrams(\n": "counts.py, line 1: ",
        "1 / 0\n": "ZeroDivisionError: division by zero (counts.py, line 1)",
        "def count_ngrams(tokens, n):\n    return {}\n": "is missing",
        "": "AttributeError",
        (made.solved / "counts.py").read_text("utf-8"): "",
    }
    command = [sys.executable, "-c", CHECKS, *mistakes]
    ran = subprocess.run(
        command, cwd=tmp_path / "handout", capture_output=True, text=True, check=True
    )
    for said, printed in zip(mistakes.values(), ran.stdout.split("---\n"), strict=False):
        first, *rest = printed.splitlines()
        assert first == f"count_ngrams: {0 if said else 2} of 2 public tests"
        assert said in printed
        assert bool(rest) == bool(said)
