"""Where a run may be written: into a run folder, an empty folder or a new one.

A stage replaces whole folders, such as `model/` and `report/`. So a folder that holds anything else
is left alone, whether or not that is hidden: a home folder, a repository, a project.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import RunError

_STAGES = ("corpus", "tokens", "features", "model", "eval", "report")
_STUDIES = ("baselines", "crossval", "curve", "stability", "suspects", "tune")
_FILES = ("manifest.json", "config.toml", "verification.json", "MODEL_CARD.md")
# What a process leaves that was killed before there was a manifest. The names with `cluster` are
# those of pipeline/cluster/.
_LEFT = re.compile(
    rf"\.lock|\.cluster|cluster\.tsv"
    rf"|\.(?:{'|'.join(map(re.escape, (*_STAGES, *_FILES)))})\.(?:(?:.+\.)?\d+(?:\.old)?|shards)"
)
_HELP = "choose another folder with --run"


def require_new(path: Path) -> None:
    """Refuse a folder without a manifest that is a home folder, or that holds anything.

    Raises
    ------
    RunError
        It names what was found.
    """
    _refuse_home(path)
    _refuse_foreign(path, (), "no manifest.json")


def require_ours(path: Path) -> None:
    """Refuse a folder with a manifest that cannot be read and anything that no run has."""
    _refuse_home(path)
    _refuse_foreign(path, (*_STAGES, *_STUDIES, *_FILES), "a manifest.json that is not a run's")


def _refuse_home(path: Path) -> None:
    try:
        is_home = path.exists() and path.samefile(Path.home())
    except (OSError, RuntimeError):  # there is no home
        return
    if is_home:
        raise RunError(f"{path}: a home folder, where no run is written; {_HELP}")


def _refuse_foreign(path: Path, known: tuple[str, ...], manifest: str) -> None:
    names = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
    foreign = [name for name in names if name not in known and not _LEFT.fullmatch(name)]
    if ".git" in foreign:
        raise RunError(f"{path}: a repository: it holds .git; {_HELP}")
    if foreign:
        raise RunError(f"{path}: not a run folder: it holds {foreign[0]} and {manifest}; {_HELP}")
