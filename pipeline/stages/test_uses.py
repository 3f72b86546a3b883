"""How often the test part of a run was scored, and by how many different models.

A test part is worth what it has not been used for: whoever scores it again and again, and
keeps the settings that did best, has chosen by it. So each use is written down, in a file
beside the manifest that outlives `--force`.
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
# What a model is made by; [eval] and [report] only look at it.
_SECTIONS = ("corpus", "tokens", "features", "train")


@dataclass(frozen=True)
class TestUse:
    """One scoring of the test part.

    Attributes
    ----------
    by : str
        The command that did it.
    config : str
        The first twelve digits of the SHA-256 of the config that made the model.
    """

    by: str
    config: str


def read_test_uses(path: Path) -> list[TestUse]:
    """Return every use of the test part by a run, the first one first.

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
            f"{file}: not the file that was saved; delete it, and what it counted is forgotten"
        ) from None


def record_test_use(path: Path, by: str, config: Config) -> None:
    """Write down that a run has scored the test part."""
    sections = {name: config.section(name) for name in _SECTIONS}
    digest = hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()
    uses = [*read_test_uses(path), TestUse(by, digest[:12])]
    write_json(path / _FILE, {"uses": [asdict(use) for use in uses]})
