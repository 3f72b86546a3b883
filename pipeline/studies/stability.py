"""`measure_stability`: refit a run on resampled reviews; how far each weight moves.

As many reviews as there are get drawn with replacement, and the model is trained on them with
the same vocabulary and settings: the bootstrap (Efron & Tibshirani 1993, chapter 6). Where the
reviews have groups, whole groups get drawn. A weight whose sign changes from one refit to the
next says nothing about its word. With more than two classes, a weight is the one that is shown:
that of the class, against the mean of the other classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boundary import inert
from pipeline.errors import CorpusError, RunError
from pipeline.inspection.class_weights import class_words, column_name, shown_weights
from pipeline.inspection.weights import by_weight, columns_of, top_words
from pipeline.model.logistic import Array
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrays, arrow, files
from pipeline.storage.replacing import replacing
from pipeline.studies.execution import DEFAULT, Execution
from pipeline.studies.journal import open_journal
from pipeline.studies.trained_run import TrainedRun

# Weights of each refit that are in memory at a time.
_BLOCK = 1 << 16
# The most resamples that are drawn for one refit, until one has reviews of each class.
_DRAWS = 100


@dataclass(frozen=True)
class Stability:
    """The weights of a model over its refits.

    Every array has shape (n_words,), or (n_classes, n_words) with more than two classes.

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
    """A word and its weight for a class over the refits; see `Stability`."""

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
    execution: Execution = DEFAULT,
) -> Stability:
    """Refit the model of a run on resampled training reviews.

    Writes `stability/words.tsv` into the run folder, and keeps the weights of each refit there.

    Parameters
    ----------
    path : str or Path
        A run folder.
    n_refits, seed : int
    confidence : float in (0, 1)
    execution : Execution

    Returns
    -------
    Stability

    Raises
    ------
    RunError
        If the run's features are not those that the model was trained on.
    CorpusError
        If a class has so few reviews that resamples have none of it.
    """
    path, listener = Path(path), execution.listener
    run = TrainedRun.read(path)
    depends = {"inputs": run.digests, "train": run.train.to_dict(), "seed": seed}
    folder = path / "stability"
    with open_journal(folder, depends, n_refits, execution) as journal:

        def is_done(k: int) -> bool:
            file, name = _file(folder, k), _name(k)
            return file.exists() and name in journal and journal[name] == files.digest(file)

        missing = [k for k in range(n_refits) if not is_done(k)]
        listener.study_advanced(n_refits - len(missing))
        refits = execution.workers.map_in_threads(_refit, missing, run, seed)
        for k, digest in zip(missing, refits, strict=True):
            journal[_name(k)] = digest
            listener.study_advanced(1)
        weights = [arrays.read_arrays(_file(folder, k))["weights"] for k in range(n_refits)]
        result = _summary(run.model, weights, confidence)
        files.write_tsv(words_file(path), files.for_spreadsheets(_table(result)))
    return result


def stable_words(
    stability: Stability, top: int, words: Sequence[str] = ()
) -> dict[Any, list[StableWord]]:
    """Return the words with the largest weights, or those named.

    Returns
    -------
    dict of list of StableWord
        Of two classes, only for the positive one: the words with the most positive and the most
        negative weights. Of more, for each class those that speak for it most.

    Raises
    ------
    RunError
        If a named word is not in the vocabulary.
    """
    model, named = stability.model, known_words(stability.model, words)
    if len(model.classes) == 2:
        found = named or [w.word for side in top_words(model, top) for w in side]
        return {model.classes[1]: _of_class(stability, 0, found)}
    return {
        label: _of_class(stability, number, named or [w.word for w in of_class])
        for number, (label, of_class) in enumerate(class_words(model, top).items())
    }


def known_words(model: TextClassifier, words: Sequence[str]) -> list[str]:
    """Return words as the tokenizer spells them; a study asks before it starts.

    Raises
    ------
    RunError
        If a word is not in the vocabulary.
    """
    found = columns_of(model, words)
    unknown = [repr(name) for name, column in found if column is None]
    if unknown:
        raise RunError(
            f"stability: not in the vocabulary: {', '.join(unknown)}; "
            "`sentiment weights RUN --tsv` lists its words"
        )
    return [model.vocabulary.words[column].as_py() for _, column in found]


def _of_class(stability: Stability, number: int, words: Sequence[str]) -> list[StableWord]:
    """Return words with their weights for a class, of two classes for the positive one."""
    vocabulary = stability.model.vocabulary
    columns = arrow.values(pc.index_in(arrow.strings(words), vocabulary.words))
    values = {name: rows[number][columns].tolist() for name, rows in _values(stability).items()}
    values["word"] = list(words)
    values["document_frequency"] = vocabulary.document_frequency[columns].tolist()
    return [
        StableWord(**{name: of_all[k] for name, of_all in values.items()})
        for k in range(len(words))
    ]


