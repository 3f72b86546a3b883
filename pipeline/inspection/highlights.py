"""Which characters of a text moved its score, and the fewest words that decide it.

An n-gram's contribution is shared equally among its tokens, and a feature's among the
places where it occurs. So the contributions of a text's tokens sum to its score less the
intercept, and a token's is the sum of its shares of every feature that covers it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.explanation import Explanation, explain, label_of
from pipeline.model.logistic import sigmoid
from pipeline.model.text_classifier import TextClassifier
from pipeline.tokens.spans import Span, token_spans


@dataclass(frozen=True)
class Piece:
    """A token as the text spells it, or what stands between two.

    Attributes
    ----------
    text : str
        The pieces of a text, joined, are the text.
    token : str or None
        The token it became; None for what became none.
    contribution : float
        What it adds to the log-odds, 0 for what is part of no feature.
    """

    text: str
    token: str | None
    contribution: float


@dataclass(frozen=True)
class Highlight:
    """A text taken apart by what moved its score.

    Attributes
    ----------
    explanation : Explanation
    pieces : tuple of Piece
    flip : tuple of str, or None
        Words whose removal, all their occurrences, changes the decision, in the order of their
        pull; None where none does. Of single words these are the fewest there are.
    """

    explanation: Explanation
    pieces: tuple[Piece, ...]
    flip: tuple[str, ...] | None

    def _repr_html_(self) -> str:
        """Draw the explanation in a notebook."""
        from pipeline.inspection.notebook import highlight_html

        return highlight_html(self)


def highlight(model: TextClassifier, text: str) -> Highlight:
    """Explain the score of a text by its characters."""
    explanation = explain(model, text)
    spans = token_spans(model.tokenizer, text)
    contributions = _by_token(explanation, [span.token for span in spans])
    return Highlight(
        explanation,
        tuple(_pieces(text, spans, contributions)),
        fewest_to_flip(explanation, [span.token for span in spans]),
    )


def _by_token(explanation: Explanation, tokens: Sequence[str]) -> list[float]:
    """Share the contributions of features among tokens."""
    features = {c.word: c.contribution for c in explanation.contributions}
    longest = max((name.count(" ") + 1 for name in features), default=0)
    places: dict[str, list[range]] = defaultdict(list)
    for start in range(len(tokens)):
        name = ""
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            name = f"{name} {tokens[end - 1]}" if name else tokens[start]
            if name in features:
                places[name].append(range(start, end))
    added = [0.0] * len(tokens)
    for name, contribution in features.items():
        share = contribution / (len(places[name]) * (name.count(" ") + 1))
        for place in places[name]:
            for token in place:
                added[token] += share
    return added


def _pieces(text: str, spans: Sequence[Span], contributions: Sequence[float]) -> Iterator[Piece]:
    here = 0
    for span, contribution in zip(spans, contributions, strict=True):
        if here < span.start:
            yield Piece(text[here : span.start], None, 0.0)
        yield Piece(text[span.start : span.end], span.token, contribution)
        here = span.end
    if here < len(text):
        yield Piece(text[here:], None, 0.0)


def fewest_to_flip(explanation: Explanation, tokens: Sequence[str]) -> tuple[str, ...] | None:
    """Find words whose removal changes the decision, as few as can be told at once.

    Removing a word takes away every feature that holds it, as if it had not been known. The
    word whose removal moves the score most goes first, ties in the order of the text, until
    the decision is another. With single words as features the pulls are independent, so no
    smaller set does it; with longer n-grams, or counts
    of unit length, a smaller one may exist.

    Parameters
    ----------
    explanation : Explanation
    tokens : sequence of str
        The tokens of the text.

    Returns
    -------
    tuple of str, or None
        None if even without all words that pull its way the decision stands.
    """
    left = {c.word: c.contribution for c in explanation.contributions}
    counts = {c.word: c.count for c in explanation.contributions}
    holding: dict[str, list[str]] = defaultdict(list)
    for name in left:
        for token in dict.fromkeys(name.split(" ")):
            holding[token].append(name)
    side = 1.0 if explanation.label == "positive" else -1.0
    score, removed = explanation.log_odds, list[str]()
    waiting = [token for token in dict.fromkeys(tokens) if token in holding]
    while _label(score, explanation) == explanation.label:
        pulls = [side * sum(left.get(name, 0.0) for name in holding[t]) for t in waiting]
        if max(pulls, default=0.0) <= 0:
            return None
        token = waiting.pop(int(np.argmax(pulls)))
        removed.append(token)
        for name in holding[token]:
            left.pop(name, None)
        score = explanation.intercept + sum(left.values())
        if left and explanation.scale != 1:
            # Counts of unit length: what is left has a length of its own.
            length = math.sqrt(sum(counts[name] ** 2 for name in left))
            score = explanation.intercept + sum(left.values()) / explanation.scale / length
    return tuple(removed)


def _label(score: float, explanation: Explanation) -> str:
    return label_of(float(sigmoid(np.array([score]))[0]), explanation.threshold)
