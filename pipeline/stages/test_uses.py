"""The count of test-set uses: `test_uses.json` in the run folder.

Scoring the test set again and again and keeping the settings that did best is choosing on the
test set. So each use is recorded, in a file of the run folder that `--force` does not delete.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.config.schema import Config
from pipeline.errors import RunError
from pipeline.storage.files import read_json, write_json

_FILE = "test_uses.json"
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
    """

    by: str
    config: str


def read_test_uses(path: Path) -> list[TestUse]:
    """Return the uses of a run's test set, oldest first.

    Raises
    ------
    RunError
        If the file is not one that was written here.
    """
    file = path / _FILE
    if not file.exists():
        return []
    try:
        return [TestUse(**use) for use in read_json(file)["uses"]]
    except (KeyError, TypeError):
        raise RunError(
            f"{file}: not the file that was saved; delete it to start counting from zero"
        ) from None


def record_test_use(path: Path, by: str, config: Config) -> None:
    """Record that a run has scored its test set."""
    sections = {name: config.section(name) for name in _SECTIONS}
    digest = hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()
    uses = [*read_test_uses(path), TestUse(by, digest[:12])]
    write_json(path / _FILE, {"uses": [asdict(use) for use in uses]})
