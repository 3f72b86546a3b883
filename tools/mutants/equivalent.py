"""Mutants that no test can notice, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutants.trials import Trial

# By file, change, and the line that it is in.
_REASONS: dict[tuple[str, str, str], str] = {}


def reason_of(trial: Trial) -> str | None:
    """Return why a mutant behaves as the code does, or None if it may not."""
    return None
