"""Write what commands print below them, in the README and the documentation.

    python tools/outputs.py            run the commands and write their output
    python tools/outputs.py --check    exit with 1 where a page shows something else

A block of commands follows a line `<!-- output: sample -->`; its lines with `$` are run, one
after the other, in an empty folder that has the Makefile, the configs and the environment.
`sample` needs nothing; `nltk` needs NLTK's lexicons, `imdb` the Hub, and both are left alone
unless they are named: `python tools/outputs.py sample imdb`. Seconds are compared with none.

The folder also has train.txt and test.txt, the bundled reviews of three classes as fastText's
lines, and each file that the page shows after a line `<!-- file: model.toml -->`.
"""

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/lesson/*.md")),
]
BLOCK = re.compile(r"(<!-- output: (\w+) -->\n+```console\n)(.*?)(\n```)", re.DOTALL)
FILE = re.compile(r"<!-- file: (\S+) -->\n+```\w+\n(.*?\n)```", re.DOTALL)
SAMPLE = ROOT / "pipeline" / "corpus" / "sample"
# What differs from run to run: seconds, and the memory of a stage.
VARIES = re.compile(r"\d+\.\d s\b| +\d+\.\d(?=  )")


def main() -> int:
    """Write or check the outputs; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("needs", nargs="*", default=["sample"])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    differences = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
            for name, content in FILE.findall(text):
                (Path(folder) / name).write_text(content, encoding="utf-8")
            new = BLOCK.sub(lambda block: run(block, Path(folder), arguments.needs), text)
        if arguments.check:
            then, now = (VARIES.sub("#", each).splitlines() for each in (text, new))
            differences += difflib.unified_diff(then, now, str(page.relative_to(ROOT)), "now", n=1)
        elif new != text:
            page.write_text(new, encoding="utf-8")
    sys.stdout.write("".join(line.rstrip() + "\n" for line in differences))
    return 1 if differences else 0


def prepare(folder: Path) -> None:
    """Give an empty folder what the commands of a clone need."""
    for name in (".venv", "Makefile", "configs", "docs", "pyproject.toml", "requirements"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("train", "test"):
        files = sorted(SAMPLE.glob(f"*{name}.jsonl"))
        rows = [json.loads(line) for file in files for line in file.open(encoding="utf-8")]
        lines = [f"__label__{row['label']} {' '.join(row['text'].split())}\n" for row in rows]
        (folder / f"{name}.txt").write_text("".join(lines), encoding="utf-8")


def run(block: re.Match[str], folder: Path, needs: list[str]) -> str:
    """Return a block with what its commands print."""
    start, need, body, end = block.groups()
    if need not in needs:
        return block[0]
    environment = os.environ | {
        "PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    shown = []
    for command in (line for line in body.splitlines() if line.startswith("$ ")):
        finished = subprocess.run(
            ["bash", "-c", command[2:]],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if finished.returncode:
            sys.exit(f"{command}: exit code {finished.returncode}\n{finished.stdout}")
        output = finished.stdout.replace(f"{ROOT}/", "").rstrip()
        shown += ["", command, *output.splitlines()]
    return start + "\n".join(line.rstrip() for line in shown[1:]) + end


if __name__ == "__main__":
    sys.exit(main())
