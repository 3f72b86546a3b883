"""When a stage is fresh: the source of the modules that compute it.

The digest of a module counts the modules that it imports inside the package, and
those that they import, so an edit of a helper is seen by every stage that uses it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pipeline
from pipeline import artifacts


@functools.cache
def source_digest(modules: tuple[str, ...]) -> str:
    """Return the SHA-256 of the source of modules and of all they import in the package."""
    digest = hashlib.sha256()
    # The stages' own lines count for every stage; what they import, for those that name it.
    files = _closure(modules) | {"pipeline.stages.compute": Path(__file__).with_name("compute.py")}
    for name, path in sorted(files.items()):
        digest.update(f"{name} {artifacts.digest(path)}\n".encode())
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
            waiting += _imported(path)
    return found


def _module_file(name: str) -> Path | None:
    """Return the file of a module of the package; None for anything else."""
    package, *parts = name.split(".")
    if package != pipeline.__name__ or not parts:
        return None
    path = Path(pipeline.__file__).parent.joinpath(*parts)
    candidates = path.with_name(path.name + ".py"), path / "__init__.py"
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
