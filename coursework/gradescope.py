"""Gradescope: `autograder.zip`, and the program in it that writes `results.json`.

The schema is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

from __future__ import annotations

import json
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from coursework.errors import CourseworkError
from coursework.grader import Result, grade
from coursework.key import load_key
from coursework.report import as_text, is_public, summary

TEXTS = Path(__file__).parent / "texts"
SCRIPTS = ("setup.sh", "run_autograder")
# What makes handouts needs the pipeline, and stays here.
NOT_TO_GRADE = {"__main__", "handout", "notebook", "reviews", "sheets"}
LOCK = Path(__file__).parents[1] / "requirements" / "runtime.txt"


def write_zip(key: Path, out: Path, visibility: str) -> None:
    """Write what Gradescope takes as an autograder.

    Parameters
    ----------
    key : Path
        The folder of a key, without which there is nothing to grade with.
    out : Path
        The zip file.
    visibility : str
        When students see the hidden tests: visible, after_due_date, after_published or hidden.
    """
    load_key(key)
    files = {name: (TEXTS / name).read_bytes() for name in SCRIPTS}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in NOT_TO_GRADE:
            files[f"coursework/{path.name}"] = path.read_bytes()
    for path in sorted(key.rglob("*")):
        inside = path.relative_to(key)
        if path.is_file() and path.suffix != ".pyc" and inside.parts[0] != "sheets":
            files[f"key/{inside}"] = path.read_bytes()
    files["requirements.txt"] = numpy_requirement(LOCK.read_text("utf-8")).encode()
    files["gradescope.json"] = json.dumps({"hidden": visibility}).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # A fixed date, so that the same key gives the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if name in SCRIPTS else 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    partial.replace(out)


def numpy_requirement(lock: str) -> str:
    r"""Return the lines of a lock that are NumPy's, with its hashes.

    Examples
    --------
    >>> print(numpy_requirement("a==1\nnumpy==2 \\\n    --hash=c\npip==3\n"), end="")
    numpy==2 \
        --hash=c
    """
    found = re.search(r"^numpy==.*\n(?: +--hash=.*\n)*", lock, re.MULTILINE)
    if found is None:
        raise CourseworkError(f"{LOCK} does not name numpy")
    return found[0]


def results(result: Result, visibility: str, seconds: float) -> dict[str, Any]:
    """Return a result in the schema of Gradescope."""
    tests = [
        {
            "name": outcome.test.name,
            "score": outcome.points,
            "max_score": outcome.test.points,
            "status": "passed" if outcome.passed else "failed",
            "output": outcome.message,
            "output_format": "text",
            "tags": [outcome.test.task.function],
            "visibility": "visible" if is_public(outcome) else visibility,
        }
        for outcome in result.outcomes
    ]
    accuracies = [outcome.value for outcome in result.outcomes if outcome.value is not None]
    return {
        "execution_time": round(seconds, 1),
        "output": summary(result),
        "stdout_visibility": "hidden",
        "tests": tests,
        "leaderboard": [{"name": "Accuracy, withheld reviews", "value": v} for v in accuracies],
    }


def main(root: Path) -> int:
    """Grade the submission in Gradescope's folders, and write the results.

    Standard output, which the teacher sees, says which limits were not enforced.
    """
    began, source = time.monotonic(), root / "source"
    # The submission runs as another user, who is to read no key.
    source.chmod(0o700)
    visibility = json.loads((source / "gradescope.json").read_text("utf-8"))["hidden"]
    result = grade(load_key(source / "key"), root / "submission")
    found = results(result, visibility, time.monotonic() - began)
    partial = root / "results" / "results.partial"
    partial.parent.mkdir(exist_ok=True)
    partial.write_text(json.dumps(found, indent=1), "utf-8")
    partial.replace(partial.with_name("results.json"))
    sys.stdout.write(as_text(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
