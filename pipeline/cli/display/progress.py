"""Lines and bars on standard error while stages and studies run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)

from pipeline.cli.display.terminal import Text, can_animate, error_console, message_line
from pipeline.stages.listener import Listener

if TYPE_CHECKING:
    from pipeline.stages.runner import StageResult
    from pipeline.training.history import Epoch

# Seconds between two lines about tasks, in a log.
_SAY_EVERY = 30
# A terminal that has room for the rate.
_WIDE = 120


class TimeColumn(ProgressColumn):
    """The time that a task took so far, and an estimate of what is left: 0:02, about 0:06 left."""

    def get_table_column(self) -> Any:
        """Return a column of one line, which a narrow terminal cuts."""
        column = super().get_table_column()
        column.no_wrap = True
        return column

    def render(self, task: Task) -> Text:
        """Return the column of a task."""
        text = _minutes(task.elapsed or 0)
        if task.time_remaining is not None:
            text += f", about {_minutes(task.time_remaining)} left"
        return Text(text)


class RateColumn(TimeColumn):
    """The same, with the rate: 0:02, 1.5 a second, about 0:06 left."""

    def render(self, task: Task) -> Text:
        """Return the column of a task."""
        time, *left = super().render(task).plain.split(", ")
        return Text(", ".join([time, *([rate(task.speed)] if task.speed else []), *left]))


def rate(per_second: float) -> str:
    """Return how many a second, a minute or an hour.

    >>> rate(23.4), rate(0.5), rate(0.01)
    ('23.4 a second', '30.0 a minute', '36.0 an hour')
    """
    for unit, seconds in (("a second", 1), ("a minute", 60)):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:,.1f} {unit}"
    return f"{per_second * 3600:,.1f} an hour"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def fetched_text(url: str, n_bytes: int, size: int) -> str:
    """Return how much of a file at a URL is here.

    >>> fetched_text("s3://reviews/part-01.parquet", 12_300_000, 800_000_000)
    'fetching part-01.parquet  12 of 800 MB'
    >>> fetched_text("s3://reviews/part-01.parquet", 800_000_000, 800_000_000)
    'reading part-01.parquet'
    """
    name = url.rpartition("/")[2]
    if n_bytes == size:
        return f"reading {name}"
    return f"fetching {name}  {n_bytes / 1e6:,.0f} of {size / 1e6:,.0f} MB"


class StageProgress(Listener):
    """Shows a line for each stage that is done, and a bar while one computes.

    Parameters
    ----------
    quiet : bool
        Show warnings only.
    verbose : bool
        Also show the peak memory of each stage.
    """

    def __init__(self, quiet: bool, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.console = error_console()
        self.animated = can_animate(self.console)
        self.tasks: TaskID | None = None
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            RateColumn() if self.console.width >= _WIDE else TimeColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.animated,
        )

    def __enter__(self) -> StageProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if not self.quiet:
            self._print(message_line(line))

    def started(self, stage: str) -> None:
        """Show a bar without a length: how much a stage has to do is not known."""
        self.task = self.progress.add_task(f"{stage:<9}", total=None)

    def epoch(self, epoch: Epoch, n_epochs: int) -> None:
        """Move the bar, and show the loss and accuracy of the epoch."""
        text = f"train     epoch {epoch.number} of {n_epochs}"
        text += f"  loss {epoch.loss:.3f}  {epoch.accuracy:.1%}"
        if epoch.validation_loss == epoch.validation_loss:
            text += f"  validation {epoch.validation_loss:.3f}  {epoch.validation_accuracy:.1%}"
        self.progress.update(self.task, completed=epoch.number, total=n_epochs, description=text)

    def fetched(self, url: str, n_bytes: int, size: int) -> None:
        """Show how much of a file at a URL is here."""
        text = fetched_text(url, n_bytes, size)
        for task in self.progress.task_ids[-1:]:
            self.progress.update(task, description=text)

    def tasks_started(self, n_tasks: int) -> None:
        """Show a bar for tasks, below that of the stage."""
        self._end_tasks()
        self.n_tasks, self.n_tasks_done = n_tasks, 0
        self.tasks_began = self.said = time.monotonic()
        self.tasks = self.progress.add_task(" " * 9, total=n_tasks)

    def task_ended(self) -> None:
        """Move the bar; where there is no terminal, say now and then how far it is."""
        self.n_tasks_done += 1
        n, total, now = self.n_tasks_done, self.n_tasks, time.monotonic()
        text = f"{n:,} of {total:,} tasks"
        if self.tasks is not None:
            self.progress.update(self.tasks, completed=n, description=f"{'':<9} {text}")
        if not self.animated and now - self.said > _SAY_EVERY and n < total:
            self.said, speed = now, n / (now - self.tasks_began)
            left = _minutes((total - n) / speed)
            self.say(f"{'':<9} {text}, {rate(speed)}, about {left} left")
        if n == total:
            self._end_tasks()

    def _end_tasks(self) -> None:
        if self.tasks is not None and self.tasks in self.progress.task_ids:
            self.progress.remove_task(self.tasks)
        self.tasks = None

    def ended(self, result: StageResult) -> None:
        """Replace the bar by a line that stays."""
        for task in self.progress.task_ids:
            self.progress.remove_task(task)
        if not self.quiet:
            took = "up to date" if result.up_to_date else f"{result.seconds:.1f} s"
            if self.verbose:
                took += f", peak memory {result.peak_bytes / 1e6:,.0f} MB"
            line = Text(f"{result.name:<9} ", style="bold")
            line.append(result.summary, style="dim" if result.up_to_date else "not bold")
            line.append(f"  ({took})", style="dim")
            self._print(line)
        for warning in result.warnings:
            self._print(message_line(f"          ! {warning}", "yellow"))

    def out_of_date(self, stage: str, reason: str) -> None:
        """Warn that a later stage is out of date, and say why."""
        if not self.quiet:
            text = f"{stage:<9} out of date: {reason}; `sentiment {stage}` updates it"
            self._print(message_line(text, "yellow"))

    def computed_with_others(self, changed: str) -> None:
        """Say why stages are computed again whose settings and inputs are the same."""
        self.say(f"versions  {changed}: computed again; --keep takes it as it is")

    def study_started(self, study: str, n_steps: int, resumed_from: Path | None) -> None:
        """Show a bar for a study."""
        self.resumed_from = resumed_from
        self.task = self.progress.add_task(f"{study:<9}", total=n_steps)
        self.n_steps, self.n_done, self.study = n_steps, 0, study

    def study_estimated(self, seconds: float, basis: str) -> None:
        """Say how long a study will take, and what that is based on."""
        time = f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:,.0f} minutes"
        self.say(f"{self.study:<9} about {time}: {basis}")

    def study_advanced(self, n_steps: int) -> None:
        """Move the bar by some steps; first say where those come from that are already done."""
        self.n_done += n_steps
        if self.resumed_from is not None:
            is_whole = self.n_done == self.n_steps
            how = "{}  (up to date)" if is_whole else "resumes from {}"
            self.say(f"{self.study:<9} {how.format(self.resumed_from)}")
            self.resumed_from = None
        text = f"{self.study:<9} {self.n_done:,} of {self.n_steps:,}"
        self.progress.update(self.task, completed=self.n_done, description=text)

    def left_out(self, part: str, reason: str) -> None:
        """Warn that a part of the study is missing in what it shows."""
        self._print(Text(f"{self.study:<9} ! {part} is left out: {reason}", style="yellow"))

    def study_ended(self) -> None:
        """Remove the bar."""
        self.progress.remove_task(self.task)

    def _print(self, line: RenderableType) -> None:
        # A terminal gets lines that end between words; a file gets whole lines.
        self.console.print(line, soft_wrap=not self.animated)
