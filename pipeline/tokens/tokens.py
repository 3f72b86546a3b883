"""`Tokens`: the ids, offsets and distinct tokens of documents; read from a file."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import RunError
from pipeline.storage import arrays, arrow, files


@dataclass(frozen=True)
class Tokens:
    """The tokens of a set of documents.

    Attributes
    ----------
    ids : int32 array, shape (n_tokens,)
        The tokens of all documents, one document after the other.
    offsets : int64 array, shape (n_documents + 1,)
        Document d has the tokens `ids[offsets[d]:offsets[d + 1]]`.
    distinct : pyarrow.LargeStringArray, length n_distinct
        The distinct tokens in order of first appearance. None holds white space.
    folder : Path, optional
        Where the file lies that they are mapped from; None if they are in memory.

    Examples
    --------
    >>> from pipeline.tokens.tokenizer import Tokenizer
    >>> tokens = Tokenizer()(["a good film", "Good, good!"])
    >>> tokens.distinct.to_pylist()
    ['a', 'good', 'film']
    >>> tokens.ids
    array([0, 1, 2, 1, 1], dtype=int32)
    >>> tokens.offsets
    array([0, 3, 5])
    """

    ids: np.ndarray
    offsets: np.ndarray
    distinct: pa.LargeStringArray
    folder: Path | None = None

    def __post_init__(self) -> None:
        self.ids.flags.writeable = False
        self.offsets.flags.writeable = False

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.offsets) - 1

    def document(self, d: int) -> list[str]:
        """Return the tokens of document `d` as strings."""
        ids = self.ids[self.offsets[d] : self.offsets[d + 1]]
        tokens: list[str] = self.distinct.take(arrow.numbers(ids)).to_pylist()
        return tokens

    def select(self, documents: np.ndarray) -> Tokens:
        """Return the documents where `documents`, a bool array, is true; `distinct` stays."""
        lengths = np.diff(self.offsets)
        offsets = np.concatenate(([0], np.cumsum(lengths[documents])))
        return Tokens(self.ids[np.repeat(documents, lengths)], offsets, self.distinct)

    def without(self, unwanted: Set[str]) -> Tokens:
        """Drop every occurrence of some tokens; the rest keep their order."""
        kept = np.array([token not in unwanted for token in self.distinct.to_pylist()], bool)
        if kept.all():
            return self
        keep = kept[self.ids]
        dropped_before = np.searchsorted(np.flatnonzero(~keep), self.offsets)
        new_ids = (np.cumsum(kept) - 1).astype(np.int32)
        return Tokens(
            new_ids[self.ids[keep]],
            self.offsets - dropped_before,
            self.distinct.take(arrow.numbers(np.flatnonzero(kept))),
        )


def read_tokens(path: Path) -> Tokens:
    """Map the tokens that `write_tokens` wrote into memory.

    Raises
    ------
    RunError
        If a file is not valid, or an id or an offset is out of bounds.
    """
    found = arrays.read_arrays(path, ids=np.int32, offsets=np.int64)
    ids, offsets, distinct = found["ids"], found["offsets"], files.read_words(distinct_path(path))
    if not arrays.are_offsets(offsets, len(ids)) or not arrays.are_indices(ids, len(distinct)):
        raise RunError(f"{path}: an id or an offset is out of bounds")
    if not arrow.buffers(distinct)[0].all():  # a zero byte ends a token in the kernels
        raise RunError(f"{distinct_path(path)}: a token holds a zero byte")
    return Tokens(ids, offsets, distinct, path.parent)


def distinct_path(path: Path) -> Path:
    """Return the file of the distinct tokens, next to that of the ids and offsets."""
    return path.with_suffix(".distinct.txt")
