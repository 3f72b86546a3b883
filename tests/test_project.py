"""The files around the code agree with it: versions, locks, targets and workflows."""

import re
import tomllib
from pathlib import Path

import pytest

import pipeline

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {
    "runtime": ("build",),
    "dev": ("build", "test", "dev"),
    "docs": ("build", "docs"),
    "bench": ("build", "bench"),
}


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))


def test_the_citation_names_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, flags=re.MULTILINE)[1] == pipeline.__version__


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_every_dependency(name):
    wanted = list(PROJECT["dependencies"])
    for extra in LOCKS[name]:
        wanted += PROJECT["optional-dependencies"][extra]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}
    assert names <= set(locked(name))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text


def test_all_locks_fit_into_one_environment():
    for name in LOCKS:
        for other in LOCKS:
            ours, theirs = locked(name), locked(other)
            assert {p for p in ours.keys() & theirs.keys() if ours[p] != theirs[p]} == set()


def test_every_supported_python_is_tested():
    prefix = "Programming Language :: Python :: 3."
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if c.startswith(prefix)]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    matrix = re.search(r"^ +python: \[(.*)\]$", workflow, flags=re.MULTILINE)[1]
    assert re.findall(r"[\d.]+", matrix) == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_every_target_that_is_called_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    called = set()
    for path in (ROOT / ".ci" / "run", *(ROOT / ".github" / "workflows").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        called |= {
            word
            for line in re.findall(r"(?<!-)\bmake((?: [.a-z/]+)+)", re.sub(r"#.*", "", text))
            for word in line.split()
        }
        for matrix in re.findall(r"(?:check|target): \[(.*)\]", text):
            called |= set(matrix.split(", "))
    assert called >= {"train", "test", "lint", "docs", "wheel"}
    assert called - {".venv/dev"} <= targets
