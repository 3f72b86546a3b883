"""A store of files in this process's memory, at memory:// URLs, for tests that have no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pipeline.boundary import urls

ROOT = "memory://bucket"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryFileSystem]:
    """Return an empty store whose URLs are read like those of S3."""
    monkeypatch.setitem(urls.PACKAGES, "memory", ("fsspec", "fsspec"))
    found = MemoryFileSystem()
    found.store.clear()
    found.pseudo_dirs[:] = [""]
    yield found
    found.store.clear()


def put(store: MemoryFileSystem, folder: Path) -> None:
    """Store the files of a folder, with their paths in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store.pipe(f"/bucket/{path.relative_to(folder)}", path.read_bytes())
