"""`KeptShards`: tasks that write shards, of which the next try takes those that are complete.

A large corpus is hours of work, and one bad file, one lost worker or one full disk ends a stage.
Shards are therefore written to a hidden folder of the run, each with a record of what it was made
from. When all are there, the folder of the stage gets them; the hidden one goes when the stage is
through.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from pipeline.cluster.workers import HERE, Workers
from pipeline.errors import PipelineError, RunError
from pipeline.storage.files import digest, digest_of, identity, read_json, write_json
from pipeline.storage.forms import require_form
from pipeline.storage.replacing import hidden, sweep

# A training set and a test set of one file each: there is nothing worth keeping.
_FEW = 2
_RECORD, _FORM = "record.json", {"files": {str: str}, "xxh3_128": str}


class ShardTask(NamedTuple):
    """A shard to make.

    Attributes
    ----------
    source : object
        What it is made from, such as a path.
    target : Path
        Its file. Other files of the shard have the same stem.
    inputs : tuple of str
        The names of the files that it depends on.
    """

    source: Any
    target: Path
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.source)


class _Recorded(NamedTuple):
    """A task, and a digest of all that its shard depends on."""

    task: ShardTask
    key: str

    def __str__(self) -> str:
        return str(self.task)


@dataclass(frozen=True)
class KeptShards:
    """Runs tasks that write shards; those that are complete are not written again.

    As a context manager, it forgets them once the stage is through.

    Attributes
    ----------
    workers : Workers
        What runs the tasks. They return values that JSON can hold.
    folder : Path or None
        Where shards are kept until all are there; None keeps nothing.
    depends : dict
        What all shards depend on, such as settings.
    digests : dict of str to str
        The digests of files that shards may depend on.
    given : dict of tuple to str
        The digests of the files that the stage's folder got, by their `identity`.
    """

    workers: Workers = HERE
    folder: Path | None = None
    depends: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    given: dict[tuple[int, int, int, int], str] = field(default_factory=dict)

    def map(
        self, work: Callable[..., Any], tasks: Sequence[ShardTask], *shared: Any
    ) -> Iterator[Any]:
        """Yield `work(task, *shared)` for each task, as `Workers.map` does."""
        return self._map(self.workers.map, work, tasks, shared)

    def map_in_threads(
        self, work: Callable[..., Any], tasks: Sequence[ShardTask], *shared: Any
    ) -> Iterator[Any]:
        """Yield the same as `map`, where a task uses one thread."""
        return self._map(self.workers.map_in_threads, work, tasks, shared)

    def _map(
        self,
        each: Callable[..., Iterator[Any]],
        work: Callable[..., Any],
        tasks: Sequence[ShardTask],
        shared: tuple[Any, ...],
    ) -> Iterator[Any]:
        keys = [self._key(work, task) for task in tasks]
        if self.folder is None or len(tasks) <= _FEW or None in keys:
            yield from each(make_files, tasks, work, *shared)
            return
        recorded = [_Recorded(task, key or "") for task, key in zip(tasks, keys, strict=True)]
        _clear(self.folder, recorded)
        kept = [_kept(self.folder, task) for task in recorded]
        missing = [task for task, record in zip(recorded, kept, strict=True) if record is None]
        fresh = each(make_shard, missing, self.folder, work, *shared)
        records = []
        try:
            for known in kept:
                records.append(known or next(fresh))
                yield records[-1]["result"]
        except BaseException as error:
            n_kept = sum(_place(self.folder, task).exists() for task in recorded)
            if n_kept and isinstance(error, PipelineError):
                error.args = (f"{error}; {n_kept} of {len(tasks)} shards are kept",)
            with suppress(OSError):
                self.folder.rmdir()  # if nothing is kept
            raise
        for task, record in zip(recorded, records, strict=True):
            for name, found in record["files"].items():
                target = task.task.target.parent / name
                _give(_place(self.folder, task) / name, target)
                self.given[identity(target)] = found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def but(self, **depends: Any) -> KeptShards:
        """Return one whose shards depend on more."""
        return replace(self, depends={**self.depends, **depends})

    def _key(self, work: Callable[..., Any], task: ShardTask) -> str | None:
        """Return a digest of all that a shard depends on; None if that is not known."""
        if not task.inputs or not all(name in self.digests for name in task.inputs):
            return None
        # What a file is named says how it is read, and which class its folder is.
        inputs = [(name, self.digests[name]) for name in task.inputs]
        return digest_of([work.__name__, task.target.name, self.depends, inputs])


NOTHING_KEPT = KeptShards()


def _give(kept: Path, target: Path) -> None:
    """Give a file a second name, because the stage may yet fail."""
    try:
        target.hardlink_to(kept)
    except OSError:  # not every file system has links
        kept.replace(target)


def _clear(folder: Path, tasks: Sequence[_Recorded]) -> None:
    """Make the folder, and remove what is half written there, and what was made from others."""
    folder.mkdir(exist_ok=True)
    sweep(folder)
    keys = {recorded.task.target.name: recorded.key for recorded in tasks}
    for place in folder.iterdir():
        name, _, key = place.name.rpartition(".")
        if keys.get(name, key) != key:
            shutil.rmtree(place, ignore_errors=True)


def _kept(folder: Path, recorded: _Recorded) -> dict[str, Any] | None:
    """Return the record of a shard that is there as it was written; remove any other."""
    place = _place(folder, recorded)
    try:
        record = read_json(place / _RECORD)
        require_form(record, _FORM, place, "")
        is_whole = record.pop("xxh3_128") == digest_of(record)
        if is_whole and all(digest(place / name) == was for name, was in record["files"].items()):
            return record
    except RunError:
        pass
    shutil.rmtree(place, ignore_errors=True)
    return None


def make_files(task: ShardTask, work: Callable[..., Any], *shared: Any) -> Any:
    """Make a shard that is not kept; return what the work does.

    Its files get their names when all are complete. So a worker that was given up and goes on never
    leaves one that is incomplete.
    """
    with _own_folder(task.target.parent) as own:
        result = work(task._replace(target=own / task.target.name), *shared)
        for path in sorted(own.iterdir()):
            path.replace(task.target.parent / path.name)
        return result


def make_shard(
    recorded: _Recorded, folder: Path, work: Callable[..., Any], *shared: Any
) -> dict[str, Any]:
    """Make a shard, and its record; return that.

    The shard is complete when its folder gets its name. So a worker that was given up and goes on
    does no harm: the name is taken, or says that the shard was made from something else.
    """
    task, place = recorded.task, _place(folder, recorded)
    with _own_folder(folder) as own:
        result = work(task._replace(target=own / task.target.name), *shared)
        files = {path.name: digest(path) for path in sorted(own.iterdir())}
        record = {"result": result, "files": files}
        write_json(own / _RECORD, record | {"xxh3_128": digest_of(record)})
        try:
            own.rename(place)
        except OSError:
            if not place.exists():
                raise
        return record


@contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    """Give a task a folder of its own, because it may run twice at a time.

    It is in one that is there as long as somebody waits for the task.
    """
    own = hidden(folder / uuid.uuid4().hex)
    own.mkdir()
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _place(folder: Path, recorded: _Recorded) -> Path:
    """Return the folder of a shard: its name says what the shard was made from."""
    return folder / f"{recorded.task.target.name}.{recorded.key}"
