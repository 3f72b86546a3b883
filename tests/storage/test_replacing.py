"""Files and folders take their places whole; what a killed process left is removed."""

import os
import subprocess
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from pipeline.errors import RunError
from pipeline.storage.locking import locked
from pipeline.storage.replacing import hidden, replacing, replacing_alone, replacing_folder, sweep

WRITERS = pytest.mark.parametrize("writer", [replacing, replacing_alone])


@WRITERS
def test_until_it_is_complete_the_old_file_stays(writer, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with writer(path) as file:
        file.write_text("ne")
        assert path.read_text() == "old"
        file.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@WRITERS
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(writer, error, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(error), writer(path) as file:
        _write_and_raise(file, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _write_and_raise(file, error):
    file.write_text("ne")
    raise error


def test_a_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    path = tmp_path / "fold-1"
    for files in (["a", "b"], ["c"]):
        with replacing_folder(path) as folder:
            for name in files:
                (folder / name).write_text("")
        assert [file.name for file in sorted(path.iterdir())] == files
    with pytest.raises(OSError, match="full"), replacing_folder(path) as folder:
        raise OSError("full")
    assert [file.name for file in path.iterdir()] == ["c"]
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_processes_that_write_one_file_the_second_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    with replacing_alone(path) as file:
        file.write_text("first")
        with (
            pytest.raises(RunError, match="another process is writing this file"),
            ExitStack() as s,
        ):
            s.enter_context(replacing_alone(path))
    assert path.read_text() == "first"


def test_a_process_takes_over_what_a_killed_one_left(tmp_path):
    path = tmp_path / "a.parquet"
    code = f"""
import os
from pathlib import Path
from pipeline.storage.replacing import replacing_alone
with replacing_alone(Path({str(path)!r})) as file:
    file.write_text("half of a longer text")
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with replacing_alone(path) as file:
        file.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_who_locks_a_folder_removes_what_was_left_half_written_in_it(tmp_path):
    for name in (".metrics.json.1", ".fold-1.22.old", ".metrics.json", ".4", "metrics.json.1"):
        (tmp_path / name).mkdir()
    with locked(tmp_path):
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {".lock", ".metrics.json", ".4", "metrics.json.1"}


def test_processes_of_two_machines_write_under_two_names(tmp_path, monkeypatch):
    """Although both have the same number, as those of containers often do."""
    here = hidden(tmp_path / "words.tsv")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="worker-7"))
    there = hidden(tmp_path / "words.tsv")
    assert there != here
    there.write_text("half")
    with locked(tmp_path):
        assert not there.exists()


def test_a_process_that_ends_removes_its_own_files_only(tmp_path):
    mine = hidden(tmp_path / "words.tsv")
    others = {mine.with_name(f"{mine.name}0"), tmp_path / f".words.tsv.worker-7.{os.getpid()}"}
    for path in (mine, *others):
        path.write_text("half")
    sweep(tmp_path, own=True)
    assert set(tmp_path.iterdir()) == others
