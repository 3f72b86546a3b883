"""Batches of texts or rows to scores, in threads and in order; what a user is told of them.

Nothing grows with the number of reviews: a few batches are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.model.scoring import TextScores, scorer
from pipeline.parallel import map_arriving

if TYPE_CHECKING:
    from pipeline.corpus.dialect import Dialect
    from pipeline.corpus.source import File, Source
    from pipeline.model.checks import Mask
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.prediction.settings import Settings


def scored_texts(
    model: TextClassifier, texts: Iterable[pa.LargeStringArray]
) -> Iterator[TextScores]:
    """Yield the scores of each batch of texts, in order, as soon as they are there."""
    yield from map_arriving(scorer(model), texts)


def unsure_of(model: TextClassifier, scores: TextScores, settings: Settings) -> Mask | None:
    """Return which predictions are unsure; None if nobody asks, or the model never abstains."""
    if not settings.unsure or model.abstain is None:
        return None
    return scores.unsure(model.regression.threshold, model.abstain)


def read_rows(
    path: File,
    text: str,
    keep: Sequence[str] | None,
    dialect: Dialect,
    tell: Callable[[str], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file: its column of texts, as large_string, and the columns to keep.

    Parameters
    ----------
    path : Path or RemoteFile
        A table, or a text file with one text a line, which has one column, `text`.
    text : str
        The column of texts.
    keep : sequence of str, optional
        Other columns that are read; None for all of them.
    dialect : Dialect
    tell : callable, optional
        As in `corpus.files.read_texts`.

    Raises
    ------
    CorpusError
        As in `corpus.files.read_texts`, when the iteration reaches the place.
    """
    from pipeline.corpus.files import (
        checked_texts,
        checked_values,
        source_texts,
        tell_of_quotes,
    )
    from pipeline.corpus.formats import source_batches
    from pipeline.corpus.source import Source

    keys = dict.fromkeys(keep or (), "keep") | {text: "text"}
    with Source(path, dialect, keys=keys).at_hand() as source:
        if is_lines(source):
            for texts in source_texts(source, text):
                yield pa.record_batch([texts], names=[text])
            return
        if keep is None:
            keep = next(source_batches(source, None, is_exact=True)).schema.names
        names, n_rows = list(dict.fromkeys([text, *keep])), 0
        for batch in source_batches(source, names, is_exact=True):
            texts = checked_texts(source, batch.column(0), text, n_rows)
            others = [
                checked_values(source, column, name, n_rows)
                for name, column in zip(names[1:], batch.columns[1:], strict=True)
            ]
            columns = dict(zip(names, [texts, *others], strict=True))
            order = dict.fromkeys([*keep, text])
            yield pa.record_batch([columns[name] for name in order], names=list(order))
            n_rows += batch.num_rows
        tell_of_quotes(source, tell)


def is_lines(source: Source) -> bool:
    """Return True if a file has one text a line, and no columns."""
    return source.format is None or source.format == "lines"


@dataclass
class WithoutKnownWord:
    """Texts without a word that the model knows: how many, and where the first one is.

    Examples
    --------
    >>> found = WithoutKnownWord()
    >>> found.add(np.array([2, 0, 0]), "reviews.txt, line")
    >>> found.add(np.array([0]), "more.txt, line")
    >>> found.message()
    '3 texts have no known word, so their probability is that of the intercept; the first is \
reviews.txt, line 2'
    """

    n: int = 0
    first: str = ""
    _n_seen: dict[str, int] = field(default_factory=dict)

    def add(self, n_features: np.ndarray, where: str) -> None:
        """Look at the next texts of a file; `where` is its name and the word for a place in it."""
        without = np.flatnonzero(n_features == 0)
        before = self._n_seen.get(where, 0)
        if len(without) and not self.n:
            self.first = f"{where} {before + without[0] + 1}"
        self.n += len(without)
        self._n_seen[where] = before + len(n_features)

    def join(self, other: WithoutKnownWord) -> None:
        """Add the texts of another file."""
        self.first = self.first or other.first
        self.n += other.n

    def message(self) -> str:
        """Return what to tell the user; nothing if every text has a known word."""
        if not self.n:
            return ""
        one = (" has", "its", "it is")
        have, their, first = one if self.n == 1 else ("s have", "their", "the first is")
        return (
            f"{self.n:,} text{have} no known word, so {their} probability is that of the "
            f"intercept; {first} {self.first}"
        )


@dataclass
class Told:
    """What a user is told of the texts that were predicted: without a known word, and unsure.

    Examples
    --------
    >>> told = Told()
    >>> told.n, told.n_unsure = 1200, 100
    >>> told.unsure_message(0.75)
    '100 of 1,200 texts are unsure: their confidence is below 0.75'
    """

    without: WithoutKnownWord = field(default_factory=WithoutKnownWord)
    n: int = 0
    n_unsure: int = 0

    def add(self, scores: TextScores, unsure: Mask | None, where: str) -> None:
        """Count the next texts of a file, whose name and word for a place `where` has."""
        self.without.add(scores.n_features, where)
        self.n += len(scores.n_tokens)
        self.n_unsure += 0 if unsure is None else int(np.count_nonzero(unsure))

    def join(self, other: Told) -> None:
        """Add the texts of another file."""
        self.without.join(other.without)
        self.n += other.n
        self.n_unsure += other.n_unsure

    def unsure_message(self, bound: float) -> str:
        """Return how many texts are unsure."""
        one = self.n_unsure == 1
        are, their = ("is", "its") if one else ("are", "their")
        below = f": {their} confidence is below {bound:.4g}" if self.n_unsure else ""
        return f"{self.n_unsure:,} of {self.n:,} text{'s' * (self.n != 1)} {are} unsure{below}"
