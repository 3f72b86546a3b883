"""A whole run whose workers are killed, one in each kind of task: every byte is as on calm days."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cluster_servers import Servers
from cluster_tasks import described, with_a_death
from small_corpus import small_reviews, write_jsonl

from pipeline.cluster.connection import connected
from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.corpus import parts
from pipeline.errors import RunError
from pipeline.stages.listener import SILENT, HeardWorkers, Listener
from pipeline.stages.runner import run_stages
from pipeline.stages.shards import tokenise_shard
from pipeline.storage.run import Run

pytest.importorskip("distributed", reason="needs the extra `cluster`")

STAGES = ("corpus", "tokens", "features", "train", "eval")


class Disturbed:
    """Runs tasks on workers, of which one is killed in each kind of task.

    Attributes
    ----------
    events : Path
        A folder, which gets a file for each kind of task that a worker was killed in.
    """

    def __init__(self, workers: Any, events: Path, when: str) -> None:
        self.workers, self.events, self.when = workers, events, when

    def map(self, work: Callable[..., Any], items: Iterable[Any], *shared: Any) -> Iterator[Any]:
        return self.workers.map(with_a_death, items, *self._of(work, shared))

    def map_in_threads(
        self, work: Callable[..., Any], items: Iterable[Any], *shared: Any
    ) -> Iterator[Any]:
        return self.workers.map_in_threads(with_a_death, items, *self._of(work, shared))

    def _of(self, work: Callable[..., Any], shared: tuple[Any, ...]) -> tuple[Any, ...]:
        # What keeps complete shards is given the work itself as an argument.
        kind = "-".join(each.__name__ for each in (work, *shared) if hasattr(each, "__name__"))
        return work, str(self.events / kind), self.when, *shared


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Config:
    """Return a config of five files that is trained in four parts."""
    folder = tmp_path_factory.mktemp("files")
    texts, labels = small_reviews()
    for k, rows in enumerate(np.array_split(np.arange(len(texts)), 5)):
        write_jsonl(folder / f"{k}.jsonl", [texts[i] for i in rows], [labels[i] for i in rows])
    source = {"source": "files", "train": str(folder / "*.jsonl")}
    train = {"epochs": 3, "parts": 4, "validation": 0.2}
    return checked({"corpus": source, "features": {"ngrams": 2}, "train": train}, Config)


@pytest.fixture(scope="module")
def calm(tmp_path_factory, config) -> dict[str, dict[str, str]]:
    """Return the digests of a run without workers, by stage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "TOGETHER", 1)
        run = Run(tmp_path_factory.mktemp("calm") / "run")
        run_stages(config, run, "eval", SILENT)
    return {stage: run.digests(stage) for stage in STAGES}


@pytest.mark.parametrize("when", ["during", "after"])
def test_a_worker_killed_in_each_kind_of_task_changes_no_byte(
    when, workers, config, calm, tmp_path, monkeypatch
):
    monkeypatch.setattr(parts, "TOGETHER", 1)
    run, events = Run(tmp_path / "run"), tmp_path / "events"
    events.mkdir()
    run_stages(config, run, "eval", SILENT, workers=Disturbed(workers, events, when))
    kinds = {path.name for path in events.iterdir()}
    assert len(kinds) > 5, kinds
    assert {stage: run.digests(stage) for stage in STAGES} == calm
    assert not list(run.path.glob(".*.[0-9]*"))  # nothing half written is left


class Losing(HeardWorkers):
    """Loses the scheduler when the first texts are tokenised."""

    def map(self, work: Callable[..., Any], items: Iterable[Any], *shared: Any) -> Iterator[Any]:
        results = super().map(work, items, *shared)
        if tokenise_shard in shared:
            yield next(results)
            self.lose()
        yield from results


class Heard(Listener):
    """Remembers which stages were computed."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    def started(self, stage: str) -> None:
        self.computed.append(stage)


def test_a_run_that_lost_the_scheduler_resumes_from_what_is_on_disk(
    config, calm, tmp_path, monkeypatch
):
    monkeypatch.setattr(parts, "TOGETHER", 1)
    run = Run(tmp_path / "run")
    with Servers(tmp_path / "servers") as servers:
        servers.start_worker()
        with connected(servers.address, run.path, described, str) as workers:
            losing = Losing(workers, SILENT)
            losing.lose = servers.scheduler.kill
            with pytest.raises(RunError, match=rf"^{servers.address}: the connection .* is lost;"):
                run_stages(config, run, "eval", SILENT, workers=losing)
    kept = list(run.path.glob(".tokens.shards/*/*.safetensors"))
    assert kept
    heard = Heard()
    run = Run(tmp_path / "run")
    run_stages(config, run, "eval", heard)
    assert heard.computed == ["tokens", "features", "train", "eval"]
    assert {stage: run.digests(stage) for stage in STAGES} == calm
