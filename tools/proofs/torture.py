"""Disturb commands at random moments, and prove that nothing is lost.

    make torture                           500 trials
    make torture ARGS='--trials 12'        the first twelve
    make torture ARGS='--only 17 100-199'  these alone, exactly as before

A trial takes a command that writes, on the bundled reviews: it is killed or interrupted at a random
moment, once to three times, or has too little disk, no right to write, or a second process of
its kind. Then the same command runs to its end, and what it leaves is compared byte by byte with
what it leaves undisturbed. `lost` counts trials after which a file differs, is missing, is left
over or was half written at any time, and runs that cannot be completed; `crashes` counts commands
that end in another way than with success, in one line that says why, or by the signal that was
sent. The seed and the number of a trial fix all but the load of the machine.
"""

import argparse
import functools
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.proofs.table import markdown
from tools.proofs.trial import Laboratory, Verdict, run_trial

COLUMNS = ("tried", "disturbed", "survived", "lost", "crashes", "tracebacks")


def main() -> int:
    """Run the trials, print the tables, and return 1 if a trial was not survived."""
    arguments = _arguments()
    numbers = arguments.only or range(arguments.trials)
    # What ignores Ctrl-C, as a job in the background does, passes that on to its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    verdicts = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the user `nobody` works in it
        laboratory = Laboratory(Path(folder))
        if not laboratory.can_mount:
            print("full disk: this user cannot mount one; a limit of file sizes stands in")
        trial = functools.partial(run_trial, laboratory, arguments.seed)
        for verdict in ThreadPoolExecutor(arguments.jobs).map(trial, numbers):
            verdicts.append(verdict)
            if not verdict.survived:
                print(_failure(verdict, arguments.seed), flush=True)
            elif len(verdicts) % 25 == 0:
                print(f"{len(verdicts)} trials", file=sys.stderr, flush=True)
    print(f"\nseed {arguments.seed}\n")
    print(table(verdicts, "disturbed by", lambda verdict: verdict.kind), end="\n\n")
    print(table(verdicts, "command", lambda verdict: verdict.command))
    early = sum(verdict.early for verdict in verdicts)
    print(
        f"\n{early} interrupts reached Python before the command had begun: they gave its traceback"
    )
    return int(not all(verdict.survived for verdict in verdicts))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="torture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--trials", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trials at a time")
    parser.add_argument("--only", nargs="+", type=_numbers, metavar="NUMBER", help="or FIRST-LAST")
    arguments = parser.parse_args()
    arguments.only = [number for each in arguments.only or () for number in each]
    return arguments


def _numbers(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _failure(verdict: Verdict, seed: int) -> str:
    """Return what went wrong in a trial, and how to repeat it."""
    title = f"trial {verdict.number}: {verdict.command}, {verdict.kind}"
    repeat = f"make torture ARGS='--seed {seed} --only {verdict.number}'"
    found = [*verdict.lost, *verdict.crashes, *verdict.tracebacks]
    lines = [line for each in found for line in each.splitlines()]
    return "\n  ".join([f"{title}; repeat it with {repeat}", *lines])


def table(verdicts: Iterable[Verdict], name: str, key: Callable[[Verdict], str]) -> str:
    """Return the counts of trials by what they have in common, as a table in Markdown."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    every = [verdict for group in groups.values() for verdict in group]
    rows = [(title, *_counts(group)) for title, group in groups.items()]
    return markdown([(name, *COLUMNS), *rows, ("all", *_counts(every))])


def _counts(verdicts: list[Verdict]) -> tuple[int, ...]:
    return (
        len(verdicts),
        sum(verdict.disturbed for verdict in verdicts),
        sum(verdict.survived for verdict in verdicts),
        sum(bool(verdict.lost) for verdict in verdicts),
        sum(bool(verdict.crashes) for verdict in verdicts),
        sum(bool(verdict.tracebacks) for verdict in verdicts),
    )


if __name__ == "__main__":
    sys.exit(main())
