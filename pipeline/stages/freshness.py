"""A digest of a stage's source code, imports included: an edit makes the stage out of date.

The digest of a module covers the modules that it imports inside the package, and those that
they import. So every stage that uses a module notices an edit of it.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

import pipeline
from pipeline.storage import files

_IMPORT = re.compile(
    rf"^ *from ({pipeline.__name__}[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE
)


@functools.cache
def source_digest(modules: tuple[str, ...]) -> str:
    """Return the SHA-256 of the source of modules and of all they import in the package."""
    digest = hashlib.sha256()
    # The stages' own lines count for every stage; what they import, for those that name it.
    sources = _closure(modules)
    for name in ("compute", "from_config", "shards"):
        sources[f"pipeline.stages.{name}"] = Path(__file__).with_name(f"{name}.py")
    for name, path in sorted(sources.items()):
        digest.update(f"{name} {_digest(path)}\n".encode())
        if path.stem == "__init__":  # the templates of a package are source too
            for file in sorted(path.parent.glob("templates/*")):
                digest.update(f"{name} {file.name} {files.digest(file)}\n".encode())
    return digest.hexdigest()


_digest = functools.cache(files.digest)  # of source, which most stages share


@functools.cache  # A worker that ran older source keeps its digest, and so is found out.
def package_digest() -> str:
    """Return the SHA-256 of the source of the whole package, without its templates."""
    folder = Path(pipeline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)} {files.digest(path)}\n".encode())
    return digest.hexdigest()


def _closure(modules: tuple[str, ...]) -> dict[str, Path]:
    """Follow imports inside the package: module names and their files."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _module_file(name)
        if path is not None and name not in found:
            found[name] = path
            # A module of the stages joins leaves, of which a stage names those it needs.
            if not name.startswith(f"{pipeline.__name__}.stages"):
                waiting += _imported(path)
    return found


@functools.cache
def _module_file(name: str) -> Path | None:
    """Return the file of a module of the package; None for anything else."""
    package, *parts = name.split(".")
    if package != pipeline.__name__ or not parts:
        return None
    path = Path(pipeline.__file__).parent.joinpath(*parts)
    candidates = path.with_name(path.name + ".py"), path / "__init__.py"
    return next((candidate for candidate in candidates if candidate.is_file()), None)


@functools.cache
def _imported(path: Path) -> tuple[str, ...]:
    """Return the names that a file imports from the package, inside functions as well.

    Read by their form, for parsing every file takes as long as tokenising a corpus.
    """
    names = []
    for module, imported in _IMPORT.findall(path.read_text(encoding="utf-8")):
        names += [module, *(f"{module}.{name}" for name in re.findall(r"\w+", imported))]
    return tuple(names)
