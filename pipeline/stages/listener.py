"""The base class of what shows the progress of stages and studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.stages.runner import StageResult
    from pipeline.training.history import Epoch


class Listener:
    """Hears of the progress of stages and studies; a subclass shows it, this class is silent."""

    def started(self, stage: str) -> None:
        """Hear that a stage starts to compute."""

    def epoch(self, epoch: Epoch) -> None:
        """Hear of an epoch of training."""

    def ended(self, result: StageResult) -> None:
        """Hear that a stage is done, or was up to date."""

    def out_of_date(self, stage: str, reason: str) -> None:
        """Hear that a later stage, whose outputs stay, is out of date, and why."""

    def computed_with_others(self, changed: str) -> None:
        """Hear that stages are computed again because other versions computed them."""

    def study_started(self, study: str, n_steps: int, resumed_from: Path | None) -> None:
        """Hear that a study has begun, and which journal it resumes from, if any."""

    def study_advanced(self, n_steps: int) -> None:
        """Hear that more steps are done."""

    def left_out(self, part: str, reason: str) -> None:
        """Hear that a study goes on without a part of it, and why."""

    def study_ended(self) -> None:
        """Hear that a study is done."""


SILENT = Listener()
