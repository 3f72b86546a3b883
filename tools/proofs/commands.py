"""The commands that write, each on the bundled reviews and in seconds, and how they are run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pipeline
from tests.small_lexicons import write_lexicons

PACKAGE = Path(pipeline.__file__).parent
REVIEWS = PACKAGE / "corpus" / "sample" / "train.jsonl"
# Copies of the reviews that `predict` reads, as CSV and as JSON lines.
_SHARDS = {"shards/a.csv": 8, "shards/b.jsonl": 4, "shards/c.csv": 2}
# A command that takes longer hangs.
LIMIT = 300


@dataclass(frozen=True)
class Command:
    """A command, in a folder made by `prepare` that is its working directory.

    Attributes
    ----------
    name : str
    line : str
        Its arguments. The run is `run`.
    run : str
        The name in `STARTS` of the run that it starts from; empty if it makes one.
    """

    name: str
    line: str
    run: str = ""

    @property
    def arguments(self) -> list[str]:
        """Return the arguments, of which none has a space."""
        return self.line.split()


OTHER = "features.ngrams=1"
STARTS = {
    "trained": "report sample --run run -q",
    "other": f"eval sample --run other -q --set {OTHER}",
}
COMMANDS = (
    Command("whole job", "report sample --run run -q"),
    Command("other settings", f"report sample --run run -q --set {OTHER}", "trained"),
    Command("tune", "tune sample --run run -q --set tune.folds=2 --set tune.train.epochs=[5,10]"),
    Command("crossval", "crossval drawn.toml --run run -q --folds 3"),
    Command("curve", "curve sample --run run -q --folds 3 --repeats 1"),
    Command("baselines", "baselines sample --run run -q"),
    Command("stability", "stability run -q --refits 4", "trained"),
    Command("verify", "verify run -q", "trained"),
    Command("suspects", "suspects run -q --folds 3", "trained"),
    Command("compare", "compare run other --html page.html", "trained"),
    Command("predict", f"predict run {' '.join(_SHARDS)} --out out -q", "trained"),
)
# A corpus without a test set of its own, so that a cross-validation is a use of the test set.
DRAWN = '[corpus]\nsource = "files"\ntrain = "reviews.jsonl"\n'


def prepare(folder: Path) -> None:
    """Fill an empty folder with what all commands read; its files always have the same times."""
    (folder / "shards").mkdir(parents=True)
    (folder / "drawn.toml").write_text(DRAWN, encoding="utf-8")
    text = REVIEWS.read_text(encoding="utf-8")
    (folder / "reviews.jsonl").write_text(text, encoding="utf-8")
    rows = [json.loads(line)["text"].replace('"', '""') for line in text.splitlines()]
    csv = "".join(f'"{row}"\n' for row in rows)
    for name, n in _SHARDS.items():
        content = "text\n" + csv * n if name.endswith(".csv") else text * n
        (folder / name).write_text(content, encoding="utf-8")
    write_lexicons(folder / "nltk_data")
    for file in (path for path in folder.rglob("*") if path.is_file()):
        os.utime(file, (0, 0))  # an output of `predict` holds the time of its input


def link(inputs: Path, folder: Path) -> None:
    """Make a folder in which commands can work, without a copy of what they only read."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in inputs.iterdir():
        (folder / path.name).symlink_to(path)


def environment(inputs: Path, **changes: str) -> dict[str, str]:
    """Return the variables that commands run with: those here, without what could alter results."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SENTIMENT_")}
    return kept | {"NLTK_DATA": str(inputs / "nltk_data"), "COLUMNS": "100"} | changes


def start(
    line: list[str],
    folder: Path,
    variables: Mapping[str, str],
    under: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start a command in a process group of its own; its output and errors are one text.

    Parameters
    ----------
    line : list of str
        The arguments.
    folder : Path
    variables : mapping
    under : sequence of str
        A command that starts it.
    """
    return subprocess.Popen(
        [*under, sys.executable, "-m", "pipeline", *line],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def must_run(line: str, folder: Path, variables: Mapping[str, str]) -> None:
    """Run a command that nothing disturbs, and end if it fails."""
    process = start(line.split(), folder, variables)
    output, _ = process.communicate(timeout=LIMIT)
    if process.returncode:
        sys.exit(f"sentiment {line}: exit code {process.returncode}, undisturbed\n{output}")


def copy_run(start_folder: Path, folder: Path) -> None:
    """Copy the runs of a folder into another one."""
    for path in start_folder.iterdir():
        if not path.is_symlink():
            shutil.copytree(path, folder / path.name)
