"""The page that is read from the code: a table of the settings for each section of a config.

A document includes it with `{include} generated/settings.md`; it is written before Sphinx reads
the documents, and is never committed.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "generated"


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
    """Write the page if its content has changed."""
    FOLDER.mkdir(exist_ok=True)
    path, text = FOLDER / "settings.md", settings()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def setup(app):
    """Write the page before Sphinx looks for documents."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
