"""How a run gets on: progress on standard error, where that is a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.stages import StageResult
    from pipeline.training.history import Epoch


class StageProgress:
    """Shows how a run gets on: a line for each stage, and a bar while it computes.

    Parameters
    ----------
    epochs : int
        How many epochs training takes at most.
    quiet : bool
        Show nothing but warnings.
    verbose : bool
        Show the memory that a stage took, too.
    """

    def __init__(self, epochs: int, quiet: bool, verbose: bool = False) -> None:
        self.epochs, self.quiet, self.verbose = epochs, quiet, verbose
        self.console = Console(stderr=True, highlight=False)
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )

    def __enter__(self) -> StageProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if not self.quiet:
            self._print(Text(line))

    def started(self, stage: str) -> None:
        """Show a bar; one of unknown length but for training."""
        total = self.epochs if stage == "train" else None
        self.task = self.progress.add_task(f"{stage:<9}", total=total)

    def began(self, study: str, total: int) -> None:
        """Show a bar for a study of so many steps."""
        self.task = self.progress.add_task(f"{study:<9}", total=total)
        self.n_steps, self.n_done, self.study = total, 0, study

    def advance(self, n: int) -> None:
        """Move that bar by some steps."""
        self.n_done += n
        text = f"{self.study:<9} {self.n_done:,} of {self.n_steps:,}"
        self.progress.update(self.task, completed=self.n_done, description=text)

    def finished(self) -> None:
        """Take that bar away."""
        self.progress.remove_task(self.task)

    def epoch(self, epoch: Epoch) -> None:
        """Move the bar, and say what the epoch came to."""
        text = f"train     epoch {epoch.number}  loss {epoch.loss:.3f}  {epoch.accuracy:.1%}"
        if epoch.validation_loss == epoch.validation_loss:
            text += f"  validation {epoch.validation_loss:.3f}  {epoch.validation_accuracy:.1%}"
        self.progress.update(self.task, completed=epoch.number, description=text)

    def ended(self, result: StageResult) -> None:
        """Replace the bar by a line that stays."""
        for task in self.progress.task_ids:
            self.progress.remove_task(task)
        if not self.quiet:
            took = "fresh" if result.fresh else f"{result.seconds:.1f} s"
            if self.verbose:
                took += f", peak memory {result.peak_bytes / 1e6:,.0f} MB"
            line = Text(f"{result.name:<9} ", style="bold")
            line.append(result.summary, style="dim" if result.fresh else "not bold")
            line.append(f"  ({took})", style="dim")
            self._print(line)
        for warning in result.warnings:
            self._print(Text(f"          ! {warning}", style="yellow"))

    def out_of_date(self, stage: str) -> None:
        """Say that a stage's folder is not of this config."""
        if not self.quiet:
            text = f"{stage:<9} in the folder is of other inputs; `sentiment {stage}` renews it"
            self._print(Text(text, style="yellow"))

    def _print(self, line: Text) -> None:
        # A terminal gets lines that end between words, a file one line for one.
        self.console.print(line, soft_wrap=not self.console.is_terminal)
