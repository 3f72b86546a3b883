"""Fuzz the parsers of bytes from outside, guided by coverage, several at a time.

    python tools/fuzzing.py                               every parser for 60 seconds
    python tools/fuzzing.py csv json --seconds 600        these for ten minutes

The parsers and their inputs are in tests/fuzz. Inputs that reach new code are kept in build/fuzz,
where the next call begins. An input that breaks a parser is kept in build/fuzz/findings: mend the
parser, and move the input to tests/fuzz/corpus, where the tests replay it from then on.
"""

import argparse
import contextlib
import copy
import importlib.util
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
BUILD = ROOT / "build" / "fuzz"
FINDINGS = BUILD / "findings"
# An input that takes longer, or a process that takes more, is a finding. A tokenizer's pattern is
# given five seconds and a gigabyte for each of four texts.
SECONDS_AN_INPUT, MEGABYTES, LONGEST_INPUT = 25, 2048, 4096

# Values of JSON, of each kind and of unusual sizes.
VALUES = [
    *(None, True, False, 0, 1, -1, 3, 1 << 31, 1 << 63, -(1 << 80), 10**400),
    *(0.5, -0.0, 1e-300, 1e300, float("nan"), float("inf"), -float("inf")),
    *("", "a", "\x00", "\n\u2028", "\ud800", "../a", "~a", "/dev/zero", "a" * 300, "(?:a|a)*"),
    *([], {}, [[]], [None], ["a", "a"], {"": None}, {"a": {"a": 1}}, [[[[[[1]]]]]]),
]


class Outcome(NamedTuple):
    """Result of fuzzing a parser."""

    name: str
    log: str
    findings: list[str]

    def line(self) -> str:
        """Return it as a row of the table."""
        tried = re.findall(r"^#(\d+)", self.log, re.MULTILINE) or ["0"]
        covered = re.findall(r"cov: (\d+)", self.log) or ["0"]
        kept = sum(1 for _ in (BUILD / self.name).iterdir())
        found = ", ".join(self.findings) or "none"
        return f"{self.name:<12}{int(tried[-1]):>10,}{int(covered[-1]):>10,}{kept:>8,}  {found}"

    def said(self) -> str:
        """Return its log without the fuzzer's own lines."""
        lines = self.log.splitlines()
        return "\n".join(line for line in lines if not re.match(r"#|INFO|WARNING: Failed|\"", line))


