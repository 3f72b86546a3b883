"""`highlight`: a contribution for each piece of a text, and the fewest words that flip it.

The contribution of a feature is shared equally among the places where it occurs, that of an
n-gram among its tokens, and that of a character n-gram among its characters. So the contributions
of the pieces and the intercept sum to the score.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.inspection.explanation import Explanation, explain_with_places
from pipeline.inspection.flip import fewest_to_flip
from pipeline.inspection.places import Places
from pipeline.model.text_classifier import TextClassifier
from pipeline.tokens.negation import NEGATED
from pipeline.tokens.preparation import HTML_BREAK
from pipeline.tokens.spans import Span, token_spans


@dataclass(frozen=True)
class Piece:
    """A token as the text spells it, a character of one, or the text between two tokens.

    Attributes
    ----------
    text : str
        The pieces of a text, joined, are the text.
    token : str or None
        What the tokenizer made of the token; None between tokens.
    contribution : float
        What it adds to the log-odds; 0 if it is in no feature of the vocabulary.
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
        Tokens are cut into characters if the text has character n-grams of the vocabulary.
    flip : tuple of str, or None
        Words whose removal, in all places, changes the prediction, the strongest first; None if
        no removal does. If all features are single words, no smaller set changes it. Of more than
        two classes, the change is that the runner-up is more probable.
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


def highlight(
    model: TextClassifier, text: str, between: tuple[int, int] | None = None
) -> Highlight:
    """Return the explanation of a text, piece by piece; the parameters are those of `explain`.

    Examples
    --------
    >>> import pipeline
    >>> texts = ["awesome film", "awesome and moving", "abysmal film", "abysmal and dull"]
    >>> model = pipeline.SentimentClassifier().fit(texts, [1, 1, 0, 0]).model_
    >>> found = highlight(model, "Awesome, but dull.")
    >>> [(piece.text, round(piece.contribution, 2)) for piece in found.pieces]
    [('Awesome', 1.09), (', ', 0.0), ('but', 0.0), (' ', 0.0), ('dull', -0.69), ('.', 0.0)]
    >>> found.explanation.label, found.flip
    (1, ('awesome',))
    """
    explanation, places = explain_with_places(model, text, between)
    spans = token_spans(model.tokenizer, text)
    shares = _shares(explanation, [span.token for span in spans], places)
    pieces = _pieces(text, spans, shares, model.tokenizer.html == "breaks")
    return Highlight(explanation, tuple(pieces), fewest_to_flip(explanation, places))


def _shares(explanation: Explanation, tokens: Sequence[str], places: Places) -> list[list[float]]:
    """Share the contributions of features among tokens.

    Returns
    -------
    list of list of float
        For each token the share of each of its code points, or one share of the whole token if
        no feature of the text is a character n-gram.
    """
    added = {c.word: c.contribution for c in explanation.contributions}
    by_character = any(places.characters.values())
    inside = {}
    for token, found in places.characters.items():
        inside[token] = [0.0] * (len(token) if by_character else 1)
        for name, first, last in found:
            for k in range(first, last):
                inside[token][k] += added[name] / places.total[name] / (last - first)
    whole = [0.0] * len(tokens)
    for name, found_at in places.words.items():
        for place in found_at:
            for k in place:
                whole[k] += added[name] / len(found_at) / len(place)
    return [
        [share + of_token / len(inside[token]) for share in inside[token]]
        for token, of_token in zip(tokens, whole, strict=True)
    ]


def _pieces(
    text: str, spans: Sequence[Span], shares: Sequence[list[float]], breaks: bool
) -> Iterator[Piece]:
    here = 0
    for span, in_token in zip(spans, shares, strict=True):
        yield from _between(text[here : span.start], breaks)
        spelled = text[span.start : span.end]
        if len(in_token) == 1:
            yield Piece(spelled, span.token, in_token[0])
        else:
            yield from _spread(spelled, span.token, in_token)
        here = span.end
    yield from _between(text[here:], breaks)


def _spread(spelled: str, token: str, shares: list[float]) -> Iterator[Piece]:
    """Yield a token as the text spells it, in a piece for each of its shares.

    If the text has another number of code points, as for a decomposed letter, each of the token
    stands for an equal part of them. The share of a mark of negation goes to all of the word.
    """
    marked = 0
    if len(spelled) < len(token) == len(shares) and token.startswith(NEGATED):
        marked = len(NEGATED)
    of_mark, of_word = sum(shares[:marked]), shares[marked:]
    n = max(1, min(len(of_word), len(spelled)))
    for k in range(n):
        part = spelled[k * len(spelled) // n : (k + 1) * len(spelled) // n]
        mine = of_word[k * len(of_word) // n : (k + 1) * len(of_word) // n]
        yield Piece(part, token, sum(mine) + of_mark / n)


def _between(text: str, breaks: bool) -> Iterator[Piece]:
    """Yield the text between two tokens, each stripped break as a piece of its own."""
    here = 0
    for found in HTML_BREAK.finditer(text) if breaks else ():
        if here < found.start():
            yield Piece(text[here : found.start()], None, 0.0)
        yield Piece(found[0], None, 0.0, is_break=True)
        here = found.end()
    if here < len(text):
        yield Piece(text[here:], None, 0.0)
