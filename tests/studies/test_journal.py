"""The journal of a study: what is in it is not done again."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RunError
from pipeline.stages import versions
from pipeline.storage.journal import journal_line
from pipeline.studies.execution import DEFAULT, Execution, Reuse
from pipeline.studies.journal import Journal, open_journal


def test_a_journal_holds_what_was_written_when_it_is_opened_again(tmp_path):
    first = Journal(tmp_path / "j", {"seed": 1})
    first["a"], first["b"] = {"x": 0.1, "y": float("nan")}, [1, 2]
    again = Journal(tmp_path / "j", {"seed": 1})
    assert ("a" in again, "c" in again, len(again)) == (True, False, 2)
    assert (again["a"], again["b"]) == ({"x": 0.1, "y": None}, [1, 2])


@pytest.mark.parametrize(("depends", "from_scratch"), [({"seed": 2}, False), ({"seed": 1}, True)])
def test_a_journal_of_other_settings_is_restarted(tmp_path, depends, from_scratch):
    Journal(tmp_path / "j", {"seed": 1})["a"] = 1
    assert len(Journal(tmp_path / "j", depends, from_scratch)) == 0
    assert len(Journal(tmp_path / "j", depends)) == 0


@given(st.integers(1, 40))
def test_a_line_that_was_cut_short_is_repeated(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = Journal(path, {})
    journal["first"], journal["second"] = {"accuracy": 0.5}, {"accuracy": 0.75}
    whole = path.read_bytes()
    path.write_bytes(whole[: -min(cut, len(whole.split(b"\n")[2]))])
    again = Journal(path, {})
    assert "first" in again
    assert "second" not in again
    again["second"] = {"accuracy": 0.75}
    assert path.read_bytes() == whole


GARBAGE = (
    *[b"garbage", b"\xff", b"3", b"null", b"{}", b"[" * 100_000, b"9" * 5000, b'["a"]', b"[[], 1]"],
    *[b'["a", 1]', b'["a", NaN, "0"]', journal_line("a", 1).replace("1", "2", 1).encode()],
)


@pytest.mark.parametrize("line", GARBAGE)
def test_a_journal_with_a_line_of_another_form_is_refused_by_name(tmp_path, line):
    Journal(tmp_path / "j", {})["a"] = 1
    with (tmp_path / "j").open("ab") as file:
        file.write(line + b"\n")
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(RunError, match="j: not the file that was saved; --force restarts it"):
        Journal(tmp_path / "j", {})
    assert (tmp_path / "j").read_bytes() == before
    assert "a" not in Journal(tmp_path / "j", {}, from_scratch=True)


@pytest.mark.parametrize("depends", [0, None, "seed", ["seed"]])
def test_a_journal_that_depends_on_anything_but_settings_is_restarted(tmp_path, depends):
    lines = journal_line("depends", depends), journal_line("a", 1)
    (tmp_path / "j").write_text("".join(lines))
    assert "a" not in Journal(tmp_path / "j", {"seed": 0}, ignored=["versions"])


def test_settings_that_were_changed_by_a_flipped_bit_are_not_taken_for_other_settings(tmp_path):
    Journal(tmp_path / "j", {"seed": 1})["a"] = 1
    content = (tmp_path / "j").read_text()
    (tmp_path / "j").write_text(content.replace('"seed": 1', '"seed": 3'))
    with pytest.raises(RunError, match="j: not the file that was saved; --force restarts it"):
        Journal(tmp_path / "j", {"seed": 1})


def test_a_journal_of_an_earlier_version_is_restarted(tmp_path):
    (tmp_path / "j").write_text('{"seed": 1}\n["a", 1]\n')
    assert "a" not in Journal(tmp_path / "j", {"seed": 1})


def test_results_of_another_version_are_not_mixed_with_new_ones(tmp_path, monkeypatch):
    def done(folder):
        with open_journal(folder, {"seed": 0}, 2, DEFAULT) as journal:
            found = "fold 1" in journal
            journal["fold 1"] = {"accuracy": 0.75}
        return found

    study = tmp_path / "crossval"
    study.mkdir()
    assert [done(study), done(study)] == [False, True]
    now = versions.versions()
    monkeypatch.setattr(versions, "versions", lambda: now | {"numpy": "1.0"})
    assert [done(study), done(study)] == [False, True]
    # What reads files cannot change a result.
    monkeypatch.setattr(versions, "versions", lambda: now | {"numpy": "1.0", "pyarrow": "1.0"})
    assert done(study)


def test_results_of_another_version_are_kept_on_request(tmp_path, monkeypatch):
    """And stay results of that version, because some of them are."""
    study = tmp_path / "crossval"
    study.mkdir()

    def found(reuse, seed=0):
        with open_journal(study, {"seed": seed}, 2, Execution(reuse)) as journal:
            there = "fold 1" in journal
            journal["fold 1"] = {"accuracy": 0.75}
        return there

    assert not found(Reuse.KEEP)
    now = versions.versions()
    monkeypatch.setattr(versions, "versions", lambda: now | {"numpy": "1.0"})
    assert found(Reuse.KEEP)
    monkeypatch.setattr(versions, "versions", lambda: now)
    assert found(Reuse.SAME)
    monkeypatch.setattr(versions, "versions", lambda: now | {"numpy": "1.0"})
    assert not found(Reuse.KEEP, seed=1)
    monkeypatch.setattr(versions, "versions", lambda: now)
    assert not found(Reuse.SAME, seed=1)
    assert not found(Reuse.NOTHING, seed=1)


@pytest.mark.parametrize(
    "command", [("tune", "--set", "tune.train.l2=[1e-3]"), ("crossval", "--folds", "2")]
)
def test_a_study_keeps_what_another_version_computed(copied_run, sentiment, monkeypatch, command):
    name, *options = command
    args = (name, copied_run.config, "--run", copied_run.path, *options)
    sentiment(*args)
    now = versions.versions()
    monkeypatch.setattr(versions, "versions", lambda: now | {"numpy": "99.1"})
    kept = sentiment(*args, "--keep").stderr
    assert "(up to date)" in kept
    journal = copied_run.path / name / "journal.jsonl"
    assert f"{name:<9} {journal}  (up to date)" in kept
    again = sentiment(*args).stderr
    assert "now 99.1: computed again; --keep takes it as it is" in again
    assert "resumes" not in again
    assert str(journal) not in again


def test_one_and_all_are_different_settings(tmp_path):
    """To Python 1 == 1.0, and to the config they are opposites."""
    Journal(tmp_path / "j", {"max_df": 1})["a"] = 1
    assert "a" in Journal(tmp_path / "j", {"max_df": 1})
    assert "a" not in Journal(tmp_path / "j", {"max_df": 1.0})


def test_a_journal_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "j")
    with pytest.raises(RunError, match="expected a file, got a device or a pipe"):
        Journal(tmp_path / "j", {})
