"""A cluster of two processes, which the tests of a module share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster.workers import Workers


@pytest.fixture(scope="module")
def said() -> list[str]:
    """Return the lines that were said to the user."""
    return []


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[Workers]:
    """Return two worker processes."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    from pipeline.cluster.connection import connected
    from pipeline.stages.versions import installed

    folder: Path = tmp_path_factory.mktemp("run")
    with connected(2, folder, installed, said.append) as workers:
        yield workers
