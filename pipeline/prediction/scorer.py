"""A saved model that scores texts, in this process or on workers, which load it from its folder."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.cluster.workers import HERE, Workers
from pipeline.errors import RunError
from pipeline.model.scoring import TextScores, scorer
from pipeline.model.text_classifier import TextClassifier, model_folder
from pipeline.storage import files


class Scorer:
    """A model and the folder that it was loaded from; a worker gets the folder alone.

    Parameters
    ----------
    model : TextClassifier
    path : Path
        Its folder, or that of its run.
    """

    def __init__(self, model: TextClassifier, path: Path) -> None:
        self.model, self.path, self.score = model, path, scorer(model)
        self.digest = files.digest(model_folder(path) / "model.json")

    def __reduce__(self) -> Any:
        return _load, (self.path, self.digest)


def _load(path: Path, digest: str) -> Scorer:
    """Return the model that another process has loaded, as long as it is the same."""
    found = Scorer(TextClassifier.load(path), path)
    if found.digest != digest:
        raise RunError(f"{path}: the model has changed since prediction began; predict again")
    return found


class ScoredRows(NamedTuple):
    """A batch of rows, and the scores of its texts."""

    rows: pa.RecordBatch
    scores: TextScores


class _Texts:
    """Texts as they are sent: without the rest of the column that they are a slice of."""

    def __init__(self, array: pa.LargeStringArray, name: str) -> None:
        self.array, self.name = array, name

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return _Texts, (pa.concat_arrays([self.array]), self.name)


def scored_rows(
    scorer: Scorer,
    batches: Iterable[pa.RecordBatch],
    text: str,
    where: str,
    workers: Workers = HERE,
) -> Iterator[ScoredRows]:
    """Yield each batch of rows with the scores of its column of texts, in order.

    A worker is sent the texts and returns their scores; the other columns stay here.

    Parameters
    ----------
    scorer : Scorer
    batches : iterable of RecordBatch
    text : str
        The column of texts.
    where : str
        What the number of a row follows in a message.
    workers : Workers
    """
    waiting: deque[pa.RecordBatch] = deque()

    def texts() -> Iterator[_Texts]:
        n_rows = 0
        for rows in batches:
            waiting.append(rows)
            yield _Texts(rows.column(text), f"{where} {n_rows + 1} to {n_rows + rows.num_rows}")
            n_rows += rows.num_rows

    for scores in workers.map_in_threads(_score, texts(), scorer):
        yield ScoredRows(waiting.popleft(), scores)


def _score(texts: _Texts, scorer: Scorer) -> TextScores:
    return scorer.score(texts.array)
