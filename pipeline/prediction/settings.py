"""What is predicted, and how: files, columns, threshold. Light to import, for a single line too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.boundary.paths import expanded
from pipeline.boundary.urls import is_url
from pipeline.corpus.dialect import Dialect
from pipeline.errors import CorpusError
from pipeline.storage import arrow

if TYPE_CHECKING:
    from pipeline.corpus.source import File

_FILES = 'a file or a glob such as dir/*.txt; for a text: echo "..." | sentiment predict RUN'


@dataclass(frozen=True)
class Settings:
    """What is read, and what is written.

    Attributes
    ----------
    text : str
        The column of texts.
    keep : tuple of str, optional
        The columns of the input that the output has; None for all of them.
    threshold : float, optional
        Instead of the model's.
    top : int, optional
        Also write so many of the most probable classes.
    known : bool
        Also write how many tokens a text has, and how many of them the model knows.
    unsure : bool
        Write no label where the model is unsure.
    prefix : str
        Stands before the names of the new columns.
    dialect : Dialect
        How the inputs are written.
    """

    text: str = "text"
    keep: tuple[str, ...] | None = None
    threshold: float | None = None
    top: int | None = None
    known: bool = False
    unsure: bool = False
    prefix: str = ""
    dialect: Dialect = field(default_factory=Dialect)

    @property
    def new_columns(self) -> list[str]:
        """The names of the columns with predictions."""
        names = ["predicted", "probability"]
        names += [] if self.top is None else ["top"]
        names += ["tokens", "known_tokens"] if self.known else []
        return [self.prefix + name for name in names]


def find_files(names: Sequence[str]) -> list[File]:
    """Return the files that names, patterns and URLs stand for, in order, each once.

    Raises
    ------
    CorpusError
        If a name is that of a folder, or no file has it. The name ``-`` is standard input.
    """
    found: list[File] = []
    for name in names:
        if not is_url(name):
            path = expanded(name, CorpusError)
            if path.is_dir():
                raise CorpusError(f"{path}: is a folder; expected a file or a glob: {path}/*.txt")
            if path.exists() or name == "-":
                found.append(path)
                continue
        # Imported for these only: a single line needs no reader of files.
        from pipeline.corpus.places import matching_files

        found += matching_files(name, _FILES)
    return list(dict.fromkeys(found))


def labels_of(
    classes: Sequence[Any], numbers: np.ndarray, unsure: np.ndarray | None = None
) -> pa.Array:
    """Return the class of each text by its number: an array of the classes' type.

    Where `unsure` is True, it is null.

    Examples
    --------
    >>> labels_of(["bad", "good"], np.array([1, 0])).to_pylist()
    ['good', 'bad']
    >>> labels_of(["bad", "good"], np.array([1, 0]), np.array([True, False])).to_pylist()
    [None, 'bad']
    """
    if all(isinstance(label, str) for label in classes):
        labels: pa.Array = arrow.strings(list(classes))
    elif all(isinstance(label, bool) for label in classes):
        labels = arrow.mask(np.array(classes))
    else:
        labels = arrow.numbers(np.array(classes))
    if unsure is None:
        return labels.take(arrow.numbers(numbers))
    return labels.take(pa.array(numbers, mask=unsure))
