"""A journal on disk: a line of JSON for what its results depend on, then one for each result.

A line holds a name, a value, and a digest of both. So a line that is not as it was written is
noticed, and one that an interrupt has cut short is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xxhash

from pipeline.boundary.paths import read_regular
from pipeline.errors import RunError
from pipeline.storage.files import null_for_nan

# The largest journal that is read, in bytes.
_LARGEST = 1 << 32
DEPENDS = "depends"


def journal_line(name: str, value: Any) -> str:
    r"""Return a line of a journal; NaN becomes null.

    >>> journal_line("fold 1", {"loss": float("nan")})
    '["fold 1", {"loss": null}, "94c5a9ffab26daea"]\n'
    """
    written = json.dumps([name, null_for_nan(value)], allow_nan=False)[:-1]
    return f'{written}, "{_digest(written.encode())}"]\n'


def read_journal(path: Path) -> dict[str, Any]:
    """Return the values of a journal by name; what they depend on is that of `DEPENDS`, the first.

    There are none in a journal of an earlier version.

    Raises
    ------
    RunError
        If a line is not as `journal_line` wrote it, or the file is not a regular one.
    """
    content = read_regular(path, _LARGEST)
    found: dict[str, Any] = {}
    try:
        for line in content.split(b"\n")[:-1]:
            written = json.loads(line)
            if isinstance(written, dict) and not found:
                return {}  # of an earlier version
            name, value, digest = written
            if digest != _digest(line.rpartition(b", ")[0]):
                raise ValueError
            found[name] = value
    except (ValueError, TypeError, RecursionError):
        raise RunError(f"{path}: not the file that was saved; --force restarts it") from None
    if next(iter(found), DEPENDS) != DEPENDS:
        raise RunError(f"{path}: not the file that was saved; --force restarts it")
    return found


def _digest(written: bytes) -> str:
    digest: str = xxhash.xxh3_64_hexdigest(written)
    return digest
