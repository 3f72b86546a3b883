"""The model as the page carries it, for its playground and its table of words."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.inspection.weights import ClassFrequency
from pipeline.model.logistic import Array
from pipeline.storage import arrow
from pipeline.tokens.negation import NEGATIONS
from pipeline.tokens.words import character_table

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier

# The page is to stay under 3 MB; this much of it is for words.
LARGEST = 2_500_000


def kept_columns(
    model: TextClassifier, with_intervals: bool = False, largest: int = LARGEST
) -> Array:
    """Return the columns that the page can carry: all, or those that matter most to scores.

    A word matters by |weight| * sqrt(document frequency): about its share in the spread of the
    scores.

    Returns
    -------
    int64 array, in ascending order
    """
    _, offsets = arrow.buffers(model.vocabulary.words)
    # A line break, a weight and maybe its interval in base64, and the counts of two classes.
    sizes = np.diff(offsets) + 1 + (3 if with_intervals else 1) * 16 / 3 + 4
    if sizes.sum() <= largest:
        return np.arange(len(sizes))
    importance = np.abs(model.weights) * np.sqrt(model.vocabulary.document_frequency)
    order = np.argsort(-importance, kind="stable")
    kept: Array = np.sort(order[: np.searchsorted(np.cumsum(sizes[order]), largest)])
    return kept


def payload(
    model: TextClassifier,
    frequency: ClassFrequency | None,
    columns: Array,
    stability: tuple[Array, Array] | None = None,
) -> dict[str, Any]:
    """Return the model as JSON holds it.

    Weights are float32: with them a probability is right to 1e-6.

    Parameters
    ----------
    model : TextClassifier
    frequency : ClassFrequency, optional
    columns : int64 array
        What `kept_columns` returned.
    stability : two float64 arrays, optional
        The ends of each weight's interval over refits.
    """
    tokenizer = model.tokenizer
    words = model.vocabulary.words.take(arrow.numbers(columns)).to_pylist()
    facts: dict[str, Any] = {
        "words": "\n".join(words),
        "weights": _base64(model.weights[columns].astype("<f4").tobytes()),
        "n_features": len(model.vocabulary),
        "intercept": model.intercept,
        "threshold": model.regression.threshold,
        "binary": model.binary,
        "unit_length": model.unit_length,
        "longest": max((word.count(" ") + 1 for word in words), default=1),
    }
    if frequency is None:
        facts["reviews"] = _counts(model.vocabulary.document_frequency[columns])
    else:
        facts["negative"] = _counts(frequency.negative[columns])
        facts["positive"] = _counts(frequency.positive[columns])
    if stability is not None:
        for name, ends in zip(("low", "high"), stability, strict=True):
            facts[name] = _base64(ends[columns].astype("<f4").tobytes())
    if tokenizer.tokenizer == "words":
        facts["tokenizer"] = {
            **tokenizer.to_dict(),
            "characters": _runs(character_table(tokenizer.lowercase)),
            "negations": sorted(NEGATIONS) if tokenizer.mark_negation else [],
        }
    return facts


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _counts(values: Array) -> str:
    """Return counts as variable-length integers: seven bits a byte, low ones first (LEB128)."""
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


def _runs(table: Array) -> str:
    """Return a table of what characters become as runs: length in base 36, and what of each.

    A number is added to a letter's code; `s` is white space, `p` is anything else.
    """
    codes = np.arange(len(table))
    white, other = 1 << 30, 1 << 31
    kinds = np.where(table > 0, table - codes, np.where(table == 0, white, other))
    starts = np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1]))
    lengths = np.diff(np.append(starts, len(kinds)))
    names = {white: "s", other: "p"}
    return " ".join(
        f"{np.base_repr(n, 36).lower()}:{names.get(kind, kind)}"
        for n, kind in zip(lengths.tolist(), kinds[starts].tolist(), strict=True)
    )
