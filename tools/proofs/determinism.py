"""Run the same commands under other conditions, and compare what they write byte by byte.

    make determinism                      all that commands write, under all conditions
    make determinism ARGS=--quick         the whole job and `predict`, without the wheel
    make determinism ARGS='--save FILE'   the digests of this platform
    make determinism ARGS='--agree FILE FILE ...'   how far platforms agree

Seconds, peak memory and the random names of uses of the test set do not count
(`tools/proofs/contents.py`), nor do the paths of input files in a manifest.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from tools.proofs import commands, platforms
from tools.proofs.axes import Axis, axes
from tools.proofs.contents import contents, differing
from tools.proofs.table import markdown

QUICK = ("whole job", "predict")


def main() -> int:
    """Print a row for each condition; return 1 if promised bytes differ."""
    arguments = _arguments()
    if arguments.agree:
        print(platforms.agreement(arguments.agree))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        commands.prepare(inputs := Path(folder) / "inputs")
        if arguments.save:
            work, reference = _reference(Path(folder), inputs, quick=False)
            platforms.save(arguments.save, work / "run", reference)
            return 0
        return _compare(Path(folder), inputs, arguments.quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="determinism",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--agree", type=Path, nargs="+", metavar="FILE")
    return parser.parse_args()


def _reference(temporary: Path, inputs: Path, quick: bool) -> tuple[Path, dict[str, str]]:
    """Return the folder in which the commands ran under no special condition, and its contents."""
    work = temporary / "reference"
    return work, _written(Axis("reference", ""), work, inputs, quick)


def _compare(temporary: Path, inputs: Path, quick: bool) -> int:
    _, reference = _reference(temporary, inputs, quick)
    rows, broken = [], False
    for number, axis in enumerate(axes(temporary, quick)):
        work = temporary / (axis.folder or f"{number:02}")
        differ = differing(reference, _written(axis, work, inputs, quick))
        result = f"{len(differ)} differ" if differ else "the same"
        rows.append((axis.name, axis.value, len(reference), result, _promise(axis)))
        broken |= bool(differ) and axis.promised
        if differ and axis.promised:
            print(f"{axis.name}, {axis.value}: {', '.join(differ)}", file=sys.stderr)
    print(markdown([("condition", "value", "files", "bytes", "promised"), *rows]))
    return int(broken)


def _promise(axis: Axis) -> str:
    return "yes" if axis.promised else "no"


def _written(axis: Axis, work: Path, inputs: Path, quick: bool) -> dict[str, str]:
    """Run the commands under a condition, and return what they wrote."""
    commands.link(inputs, work)
    variables = commands.environment(inputs, **axis.variables)
    draw = Random(0)
    for line in _lines(quick):
        if axis.killed:
            _kill(line, work, variables, draw)
        commands.must_run(line, work, variables)
    return contents(work, [axis.package])


def _lines(quick: bool) -> Iterator[str]:
    """Yield the commands: each run that is to be there is made before what starts from it."""
    chosen = [each for each in commands.COMMANDS if not quick or each.name in QUICK]
    yield next(each.line for each in chosen if each.name == "whole job")
    if not quick:
        yield commands.STARTS["other"]
    for command in chosen:
        # A cross-validation is of another corpus, and `other settings` would replace the run.
        if command.name not in ("whole job", "other settings"):
            yield command.line.replace("drawn.toml --run run", "drawn.toml --run drawn")


def _kill(line: str, work: Path, variables: dict[str, str], draw: Random) -> None:
    """Start a command, and kill it at a random moment of its first second."""
    process = commands.start(line.split(), work, variables)
    time.sleep(draw.uniform(0.3, 1))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
