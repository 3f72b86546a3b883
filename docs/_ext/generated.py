"""Pages that are read from the code: the settings, and a line on every file of the package.

A document includes them with `{include} generated/NAME.md`; they are written before Sphinx
reads the documents, and are never committed.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipeline"
FOLDER = ROOT / "docs" / "generated"


def first_line(path):
    """Return the first line of a module's docstring, without its full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


def tree(folder, depth=0):
    """Yield a line for each module below a folder, those of a folder behind its own."""
    modules = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    rooms = [path for path in sorted(folder.iterdir()) if (path / "__init__.py").exists()]
    for path in modules:
        yield f"{'  ' * depth}{path.name:<{26 - 2 * depth}}{first_line(path)}"
    for room in rooms:
        name = f"{room.name}/"
        yield f"{'  ' * depth}{name:<{26 - 2 * depth}}{first_line(room / '__init__.py')}"
        yield from tree(room, depth + 1)


def tour():
    """Return the tour of the house, a line a file."""
    return "\n".join(["```text", "pipeline/", *tree(PACKAGE, 1), "```", ""])


def settings():
    """Return a table of settings for each section of a config."""
    from pipeline.config.reference import sections

    lines = []
    for section in sections():
        lines += ["", f"## `[{section.name}]`", "", section.description, ""]
        lines += ["| key | default | accepted | meaning |", "|---|---|---|---|"]
        for key in section.keys:
            default = f"`{key.default}`" if key.default else ""
            cells = (f"`{key.name}`", default, key.accepted, key.description)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def write(app):
    """Write the pages whose content has changed."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in (("tour", tour()), ("settings", settings())):
        path = FOLDER / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app):
    """Write the pages before Sphinx looks for documents."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
