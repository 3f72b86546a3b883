"""The journal of a study on disk, so that an interrupted study can resume.

`storage.journal` reads its lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.stages.freshness import source_digest
from pipeline.stages.versions import computing_versions
from pipeline.storage.files import write_text
from pipeline.storage.journal import DEPENDS, journal_line, read_journal
from pipeline.storage.locking import locked, naming_the_folder
from pipeline.studies.execution import Execution, Reuse


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
    ignored : collection of str
        Keys of `depends` that may differ. The file keeps those that it has.

    Raises
    ------
    RunError
        If a line is not one that was written here. The file stays as it is.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Journal(Path(folder, "journal"), {"seed": 0})["fold 1"] = {"accuracy": 0.75}
    ...     again = Journal(Path(folder, "journal"), {"seed": 0})
    >>> again["fold 1"]
    {'accuracy': 0.75}
    """

    def __init__(
        self,
        path: Path,
        depends: dict[str, Any],
        from_scratch: bool = False,
        ignored: Collection[str] = (),
    ) -> None:
        self.path = path
        found = read_journal(path) if path.exists() and not from_scratch else {}
        # Compared as text, because 1 (a review) and 1.0 (all of them) are equal in Python.
        then, now = (
            json.dumps(_without(ignored, each), sort_keys=True)
            for each in (found.get(DEPENDS), depends)
        )
        self._done: dict[str, Any] = found if then == now else {DEPENDS: depends}
        # An interrupt can leave a line without its line break; its step is repeated.
        write_text(path, "".join(journal_line(*each) for each in self._done.items()))

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __len__(self) -> int:
        return len(self._done) - 1

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
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line := journal_line(name, value))
        self._done[name] = json.loads(line)[1]


def _without(ignored: Collection[str], depends: Any) -> Any:
    """Return what results depend on without some keys; a file may hold anything else there."""
    if not isinstance(depends, dict):
        return depends
    return {key: value for key, value in depends.items() if key not in ignored}


@contextmanager
def open_journal(
    folder: Path, depends: dict[str, Any], n_steps: int, execution: Execution
) -> Iterator[Journal]:
    """Lock the folder of a study, open the journal in it, and tell the listener.

    Parameters
    ----------
    folder : Path
        Named as the study, which is also the name of its module.
    depends : dict
        What the results depend on besides the study's source code, and the versions of what
        computes them.
    n_steps : int
    execution : Execution

    Raises
    ------
    RunError
        If another process is writing to the folder, or it cannot be written.
    """
    study, reuse, listener = folder.name, execution.reuse, execution.listener
    computed_by = {
        "source": source_digest((f"pipeline.studies.{study}",)),
        "versions": computing_versions(),
    }
    with locked(folder), naming_the_folder(folder):
        ignored = ("versions",) if reuse is Reuse.KEEP else ()
        file = folder / "journal.jsonl"
        journal = Journal(file, depends | computed_by, reuse is Reuse.NOTHING, ignored)
        listener.study_started(study, n_steps, journal.path if len(journal) else None)
        yield journal
        listener.study_ended()
