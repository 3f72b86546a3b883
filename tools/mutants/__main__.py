"""`make mutants`: put small faults into the numerical code, and count those that tests notice.

    python tools/mutants --sample 300 --seed 0 --least 0.9

1. The tests of some rooms run once, with coverage, so that it is known which test runs which line.
   Those of the kernels run once with kernels as Python, so that it is known which are fast enough.
2. A sample is drawn, the same for the same seed. An edit of one module leaves the others' mutants.
3. Each mutant is put in place as its module is imported; no file changes. The tests of its line
   run until one fails: it is killed. A kernel runs as Python; nothing is compiled.

A mutant that no test notices survives: a test is missing, code is dead, or the change has no
effect. The survivors are listed. Those of `equivalent.py` come with the reason why no test can
notice them; they count as survivors, untried.

A run that was stopped resumes: what was tried is in `build/mutants/journal.jsonl`. What survived is
tried again once the tests have changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from mutants.choosing import digest_of_tests
from mutants.equivalent import reason_of
from mutants.running import FOLDER
from mutants.trials import Trial, all_trials, is_killed


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sample", type=int, default=300, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--least", type=float, default=0.9, help="share that must be killed")
    parser.add_argument("--only", default="", help="modules whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    trials = list(all_trials(options.only))
    drawn = sampled(trials, options.sample, options.seed)
    print(f"{len(drawn)} of {len(trials):,} mutants, seed {options.seed}", flush=True)
    survivors = [trial for trial, killed in outcomes(drawn, options.jobs) if not killed]
    report(survivors)
    share = 1 - len(survivors) / max(1, len(drawn))
    n_equivalent = sum(reason_of(trial) is not None for trial in survivors)
    print(
        f"tried {len(drawn)}, killed {len(drawn) - len(survivors)}, survived {len(survivors)} "
        f"({n_equivalent} equivalent): {share:.1%} killed"
    )
    return int(share < options.least)


def sampled(trials: Iterable[Trial], size: int, seed: int) -> list[Trial]:
    """Return the mutants whose names have the lowest hashes, in the order of these."""

    def rank(trial: Trial) -> bytes:
        return hashlib.sha256(f"{seed} {trial.name}".encode()).digest()

    return sorted(trials, key=rank)[:size]


def outcomes(drawn: list[Trial], jobs: int) -> Iterator[tuple[Trial, bool]]:
    """Yield each mutant and whether it was killed, of the journal or by its tests."""
    journal, tests = FOLDER / "journal.jsonl", digest_of_tests()
    known = dict(read_journal(journal, tests))
    known |= {trial.key: False for trial in drawn if reason_of(trial)}
    missing = [trial for trial in drawn if trial.key not in known]
    yield from ((trial, known[trial.key]) for trial in drawn if trial.key in known)
    start = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool, journal.open("a", encoding="utf-8") as file:
        for n, (trial, killed) in enumerate(
            zip(missing, pool.map(is_killed, missing), strict=True)
        ):
            line = json.dumps({"mutant": trial.key, "tests": tests, "killed": killed})
            print(line, file=file, flush=True)
            if n % 25 == 24 or sys.stderr.isatty():
                left = (time.monotonic() - start) / (n + 1) * (len(missing) - n - 1) / 60
                print(f"{n + 1} of {len(missing)} tried, {left:.0f} min left", flush=True)
            yield trial, killed


def read_journal(path: Path, tests: str) -> Iterator[tuple[str, bool]]:
    """Yield what earlier runs found: what was killed, and what survived the tests as they are."""
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        entry = json.loads(line)
        if entry["killed"] or entry["tests"] == tests:
            yield entry["mutant"], entry["killed"]


def report(survivors: list[Trial]) -> None:
    """Print the survivors and write them to a file, first those that a test could notice."""
    lines = sorted(
        (reason is not None, f"{trial}\n" + (f"    equivalent: {reason}\n" if reason else ""))
        for trial in survivors
        for reason in [reason_of(trial)]
    )
    text = "".join(line for _, line in lines)
    (FOLDER / "survivors.txt").write_text(text, "utf-8")
    print(text, end="")


if __name__ == "__main__":
    sys.exit(main())