def main() -> int:
    """Fuzz, print a table; return 1 if there was a finding."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="PARSER")
    parser.add_argument("--seconds", type=int, default=60, help="for each parser")
    parser.add_argument("--jobs", type=int, default=2, help="parsers at a time")
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing: skipped, because atheris is not installed; it has no build for this Python")
        return 0
    if arguments.inside:
        inside(*arguments.inside)
    known = sorted(path.name for path in CORPUS.iterdir())
    unknown = sorted(set(arguments.names) - set(known))
    if unknown:
        parser.error(f"expected some of {', '.join(known)}; got {', '.join(unknown)}")
    FINDINGS.mkdir(parents=True, exist_ok=True)
    print(f"{'parser':<12}{'inputs':>10}{'coverage':>10}{'kept':>8}  findings in build/fuzz")
    outcomes = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        names = arguments.names or known
        for outcome in pool.map(lambda name: fuzz(name, arguments.seconds), names):
            print(outcome.line(), flush=True)
            outcomes.append(outcome)
    broken = [outcome for outcome in outcomes if outcome.findings]
    for outcome in broken:
        print(f"\n{outcome.name}:\n{outcome.said()[-9000:]}")
    return int(bool(broken))


def fuzz(name: str, seconds: int) -> Outcome:
    """Fuzz a parser in a process of its own."""
    kept, start = BUILD / name, time.time()
    kept.mkdir(exist_ok=True)
    options = (
        *(str(kept), str(CORPUS / name), f"-max_len={LONGEST_INPUT}"),
        *(f"-timeout={SECONDS_AN_INPUT}", f"-report_slow_units={SECONDS_AN_INPUT}"),
        *(f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={FINDINGS}/{name}-"),
    )
    command = [sys.executable, __file__, "--inside", name, str(seconds), *options]
    # One thread, so that an input always takes the same way.
    environment = os.environ | {"SENTIMENT_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    found = sorted(p for p in FINDINGS.glob(f"{name}-*") if p.stat().st_mtime >= start)
    findings = [str(path.relative_to(BUILD)) for path in found]
    if done.returncode and not findings:
        findings = [f"exit code {done.returncode}"]
    return Outcome(name, (done.stderr + done.stdout).decode(errors="replace"), findings)


def inside(name: str, seconds: str, *options: str) -> None:
    """Be the process that fuzzes a parser, until its time is over."""
    import atheris

    sys.path.insert(0, str(ROOT / "tests"))
    # Kernels are compiled from their source, so their Python form is never run.
    kernels = [f"pipeline.kernels.{path.stem}" for path in ROOT.glob("pipeline/kernels/*.py")]
    with atheris.instrument_imports(["pipeline", "tomllib", "zipfile"], kernels):
        from fuzz import targets

    words, scratch = targets.words(name), BUILD / "scratch" / name
    scratch.mkdir(parents=True, exist_ok=True)
    if words:
        lines = "".join(f"{as_word(word)}\n" for word in words)
        (scratch / ".words").write_text(lines, encoding="utf-8")
        options += (f"-dict={scratch / '.words'}",)
    known: set[str] = set()
    tried, end = itertools.count(), time.monotonic() + int(seconds)

    def examine(data: bytes) -> None:
        """Keep the first input for each place of an error, and go on."""
        n = next(tried)
        try:
            targets.examine(name, data, scratch)
        except Exception as error:
            place = place_of(error)
            if place not in known:
                known.add(place)
                (FINDINGS / f"{name}-{place}").write_bytes(data)
                traceback.print_exc()
        if time.monotonic() > end:
            print(f"#{n}", flush=True)
            # The fuzzer's own end waits for threads of pyarrow, and these wait for Python.
            os._exit(0)

    mutate = {"custom_mutator": MUTATORS[name]} if name in MUTATORS else {}
    atheris.Setup([sys.argv[0], *options], examine, **mutate)
    atheris.Fuzz()


def place_of(error: Exception) -> str:
    """Return the kind of an error and the last line of the project that it came from.

    >>> place_of(KeyError("a"))
    'KeyError'
    """
    places = [
        f"{Path(frame.filename).stem}-{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/pipeline/" in frame.filename or "/tests/" in frame.filename
    ]
    return "-".join([type(error).__name__, *places[-1:]])


def as_word(word: str) -> str:
    """Return a word as a dictionary of the fuzzer has it."""
    escaped = "".join(
        chr(byte) if 32 < byte < 127 and chr(byte) not in '"\\' else f"\\x{byte:02x}"
        for byte in word.encode()
    )
    return f'"{escaped}"'


def mutated(data: bytes, largest: int, seed: int) -> bytes:
    """Return other bytes: every second time, JSON in which a value is another one."""
    import atheris

    choose = random.Random(seed)
    lines = data.split(b"\n")
    k = choose.randrange(len(lines))
    # A value may be one of many lines, or all of them.
    for at, text in ((slice(k, k + 1), lines[k]), (slice(None), data)):
        with contextlib.suppress(ValueError, RecursionError):
            value = [json.loads(text)]
            if text.strip() and choose.random() < 0.5:
                change(value, choose)
                lines[at] = [json.dumps(value[0] if value else None).encode()]
                return b"\n".join(lines)[:largest]
    return atheris.Mutate(data, largest)


def mutated_arrays(data: bytes, largest: int, seed: int) -> bytes:
    """Return other bytes: every second time, with a changed header under its new length."""
    import atheris

    end = 8 + int.from_bytes(data[:8], "little")
    if end > len(data) or random.Random(seed).random() < 0.5:
        return atheris.Mutate(data, largest)
    header = mutated(data[8:end], largest, seed)
    return (len(header).to_bytes(8, "little") + header + data[end:])[:largest]


# Of parsers of JSON; others get bytes that differ in some bits or pieces.
MUTATORS = {
    **dict.fromkeys(("json", "model", "tokenizer", "journal", "manifest", "results"), mutated),
    "arrays": mutated_arrays,
}


def change(value: list | dict, choose: random.Random) -> None:
    """Replace, remove or copy a random item at a random depth."""
    keys = list(value if isinstance(value, dict) else range(len(value)))
    if not keys:
        return
    key = choose.choice(keys)
    if isinstance(value[key], (list, dict)) and value[key] and choose.random() < 0.8:
        change(value[key], choose)
    elif choose.random() < 0.2:
        del value[key]
    elif choose.random() < 0.2:
        value[key] = copy.deepcopy(value[choose.choice(keys)])
    else:
        value[key] = copy.deepcopy(choose.choice(VALUES))


if __name__ == "__main__":
    sys.exit(main())
