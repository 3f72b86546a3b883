"""The journal of a study on disk, so that an interrupted study can resume.

A text file with a JSON value on each line. The first line holds all that the results depend on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import RunError
from pipeline.stages.freshness import source_digest
from pipeline.stages.listener import Listener
from pipeline.storage.files import null_for_nan, write_text
from pipeline.storage.run import locked, naming_the_folder


class Journal:
    """Results by name, each of which is on disk before the next is computed.

    Parameters
    ----------
    path : Path
        The file, in a folder that exists.
    depends : dict
        All that the results depend on, as JSON can hold it. A file that depends on anything
        else is restarted.
    from_scratch : bool
        Restart the file in any case.

    Raises
    ------
    RunError
        If a line is not one that was written here.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Journal(Path(folder, "journal"), {"seed": 0})["fold 1"] = {"accuracy": 0.75}
    ...     again = Journal(Path(folder, "journal"), {"seed": 0})
    >>> again["fold 1"]
    {'accuracy': 0.75}
    """

    def __init__(self, path: Path, depends: dict[str, Any], from_scratch: bool = False) -> None:
        self.path = path
        head = json.dumps(depends, sort_keys=True)
        lines = []
        if path.exists() and not from_scratch:
            lines = path.read_text(encoding="utf-8").split("\n")
        if lines[:1] != [head]:
            lines = [head, ""]
        # An interrupt can leave a line without its line break; its step is repeated.
        write_text(path, "\n".join([*lines[:-1], ""]))
        try:
            self._done: dict[str, Any] = dict(json.loads(line) for line in lines[1:-1])
        except (ValueError, TypeError):
            raise RunError(f"{path}: not the file that was saved; --force restarts it") from None

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __len__(self) -> int:
        return len(self._done)

    @property
    def id(self) -> str:
        """A random name of this journal, which it keeps until it is restarted."""
        if "id" not in self:
            self["id"] = os.urandom(8).hex()
        return str(self["id"])

    def __getitem__(self, name: str) -> Any:
        return self._done[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Append a result to the file; NaN becomes null."""
        line = json.dumps([name, null_for_nan(value)], allow_nan=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self._done[name] = json.loads(line)[1]


@contextmanager
def open_journal(
    folder: Path, depends: dict[str, Any], n_steps: int, from_scratch: bool, listener: Listener
) -> Iterator[Journal]:
    """Lock the folder of a study, open the journal in it, and tell the listener.

    Parameters
    ----------
    folder : Path
        Named as the study, which is also the name of its module.
    depends : dict
        What the results depend on besides the study's source code.
    n_steps : int
    from_scratch : bool
        Restart the study.
    listener : Listener

    Raises
    ------
    RunError
        If another process is writing to the folder, or it cannot be written.
    """
    study = folder.name
    depends = depends | {"source": source_digest((f"pipeline.studies.{study}",))}
    with locked(folder), naming_the_folder(folder):
        journal = Journal(folder / "journal.jsonl", depends, from_scratch)
        listener.study_started(study, n_steps, journal.path if len(journal) else None)
        yield journal
        listener.study_ended()
