"""Write the tree of `pipeline/` into docs/design.md, a line a file.

    python tools/tour.py            write it
    python tools/tour.py --check    exit with 1 if the page shows another tree

The line of a module is the first line of its docstring, that of a script its first comment.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pipeline"
PAGE = ROOT / "docs" / "design.md"
BLOCK = re.compile(r"(<!-- tree -->\n+```text\n)(.*?)(^```)", re.DOTALL | re.MULTILINE)
# Files that cannot say it themselves, and folders without a module.
SAID = {
    "config/start.toml": "What `sentiment config --new` writes.",
    "corpus/sample": "The bundled reviews.",
    "corpus/sample/README.md": "Where they are from, and what a model reaches on them.",
    "corpus/sample/neutral_test.jsonl": "The test set of the neutral class.",
    "corpus/sample/neutral_train.jsonl": "The training set of the neutral class.",
    "corpus/sample/test.jsonl": "The test set, one JSON object a line.",
    "corpus/sample/train.jsonl": "The training set, one JSON object a line.",
    "py.typed": "Says that the package has types (PEP 561).",
    "report/templates": "What the page is made of: Jinja2 templates, a style sheet, scripts.",
    "report/templates/classes_card.md.j2": "What is other on the card of more than two classes.",
    "report/templates/comparison.html.j2": "The page that compares two runs.",
    "report/templates/macros.html.j2": "Shared by them: the head, a marked review, a search.",
    "report/templates/model_card.md.j2": "The model card.",
    "report/templates/more_classes.html.j2": "What only the page of more than two classes shows.",
    "report/templates/more_classes.md.j2": "What is other on it with more than two classes.",
    "report/templates/report.html.j2": "The frame of the page of a run, with blocks to fill.",
    "report/templates/style.css": "The style of all pages, light and dark.",
    "report/templates/summary.md.j2": "A run on one page of Markdown.",
    "report/templates/two_classes.html.j2": "What only the page of two classes shows.",
    "report/templates/words.md.j2": "Shared by both: the accuracy in a sentence, a table of words.",
}
WIDTH = 28


def description(path: Path) -> str:
    """Return what a file or folder is for, without the full stop."""
    name = str(path.relative_to(PACKAGE))
    file = path / "__init__.py" if (path / "__init__.py").exists() else path
    if name in SAID:
        text = SAID[name]
    elif file.suffix == ".js":
        line = file.read_text(encoding="utf-8").partition("\n")[0]
        text = line.removeprefix("// ").partition(". ")[0]
    elif file.suffix == ".py":
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    else:
        raise SystemExit(f"{path}: say in tools/tour.py what this file is for")
    return text.partition("\n")[0].removesuffix(".")


def lines(folder: Path, depth: int = 0) -> Iterator[str]:
    """Yield a line for the folder and one for each file below it, folders last."""
    name = f"{'  ' * depth}{folder.name}/"
    yield f"{name:<{WIDTH}}{description(folder)}"
    skipped = {"__init__.py", "__pycache__"}
    inside = [path for path in sorted(folder.iterdir()) if path.name not in skipped]
    for path in (path for path in inside if path.is_file()):
        name = f"{'  ' * (depth + 1)}{path.name}"
        yield f"{name:<{WIDTH}}{description(path)}"
    for path in (path for path in inside if path.is_dir()):
        yield from lines(path, depth + 1)


def main() -> int:
    """Write or check the tree; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    page = PAGE.read_text(encoding="utf-8")
    new = BLOCK.sub(lambda found: found[1] + "\n".join([*lines(PACKAGE), found[3]]), page)
    if parser.parse_args().check:
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
