"""The place of each token in the text that it came from.

`Tokenizer` works on whole columns and keeps no places. Here the tokens of one text are looked up
in it, one after the other. A place refers to the original text: before lowercasing, with curly
apostrophes and HTML breaks.

A place is a half-open range [start, end) of code points. Spans are in order and do not overlap,
so the spans and the gaps between them add up to the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import regex

from pipeline.storage import arrow
from pipeline.tokens.negation import mark_negation
from pipeline.tokens.nltk import HTML_BREAK, nltk_tokenizer, token_name, tweet_rewriting
from pipeline.tokens.tokenizer import Tokenizer

_DOTTED_I = regex.compile("\u0130")

# NLTK's Treebank and Toktok tokenizers write the left for the right.
_REWRITTEN = (
    ("``", '"'),
    ("''", '"'),
    ('"', "''"),
    ("&amp;", "&"),
    ("&#124;", "|"),
    ("&#9;", "\t"),
)


class Span(NamedTuple):
    """A token, and the code points [start, end) of the text that it came from."""

    token: str
    start: int
    end: int


class _Traced(NamedTuple):
    """A rewritten text, with the range of original code points that each of its own stands for."""

    text: str
    starts: list[int]
    ends: list[int]

    def replaced(self, pattern: regex.Pattern[str], by: Callable[[str], str]) -> _Traced:
        """Replace every match; its last new code point stands for all that are left of it."""
        parts, starts, ends, done = [], list[int](), list[int](), 0
        for match in pattern.finditer(self.text):
            a, b = match.span()
            written = by(match.group())
            if not written or written == match.group():
                continue
            parts += [self.text[done:a], written]
            of = [min(a + k, b - 1) for k in range(len(written))]
            starts += self.starts[done:a] + [self.starts[k] for k in of]
            ends += self.ends[done:a] + [self.ends[k] for k in of[:-1]] + self.ends[b - 1 : b]
            done = b
        if not done:
            return self
        parts.append(self.text[done:])
        return _Traced("".join(parts), starts + self.starts[done:], ends + self.ends[done:])

    def spans(self, found: Iterable[tuple[str, int, int]]) -> Iterator[Span]:
        """Turn places in this text into places in the original text."""
        last = 0
        for token, a, b in found:
            start = end = last
            if a < b:
                # Two tokens may come from one code point. Then the first has it.
                start, end = max(last, self.starts[a]), max(last, self.ends[b - 1])
            yield Span(token, start, end)
            last = end


def token_spans(tokenizer: Tokenizer, text: str) -> list[Span]:
    """Return the tokens of a text, each with its place.

    Parameters
    ----------
    tokenizer : Tokenizer
    text : str
        Valid Unicode.

    Returns
    -------
    list of Span
        Their tokens are `tokenizer([text]).document(0)`.

    Examples
    --------
    >>> token_spans(Tokenizer(), "A good film.")[1]
    Span(token='good', start=2, end=6)
    """
    traced = _prepared(text, tokenizer.lowercase, tokenizer.strip_breaks)
    if tokenizer.tokenizer == "words":
        # Marks come later, and may need the punctuation.
        keep = tokenizer.punctuation or tokenizer.mark_negation
        plain = replace(tokenizer, punctuation=keep, mark_negation=False, stop_words=())
        found = list(traced.spans(_places(plain([text]).document(0), traced.text)))
    else:
        found = list(_nltk_spans(tokenizer, traced))
    if tokenizer.mark_negation and found:
        found = _marked(found)
    unwanted = tokenizer.unwanted({span.token for span in found})
    return [span for span in found if span.token not in unwanted]


def _prepared(text: str, lowercase: bool, strip_breaks: bool) -> _Traced:
    """Return a text as it is before it is split, with the places of its code points."""
    places = list(range(len(text) + 1))
    traced = _Traced(text, places[:-1], places[1:])
    if lowercase:
        # I with a dot above is the only letter whose lower case is two code points.
        doubled = traced.replaced(_DOTTED_I, str.lower)
        traced = doubled._replace(text=text.lower())
    traced = traced._replace(text=traced.text.replace("\u2019", "'"))
    return traced.replaced(HTML_BREAK, lambda _: " ") if strip_breaks else traced


def _places(tokens: list[str], text: str) -> Iterator[tuple[str, int, int]]:
    """Find tokens that are in a text as they are, none of them within what lies between two."""
    end = 0
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        yield token, start, end


def _nltk_spans(tokenizer: Tokenizer, traced: _Traced) -> Iterator[Span]:
    """Find the tokens of one of NLTK's tokenizers, with `token_name` applied."""
    nltk = nltk_tokenizer(tokenizer.tokenizer, tokenizer.pattern)
    tokens: list[str] = nltk.tokenize(traced.text)
    found: Iterable[tuple[str, int, int]]
    if tokenizer.tokenizer in ("wordpunct", "pattern"):
        places: Iterable[tuple[int, int]] = nltk.span_tokenize(traced.text)
        found = ((token, a, b) for token, (a, b) in zip(tokens, places, strict=True))
    else:
        if tokenizer.tokenizer == "tweet":
            for pattern, by in tweet_rewriting():
                traced = traced.replaced(pattern, by)
        found = _walk(tokens, traced.text)
    named = ((token_name(token), a, b) for token, a, b in found)
    yield from traced.spans(item for item in named if item[0])


def _walk(tokens: list[str], text: str) -> Iterator[tuple[str, int, int]]:
    """Find tokens in a text, one after the other.

    A character of a token that is not next in the text is searched further on. If it is nowhere,
    it has no place.
    """
    here = 0
    for token in tokens:
        start, k = -1, 0
        while k < len(token):
            n_token, begin, n_text = _step(token, k, text, here)
            if n_text:
                start = begin if start < 0 else start
                here = begin + n_text
            k += n_token
        yield token, (here if start < 0 else start), here


def _step(token: str, k: int, text: str, here: int) -> tuple[int, int, int]:
    """Return the characters of the token in this step, their place in the text and their number."""
    begin = here
    while begin < len(text):
        if text[begin] == token[k]:
            return 1, begin, 1
        for written, original in _REWRITTEN:
            if token.startswith(written, k) and text.startswith(original, begin):
                return len(written), begin, len(original)
        if not text[begin].isspace():
            break
        begin += 1
    found = text.find(token[k], here)
    return (1, found, 1) if found >= 0 else (1, here, 0)


def _marked(found: list[Span]) -> list[Span]:
    """Put negation marks on the tokens."""
    coded = arrow.strings([span.token for span in found]).dictionary_encode()
    offsets = np.array([0, len(found)])
    ids, distinct = mark_negation(arrow.values(coded.indices), offsets, coded.dictionary)
    names = distinct.to_pylist()
    return [span._replace(token=names[i]) for i, span in zip(ids.tolist(), found, strict=True)]