def _values(stability: Stability) -> dict[str, Array]:
    """Return what is known of each weight, by name: shape (1, n_words) or (n_classes, n_words)."""
    of_refits = (stability.low, stability.high, stability.agreement, stability.uncertain)
    low, high, agreement, uncertain = map(np.atleast_2d, of_refits)
    weight = shown_weights(stability.model.weights)
    return {
        "weight": weight,
        "low": low,
        "high": high,
        "agreement": agreement,
        "uncertain": uncertain,
    }


def _table(stability: Stability) -> pa.Table:
    """Return a row for each word.

    Of two classes, by descending weight; of more, in column order, with columns for each class.
    """
    model, values = stability.model, _values(stability)
    values["uncertain"] = values["uncertain"].astype(np.int8)
    frequency = arrow.numbers(model.vocabulary.document_frequency)
    if len(model.classes) == 2:
        named = {name: arrow.numbers(rows[0]) for name, rows in values.items()}
        uncertain = named.pop("uncertain")
        table = {"word": model.vocabulary.words, **named, "document_frequency": frequency}
        return pa.table(table | {"uncertain": uncertain}).take(arrow.numbers(by_weight(model)))
    names, columns = ["word", "document_frequency"], [model.vocabulary.words, frequency]
    for number, label in enumerate(model.classes):
        names += [column_name(name, label) for name in values]
        columns += [arrow.numbers(rows[number]) for rows in values.values()]
    return pa.table(columns, names)


def _name(k: int) -> str:
    return f"refit {k}"


def _file(folder: Path, k: int) -> Path:
    return folder / f"refit-{k:03}.safetensors"


def _refit(k: int, run: TrainedRun, seed: int) -> str:
    """Write the weights that are learned from a resample of the reviews; return their digest."""
    file = _file(run.path / "stability", k)
    with replacing(file) as partial:
        arrays.write_arrays(partial, {"weights": _weights(run, k, seed)})
    return files.digest(file)


def _weights(run: TrainedRun, k: int, seed: int) -> Array:
    """Return the weights, float32, that are learned from a resample of the reviews."""
    learner, rows = run.learner(), _resample(run, np.random.default_rng([seed, k]))
    # As many epochs as the model has had, even if it was stopped early.
    learner.set_params(validation=0.0, patience=0, epochs=run.n_epochs)
    learner.fit(
        run.counts[rows], run.labels[rows], None if run.weights is None else run.weights[rows]
    )
    weights: Array = (learner.parameters[0] / run.temperature).astype(np.float32)
    return weights


def _resample(run: TrainedRun, draw: np.random.Generator) -> Array:
    """Return the rows of the first resample with reviews of each class."""
    names = run.model.classes
    for _ in range(_DRAWS):
        rows = _drawn(run, draw)
        n_of_class = np.bincount(run.labels[rows], minlength=len(names))
        if n_of_class.all():
            return rows
    missing = inert.name(str(names[int(n_of_class.argmin())]))
    raise CorpusError(
        f"stability: {_DRAWS} resamples of the training reviews have none of some class, such as "
        f"{missing}; expected more reviews of it"
    )


def _drawn(run: TrainedRun, draw: np.random.Generator) -> Array:
    """Return the rows of a resample: of reviews, or of whole groups where there are groups."""
    seen = np.flatnonzero(run.learned_rows())
    if run.groups is None:
        return seen[draw.integers(0, len(seen), len(seen))]
    _, code, sizes = np.unique(run.groups[seen], return_inverse=True, return_counts=True)
    members = np.split(seen[np.argsort(code, kind="stable")], np.cumsum(sizes)[:-1])
    return np.concatenate([members[g] for g in draw.integers(0, len(sizes), len(sizes))])


def _summary(model: TextClassifier, refits: list[Array], confidence: float) -> Stability:
    """Return the quantiles and the signs of the shown weights, a block of words at a time."""
    shown = shown_weights(model.weights)
    found = np.empty((3, *shown.shape))
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    size = max(1, _BLOCK // len(shown))
    for start in range(0, shown.shape[1], size):
        block = slice(start, start + size)
        drawn = np.stack([shown_weights(refit[..., block]) for refit in refits])
        found[:2, :, block] = np.quantile(drawn, ends, axis=0)
        found[2, :, block] = (np.sign(drawn) == np.sign(shown[:, block])).mean(axis=0)
    low, high, agreement = found.reshape(3, *model.weights.shape)
    return Stability(model, low, high, agreement, confidence, len(refits))
