"""`highlight`: a contribution for each piece of a text, and the fewest words that flip it.

The contribution of an n-gram is shared equally among its tokens, and that of a word among the
places where it occurs. So the contributions of the tokens and the intercept sum to the score.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.inspection.explanation import Explanation, explain
from pipeline.model.logistic import decide, sigmoid
from pipeline.model.text_classifier import TextClassifier
from pipeline.tokens.nltk import HTML_BREAK
from pipeline.tokens.spans import Span, token_spans


@dataclass(frozen=True)
class Piece:
    """A token as the text spells it, or the text between two tokens.

    Attributes
    ----------
    text : str
        The pieces of a text, joined, are the text.
    token : str or None
        What the tokenizer made of it; None between tokens.
    contribution : float
        What it adds to the log-odds; 0 if it is in no word of the vocabulary.
    is_break : bool
        Whether it is a `<br>` that the tokenizer took for a space.
    """

    text: str
    token: str | None
    contribution: float
    is_break: bool = False


@dataclass(frozen=True)
class Highlight:
    """A text in pieces, each with its contribution to the score.

    Attributes
    ----------
    explanation : Explanation
    pieces : tuple of Piece
    flip : tuple of str, or None
        Words whose removal, in all places, changes the prediction, the strongest first; None if
        no removal does. If all features are single words, no smaller set changes it.
    """

    explanation: Explanation
    pieces: tuple[Piece, ...]
    flip: tuple[str, ...] | None

    def strength(self, piece: Piece) -> float:
        """Return a piece's contribution divided by the largest absolute one: -1 to 1."""
        return piece.contribution / (self._largest or 1.0)

    @functools.cached_property
    def _largest(self) -> float:
        return max((abs(piece.contribution) for piece in self.pieces), default=0.0)

    def _repr_html_(self) -> str:
        """Draw the explanation in a notebook."""
        from pipeline.inspection.notebook import highlight_html

        return highlight_html(self)


def highlight(model: TextClassifier, text: str) -> Highlight:
    """Return the explanation of a text, piece by piece.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier(epochs=20).fit(texts, [1, 1, 0, 0]).model_
    >>> found = highlight(model, "Awesome, but dull.")
    >>> [(piece.text, round(piece.contribution, 2)) for piece in found.pieces]
    [('Awesome', 0.52), (', ', 0.0), ('but', 0.0), (' ', 0.0), ('dull', -0.34), ('.', 0.0)]
    >>> found.explanation.label, found.flip
    (1, ('awesome',))
    """
    explanation = explain(model, text)
    spans = token_spans(model.tokenizer, text)
    tokens = [span.token for span in spans]
    contributions = _by_token(explanation, tokens)
    pieces = _pieces(text, spans, contributions, model.tokenizer.strip_breaks)
    return Highlight(explanation, tuple(pieces), fewest_to_flip(explanation, tokens))


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


def _pieces(
    text: str, spans: Sequence[Span], contributions: Sequence[float], strip_breaks: bool
) -> Iterator[Piece]:
    here = 0
    for span, contribution in zip(spans, contributions, strict=True):
        yield from _between(text[here : span.start], strip_breaks)
        yield Piece(text[span.start : span.end], span.token, contribution)
        here = span.end
    yield from _between(text[here:], strip_breaks)


def _between(text: str, strip_breaks: bool) -> Iterator[Piece]:
    """Yield the text between two tokens, each stripped break as a piece of its own."""
    here = 0
    for found in HTML_BREAK.finditer(text) if strip_breaks else ():
        if here < found.start():
            yield Piece(text[here : found.start()], None, 0.0)
        yield Piece(found[0], None, 0.0, is_break=True)
        here = found.end()
    if here < len(text):
        yield Piece(text[here:], None, 0.0)


def fewest_to_flip(explanation: Explanation, tokens: Sequence[str]) -> tuple[str, ...] | None:
    """Return words whose removal changes the prediction, as few as a greedy search finds.

    Removing a word removes every feature that holds it. Each step removes the word that moves
    the score most, the first in the text on ties. With single words as features their effects
    are independent, so no smaller set changes the prediction. With n-grams, or counts of unit
    length, there may be one.

    Parameters
    ----------
    explanation : Explanation
    tokens : sequence of str
        The tokens of the text.

    Returns
    -------
    tuple of str, or None
        None if the prediction stays the same without all words that support it.
    """
    left = {c.word: c.contribution for c in explanation.contributions}
    counts = {c.word: c.count for c in explanation.contributions}
    features: dict[str, list[str]] = defaultdict(list)
    for name in left:
        for token in dict.fromkeys(name.split(" ")):
            features[token].append(name)
    is_positive = explanation.is_positive
    side = 1.0 if is_positive else -1.0

    def effect(token: str) -> float:
        return side * sum(left.get(name, 0.0) for name in features[token])

    effects = {token: effect(token) for token in dict.fromkeys(tokens) if token in features}
    score, removed = explanation.log_odds, list[str]()
    while decide(sigmoid(np.array(score)), explanation.threshold) == is_positive:
        strongest = max(effects, key=effects.__getitem__, default=None)
        if strongest is None or effects[strongest] <= 0:
            return None
        removed.append(strongest)
        del effects[strongest]
        for name in features[strongest]:
            left.pop(name, None)
        for other in {token for name in features[strongest] for token in name.split(" ")}:
            if other in effects:
                effects[other] = effect(other)
        score = explanation.intercept + sum(left.values())
        if left and explanation.scale != 1:
            # The remaining counts have another length, so each contribution is scaled by it.
            length = math.sqrt(sum(counts[name] ** 2 for name in left))
            score = explanation.intercept + sum(left.values()) / explanation.scale / length
    return tuple(removed)
