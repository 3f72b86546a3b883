"""Ask every question, print the answers as they come, and write them down.

python -m benchmarks [--quick] [--data DIR] [--rounds N] [--only NAME ...] [--out DIR]
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks import machine, report
from benchmarks.corpora import find_corpus
from benchmarks.harness import Setting, is_installed, missing, show_progress
from benchmarks.results import Question

QUESTIONS = (
    "counting",
    "ngrams",
    "characters",
    "optimum",
    "accuracy",
    "whole_job",
    "scoring",
    "million",
    "startup",
    "growth",
    "threads",
    "parts",
    "training_rule",
)
ROUNDS, QUICK_ROUNDS = 5, 2


def main() -> None:
    """Read the options, then ask."""
    options = read_options()
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    facts = {"date": datetime.date.today().isoformat(), "rounds": rounds, "quick": options.quick}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        show_progress("getting the reviews ready")
        corpus = find_corpus(options.data, Path(folder), options.quick)
        facts |= {"corpus": corpus.name, **machine.facts()}
        setting = Setting(corpus, Path(folder), rounds, options.quick)
        answers = [ask(name, setting) for name in options.only or QUESTIONS]
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / (facts["date"] + ("-quick" if options.quick else ""))
    paths = report.write(answers, facts, stem)
    if is_installed("matplotlib"):
        from benchmarks.plot import draw

        paths += draw(answers, facts, stem)
    else:
        print(missing("matplotlib"))
    targets = [claim.met for answer in answers for claim in answer.claims if claim.met is not None]
    print(f"{sum(targets)} of {len(targets)} targets met")
    if options.quick:
        print(report.QUICK)
    print("written:", *paths, sep="\n  ")
    failed = [answer.name for answer in answers if answer.failed]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def read_options() -> argparse.Namespace:
    """Return what the command line and the environment ask for."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small corpus and few rounds")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("SENTIMENT_DATA") or None,
        help="holds data/imdb/{train,test}.parquet; $SENTIMENT_DATA where it is not given, and "
        "made-up reviews where neither is",
    )
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS}, or {QUICK_ROUNDS} with --quick")
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, metavar="NAME", help="questions")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds: expected a number of at least 1, got {options.rounds}")
    return options


def ask(name: str, setting: Setting) -> Question:
    """Ask one question and print its answer; one that fails says so and lets the others go on."""
    start = time.perf_counter()
    module = importlib.import_module(f"benchmarks.{name}")
    try:
        answer = module.run(setting)
    except Exception as error:
        traceback.print_exc()
        failure = f"failed: {type(error).__name__}: {error}".splitlines()[0]
        answer = Question(name, module.ASKS, "", notes=(failure,), failed=True)
    show_progress("")
    print("\n".join(report.lines(answer)))
    print(f"  asked in {time.perf_counter() - start:.0f} s\n")
    sys.stdout.flush()
    return answer


if __name__ == "__main__":
    main()
