"""Progress: the time that a task took, and an estimate of what is left."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from pipeline.cli.display import progress
from pipeline.cli.display.file_progress import FileProgress
from pipeline.cli.display.progress import RateColumn, StageProgress, TimeColumn
from pipeline.cluster.workers import HERE
from pipeline.config.loading import load_config
from pipeline.stages.listener import HeardWorkers
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run


@pytest.mark.parametrize(
    ("elapsed", "left", "shown"),
    [
        (2.9, 6.1, "0:02, about 0:06 left"),
        (75, 5, "1:15, about 0:05 left"),
        (3700, 36000, "1:01:40, about 10:00:00 left"),
        (5, None, "0:05"),
        (None, None, "0:00"),
    ],
)
def test_elapsed_and_remaining_time_are_told_apart(elapsed, left, shown):
    task = SimpleNamespace(elapsed=elapsed, time_remaining=left)
    assert TimeColumn().render(task).plain == shown


@pytest.mark.parametrize("width", [30, 40, 80])
def test_a_bar_is_one_line_on_a_narrow_terminal(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = StageProgress(quiet=False)
    shown.study_started("curve", 109_560, None)
    shown.study_advanced(3_720)
    console = Console(width=width, file=io.StringIO(), force_terminal=True)
    console.print(shown.progress.get_renderable())
    assert console.file.getvalue().count("\n") == 1


def test_a_study_says_whether_it_resumes_or_is_up_to_date(tmp_path, capsys):
    for n_done in (0, 2, 3):
        shown = StageProgress(quiet=False)
        shown.study_started("suspects", 3, tmp_path)
        shown.study_advanced(n_done)
        shown.study_advanced(3 - n_done)
    resumes = f"suspects  resumes from {tmp_path}"
    said = capsys.readouterr().err.splitlines()
    assert said == [resumes, resumes, f"suspects  {tmp_path}  (up to date)"]


def test_a_log_has_no_bars_where_colours_are_forced(monkeypatch, tmp_path, capsys):
    """As in a continuous integration, and behind a pipe in a notebook."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with StageProgress(quiet=False) as shown, FileProgress([tmp_path], quiet=False) as of_files:
        shown.started("corpus")
        shown.say(line := "a line " * 20)
        of_files.progress.refresh()
    assert capsys.readouterr().err.splitlines() == [line]


def test_a_file_that_is_fetched_is_shown_with_what_is_here():
    shown = StageProgress(quiet=False)
    shown.fetched("s3://reviews/a.csv", 1_000_000, 3_000_000)  # nothing runs that could show it
    shown.started("corpus")
    shown.fetched("s3://reviews/a.csv", 1_000_000, 3_000_000)
    (task,) = shown.progress.tasks
    assert task.description == "fetching a.csv  1 of 3 MB"
    shown.fetched("s3://reviews/a.csv", 3_000_000, 3_000_000)
    assert task.description == "reading a.csv"


def test_the_rate_of_tasks_and_epochs_is_shown():
    task = SimpleNamespace(elapsed=2.9, time_remaining=6.1, speed=1.5)
    assert RateColumn().render(task).plain == "0:02, 1.5 a second, about 0:06 left"
    task.speed = task.time_remaining = None
    assert RateColumn().render(task).plain == "0:02"


def test_the_bar_of_a_training_is_as_long_as_its_epochs_are_many(small_run, tmp_path):
    """Whoever chose them: with "auto", no config says how many there are."""

    class Watched(StageProgress):
        def epoch(self, epoch, n_epochs):
            super().epoch(epoch, n_epochs)
            (task,) = self.progress.tasks
            bars.append((task.completed, task.total))

    for epochs, n in (("4", 4), ('"auto"', 20)):
        bars = []
        config = load_config(small_run.config, [f"train.epochs={epochs}"])
        run_stages(config, Run(tmp_path), "train", Watched(quiet=False))
        assert bars == [(number, n) for number in range(1, n + 1)]


def test_a_log_says_now_and_then_how_many_tasks_are_done(monkeypatch, capsys):
    """Such as the log of a batch job; a bar would fill it."""
    clock = iter([0.0, 20.0, 40.0, 60.0, 80.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    shown = StageProgress(quiet=False)
    assert list(HeardWorkers(HERE, shown).map(abs, [-1, -2, -3, -4])) == [1, 2, 3, 4]
    said = capsys.readouterr().err.splitlines()
    assert said == ["          2 of 4 tasks, 3.0 a minute, about 0:40 left"]
    assert not shown.progress.task_ids
