"""Negation marks: in "not a good film" good becomes NOT_good, up to the end of the clause.

A clause ends at . , : ; ! ? at an ellipsis, a bracket, a dash (or two hyphens) and a `<br>`,
and a document ends all. Quotes, a hyphen, a line break of the text and emoji end nothing.
Where a tokenizer leaves such a sign in a word, as NLTK's Treebank tokenizer does at the end
of most sentences, the clause ends behind the word, if not in the middle of a number: 3.5.

NLTK's own `mark_negation` differs: its clauses end at one of . : ; ! ? alone, and it does
not know nobody, neither, nor, cannot, without, hardly and the like.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import regex

from pipeline.kernels import negation as kernels
from pipeline.storage import arrow

NEGATIONS = frozenset(
    """
    no not never none nobody noone no-one nothing nowhere neither nor cannot without hardly
    scarcely barely aint arent cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt
    mightnt mustnt neednt oughtnt shant shouldnt wasnt werent wont wouldnt
    """.split()
)
NEGATED = "NOT_"

_END = r"(?:[;!?…()\[\]{}\u2014]|[.,:\u2013](?!\d)|--|<br(?![a-z]))"
_BEGINS_WITH_END = regex.compile(rf"[\W_]*?{_END}|br\W*$", regex.IGNORECASE)
_ENDS_LATER = regex.compile(rf"[^\W_].*?{_END}", regex.IGNORECASE)
# Not a mark that stands alone, such as the one that colours a heart.
_LETTER_OR_DIGIT = regex.compile(r"[^\W\p{M}\p{C}_]")
_AROUND = regex.compile(r"^[\W_]+|[\W_]+$")
# What is written for an apostrophe.
_STRAIGHT = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\uff07\u0060\u00b4", "'"))


def is_negation(token: str) -> bool:
    """Tell whether a token negates what follows it: not, nobody's, n't, didn't, couldn't've."""
    word = token.lower()
    if word.isascii() and word.isalpha():
        return word in NEGATIONS
    word = _AROUND.sub("", word.translate(_STRAIGHT))
    return "n't" in word or word.partition("'")[0] in NEGATIONS


def mark_negation(
    ids: np.ndarray, offsets: np.ndarray, distinct: pa.LargeStringArray
) -> tuple[np.ndarray, pa.LargeStringArray]:
    """Put `NOT_` before every word between a negation and the end of its clause.

    A negation inside is a word like the others: it is marked, and ends nothing.
    Parameters are the fields of `Tokens`; the ids and the distinct tokens are returned.
    """
    words = distinct.to_pylist()
    n_distinct = len(words)
    kinds = np.fromiter(map(_kind, words), np.uint8, n_distinct)
    numbers, codes = np.full(2 * n_distinct, -1, np.int32), np.empty(2 * n_distinct, np.int32)
    marked = np.empty(len(ids), np.int32)
    n = kernels.mark(ids, offsets, kinds, numbers, marked, codes)
    names = [
        words[code] if code < n_distinct else NEGATED + words[code - n_distinct]
        for code in codes[:n].tolist()
    ]
    named = arrow.strings(names).dictionary_encode()
    if len(named.dictionary) < n:  # a text that keeps its case may itself say NOT_word
        marked = arrow.values(named.indices)[marked]
    return marked, named.dictionary


def _kind(token: str) -> int:
    """Return what a token is, as the kernel's bits."""
    negates = kernels.NEGATES if is_negation(token) else 0
    if token.isalpha() and token.lower() != "br":
        return kernels.WORD | negates
    return (
        negates
        | (kernels.WORD if _LETTER_OR_DIGIT.search(token) else 0)
        | (kernels.ENDS if _BEGINS_WITH_END.match(token) else 0)
        | (kernels.CLOSES if _ENDS_LATER.search(token) else 0)
        | (kernels.HYPHEN if token == "-" else 0)
    )
