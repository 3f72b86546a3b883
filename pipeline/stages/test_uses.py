"""The count of test-set uses, which the manifest of a run holds.

Scoring the test set again and again and keeping the settings that did best is choosing on the
test set. So each use is recorded, and `--force` does not forget it. A use is written together with
the result that it belongs to, or just before and under the same name: however often a process is
killed and run again, one result is one use.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.config.schema import Config
from pipeline.errors import RunError
from pipeline.storage.locking import naming_the_folder
from pipeline.storage.run import Run

# The sections that make a model; [eval] and [report] only look at it.
_SECTIONS = ("corpus", "tokens", "features", "train")


@dataclass(frozen=True)
class TestUse:
    """One scoring of the test set.

    Attributes
    ----------
    by : str
        The command that scored it.
    config : str
        First twelve digits of the SHA-256 of the sections that made the model.
    result : str
        A name of the result, which no other result has.
    """

    by: str
    config: str
    result: str

    @classmethod
    def of(cls, by: str, config: Config, result: str = "") -> TestUse:
        """Return a use of the model of a config; its result has a random name if none is given."""
        sections = {name: config.section(name) for name in _SECTIONS}
        digest = hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()
        return cls(by, digest[:12], result or os.urandom(8).hex())

    def to_dict(self) -> dict[str, Any]:
        """Return the use as JSON can hold it."""
        return asdict(self)


def read_test_uses(path: Path) -> list[TestUse]:
    """Return the uses of a run's test set, oldest first.

    Raises
    ------
    RunError
        If the manifest is not one that was written here.
    """
    return _uses(Run(path))


def record_test_uses(path: Path, uses: Iterable[TestUse]) -> None:
    """Add uses to those of a run, unless they are already there.

    While another process writes to the run, this one waits: the work of hours is not to be lost.
    """
    run = Run(path)
    with run.locked(waits=True), naming_the_folder(path):
        known = {use.result for use in _uses(run)}
        added = [use.to_dict() for use in uses if use.result not in known]
        if added:
            run.manifest["test_uses"] += added
            run.save()


def _uses(run: Run) -> list[TestUse]:
    try:
        return [TestUse(**use) for use in run.manifest["test_uses"]]
    except TypeError:
        raise RunError(
            f"{run.path / 'manifest.json'}: not the file that was written; --force restarts it"
        ) from None
