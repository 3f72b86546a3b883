"""The mutants with the tests of their lines, and whether these notice one."""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mutants.mutations import Mutant, mutants
from mutants.running import FOLDER, ROOT, run_tests

ROOMS = ("model", "training", "evaluation")
# What compiles and caches is no numerical code, and cannot run as Python.
NOT_KERNELS = ("__init__", "cache", "compiled", "native")
TESTS = (
    *("tests/model", "tests/training", "tests/evaluation", "tests/test_classifier.py"),
    *("tests/test_classes.py", *(f"pipeline/{room}" for room in ROOMS)),
)
KERNEL_TESTS = (
    *("tests/model", "tests/training", "tests/evaluation", "tests/features", "tests/tokens"),
    *("tests/corpus/test_audit.py", "pipeline/kernels"),
)
# Seconds of the processor for a test, and for all tests of a mutant.
LONGEST_TEST, LONGEST_TRIAL = 6.0, 40.0


class Trial(NamedTuple):
    """A mutant to try: its module, its number there, its names, and the tests of its line."""

    module: str
    number: int
    mutant: Mutant
    name: str
    key: str
    tests: list[str]

    @property
    def file(self) -> str:
        """The file of the module, from the root of the repository."""
        return _file(self.module)

    def __str__(self) -> str:
        """Return the place and the change."""
        return f"{self.file}:{self.mutant.line}  {self.mutant.before}  ->  {self.mutant.after}"


def all_trials(only: str) -> Iterator[Trial]:
    """Yield each mutant of the modules whose name holds `only`, with the tests of its line."""
    kernels = list(_modules("kernels", NOT_KERNELS))
    modules = [module for room in ROOMS for module in _modules(room)]
    for group, tests, interpreted in ((modules, TESTS, []), (kernels, KERNEL_TESTS, kernels)):
        wanted = [module for module in group if only in module]
        if wanted:
            name = "kernels" if interpreted else "rooms"
            yield from _trials_of(wanted, _tests_by_line(name, tests, interpreted))


def _trials_of(modules: list[str], by_line: dict[str, dict[str, list[str]]]) -> Iterator[Trial]:
    for module in modules:
        source, seen = (ROOT / _file(module)).read_text("utf-8"), Counter[str]()
        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        of_file = by_line.get(_file(module), {})
        # What runs at the import, such as a constant, belongs to no test: all of the file's do.
        every = list(dict.fromkeys(test for tests in of_file.values() for test in tests))
        for number, mutant in enumerate(mutants(source)):
            name = f"{module}: {mutant.before} -> {mutant.after}"
            seen[name] += 1
            name += f" #{seen[name]}"
            tests = of_file.get(str(mutant.line)) or every
            yield Trial(module, number, mutant, name, f"{name} of {digest}", tests)


def _modules(room: str, left_out: Sequence[str] = ("__init__",)) -> Iterator[str]:
    for path in sorted((ROOT / "pipeline" / room).glob("*.py")):
        if path.stem not in left_out:
            yield f"pipeline.{room}.{path.stem}"


def _file(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def is_killed(trial: Trial) -> bool:
    """Run the tests of a mutant's line; return whether one of them fails."""
    environment = {
        "MUTANT": f"{trial.module}:{trial.number}",
        "INTERPRETED": ",".join(_interpreted(trial.module)),
        "SECONDS": str(3 * LONGEST_TEST),
        "ALL_SECONDS": str(round(3 * LONGEST_TRIAL)),
    }
    return bool(trial.tests) and run_tests(trial.tests, environment, "-x") != 0


def _interpreted(module: str) -> set[str]:
    """Return a module of kernels and those that call its functions: they run as Python."""
    if ".kernels." not in module:
        return set()
    found = {module}
    for other in _modules("kernels", NOT_KERNELS):
        tree = ast.parse((ROOT / _file(other)).read_text("utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if module in imported:
            found |= _interpreted(other)
    return found


def _tests_by_line(
    name: str, tests: Sequence[str], interpreted: list[str]
) -> dict[str, dict[str, list[str]]]:
    """Return the tests that run each line of each file, as they were found or kept."""
    kept, digest = FOLDER / f"{name}.json", digest_of_tests()
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    if found.get("digest") != digest:
        print(f"which test runs which line ({name}) ...", flush=True)
        outcomes, data = FOLDER / f"{name}-outcomes.json", FOLDER / f"{name}.coverage"
        environment = {
            "INTERPRETED": ",".join(interpreted),
            "SECONDS": str(LONGEST_TEST),
            "OUTCOMES": str(outcomes),
            "COVERAGE_FILE": str(data),
            "COVERAGE_CORE": "ctrace",
        }
        source = "pipeline.kernels" if interpreted else "pipeline"
        run_tests(tests, environment, f"--cov={source}", "--cov-context=test", "--cov-report=")
        ended = json.loads(outcomes.read_text("utf-8"))
        found = {"digest": digest, "tests": _read_contexts(data, ended, bool(interpreted))}
        kept.write_text(json.dumps(found), "utf-8")
    by_line: dict[str, dict[str, list[str]]] = found["tests"]
    return by_line


def digest_of_tests() -> str:
    """Return a digest of all tests and of the modules whose mutants are tried."""
    digest = hashlib.sha256()
    folders = ["tests", *(f"pipeline/{room}" for room in (*ROOMS, "kernels"))]
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _read_contexts(
    data: Path, ended: dict[str, tuple[str, float]], of_kernels: bool
) -> dict[str, dict[int, list[str]]]:
    from coverage import CoverageData

    contexts = CoverageData(str(data))
    contexts.read()
    found: dict[str, dict[int, list[str]]] = {}
    for path in contexts.measured_files():
        file = Path(path).relative_to(ROOT).as_posix()
        if of_kernels == ("/kernels/" in file):
            found[file] = {
                line: chosen({name.rpartition("|")[0] for name in names}, ended)
                for line, names in contexts.contexts_by_lineno(path).items()
            }
    return found


def chosen(tests: Iterable[str], ended: dict[str, tuple[str, float]]) -> list[str]:
    """Return the tests that passed, as many as a trial has time for.

    Each test function comes once, the fastest first, before one comes with other parameters.
    """
    seconds = {test: ended[test][1] for test in tests if ended.get(test, ("", 0))[0] == "passed"}
    turns, ranked = Counter[str](), []
    for test in sorted(seconds, key=lambda test: (seconds[test], test)):
        turns[test.partition("[")[0]] += 1
        ranked.append((turns[test.partition("[")[0]], seconds[test], test))
    total, kept = 0.0, []
    for _, took, test in sorted(ranked):
        total += took
        if total <= LONGEST_TRIAL:
            kept.append(test)
    return kept
