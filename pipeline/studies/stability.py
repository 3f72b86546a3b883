"""How far each weight would move, had other reviews been drawn.

The reviews are drawn again, with replacement, as many as there are, and the model is trained on
them with the same vocabulary and settings: the bootstrap (Efron & Tibshirani 1993, chapter 6).
A weight whose sign changes from draw to draw says nothing about its word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import RunError
from pipeline.inspection.weights import by_weight, look_up, top_words
from pipeline.model.logistic import Array
from pipeline.parallel import ordered_map
from pipeline.storage import arrays, arrow, files
from pipeline.studies.journal import Journal
from pipeline.studies.trained_run import TrainingPart

# Words whose refits are in memory at a time.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Stability:
    """What refits made of each weight; every array has shape (n_words,).

    Attributes
    ----------
    weight : float64 array
        In the model itself.
    low, high : float64 arrays
        Ends of the percentile interval over the refits.
    agreement : float64 array
        The share of refits whose weight has the sign that it has in the model.
    confidence : float
    n_refits : int
    """

    weight: Array
    low: Array
    high: Array
    agreement: Array
    confidence: float
    n_refits: int

    @property
    def uncertain(self) -> Array:
        """Where the interval holds 0: the sign of the weight is not to be read."""
        holds: Array = (self.low <= 0) & (self.high >= 0)
        return holds


def measure_stability(
    part: TrainingPart,
    n_refits: int,
    seed: int,
    confidence: float,
    folder: Path,
    journal: Journal,
    on_done: Callable[[int], None] = lambda n: None,
) -> Stability:
    """Refit the model of a run on reviews drawn again.

    Parameters
    ----------
    part : TrainingPart
    n_refits, seed : int
    confidence : float in (0, 1)
    folder : Path
        Where the weights of each refit are kept.
    journal : Journal
        What is in it is not done again.
    on_done : callable
        Told how many more refits are done.
    """

    def is_done(k: int) -> bool:
        file = _file(folder, k)
        return file.exists() and _name(k) in journal and journal[_name(k)] == files.digest(file)

    missing = [k for k in range(n_refits) if not is_done(k)]
    on_done(n_refits - len(missing))
    for k, weights in ordered_map(lambda k: (k, _refit(part, k, seed)), missing):
        arrays.write_arrays(_file(folder, k), {"weights": weights})
        journal[_name(k)] = files.digest(_file(folder, k))
        on_done(1)
    refits = [arrays.read_arrays(_file(folder, k))["weights"] for k in range(n_refits)]
    return _summed_up(part.model.weights, refits, confidence)


@dataclass(frozen=True)
class StableWord:
    """A word with what refits made of its weight; see `Stability`."""

    word: str
    weight: float
    low: float
    high: float
    agreement: float
    document_frequency: int
    uncertain: bool


def stable_words(
    part: TrainingPart, stability: Stability, top: int, words: Sequence[str] = ()
) -> list[StableWord]:
    """Return the words of the most positive and the most negative weights, or those named.

    Raises
    ------
    RunError
        If words that are named are not in the vocabulary.
    """
    model = part.model
    if words:
        looked_up = look_up(model, words)
        found = [word.word for word in looked_up]
        unknown = [repr(word.word) for word in looked_up if word.weight is None]
        if unknown:
            raise RunError(
                f"--word: expected words of the vocabulary; it does not have {', '.join(unknown)}"
            )
    else:
        found = [word.word for side in top_words(model, top) for word in side]
    columns = pc.index_in(arrow.strings(found), model.vocabulary.words).to_pylist()
    return [
        StableWord(
            word,
            float(stability.weight[column]),
            float(stability.low[column]),
            float(stability.high[column]),
            float(stability.agreement[column]),
            int(model.vocabulary.document_frequency[column]),
            bool(stability.uncertain[column]),
        )
        for word, column in zip(found, columns, strict=True)
    ]


def stability_table(part: TrainingPart, stability: Stability) -> pa.Table:
    """Return all words by descending weight, with what refits made of each."""
    columns = {
        "word": part.model.vocabulary.words,
        "weight": arrow.numbers(stability.weight),
        "low": arrow.numbers(stability.low),
        "high": arrow.numbers(stability.high),
        "agreement": arrow.numbers(stability.agreement),
        "document_frequency": arrow.numbers(part.model.vocabulary.document_frequency),
        "uncertain": arrow.numbers(stability.uncertain.astype(np.int8)),
    }
    return pa.table(columns).take(arrow.numbers(by_weight(part.model)))


def _name(k: int) -> str:
    return f"refit {k}"


def _file(folder: Path, k: int) -> Path:
    return folder / f"refit-{k:03}.safetensors"


def _refit(part: TrainingPart, k: int, seed: int) -> Array:
    """Return the weights, float32, that are learned from one draw of the reviews."""
    learner = part.learner()
    seen = np.flatnonzero(~learner.draw_validation(part.labels))
    draw = np.random.default_rng([seed, k])
    rows = seen[draw.integers(0, len(seen), len(seen))]
    # As many epochs as the model's, whatever ended them.
    learner.set_params(validation=0.0, patience=0, epochs=part.n_epochs)
    learner.fit(part.counts[rows], part.labels[rows])
    weights: Array = (learner.coef_[0] / part.temperature).astype(np.float32)
    return weights


def _summed_up(weights: Array, refits: list[Array], confidence: float) -> Stability:
    low, high, agreement = (np.empty(len(weights)) for _ in range(3))
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    for start in range(0, len(weights), _BLOCK):
        block = slice(start, start + _BLOCK)
        drawn = np.stack([refit[block] for refit in refits])
        low[block], high[block] = np.quantile(drawn, ends, axis=0)
        agreement[block] = (np.sign(drawn) == np.sign(weights[block])).mean(axis=0)
    return Stability(weights, low, high, agreement, confidence, len(refits))
