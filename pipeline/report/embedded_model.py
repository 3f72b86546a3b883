"""The model as JSON in the page, for its playground and its table of words."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.features.names import are_characters, characters_of
from pipeline.inspection.class_frequency import ClassFrequency
from pipeline.inspection.class_weights import shown_weights
from pipeline.kernels.code_points import CODE_POINT, DOUBLED, IGNORED
from pipeline.model.logistic import Array, LogisticRegression
from pipeline.storage import arrow
from pipeline.tokens import code_points, grammar
from pipeline.tokens.negation import NEGATIONS

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pipeline.model.text_classifier import TextClassifier

# Bytes for the words. The page stays below 3 MB.
LARGEST = 2_500_000


def kept_columns(
    model: TextClassifier, with_intervals: bool = False, largest: int = LARGEST
) -> Array:
    """Return the columns that fit into the page: all, or those that matter most to scores.

    Words are ranked by |weight| * sqrt(document frequency), which is roughly proportional to
    their share of the standard deviation of the scores. Of more than two classes, the weight is
    the largest that is shown: for a class, against the mean of the others.

    Parameters
    ----------
    model : TextClassifier
    with_intervals : bool
        Whether each weight comes with an interval.
    largest : int
        The largest size in bytes.

    Returns
    -------
    int64 array, in ascending order
    """
    _, offsets = arrow.buffers(model.vocabulary.words)
    shown = np.abs(shown_weights(model.weights))
    # Bytes a word: its own, a line break, weights and intervals in base64, the counts of reviews.
    # An interval is two numbers, or of more than two classes a mark of one byte.
    interval = 8 if len(shown) == 1 else 1
    of_weight = (4 + (interval if with_intervals else 0)) * 4 / 3
    sizes = np.diff(offsets) + 1 + len(shown) * of_weight + 4
    spells_characters = are_characters(model.vocabulary.words)
    if spells_characters.any():
        sizes += 2 * spells_characters  # JSON escapes quotation marks
        largest -= largest // 10  # reviews are marked character by character
    if sizes.sum() <= largest:
        return np.arange(len(sizes))
    importance = shown.max(axis=0) * np.sqrt(model.vocabulary.document_frequency)
    order = np.argsort(-importance, kind="stable")
    kept: Array = np.sort(order[: np.searchsorted(np.cumsum(sizes[order]), largest)])
    return kept


def agreement(model: TextClassifier, columns: Array, shards: Iterable[csr_array]) -> float:
    """Return the share of rows of all shards that the given columns predict as all columns do.

    Examples
    --------
    >>> import pipeline
    >>> model = pipeline.SentimentClassifier().fit(["awesome", "abysmal"], [1, 0]).model_
    >>> shards = [model.count(["awesome"]), model.count(["abysmal"])]
    >>> agreement(model, np.arange(2), shards), agreement(model, np.arange(0), shards)
    (1.0, 0.5)
    """
    weights = np.zeros_like(model.weights)
    weights[..., columns] = model.weights[..., columns]
    kept = LogisticRegression.of(weights, model.intercept, model.regression.threshold)
    agree = [kept.predict(counts) == model.regression.predict(counts) for counts in shards]
    return float(np.mean(np.concatenate(agree)))


def embedded_model(
    model: TextClassifier,
    columns: Array,
    frequency: ClassFrequency,
    stability: tuple[Array, Array] | None = None,
) -> dict[str, Any]:
    """Return the model as values that JSON can hold.

    Weights are int32, in units of the largest one over 2 ** 31. So a weight below 4 is accurate
    to 1e-9, which as a float32 it would not be. Those of more than two classes follow each other,
    class by class.

    Parameters
    ----------
    model : TextClassifier
    columns : int64 array
        The columns to embed, from `kept_columns`.
    frequency : ClassFrequency
        Of more than two classes, only the number of all reviews that hold a word is embedded.
    stability : two float64 arrays, optional
        The ends of each weight's interval over refits. Of more than two classes, the page has
        room for a mark only: of the weights whose interval contains 0.
    """
    tokenizer = model.tokenizer
    words = model.vocabulary.words.take(arrow.numbers(columns)).to_pylist()
    characters = [characters_of(word) for word in words]
    pairs = zip(words, characters, strict=True)
    n_tokens = (word.count(" ") + 1 for word, of_word in pairs if of_word is None)
    weights = model.weights[..., columns]
    weight_unit = float(np.abs(model.weights).max(initial=0.0)) / (2**31 - 1) or 1.0
    embedded: dict[str, Any] = {
        "words": "\n".join(words),
        "weights": _base64(np.rint(weights / weight_unit).astype("<i4").tobytes()),
        "weight_unit": weight_unit,
        **_frequencies(model, columns, frequency),
        "n_features": len(model.vocabulary),
        "intercept": model.regression.intercept_.tolist(),
        "classes": list(model.classes),
        "threshold": model.regression.threshold,
        "binary": model.binary,
        "unit_length": model.unit_length,
        "longest": max(n_tokens, default=0),
        "lengths": sorted({len(of_word) for of_word in characters if of_word is not None}),
    }
    if stability is not None:
        embedded |= _intervals(columns, *stability)
    if tokenizer.tokenizer == "words":
        embedded["tokenizer"] = {
            **tokenizer.to_dict(),
            "characters": _runs(tokenizer.lowercase),
            "ignored": grammar.STAND_INS[IGNORED],
            "doubled": grammar.STAND_INS[DOUBLED],
            "grammar": grammar.grammar(tokenizer.tweets),
            "other": grammar.OTHER,
            "letters": grammar.OF_WORDS,
            "rewritings": tokenizer.preparation.rewritings(),
            "negations": sorted(NEGATIONS) if tokenizer.mark_negation else [],
        }
    return embedded


def _frequencies(
    model: TextClassifier, columns: Array, frequency: ClassFrequency
) -> dict[str, str]:
    if len(model.classes) > 2:
        return {"reviews": _counts(model.vocabulary.document_frequency[columns])}
    negative, positive = frequency.of_class[:, columns]
    return {"negative": _counts(negative), "positive": _counts(positive)}


def _intervals(columns: Array, low: Array, high: Array) -> dict[str, str]:
    """Return the ends of the intervals; of more than two classes, which of them contain 0."""
    if low.ndim > 1:
        uncertain = (low <= 0) & (high >= 0)
        return {"uncertain": _base64(uncertain[:, columns].astype(np.uint8).tobytes())}
    ends = {"low": low, "high": high}
    return {name: _base64(end[columns].astype("<f4").tobytes()) for name, end in ends.items()}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _counts(values: Array) -> str:
    """Return counts as variable-length integers: seven bits a byte, low bits first (LEB128)."""
    left = values.astype(np.int64)
    digits = []
    more = np.ones(len(left), bool)
    while more.any():
        last = more & (left < 0x80)
        digits.append(np.where(more, (left & 0x7F) | np.where(last, 0, 0x80), -1))
        more &= ~last
        left >>= 7
    rows = np.stack(digits, axis=1) if digits else np.empty((0, 1), np.int64)
    return _base64(rows[rows >= 0].astype(np.uint8).tobytes())


def _runs(lowercase: bool) -> str:
    """Return the table of characters, run-length encoded: `length:kind:shift`.

    The length is in base 36, the kind a character of `tokens.grammar`, and the shift what
    lowercasing adds to a code point. A printed ASCII character is its own kind.
    """
    table = code_points.entries(lowercase, True)
    codes = np.arange(len(table), dtype=table.dtype)
    kinds = grammar.stand_ins(lowercase).copy()
    kinds[:128] = np.where(np.isin(kinds[:128], [ord(" "), ord("'")]), kinds[:128], ord("L"))
    shifts = np.where(table, (table & CODE_POINT) - codes, 0)
    new = (kinds[1:] != kinds[:-1]) | (shifts[1:] != shifts[:-1])
    starts = np.flatnonzero(np.append(True, new))
    lengths = np.diff(np.append(starts, len(table)))
    runs = zip(lengths.tolist(), kinds[starts].tolist(), shifts[starts].tolist(), strict=True)
    return ",".join(
        f"{np.base_repr(n, 36).lower()}:{chr(kind)}" + (f":{shift}" if shift else "")
        for n, kind, shift in runs
    )
