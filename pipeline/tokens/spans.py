"""The place of each token in the text that it came from.

`Tokenizer` works on whole columns and keeps no places. Here the tokens of one text are looked up
in it, one after the other. A place refers to the original text: before lowercasing, with curly
apostrophes and HTML breaks.

A place is a half-open range [start, end) of code points. Spans are in order and do not overlap,
so the spans and the gaps between them add up to the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pipeline.storage import arrow
from pipeline.tokens.grammar import find_tokens
from pipeline.tokens.negation import mark_negation
from pipeline.tokens.nltk import in_time, nltk_tokenizer, straightened, token_name, tweet_rewriting
from pipeline.tokens.preparation import Traced
from pipeline.tokens.tokenizer import Tokenizer

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
    traced = tokenizer.preparation.trace(text)
    if tokenizer.tokenizer == "words":
        # Marks come later, and may need the punctuation.
        keep = tokenizer.punctuation or tokenizer.mark_negation
        places = find_tokens(traced.text, tokenizer.lowercase, keep, tokenizer.tweets)
        found = list(_original(traced, places))
    else:
        found = list(_nltk_spans(tokenizer, traced))
    if tokenizer.mark_negation and found:
        found = _marked(found)
    unwanted = tokenizer.unwanted({span.token for span in found})
    return [span for span in found if span.token not in unwanted]


def _original(traced: Traced, found: Iterable[tuple[str, int, int]]) -> Iterator[Span]:
    """Turn places in a prepared text into places in the original text."""
    last = 0
    for token, a, b in found:
        start, last = traced.place(a, b, last)
        yield Span(token, start, last)


def _nltk_spans(tokenizer: Tokenizer, traced: Traced) -> Iterator[Span]:
    """Find the tokens of one of NLTK's tokenizers, with `token_name` applied."""
    nltk = nltk_tokenizer(tokenizer.tokenizer, tokenizer.pattern)
    traced = traced._replace(text=straightened(traced.text))
    with in_time(tokenizer.pattern):
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
    yield from _original(traced, (item for item in named if item[0]))


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
