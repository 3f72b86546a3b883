"""The record of the last verification of a run: `verification.json`."""

from __future__ import annotations

from typing import Any

from pipeline.storage import files
from pipeline.storage.forms import require_form
from pipeline.storage.run import Run

VERIFICATION = "verification.json"
_FORM = {
    "agrees": bool,
    "date": str,
    "stages": [{"name": str, "n_files": int, "differing": [str]}],
    "changes": [{"what": str, "then": str, "now": str}],
    "model": {str: str},
}


def of_training(run: Run) -> dict[str, str]:
    """Return the digests of a run's model, which a verification is of."""
    return run.digests("train")


def read_verification(run: Run) -> dict[str, Any] | None:
    """Return the last verification of the model that a run holds now; None if there is none."""
    file = run.path / VERIFICATION
    if not file.is_file():
        return None
    found = files.read_json(file)
    require_form(found, _FORM, file, "`sentiment verify` writes it again")
    return found if found["model"] == of_training(run) else None
