"""The base class of what shows the progress of a study."""

from __future__ import annotations

from pathlib import Path

from pipeline.stages.runner import Listener


class StudyListener(Listener):
    """Hears how a study and its stages get on; a subclass shows it, this class is silent."""

    def study_started(self, study: str, n_steps: int, resumed_from: Path | None) -> None:
        """Hear that a study has begun, and which journal it resumes from, if any."""

    def study_advanced(self, n_steps: int) -> None:
        """Hear that more steps are done."""

    def study_ended(self) -> None:
        """Hear that a study is done."""


SILENT = StudyListener()
