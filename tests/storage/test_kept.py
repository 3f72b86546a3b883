"""`KeptShards`: what an earlier try has left is taken if it was made from the same, else not."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import CorpusError
from pipeline.storage.kept import KeptShards, ShardTask
from pipeline.storage.replacing import hidden, sweep

NAMES = ("a.txt", "b.txt", "c.txt")


def write(task: ShardTask, text: str) -> str:
    """Write a shard; that of `bad` fails."""
    if task.source == "bad":
        raise CorpusError("bad: a file that cannot be read")
    task.target.write_text(f"{task.source} {text}")
    return f"{task.source} {text}"


class Recording:
    """Runs tasks here, and remembers them; after each come those that are late."""

    def __init__(self, late: Iterable[Callable[[], Any]] = ()) -> None:
        self.done: list[Callable[[], Any]] = []
        self.late = late

    def map(self, work: Callable[..., Any], items: Iterable[Any], *shared: Any) -> Iterator[Any]:
        for item in items:
            self.done.append(lambda item=item: work(item, *shared))
            result = self.done[-1]()
            for again in self.late:
                again()
            yield result

    def map_in_threads(
        self, work: Callable[..., Any], items: Iterable[Any], *shared: Any
    ) -> Iterator[Any]:
        return self.map(work, items, *shared)


def tasks_of(sources: Iterable[str], folder: Path, names: Iterable[str] = NAMES) -> list[ShardTask]:
    folder.mkdir(exist_ok=True)
    paired = zip(sources, names, strict=True)
    return [
        ShardTask(source, folder / f"{k}.txt", (name,)) for k, (source, name) in enumerate(paired)
    ]


def failed_try(tmp_path: Path, text: str = "text") -> Recording:
    """Leave two shards of three."""
    workers = Recording()
    kept = KeptShards(workers, tmp_path / ".shards", {"text": text}, dict.fromkeys(NAMES, "1"))
    with pytest.raises(CorpusError, match=r"read; 2 of 3 shards are kept"):
        list(kept.map(write, tasks_of(("a", "b", "bad"), tmp_path / "first"), text))
    return workers


def test_a_shard_is_made_again_if_its_file_has_another_name(tmp_path):
    """Which may say another format, or another class."""
    failed_try(tmp_path)
    names = ("a.txt", "b.csv", "c.txt")
    workers = Recording()
    kept = KeptShards(workers, tmp_path / ".shards", {"text": "text"}, dict.fromkeys(names, "1"))
    results = list(kept.map(write, tasks_of("aBc", tmp_path / "second", names), "text"))
    assert results == ["a text", "B text", "c text"]
    assert len(workers.done) == 2
    assert (tmp_path / "second" / "1.txt").read_text() == "B text"


def test_a_shard_is_made_again_if_its_record_is_not_as_it_was_written(tmp_path):
    failed_try(tmp_path)
    (record,) = (tmp_path / ".shards").glob("0.txt.*/record.json")
    record.write_text('{"files": {}, "xxh3_128": "0"}')
    workers = Recording()
    kept = KeptShards(workers, tmp_path / ".shards", {"text": "text"}, dict.fromkeys(NAMES, "1"))
    assert list(kept.map(write, tasks_of("abc", tmp_path / "second"), "text")) == [
        "a text",
        "b text",
        "c text",
    ]
    assert len(workers.done) == 2


def test_a_worker_that_is_late_with_a_task_of_an_earlier_try_changes_nothing(tmp_path):
    earlier = failed_try(tmp_path, "old")
    workers = Recording(late=earlier.done[:2])
    digests = dict.fromkeys(NAMES, "1")
    kept = KeptShards(workers, tmp_path / ".shards", {"text": "new"}, digests)
    list(kept.map(write, tasks_of("abc", tmp_path / "second"), "new"))
    assert [(tmp_path / "second" / f"{k}.txt").read_text() for k in range(3)] == [
        "a new",
        "b new",
        "c new",
    ]


def test_only_shards_of_the_set_that_fails_and_of_this_try_are_said_to_be_kept(tmp_path):
    failed_try(tmp_path, "old")
    other = KeptShards(Recording(), tmp_path / ".shards", {}, dict.fromkeys(NAMES, "1"))
    (tmp_path / "other").mkdir()
    tasks = [ShardTask(k, tmp_path / "other" / f"other-{k}.txt", ("a.txt",)) for k in range(9)]
    list(other.map(write, tasks, "text"))
    failed_try(tmp_path)


def test_what_a_killed_process_left_half_written_is_removed(tmp_path):
    folder = tmp_path / ".shards"
    left = hidden(folder / "1234").with_suffix(".77")
    left.mkdir(parents=True)
    (left / "half.txt").write_text("half")
    failed_try(tmp_path)
    assert not left.exists()


def test_a_process_that_ends_removes_the_shard_that_it_is_making(tmp_path):
    folder = tmp_path / ".shards"

    def interrupted(task: ShardTask) -> None:
        write(task, "half")
        sweep(folder, own=True)
        assert not task.target.exists()

    kept = KeptShards(Recording(), folder, {}, dict.fromkeys(NAMES, "1"))
    with pytest.raises(FileNotFoundError):
        list(kept.map(interrupted, tasks_of("abc", tmp_path / "first")))


def test_a_worker_that_is_late_and_fails_leaves_the_file_of_the_task_as_it_was(tmp_path):
    """Where a set is of few shards, of which none is kept."""
    calls = []

    def first_is_complete(task: ShardTask) -> None:
        calls.append(task)
        task.target.write_text("half")
        if len(calls) > 1:
            task.target.unlink()  # as what writes arrays does on an error
            raise CorpusError("late")
        task.target.write_text("whole")

    workers = Recording()
    list(KeptShards(workers).map(first_is_complete, tasks_of("a", tmp_path / "first", ["a.txt"])))
    with pytest.raises(CorpusError, match="late"):
        workers.done[0]()
    assert [(path.name, path.read_text()) for path in (tmp_path / "first").iterdir()] == [
        ("0.txt", "whole")
    ]


def test_a_worker_that_is_late_when_the_stage_is_through_leaves_nothing(tmp_path):
    workers = Recording()
    with KeptShards(workers, tmp_path / ".shards", {}, dict.fromkeys(NAMES, "1")) as kept:
        list(kept.map(write, tasks_of("abc", tmp_path / "first"), "text"))
    with pytest.raises(FileNotFoundError):
        workers.done[0]()
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
