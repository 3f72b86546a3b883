"""Where a run may be written: nowhere that holds what is not a run's."""

import json
import re
from pathlib import Path

import pytest

from pipeline.errors import RunError
from pipeline.storage.locking import locked
from pipeline.storage.replacing import hidden
from pipeline.storage.run import Run


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("from_scratch", [False, True])
@pytest.mark.parametrize(
    "name",
    [".bashrc", ".gitignore", "notes.txt", "model/a.txt", ".report.old/a", ".corpus.x.old/a"],
)
def test_a_folder_with_a_foreign_file_is_refused_by_its_name(tmp_path, name, from_scratch):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    expected = f"not a run folder: it holds {name.split('/')[0]} and no manifest.json; choose"
    with pytest.raises(RunError, match=re.escape(expected)):
        Run(tmp_path, from_scratch)
    assert file.read_text() == "mine"


def test_the_root_of_a_repository_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".editorconfig").touch()
    with pytest.raises(RunError, match=r"a repository: it holds \.git; choose another folder"):
        Run(tmp_path)


@pytest.mark.parametrize("way", [".", "../{name}"])
def test_a_home_folder_is_refused_even_if_it_is_empty(tmp_path, monkeypatch, way):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RunError, match="a home folder, where no run is written; choose another"):
        Run(tmp_path / way.format(name=tmp_path.name))
    Run(tmp_path / "runs")


def test_a_manifest_that_is_not_a_runs_is_not_replaced_even_from_scratch(tmp_path):
    """Such as that of a web page, whose folder has a model/ of its own."""
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "My page", "icons": []}))
    (tmp_path / "index.html").write_text("mine")
    before = content(tmp_path)
    with pytest.raises(RunError, match="expected format version 1, got None"):
        Run(tmp_path)
    with pytest.raises(
        RunError, match=r"it holds index\.html and a manifest\.json that is not a run"
    ):
        Run(tmp_path, from_scratch=True)
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    "left", [(), (".lock",), (".corpus.123/", ".manifest.json.9", ".model.1.old/")]
)
def test_an_empty_folder_works_and_one_with_what_a_killed_process_left(tmp_path, left):
    for name in left:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    Run(tmp_path).save()
    with locked(tmp_path):
        Run(tmp_path)


def test_a_run_starts_again_in_a_folder_where_a_process_was_killed_in_its_first_stage(tmp_path):
    for name in ("corpus", "manifest.json"):
        hidden(tmp_path / name).mkdir()
    hidden(tmp_path / "model", ".old").mkdir()
    run = Run(tmp_path)
    with run.locked():
        run.save()
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "manifest.json"}


def test_a_run_works_whatever_else_is_in_its_folder(tmp_path):
    Run(tmp_path).save()
    for name in (".git", "notes.txt", ".DS_Store"):
        (tmp_path / name).touch()
    Run(tmp_path)


def test_a_run_whose_manifest_is_damaged_restarts_from_scratch(tmp_path):
    for name in ("corpus", "model", "tune"):
        (tmp_path / name).mkdir()
    for name in ("config.toml", "MODEL_CARD.md", ".lock"):
        (tmp_path / name).touch()
    (tmp_path / "manifest.json").write_text("{")
    assert Run(tmp_path, from_scratch=True).manifest["stages"] == {}


def test_a_command_says_it_in_one_line_and_writes_nothing(tmp_path, sentiment, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".profile").touch()
    result = sentiment("train", "sample", "--run", ".", "-q")
    assert result.exit_code == 2
    assert result.stderr == (
        "sentiment: .: not a run folder: it holds .profile and no manifest.json; "
        "choose another folder with --run\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [".profile"]
