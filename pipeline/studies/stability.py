"""`measure_stability`: refit a run on resampled reviews; how far each weight moves.

As many reviews as there are get drawn with replacement, and the model is trained on them with
the same vocabulary and settings: the bootstrap (Efron & Tibshirani 1993, chapter 6). Where the
reviews have groups, whole groups get drawn. A weight whose sign changes from one refit to the
next says nothing about its word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import RunError
from pipeline.inspection.weights import by_weight, look_up, top_words
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.parallel import ordered_map
from pipeline.stages.listener import SILENT, Listener
from pipeline.storage import arrays, arrow, files
from pipeline.storage.replacing import replacing
from pipeline.studies.journal import open_journal
from pipeline.studies.trained_run import TrainedRun

# Words whose refitted weights are in memory at a time.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Stability:
    """The weights of a model over its refits; every array has shape (n_words,).

    Attributes
    ----------
    model : TextClassifier
    low, high : float64 arrays
        Ends of the percentile interval of each weight over the refits.
    agreement : float64 array
        Fraction of the refits in which the weight has the sign that it has in the model.
    confidence : float
    n_refits : int
    """

    model: TextClassifier
    low: Array
    high: Array
    agreement: Array
    confidence: float
    n_refits: int

    @property
    def uncertain(self) -> Array:
        """True where the interval contains 0, so that the sign of the weight is open."""
        contains: Array = (self.low <= 0) & (self.high >= 0)
        return contains


@dataclass(frozen=True)
class StableWord:
    """A word and its weight over the refits; see `Stability`."""

    word: str
    weight: float
    low: float
    high: float
    agreement: float
    document_frequency: int
    uncertain: bool


def words_file(path: Path) -> Path:
    """Return where the study of a run writes the table of all words."""
    return path / "stability" / "words.tsv"


def measure_stability(
    path: str | Path,
    n_refits: int = 50,
    seed: int = 0,
    confidence: float = 0.95,
    from_scratch: bool = False,
    listener: Listener = SILENT,
) -> Stability:
    """Refit the model of a run on resampled training reviews.

    Writes `stability/words.tsv` into the run folder, and keeps the weights of each refit there.

    Parameters
    ----------
    path : str or Path
        A run folder.
    n_refits, seed : int
    confidence : float in (0, 1)
    from_scratch : bool
        Repeat what is already done.
    listener : Listener

    Returns
    -------
    Stability

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    """
    path = Path(path)
    run = TrainedRun.read(path)
    run.model.require_two_classes("stability")
    depends = {"inputs": run.digests, "train": run.train.to_dict(), "seed": seed}
    folder = path / "stability"
    with open_journal(folder, depends, n_refits, from_scratch, listener) as journal:

        def is_done(k: int) -> bool:
            file, name = _file(folder, k), _name(k)
            return file.exists() and name in journal and journal[name] == files.digest(file)

        missing = [k for k in range(n_refits) if not is_done(k)]
        listener.study_advanced(n_refits - len(missing))
        for k, weights in ordered_map(lambda k: (k, _refit(run, k, seed)), missing):
            with replacing(_file(folder, k)) as file:
                arrays.write_arrays(file, {"weights": weights})
            journal[_name(k)] = files.digest(_file(folder, k))
            listener.study_advanced(1)
        refits = [arrays.read_arrays(_file(folder, k))["weights"] for k in range(n_refits)]
        result = _summary(run.model, refits, confidence)
        files.write_tsv(words_file(path), files.for_spreadsheets(_table(result)))
    return result


def stable_words(stability: Stability, top: int, words: Sequence[str] = ()) -> list[StableWord]:
    """Return the words with the most positive and the most negative weights, or those named.

    Raises
    ------
    RunError
        If a named word is not in the vocabulary.
    """
    model = stability.model
    found = known_words(model, words) or [w.word for side in top_words(model, top) for w in side]
    columns = pc.index_in(arrow.strings(found), model.vocabulary.words)
    rows = _table(stability, arrow.values(columns)).to_pylist()
    return [StableWord(**row | {"uncertain": bool(row["uncertain"])}) for row in rows]


def known_words(model: TextClassifier, words: Sequence[str]) -> list[str]:
    """Return words as the tokenizer spells them; a study asks before it starts.

    Raises
    ------
    RunError
        If a word is not in the vocabulary.
    """
    found = look_up(model, words)
    unknown = [repr(word.word) for word in found if word.weight is None]
    if unknown:
        raise RunError(
            f"stability: not in the vocabulary: {', '.join(unknown)}; "
            "`sentiment weights RUN --tsv` lists its words"
        )
    return [word.word for word in found]


def _table(stability: Stability, columns: Array | None = None) -> pa.Table:
    """Return a row for each of some columns, by default all by descending weight."""
    model = stability.model
    values = {
        "word": model.vocabulary.words,
        "weight": arrow.numbers(model.weights),
        "low": arrow.numbers(stability.low),
        "high": arrow.numbers(stability.high),
        "agreement": arrow.numbers(stability.agreement),
        "document_frequency": arrow.numbers(model.vocabulary.document_frequency),
        "uncertain": arrow.numbers(stability.uncertain.astype(np.int8)),
    }
    return pa.table(values).take(arrow.numbers(by_weight(model) if columns is None else columns))


def _name(k: int) -> str:
    return f"refit {k}"


def _file(folder: Path, k: int) -> Path:
    return folder / f"refit-{k:03}.safetensors"


def _refit(run: TrainedRun, k: int, seed: int) -> Array:
    """Return the weights, float32, that are learned from one resample of the reviews."""
    learner, rows = run.learner(), _resample(run, np.random.default_rng([seed, k]))
    # As many epochs as the model has had, even if it was stopped early.
    learner.set_params(validation=0.0, patience=0, epochs=run.n_epochs)
    learner.fit(
        run.counts[rows], run.labels[rows], None if run.weights is None else run.weights[rows]
    )
    weights: Array = (learner.coef_[0] / run.temperature).astype(np.float32)
    return weights


def _resample(run: TrainedRun, draw: np.random.Generator) -> Array:
    """Return the rows of a resample: of reviews, or of whole groups where there are groups."""
    seen = np.flatnonzero(run.learned_rows())
    if run.groups is None:
        return seen[draw.integers(0, len(seen), len(seen))]
    _, code, sizes = np.unique(run.groups[seen], return_inverse=True, return_counts=True)
    members = np.split(seen[np.argsort(code, kind="stable")], np.cumsum(sizes)[:-1])
    return np.concatenate([members[g] for g in draw.integers(0, len(sizes), len(sizes))])


def _summary(model: TextClassifier, refits: list[Array], confidence: float) -> Stability:
    weights = model.weights
    low, high, agreement = (np.empty(len(weights)) for _ in range(3))
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    for start in range(0, len(weights), _BLOCK):
        block = slice(start, start + _BLOCK)
        drawn = np.stack([refit[block] for refit in refits])
        low[block], high[block] = np.quantile(drawn, ends, axis=0)
        agreement[block] = (np.sign(drawn) == np.sign(weights[block])).mean(axis=0)
    return Stability(model, low, high, agreement, confidence, len(refits))
