"""How a study runs: what it reuses, who hears of its progress, and what runs its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.cluster.workers import HERE, Workers
from pipeline.config.schema import Config
from pipeline.stages.listener import SILENT, Listener
from pipeline.stages.runner import run_stages
from pipeline.storage.run import Run


class Reuse(Enum):
    """Which earlier results a study takes as they are.

    NOTHING takes none. SAME takes those of the same settings, reviews, code and versions. KEEP also
    takes those that other versions of the libraries or of this package computed.
    """

    NOTHING = "nothing"
    SAME = "same"
    KEEP = "keep"

    @classmethod
    def of(cls, from_scratch: bool, keep: bool = False) -> Reuse:
        """Return NOTHING for a study from scratch, else KEEP or SAME."""
        return cls.NOTHING if from_scratch else cls.KEEP if keep else cls.SAME


@dataclass(frozen=True)
class Execution:
    """How a study runs. Nothing of it changes a result.

    Attributes
    ----------
    reuse : Reuse
        What is already done and not repeated.
    listener : Listener
        Hears of the progress.
    workers : Workers
        What runs the folds, the trials or the refits.
    """

    reuse: Reuse = Reuse.SAME
    listener: Listener = SILENT
    workers: Workers = HERE

    def with_corpus(self, config: Config, path: Path) -> Run:
        """Return the run of a folder, once its corpus is up to date."""
        run = Run(path, self.reuse is Reuse.NOTHING)
        keep = self.reuse is Reuse.KEEP
        run_stages(config, run, "corpus", self.listener, keep, self.workers)
        return run

    def tell_of_abstaining(self, config: Config) -> None:
        """Tell the listener that a study, which scores all reviews, lets no model abstain."""
        if config.train.abstain is not None:
            self.listener.left_out("train.abstain", "each review is scored, sure or not")


DEFAULT = Execution()
