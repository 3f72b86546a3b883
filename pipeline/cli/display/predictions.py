"""Predictions as lines of text or JSON, and the progress of files of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.boundary.inert import escaped_json
from pipeline.prediction.settings import labels_of
from pipeline.storage import arrow, files

if TYPE_CHECKING:
    from pipeline.model.checks import Mask
    from pipeline.model.scoring import TextScores
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.prediction.settings import Settings

# What stands in place of a label that the model is unsure of.
UNSURE = "unsure"
_DECIMALS = 6


def text_lines(
    model: TextClassifier,
    scores: TextScores,
    threshold: float,
    settings: Settings,
    unsure: Mask | None = None,
) -> bytes:
    """Return a line for each text: label and probability, once or for the most probable classes.

    On request the numbers of tokens follow. Where `unsure` is True, `UNSURE` stands in place of the
    label.
    """
    names = [*map(str, model.classes), UNSURE]
    if settings.top is None:
        predicted = scores.predictions(threshold)
        if unsure is not None:
            predicted = np.where(unsure, len(model.classes), predicted)
        pairs = [(predicted, scores.probabilities())]
    else:
        ranked = scores.ranked(threshold, settings.top)
        pairs = list(zip(*(each.T for each in ranked), strict=True))
    columns = [
        column
        for numbers, probability in pairs
        for column in (labels_of(names, numbers), fixed_point(probability))
    ]
    if settings.known:
        counts = map(arrow.numbers, (scores.n_tokens, scores.n_known))
        columns += [each.cast(pa.large_string()) for each in counts]
    return files.tsv_lines(*columns)


def json_lines(
    model: TextClassifier,
    scores: TextScores,
    threshold: float,
    top: int | None = None,
    unsure: Mask | None = None,
) -> bytes:
    """Return a JSON object for each text, one a line; on request with the most probable classes.

    Where `unsure` is True, its label is null.
    """
    names = [escaped_json(json.dumps(label, ensure_ascii=False)) for label in model.classes]
    numbers = scores.predictions(threshold)
    if unsure is not None:
        names, numbers = [*names, "null"], np.where(unsure, len(names), numbers)
    rows = zip(
        numbers.tolist(),
        scores.probabilities().tolist(),
        [""] * len(scores.scores) if top is None else _top_fields(names, scores, threshold, top),
        scores.n_tokens.tolist(),
        scores.n_known.tolist(),
        strict=True,
    )
    # A float is written as `json` does; a call of it for each line would take ten times as long.
    return "".join(
        f'{{"label": {names[number]}, "probability": {p!r}, {most}"tokens": {n}, '
        f'"known_tokens": {n_known}}}\n'
        for number, p, most, n, n_known in rows
    ).encode()


def _top_fields(names: list[str], scores: TextScores, threshold: float, top: int) -> list[str]:
    """Return the field `top` of each text: its most probable classes, as JSON."""
    fields = []
    for ranked in zip(*(each.tolist() for each in scores.ranked(threshold, top)), strict=True):
        pairs = zip(*ranked, strict=True)
        most = [f'{{"label": {names[number]}, "probability": {p!r}}}' for number, p in pairs]
        fields.append(f'"top": [{", ".join(most)}], ')
    return fields


def fixed_point(probability: np.ndarray) -> pa.LargeStringArray:
    """Return probabilities with six decimals, as `format(p, ".6f")` does.

    Examples
    --------
    >>> fixed_point(np.array([0.25, 1.0])).to_pylist()
    ['0.250000', '1.000000']
    """
    scaled = probability * 10**_DECIMALS
    millionths = np.rint(scaled).astype(np.int64)
    # The product is rounded, so where it is about half-way, Python decides.
    for row in np.flatnonzero(np.abs(np.abs(scaled - millionths) - 0.5) < 1e-6):
        millionths[row] = int(format(probability[row], f".{_DECIMALS}f").replace(".", ""))
    width = _DECIMALS + 2
    text = np.full((len(probability), width), ord("."), np.uint8)
    for k in (*range(width - 1, 1, -1), 0):
        millionths, digit = np.divmod(millionths, 10)
        text[:, k] = ord("0") + digit
    return arrow.of_bytes(text, np.arange(0, text.size + 1, width))
