"""The files around the code agree with it: versions, locks, targets and workflows."""

import json
import os
import re
import subprocess
import sys
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
    "lesson": ("build", "lesson"),
    "bench": ("build", "bench"),
    "audit": ("build", "audit"),
    "fuzz": ("build", "fuzz"),
    "cluster": ("build", "cluster", "s3", "moto"),
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


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


def test_every_dependency_has_its_reason_in_the_documentation():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").split("## Licences")[0]
    to_run = re.findall(r"^\| ([\w-]+) \| ([^|]+) \|$", page, flags=re.MULTILINE)[1:]
    assert {name for name, _ in to_run} == names(PROJECT["dependencies"])
    others = re.findall(r"^\| (\w+) \| ([\w-]+) \| ([^|]+) \|$", page, flags=re.MULTILINE)[1:]
    extras = PROJECT["optional-dependencies"]
    assert {(extra, name) for extra, name, _ in others} == {
        (extra, name) for extra in extras for name in names(extras[extra])
    }
    assert all(reason.strip().endswith(".") for *_, reason in [*to_run, *others])


def run_tool(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / name), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_the_licences_of_the_documentation_are_those_of_the_locked_packages():
    """If not, `python tools/dependencies.py` writes them; it refuses GPL and unknown ones."""
    done = run_tool("dependencies.py", "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bill_of_materials_names_what_runs_the_same_each_time(tmp_path):
    for seed in ("1", "2"):
        run_tool("dependencies.py", "--sbom", str(tmp_path / seed), PYTHONHASHSEED=seed)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    bill = json.loads((tmp_path / "1").read_bytes())
    components = {each["name"]: each for each in bill["components"]}
    assert components.keys() >= names(PROJECT["dependencies"])
    assert "hatchling" not in components
    assert all(locked("runtime")[name] == each["version"] for name, each in components.items())
    refs = [each["bom-ref"] for each in (bill["metadata"]["component"], *bill["components"])]
    assert [each["ref"] for each in bill["dependencies"]] == refs
    assert len(set(refs)) == len(refs)
    needed = {ref for each in bill["dependencies"] for ref in each["dependsOn"]}
    assert needed == set(refs[1:])  # each is there for a reason


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "1 packages looked up, 0 "),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}],
            1,
            "a 1: CVE-1, mended in 2",
        ),
        ([{"name": "a", "skip_reason": "not found"}], 2, "is there a network?"),
        (None, 2, "is there a network?"),
    ],
)
def test_an_audit_without_an_answer_is_no_clean_one(answer, code, said, tmp_path):
    (tmp_path / "pip_audit.py").write_text(
        f"print({json.dumps({'dependencies': answer})!r})"
        if answer is not None
        else "raise OSError('no network')"
    )
    done = run_tool("audit.py", PYTHONPATH=str(tmp_path))
    assert done.returncode == code
    assert said in done.stdout
