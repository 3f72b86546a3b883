"""Run the stages that are out of date, and record them in the manifest."""

from __future__ import annotations

import functools
import importlib
import json
import shutil
import threading
import time
from dataclasses import dataclass
from typing import Any

from pipeline.cluster.workers import HERE, Workers
from pipeline.config.schema import Config
from pipeline.stages import from_config
from pipeline.stages.compute import StageContext
from pipeline.stages.freshness import source_digest
from pipeline.stages.listener import HeardWorkers, Listener
from pipeline.stages.memory import peak_memory, reset_peak_memory, return_freed_memory
from pipeline.stages.table import STAGES, Stage
from pipeline.stages.versions import changed_versions, processor, versions
from pipeline.storage import files
from pipeline.storage.kept import KeptShards
from pipeline.storage.run import Run


@dataclass(frozen=True)
class StageResult:
    """Result of a stage: one line about its outputs, its time and its memory."""

    name: str
    up_to_date: bool
    summary: str
    warnings: tuple[str, ...]
    seconds: float
    peak_bytes: int


def run_stages(
    config: Config,
    run: Run,
    last: str,
    listener: Listener,
    keep: bool = False,
    workers: Workers = HERE,
) -> None:
    """Compute the stages that are out of date, up to and including the last; one process at a time.

    Parameters
    ----------
    config : Config
    run : Run
    last : str
        The name of the last stage.
    listener : Listener
    keep : bool
        Take what other versions of the libraries or of this package computed as it is.
    workers : Workers
        What runs the tasks of the stages; no output depends on it.
    """
    return_freed_memory()
    workers = HeardWorkers(workers, listener)
    with run.locked():
        end = [stage.name for stage in STAGES].index(last) + 1
        import_ahead = functools.cache(lambda: _import_ahead(STAGES[1:end]))
        told: set[str] = set()
        for stage in STAGES[:end]:
            depends = _dependencies(stage, config, run)
            entry = run.stage(stage.name)
            up_to_date = _is_up_to_date(stage, entry, depends, run)
            if entry is not None and up_to_date and not keep:
                changed = changed_versions(entry)
                if changed and changed not in told:
                    listener.computed_with_others(changed)
                up_to_date = not changed
                told.add(changed)
            if entry is None or not up_to_date:
                listener.started(stage.name)
                import_ahead()
                entry = _compute(stage, config, run, depends, listener, workers)
            listener.ended(
                StageResult(
                    stage.name,
                    up_to_date,
                    entry["summary"],
                    tuple(entry["warnings"]),
                    entry["seconds"],
                    entry["peak_bytes"],
                )
            )

        for stage in STAGES[end:]:
            entry = run.stage(stage.name)
            reason = "" if entry is None else _changed_input(entry, _inputs(stage, config, run))
            if entry is not None and not reason and not keep:
                reason = changed_versions(entry)
            if reason:
                listener.out_of_date(stage.name, reason)


def _changed_input(entry: dict[str, Any], inputs: dict[str, str]) -> str:
    """Return what changed among the inputs of a stage since it ran; empty if nothing did."""
    then: dict[str, str] = entry.get("depends", {}).get("inputs", {})
    changed = {file for file in then.keys() | inputs.keys() if then.get(file) != inputs.get(file)}
    names = sorted({file.split("/")[0] for file in changed})
    ran = " and ".join(f"`{'train' if name == 'model' else name}`" for name in names)
    return f"{ran} ran after it" if ran else ""


def _import_ahead(stages: tuple[Stage, ...]) -> None:
    """Import what later stages need while an earlier one reads and computes."""

    def work() -> None:
        for stage in stages:
            for module in stage.modules:
                importlib.import_module(module)

    threading.Thread(target=work, daemon=True).start()


def _is_up_to_date(
    stage: Stage, entry: dict[str, Any] | None, depends: dict[str, Any], run: Run
) -> bool:
    if entry is None or not run.has_outputs(stage.name):
        return False
    if not all((run.path / file).is_file() for file in stage.extra_outputs):
        return False
    # Compared as text, because 1 (a review) and 1.0 (all of them) are equal in Python.
    then, now = (json.dumps(value, sort_keys=True) for value in (entry.get("depends"), depends))
    return then == now


def _compute(
    stage: Stage,
    config: Config,
    run: Run,
    depends: dict[str, Any],
    listener: Listener,
    workers: Workers,
) -> dict[str, Any]:
    """Run one stage into its folder, and add its entry to the manifest."""
    reset_peak_memory()
    start = time.perf_counter()
    with (
        _kept_shards(stage, run, depends, workers) as kept,
        run.writing(stage.name, stage.folder, config.to_toml(), kept.given) as (folder, entry),
    ):
        context = StageContext(config, run, folder, entry, listener.epoch, kept)
        summary, warnings = stage.compute(context)
        entry |= {
            "summary": summary,
            "warnings": warnings,
            "seconds": round(time.perf_counter() - start, 3),
            "peak_bytes": peak_memory(),
            "depends": depends,
            "versions": versions(),
            "processor": processor(),
        }
    return entry


def _kept_shards(stage: Stage, run: Run, depends: dict[str, Any], workers: Workers) -> KeptShards:
    """Return what runs the tasks of a stage, and takes the shards that an earlier try has left."""
    folder = run.path / f".{stage.folder}.shards"
    if run.from_scratch:
        shutil.rmtree(folder, ignore_errors=True)
    settings = {key: depends[key] for key in ("config", "source")}
    # A stage is computed with the versions that its entry names, each shard of it.
    computing = {"versions": versions(), "processor": processor()}
    return KeptShards(workers, folder, settings | computing, depends["inputs"])


def _dependencies(stage: Stage, config: Config, run: Run) -> dict[str, Any]:
    """Return all that the outputs of a stage depend on, as the manifest records it."""
    return {
        "config": {section: config.section(section) for section in stage.sections},
        "inputs": _inputs(stage, config, run),
        "source": source_digest(stage.modules),
    }


def _inputs(stage: Stage, config: Config, run: Run) -> dict[str, str]:
    """Return the digests of the files that a stage reads."""
    if stage.name == "corpus":
        return from_config.source_digests(config)
    inputs: dict[str, str] = {}
    for name in stage.inputs:
        inputs |= run.digests(name)
    studies = [file for file in stage.studies if (run.path / file).is_file()]
    return inputs | {file: files.digest(run.path / file) for file in studies}
