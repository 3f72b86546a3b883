"""`make mutants`: put small faults into the numerical code, and count those that tests notice.

    python tools/mutants --sample 300 --seed 0 --least 0.9

1. The tests of some rooms run once, with coverage, so that it is known which test runs which line.
   They run a second time with kernels as Python, because coverage sees no native code.
2. A sample is drawn, the same for the same seed.
3. Each mutant is put in place as its module is imported; no file changes. The tests of its line
   run, the fastest first, until one fails. A kernel runs as Python; nothing is compiled.

A mutant that no test notices is a survivor: a missing test, or a change without an effect. All of
them are listed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
from mutants.mutations import Mutant, mutants

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "mutants"
ROOMS = ("model", "training", "evaluation")
# What compiles and caches is no numerical code, and cannot run as Python.
NOT_KERNELS = ("__init__", "cache", "compiled", "native")
TESTS = ("tests/model", "tests/training", "tests/evaluation", "tests/test_classifier.py")
KERNEL_TESTS = (
    *TESTS[:3],
    "tests/features",
    "tests/tokens",
    "tests/corpus/test_audit.py",
    "pipeline/kernels",
)
# Seconds of the processor for a test, of the clock for a mutant, and tests for a mutant.
LONGEST_TEST, LONGEST_MUTANT, MOST_TESTS = 6.0, 300.0, 40
Tests = dict[int, list[str]]


class Trial(NamedTuple):
    """A mutant to try: its module, its number there, and the tests of its line."""

    module: str
    number: int
    mutant: Mutant
    tests: list[str]

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.module.replace('.', '/')}.py:{self.mutant.line}"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int, default=300, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed")
    parser.add_argument("--only", default="", help="modules whose name contains this")
    parser.add_argument("--again", action="store_true", help="look anew which test runs which line")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    trials = [trial for trial in all_trials(options.again) if options.only in trial.module]
    drawn = random.Random(options.seed).sample(trials, min(options.sample, len(trials)))
    print(f"{len(drawn)} of {len(trials):,} mutants, seed {options.seed}", flush=True)
    survivors, start = [], time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for n, (trial, noticed) in enumerate(zip(drawn, pool.map(is_noticed, drawn), strict=True)):
            if not noticed:
                survivors.append(trial)
            if sys.stderr.isatty() or n % 50 == 49:
                rate = (time.monotonic() - start) / (n + 1)
                left = rate * (len(drawn) - n - 1) / 60
                print(f"{n + 1} tried, {len(survivors)} survive; {left:.0f} min left", flush=True)
    lines = [f"{t.place}  {t.mutant.before}  ->  {t.mutant.after}" for t in survivors]
    (FOLDER / "survivors.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print("\n".join(lines))
    share = 1 - len(survivors) / max(1, len(drawn))
    print(f"noticed: {len(drawn) - len(survivors)} of {len(drawn)} ({share:.1%})")
    return int(share < options.least)


def all_trials(again: bool) -> Iterator[Trial]:
    """Yield each mutant of the rooms and of the kernels whose line a test runs, or none."""
    kernels = [
        f"pipeline.kernels.{path.stem}"
        for path in sorted((ROOT / "pipeline" / "kernels").glob("*.py"))
        if path.stem not in NOT_KERNELS
    ]
    modules = [
        f"pipeline.{room}.{path.stem}"
        for room in ROOMS
        for path in sorted((ROOT / "pipeline" / room).glob("*.py"))
    ]
    doctests = [f"pipeline/{room}" for room in ROOMS]
    by_line = lines_of_tests("python", [*TESTS, *doctests], [], again)
    by_line |= lines_of_tests("kernels", KERNEL_TESTS, kernels, again, only="/kernels/")
    for module in modules + kernels:
        file = f"{module.replace('.', '/')}.py"
        of_file = by_line.get(file, {})
        # What runs at the import, such as a constant, belongs to no test: all of the file's do.
        every = list(dict.fromkeys(test for tests in of_file.values() for test in tests))
        for number, mutant in enumerate(mutants((ROOT / file).read_text("utf-8"))):
            tests = of_file.get(mutant.line) or every[:MOST_TESTS]
            yield Trial(module, number, mutant, tests)


def lines_of_tests(
    name: str,
    tests: list[str] | tuple[str, ...],
    interpreted: list[str],
    again: bool,
    only: str = "",
) -> dict[str, Tests]:
    """Return the tests that run each line of each file, the fastest first."""
    kept = FOLDER / f"{name}.json"
    if again or not kept.exists():
        print(f"which test runs which line ({name}) ...", flush=True)
        outcomes, data = FOLDER / f"{name}-outcomes.json", FOLDER / f"{name}.coverage"
        environment = {
            "INTERPRETED": ",".join(interpreted),
            "SECONDS": str(LONGEST_TEST),
            "OUTCOMES": str(outcomes),
            "COVERAGE_FILE": str(data),
            "COVERAGE_CORE": "ctrace",
        }
        if interpreted:
            environment["SENTIMENT_THREADS"] = "1"
        pytest(tests, environment, "--cov=pipeline", "--cov-context=test", "--cov-report=", "-q")
        kept.write_text(json.dumps(_read_contexts(data, outcomes, only)), "utf-8")
    found = json.loads(kept.read_text("utf-8"))
    return {file: {int(line): names for line, names in of.items()} for file, of in found.items()}


def _read_contexts(data: Path, outcomes: Path, only: str) -> dict[str, dict[int, list[str]]]:
    from coverage import CoverageData

    ended = json.loads(outcomes.read_text("utf-8"))
    contexts = CoverageData(str(data))
    contexts.read()
    found: dict[str, dict[int, list[str]]] = {}
    for path in contexts.measured_files():
        file = Path(path).relative_to(ROOT).as_posix()
        if only not in file:
            continue
        of_file = found.setdefault(file, {})
        for line, names in contexts.contexts_by_lineno(path).items():
            tests = {name.rpartition("|")[0] for name in names}
            passed = [test for test in tests if ended.get(test, ("", 0))[0] == "passed"]
            of_file[line] = sorted(passed, key=lambda test: (ended[test][1], test))[:MOST_TESTS]
    return found


def is_noticed(trial: Trial) -> bool:
    """Run the tests of a mutant's line; return whether one of them fails."""
    if not trial.tests:
        return False
    environment = {
        "MUTANT": f"{trial.module}:{trial.number}",
        "INTERPRETED": trial.module if ".kernels." in trial.module else "",
        "SECONDS": str(3 * LONGEST_TEST),
    }
    try:
        code = pytest(trial.tests, environment, "-x", "-q", seconds=LONGEST_MUTANT)
    except subprocess.TimeoutExpired:
        return True
    if code not in (0, 1, 2):  # not: passed, failed, could not be imported
        raise RuntimeError(f"{trial.place}: pytest ended with {code}")
    return code != 0


def pytest(
    tests: list[str] | tuple[str, ...],
    environment: dict[str, str],
    *options: str,
    seconds: float | None = None,
) -> int:
    """Run tests in a process of their own; return its exit code."""
    command = [sys.executable, "-m", "pytest", "-p", "mutants.plugin", "-p", "no:randomly"]
    variables = os.environ | environment | {"PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *options, *tests],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
