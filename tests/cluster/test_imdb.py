"""IMDB in 16 files: the same bytes without workers and with any number of them."""

from pathlib import Path

import pytest
from pyarrow import parquet

from pipeline.cluster.connection import connected
from pipeline.cluster.workers import HERE
from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.stages.listener import SILENT
from pipeline.stages.runner import run_stages
from pipeline.stages.versions import installed
from pipeline.storage.run import Run

pytestmark = pytest.mark.slow
N_FILES = 16
STAGES = ("corpus", "tokens", "features", "train", "eval")


@pytest.fixture(scope="module")
def files(shared_data, tmp_path_factory) -> Path:
    """Return a folder of 16 training and 16 test files."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    folder = tmp_path_factory.mktemp("imdb")
    for name in ("train", "test"):
        table = parquet.read_table(shared_data / "data" / "imdb" / f"{name}.parquet")
        n = -(-len(table) // N_FILES)
        for k in range(N_FILES):
            parquet.write_table(table.slice(k * n, n), folder / f"{name}-{k:02}.parquet")
    return folder


def digests(files: Path, folder: Path, n_parts: int, workers) -> dict[str, dict[str, str]]:
    """Return the digests of what a run writes, by stage."""
    names = {name: str(files / f"{name}-*.parquet") for name in ("train", "test")}
    train = {"epochs": 4, "parts": n_parts}
    run = Run(folder)
    config = checked({"corpus": {"source": "files"} | names, "train": train}, Config)
    run_stages(config, run, "eval", SILENT, workers=workers)
    return {stage: run.digests(stage) for stage in STAGES}


@pytest.fixture(scope="module")
def without(files, tmp_path_factory) -> dict[int, dict[str, dict[str, str]]]:
    """Return the digests of runs in this process, by the number of parts."""
    folder = tmp_path_factory.mktemp("without")
    return {n: digests(files, folder / str(n), n, HERE) for n in (1, 16)}


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bytes(n_workers, files, without, tmp_path):
    with connected(n_workers, tmp_path, installed, lambda line: None) as workers:
        for n_parts, expected in without.items():
            assert digests(files, tmp_path / str(n_parts), n_parts, workers) == expected
