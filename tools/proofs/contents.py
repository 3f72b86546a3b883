"""What a folder holds, apart from what may differ between two runs: time, memory, random names.

A run records the seconds and the peak memory of its stages and the day of a verification, and gives
each use of the test set a random name. These are taken out; everything else is compared byte by
byte.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

# Of a stage, a baseline or a verification, wherever it stands in a JSON file.
_MEASURED = {"seconds", "peak_bytes", "date"}
# The files that show them, so that their digests differ too.
_SHOWING = ("report/index.html", "report/report.json")
_CELLS = re.compile(r"<td>\s*[\d.]+\s*</td>\s*<td>\s*[\d,.]+ MB\s*</td>")


def contents(folder: Path, places: Iterable[Path] = ()) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, hidden ones included.

    Locks, which stay, are left out, and so are links.

    Parameters
    ----------
    folder : Path
    places : iterable of Path
        Folders whose paths in a manifest do not count.
    """
    names = [str(place) for place in (*places, folder)]
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != ".lock":
            found[str(path.relative_to(folder))] = _digest(path, names)
        elif path.is_dir() and path.name.startswith("."):
            found[f"{path.relative_to(folder)}/"] = ""
    return found


def differing(a: dict[str, str], b: dict[str, str]) -> list[str]:
    """Return the files that only one of two folders holds, or that differ."""
    return sorted(file for file in a.keys() | b.keys() if a.get(file) != b.get(file))


def _digest(path: Path, places: list[str]) -> str:
    raw = path.read_bytes()
    # What is half written is compared as it is.
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        raw = _comparable(path, raw, places)
    return hashlib.sha256(raw).hexdigest()


def _comparable(path: Path, raw: bytes, places: list[str]) -> bytes:
    """Return the content of a file without what may differ."""
    if path.name == "manifest.json":
        text = raw.decode()
        for place in places:
            text = text.replace(place, "")
        return _json(_manifest(json.loads(text)))
    if path.name in {"report.json", "baselines.json", "verification.json"}:
        return _json(json.loads(raw))
    if path.name == "journal.jsonl":
        *lines, last = raw.split(b"\n")
        return b"\n".join([*(_json(_entry(json.loads(line))) for line in lines), last])
    if path.name == "index.html":
        return _CELLS.sub("", raw.decode()).encode()
    return raw


def _manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest in which a use of the test set has no name but counts."""
    del manifest["xxh3_128"]
    uses = manifest["test_uses"]
    if len({use["result"] for use in uses}) == len(uses):
        uses = [use | {"result": ""} for use in uses]
    stages = manifest["stages"]
    for file in _SHOWING:
        stages.get("report", {}).get("outputs", {}).pop(file, None)
    return manifest | {"test_uses": uses, "stages": stages}


def _entry(entry: Any) -> Any:
    """Return a line of a journal without its digest, and without the random name of the journal.

    A digest covers the seconds of a baseline, too.
    """
    name, value, _ = entry
    return [name, None if name == "id" else value]


def _json(value: Any) -> bytes:
    return json.dumps(_unmeasured(value), sort_keys=True).encode()


def _unmeasured(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmeasured(item) for key, item in value.items() if key not in _MEASURED}
    return [_unmeasured(item) for item in value] if isinstance(value, list) else value
