"""What a study has done so far, on disk, so that one that was stopped goes on from there.

A text file: a JSON value a line, the first of them all that the results depend on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import RunError
from pipeline.storage.files import null_for_nan, write_text


class Journal:
    """Results by name, each on disk before the next is begun.

    Parameters
    ----------
    path : Path
        Of the file, whose folder exists.
    depends : dict
        All that the results depend on, as JSON can hold it. Where the file is of
        anything else, it is restarted.
    from_scratch : bool
        Restart in any case.

    Raises
    ------
    RunError
        If a line is not one that was written here.
    """

    def __init__(self, path: Path, depends: dict[str, Any], from_scratch: bool = False) -> None:
        self.path = path
        head = json.dumps(depends, sort_keys=True)
        lines = (
            path.read_text(encoding="utf-8").split("\n")
            if path.exists() and not from_scratch
            else []
        )
        if lines[:1] != [head]:
            lines = [head, ""]
        # What stands behind the last line break was being written when the study was stopped.
        write_text(path, "\n".join([*lines[:-1], ""]))
        try:
            self._done: dict[str, Any] = dict(json.loads(line) for line in lines[1:-1])
        except (ValueError, TypeError):
            raise RunError(f"{path}: not the file that was saved; --force restarts it") from None

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __len__(self) -> int:
        return len(self._done)

    def __getitem__(self, name: str) -> Any:
        return self._done[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Write a result down; NaN becomes null."""
        line = json.dumps([name, null_for_nan(value)], allow_nan=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self._done[name] = json.loads(line)[1]
