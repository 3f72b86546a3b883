"""Which tests are to notice a mutant: those that run its line, the fastest first.

Coverage sees no native code, and kernels as Python under coverage take an hour. So the mutant of a
kernel has all tests of some files that are about its module.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mutants.running import FOLDER, ROOT, run_tests

ROOMS = ("model", "training", "evaluation")
TESTS = [
    *("tests/model", "tests/training", "tests/evaluation", "tests/test_classifier.py"),
    *("tests/test_classes.py", *(f"pipeline/{room}" for room in ROOMS)),
]
# What compiles and caches is no numerical code, and cannot run as Python.
NOT_KERNELS = ("__init__", "cache", "compiled", "native")
KERNEL_TESTS = {
    "bootstrap": ["tests/evaluation/test_uncertainty.py"],
    "characters": ["tests/features/test_characters.py"],
    "code_points": ["tests/tokens/test_tokenizer.py"],
    "counting": ["tests/features/test_features.py", "tests/model/test_scoring.py"],
    "distinct": ["tests/tokens/test_distinct.py", "tests/tokens/test_tokenizer.py"],
    "duplicates": ["tests/corpus/test_audit.py"],
    "hashing": ["tests/tokens/test_distinct.py", "tests/features/test_features.py"],
    "levels": ["tests/features/test_ngrams.py", "tests/features/test_features.py"],
    "log_count_ratio": ["tests/training/test_log_count_ratio.py"],
    "logistic": ["tests/model/test_logistic.py", "tests/model/test_softmax.py"],
    "negation": ["tests/tokens/test_negation.py"],
    "ngrams": ["tests/features/test_ngrams.py", "tests/features/test_features.py"],
    "sgd": ["tests/training/test_estimator.py"],
    "softmax": ["tests/training/test_softmax.py"],
    "steps": ["tests/training/test_estimator.py", "tests/training/test_softmax.py"],
    "sums": ["tests/model/test_scoring.py"],
    "words": ["tests/tokens/test_tokenizer.py"],
}
# Seconds of the processor: of a test, of all tests of a mutant, and of the tests of a file that are
# looked at for it, as measured without a mutant.
LONGEST_TEST, LONGEST_TRIAL, LONGEST_FILE = 3.0, 15.0, 120.0

Outcomes = dict[str, tuple[str, float]]


def tests_of_lines() -> dict[str, dict[str, list[str]]]:
    """Return the tests that run each line of each file of the rooms."""
    return _kept("rooms", _find_lines)


def kernels() -> list[str]:
    """Return the modules of kernels."""
    stems = (path.stem for path in sorted((ROOT / "pipeline" / "kernels").glob("*.py")))
    return [f"pipeline.kernels.{stem}" for stem in stems if stem not in NOT_KERNELS]


def tests_of_kernels() -> dict[str, list[str]]:
    """Return the tests of each module of kernels that are fast enough as Python."""

    def find() -> dict[str, list[str]]:
        stems = {module: module.rpartition(".")[2] for module in kernels()}
        of_module = {
            module: [*KERNEL_TESTS[stem], f"pipeline/kernels/{stem}.py"]
            for module, stem in stems.items()
        }
        files = sorted({file for files in of_module.values() for file in files})
        environment = {"INTERPRETED": ",".join(of_module), "ENOUGH": str(LONGEST_FILE)}
        ended = _outcomes("kernels", files, environment)
        return {
            module: _chosen((test for test in ended if test.partition("::")[0] in files), ended)
            for module, files in of_module.items()
        }

    return _kept("kernels", find)


def digest_of_tests() -> str:
    """Return a digest of all tests and of the modules whose mutants are tried."""
    digest = hashlib.sha256()
    for folder in ["tests", *(f"pipeline/{room}" for room in (*ROOMS, "kernels"))]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _kept(name: str, find: Callable[[], Any]) -> Any:
    """Return what was found before, unless a test or a module has changed."""
    path, digest = FOLDER / f"{name}.json", digest_of_tests()
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if kept.get("digest") != digest:
        print(f"looking for the tests of each mutant ({name}) ...", flush=True)
        kept = {"digest": digest, "tests": find()}
        path.write_text(json.dumps(kept), "utf-8")
    return kept["tests"]


def _find_lines() -> dict[str, dict[str, list[str]]]:
    from coverage import CoverageData

    for left in FOLDER.glob("rooms.coverage*"):  # by a run that was stopped
        left.unlink()
    data = FOLDER / "rooms.coverage"
    environment = {"COVERAGE_FILE": str(data), "COVERAGE_CORE": "ctrace"}
    options = "--cov=pipeline", "--cov-context=test", "--cov-report="
    ended = _outcomes("rooms", TESTS, environment, *options)
    contexts = CoverageData(str(data))
    contexts.read()
    return {
        Path(path).relative_to(ROOT).as_posix(): {
            str(line): _chosen({name.rpartition("|")[0] for name in names}, ended)
            for line, names in contexts.contexts_by_lineno(path).items()
        }
        for path in contexts.measured_files()
    }


def _outcomes(name: str, tests: list[str], environment: dict[str, str], *options: str) -> Outcomes:
    """Run tests without a mutant; return how each ended, and its seconds."""
    path = FOLDER / f"{name}-outcomes.json"
    variables = {"SECONDS": str(LONGEST_TEST), "OUTCOMES": str(path)}
    code = run_tests(tests, environment | variables, *options)
    if code not in (0, 1):  # 1: one failed, or took too long
        raise RuntimeError(f"the tests of the {name} did not come to their end: {code}")
    ended: Outcomes = json.loads(path.read_text("utf-8"))
    return ended


def _chosen(tests: Iterable[str], ended: Outcomes) -> list[str]:
    """Return the tests that passed, as many as a trial has time for.

    Each test function comes once, the fastest first, before one comes with other parameters.
    """
    seconds = {test: ended[test][1] for test in tests if ended.get(test, ("", 0))[0] == "passed"}
    turns, ranked = Counter[str](), []
    for test in sorted(seconds, key=lambda test: (seconds[test], test)):
        function = test.partition("[")[0]
        turns[function] += 1
        ranked.append((turns[function], seconds[test], test))
    total, chosen = 0.0, []
    for _, took, test in sorted(ranked):
        total += took
        if total <= LONGEST_TRIAL:
            chosen.append(test)
    return chosen
