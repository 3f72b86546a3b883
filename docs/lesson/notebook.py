"""Write the chapters as one notebook, `lesson.ipynb`, run by a Jupyter kernel: `make lesson`.

Text becomes Markdown cells. A command becomes a code cell, with what it prints as its output; it
must be what the page shows, seconds apart. The first code cell makes an empty folder in which
the commands run, so that they print the same each time.

    python docs/lesson/notebook.py            run the commands and write the notebook
    python docs/lesson/notebook.py --check    run them; exit with 1 if the notebook is another one
"""

import difflib
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from tools.outputs import VARIES

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
FILE = FOLDER / "lesson.ipynb"
CONSOLE = re.compile(r"((?:<!-- output: \w+ -->\n+)?```console\n.*?\n```\n)", re.DOTALL)
NUMBER = re.compile(r"\d+\.(?P<decimals>\d+)(?:e(?P<power>-?\d+))?")
# What a notebook has no use for: the contents that MyST reads, and the link to the next page.
DIRECTIVE = re.compile(r"```\{\w+\}.*?```\n|^Next: [^\n]*\n", re.DOTALL | re.MULTILINE)
START = """\
# The commands run in an empty folder, build/notebook, with the programs of the repository.
import os
import shutil
from pathlib import Path

here = Path.cwd().resolve()
clones = (path for path in (here, *here.parents) if (path / "docs/lesson/plain.py").is_file())
root = next(clones, None)
if root is None:
    print("Open this notebook in a clone of the repository: its commands are there.")
elif not (root / ".venv/bin/sentiment").is_file():
    print("Run `make setup` in the repository first, then this cell again.")
else:
    folder = root / "build/notebook"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (".venv", "configs", "docs"):
        (folder / name).symlink_to(root / name)
    os.chdir(folder)
    # Plain lines: Jupyter asks for colours, and bars that move fill a notebook.
    os.environ |= {"NO_COLOR": "1", "TTY_COMPATIBLE": "0", "COLUMNS": "80"}
    os.environ["PATH"] = f"{root}/.venv/bin:{os.environ['PATH']}"
"""
# Runs after each cell; it is not written into the notebook.
SUCCEEDED = "assert not globals().get('_exit_code'), f'exit code {_exit_code}'"


class CommandError(Exception):
    """A command of a page failed."""


def chapters():
    """Return the pages in the order of the contents."""
    index = FOLDER / "index.md"
    contents = index.read_text("utf-8").partition("```{toctree}")[2]
    names = contents.partition("---\n")[2].partition("---\n")[2].partition("```")[0].split()
    return [index, *(FOLDER / f"{name}.md" for name in names)]


def lines(text):
    """Return a text as a notebook keeps it: its lines, all but the last with their ends."""
    return text.strip("\n").splitlines(keepends=True)


def printed(text):
    """Return the outputs of a cell that printed a text."""
    stream = {"name": "stdout", "output_type": "stream", "text": lines(text)}
    return [stream] if text.strip() else []


def commands(block):
    """Yield the commands of a block of a page, each with what the page says of it.

    Yields
    ------
    command : str
    shown : str or None
        What the page shows that it prints; None if the page does not show it.
    is_run : bool
        Whether it needs nothing that a clone does not have.
    """
    need = re.match(r"<!-- output: (\w+) -->", block)
    body = block.partition("```console\n")[2].removesuffix("\n```\n")
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown.strip("\n") if need else None, not need or need[1] == "sample"


def cells():
    """Return the cells of the notebook, and for each what `commands` says of its output."""
    found = []
    for page in chapters():
        text = DIRECTIVE.sub("", page.read_text("utf-8"))
        for piece in CONSOLE.split(text):
            if CONSOLE.fullmatch(piece):
                found += [("code", f"!{command}", *rest) for command, *rest in commands(piece)]
            elif piece.strip():
                found.append(("markdown", piece, None, False))
    first = [kind for kind, *_ in found].index("code")
    return [*found[:first], ("code", START, None, True), *found[first:]]


