"""Write the chapters as one notebook, `lesson.ipynb`: `make lesson`.

Text becomes Markdown cells. A block of commands becomes a code cell, with what the page shows that
it prints; `tools/outputs.py` has run it. Jupyter can run it again: its first cell goes to the
root of the repository, where the commands are at home.

    python docs/lesson/notebook.py            write it
    python docs/lesson/notebook.py --check    exit with 1 if the notebook is of other chapters
"""

import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "lesson.ipynb"
CONSOLE = re.compile(r"(?:<!-- output: \w+ -->\n+)?```console\n(.*?)\n```\n", re.DOTALL)
# What MyST alone reads: the contents.
DIRECTIVE = re.compile(r"```\{\w+\}.*?```\n", re.DOTALL)
START = """\
# The commands run in the root of the repository, with the programs of its environment.
import os
from pathlib import Path

root = next(path for path in Path.cwd().resolve().parents if (path / "pyproject.toml").exists())
os.chdir(root)
os.environ["PATH"] = f"{root}/.venv/bin:{os.environ['PATH']}"
"""


def chapters():
    """Return the pages in the order of the contents."""
    index = FOLDER / "index.md"
    contents = index.read_text("utf-8").partition("```{toctree}")[2]
    names = contents.partition("---\n")[2].partition("---\n")[2].partition("```")[0].split()
    return [index, *(FOLDER / f"{name}.md" for name in names)]


def lines(text):
    """Return a text as a notebook keeps it: its lines, all but the last with their ends."""
    return text.strip("\n").splitlines(keepends=True)


def commands(body):
    """Return the source and the output of a code cell, from what a page shows of commands."""
    source = [f"!{line[2:]}" for line in body.splitlines() if line.startswith("$ ")]
    printed = "\n".join(line for line in body.splitlines() if not line.startswith("$ "))
    stream = {"name": "stdout", "output_type": "stream", "text": lines(printed)}
    return "\n".join(source), [stream] if printed.strip() else []


def cells():
    """Yield the cells of the notebook without their ids."""
    code = {"cell_type": "code", "execution_count": None, "metadata": {}}
    yield code | {"outputs": [], "source": lines(START)}
    for page in chapters():
        text = DIRECTIVE.sub("", page.read_text("utf-8"))
        for k, piece in enumerate(CONSOLE.split(text)):
            if k % 2:
                source, outputs = commands(piece)
                yield code | {"outputs": outputs, "source": lines(source)}
            elif piece.strip():
                yield {"cell_type": "markdown", "metadata": {}, "source": lines(piece)}


def notebook():
    """Return the notebook as text: JSON, version 4.5 of the format."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": [{"id": f"cell-{n}", **cell} for n, cell in enumerate(cells())],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main(arguments):
    """Write or check the notebook; return the exit code."""
    if "--check" in arguments:
        return int(not FILE.exists() or FILE.read_text("utf-8") != notebook())
    FILE.write_text(notebook(), encoding="utf-8")
    print("docs/lesson/lesson.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
