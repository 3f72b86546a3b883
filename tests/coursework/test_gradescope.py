"""The autograder grades in Gradescope's folders, whoever runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from coursework.__main__ import VISIBILITIES, main
from coursework.gradescope import write_zip
from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS, TASKS

NOBODY = "12345"
WITHOUT_NAMESPACES = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
# What a submission finds out about where it runs; the name of an n-gram tells it.
LOOKS = """
import os
def count_ngrams(tokens, n):
    readable = []
    for folder, _, files in os.walk(PATH):
        readable += files
    forked = 0
    try:
        while forked < 30:
            if not os.fork():
                os._exit(0)
            forked += 1
    except OSError:
        pass
    return {f"reads {readable}, uid {os.getuid()}, few {forked < 8}": 1}
"""


def fresh_python():
    """Return an interpreter that every user can read, or None."""
    mine = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    for python in (mine, Path("/usr/bin", mine.name)):
        readable = all(parent.stat().st_mode & 1 for parent in python.resolve().parents)
        if python.exists() and readable:
            return python
    return None


@pytest.fixture(scope="module")
def image(made):
    """Return a function that lays out folders as Gradescope does, with NumPy in a fresh venv."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root, who can become another user")
    python, packages = fresh_python(), Path(np.__file__).parents[1]
    if python is None or not all(parent.stat().st_mode & 1 for parent in packages.parents):
        pytest.skip("needs an interpreter and a NumPy that every user can read")
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))  # pytest's own is for one user alone
    folder.chmod(0o755)
    write_zip(made.key.folder, folder / "autograder.zip", "after_due_date")
    subprocess.run([python, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (site,) = folder.glob("venv/lib/python3*/site-packages")
    (site / "numpy.pth").write_text(f"{packages}\n", "utf-8")

    def lay_out(name, submission):
        root = folder / name
        with zipfile.ZipFile(folder / "autograder.zip") as archive:
            archive.extractall(root / "source")
        for path in submission.glob("*.py"):
            (root / "submission").mkdir(exist_ok=True)
            shutil.copy(path, root / "submission")
        (root / "results").mkdir()
        (root / "venv").symlink_to(folder / "venv")
        return root

    yield lay_out
    shutil.rmtree(folder)


def submit(root, **modules):
    """Submit modules as a notebook: what it has not is graded without a process for each test."""
    cells = [
        {"cell_type": "code", "source": f"%%writefile assignment/{name}.py\n{text}"}
        for name, text in modules.items()
    ]
    (root / "submission").mkdir()
    (root / "submission" / "ada.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")


def run(root, prefix=()):
    """Run the autograder and return its results, and what it printed for the teacher."""
    if "--clear-groups" in prefix:
        subprocess.run(["chown", "-R", NOBODY, root], check=True)
    command = [*prefix, "bash", root / "source" / "run_autograder"]
    environment = {**os.environ, "AUTOGRADER": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("needs a user namespace")
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results" / "results.json").read_text("utf-8")), done.stdout


@pytest.mark.slow
def test_another_user_in_a_fresh_environment_grades_the_reference(image, made):
    found, _ = run(image("reference", made.solved), AS_NOBODY)
    assert sum(test["score"] for test in found["tests"]) == POINTS
    assert sum(test["max_score"] for test in found["tests"]) == POINTS
    assert found["output"] == (
        f"Public {N_PUBLIC} of {N_PUBLIC}; {N_HIDDEN} hidden tests run at grading."
    )
    assert {test["visibility"] for test in found["tests"] if test["max_score"]} == {
        "after_due_date"
    }
    assert {test["visibility"] for test in found["tests"] if not test["max_score"]} == {"visible"}
    assert found["leaderboard"][0]["value"] > 0.7
    assert {type(value) for test in found["tests"] for value in test.values()} <= {str, int, list}


def test_a_notebook_alone_is_a_submission(image, made, tmp_path):
    """It has one module here; a damaged one gets a line as well."""
    text = (made.solved / "metrics.py").read_text("utf-8")
    cell = {"cell_type": "code", "source": f"%%writefile assignment/metrics.py\n{text}"}
    (task,) = (task for task in TASKS if task.function == "metrics")
    for name, content, points in (("ada", {"cells": [cell]}, task.points), ("damaged", [], 0)):
        root = image(name, tmp_path)
        (root / "submission").mkdir()
        (root / "submission" / f"{name}.ipynb").write_text(json.dumps(content), "utf-8")
        found, _ = run(root)
        assert sum(test["score"] for test in found["tests"]) == points
        assert found["output"].endswith(f" The submission was read from {name}.ipynb.")
        failed = [test["output"] for test in found["tests"] if test["status"] == "failed"]
        assert all(output.startswith(f"{name}.ipynb ") for output in failed)


@pytest.mark.slow
@pytest.mark.parametrize("prefix", [WITHOUT_NAMESPACES, AS_NOBODY], ids=["container", "nobody"])
def test_a_submission_reads_no_key_and_starts_few_processes(image, prefix, tmp_path):
    """In a container that allows no namespaces, the user's rights and limits must do."""
    root = image(f"looks-{len(prefix)}", tmp_path)
    text = LOOKS.replace("PATH", repr(str(root / "source")))
    submit(root, counts=text)
    found, printed = run(root, prefix)
    said = {test["output"] for test in found["tests"] if "count_ngrams" in test["tags"]}
    assert all("reads []" in output and "few True" in output for output in said), said
    assert not any("uid 0," in output for output in said)
    assert ("not limited on this machine: network" in printed) == (prefix == WITHOUT_NAMESPACES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("user", "count"),
    [pytest.param(NOBODY, 5, id="a user"), pytest.param("0", 2, id="root of no other user")],
)
def test_a_machine_that_limits_less_grades_the_same_and_says_so(image, made, user, count, tmp_path):
    script = str(Path(__file__).parents[1] / "without_namespaces.py")
    root, modules = image(f"less-{count}", tmp_path), ("logistic", "metrics")
    submit(root, **{name: (made.solved / f"{name}.py").read_text("utf-8") for name in modules})
    subprocess.run(["chown", "-R", user, root], check=True)
    python = str(root / "venv" / "bin" / "python")
    found, printed = run(root, [python, script, user])
    points = sum(task.points for task in TASKS if task.module in modules)
    assert sum(test["score"] for test in found["tests"]) == points > 0
    assert printed.count("not limited on this machine") == count
    assert "not limited on this machine: number of processes" in printed


def test_the_same_key_gives_the_same_bytes(made, tmp_path):
    for name in ("a.zip", "b.zip"):
        key = ["--key", str(made.key.folder)]
        assert main(["gradescope", *key, "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_zip_has_scripts_that_run_and_no_sheet(made, tmp_path):
    write_zip(made.key.folder, tmp_path / "a.zip", VISIBILITIES[0])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        requirement = archive.read("requirements.txt").decode()
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert not any("sheet" in name for name in modes)
    assert requirement.startswith("numpy==")
    assert "--hash=sha256:" in requirement


def test_what_is_in_the_zip_is_enough_to_grade(made, tmp_path):
    """The modules import without the repository."""
    write_zip(made.key.folder, tmp_path / "a.zip", VISIBILITIES[0])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path)
    code = "import coursework.gradescope as g; print(g.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(tmp_path))