def notebook(outputs):
    """Return the notebook as text: JSON, version 4.5 of the format.

    Parameters
    ----------
    outputs : dict
        What the commands printed that are run, by the number of their cell.
    """
    written, n_run = [], 0
    for number, (kind, source, shown, is_run) in enumerate(cells()):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": lines(source)}
        if kind == "code":
            n_run += is_run
            # The page's own text, which agrees: its seconds stay.
            text = outputs.get(number, "") if shown is None else shown
            cell |= {"execution_count": n_run if is_run else None, "outputs": printed(text)}
        written.append(dict(sorted(cell.items())))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": written,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def committed():
    """Return what the cells of the notebook that is there print, by their source."""
    if not FILE.exists():
        return {}
    return {
        "".join(cell["source"]): "".join(line for out in cell["outputs"] for line in out["text"])
        for cell in json.loads(FILE.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    }


def run():
    """Run the commands in a Jupyter kernel; return what they print, by the number of the cell.

    The kernel is that of this Python, without the settings of whoever runs it.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from traitlets.config import Config

    code = nbformat.v4.new_code_cell
    to_run = {n: code(source) for n, (_, source, _, is_run) in enumerate(cells()) if is_run}
    pairs = [(cell, code(SUCCEEDED)) for cell in to_run.values()]
    with tempfile.TemporaryDirectory() as own:
        # Through files, not through ports that others on this machine could listen to.
        manager = {"transport": "ipc", "connection_file": f"{own}/kernel.json"}
        client = NotebookClient(
            nbformat.v4.new_notebook(cells=[cell for pair in pairs for cell in pair]),
            kernel_name="python3",
            timeout=600,
            config=Config({"KernelManager": manager}),
            resources={"metadata": {"path": str(FOLDER)}},
        )
        try:
            client.execute(env=os.environ | {"IPYTHONDIR": own})
        except CellExecutionError as error:
            cell = next(cell for cell, after in pairs if not after.execution_count or after.outputs)
            said = "".join(output.get("text", "") for output in cell.outputs)
            raise CommandError(f"{cell.source}: {error.evalue}\n{said}") from error
    return {n: "".join(map(text_of, cell.outputs)) for n, cell in to_run.items()}


def text_of(output):
    """Return what is printed, as `tools/outputs.py` writes it into a page."""
    text = output["text"].replace("\r\n", "\n").replace(f"{ROOT}/", "")
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def agree(one, other):
    """Return True if two lines differ in seconds and in the last digit of decimals alone.

    Another processor adds in another order, and rounds the last digit otherwise.

    Examples
    --------
    >>> agree("length 19.77  (0.3 s)", "length 19.78  (1.2 s)")
    True
    >>> agree("length 19.77", "length 19.79"), agree("20 steps", "21 steps")
    (False, False)
    """
    one, other = VARIES.sub("#", one), VARIES.sub("#", other)
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.finditer(one), NUMBER.finditer(other), strict=True)
    return all(
        len(a["decimals"]) == len(b["decimals"])
        and abs(float(a[0]) - float(b[0])) < 1.5 * 10 ** (int(a["power"] or 0) - len(a["decimals"]))
        for a, b in pairs
    )


def all_agree(one, other):
    """Return True if two texts agree line by line."""
    pair = one.strip("\n").splitlines(), other.strip("\n").splitlines()
    return len(pair[0]) == len(pair[1]) and all(map(agree, *pair))


def differences(outputs):
    """Yield what differs between an output that a page shows and that of its command."""
    for number, (_, source, shown, is_run) in enumerate(cells()):
        if shown is not None and is_run and not all_agree(shown, outputs[number]):
            pair = shown.splitlines(), outputs[number].splitlines()
            yield from difflib.unified_diff(*pair, source, "printed now", n=1, lineterm="")


def keep_seconds(outputs):
    """Return outputs; those that agree with the notebook that is there, as they are in it."""
    before, found = committed(), {}
    for number, text in outputs.items():
        old = before.get(cells()[number][1].strip("\n"), "")
        found[number] = old if all_agree(old, text) else text
    return found


def main(arguments):
    """Run the commands, then write or check the notebook; return the exit code."""
    try:
        outputs = run()
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    if wrong := list(differences(outputs)):
        print("\n".join(wrong))
        print("a page shows another output: run `python tools/outputs.py`", file=sys.stderr)
        return 1
    new = notebook(keep_seconds(outputs))
    is_same = FILE.exists() and FILE.read_text("utf-8") == new
    if "--check" in arguments:
        if not is_same:
            print("lesson.ipynb is not what its commands print: run `make lesson`", file=sys.stderr)
        return int(not is_same)
    if not is_same:
        FILE.write_text(new, encoding="utf-8")
    print("docs/lesson/lesson.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
