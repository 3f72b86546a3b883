"""Negation marks: in "not a good film", good becomes NOT_good.

The words after a negation are marked up to the end of the clause. A clause ends at one of
. , : ; ! ? and at an ellipsis, a bracket, a dash, two hyphens, a `<br>`, an emoticon such as :-)
and the end of the document. It does not end at a quote, a hyphen, a line break or an emoji. Some
tokenizers leave such a sign in a word, as NLTK's Treebank tokenizer does at the end of most
sentences. Then the clause ends after that word, unless the sign is inside a number, as in 3.5.

NLTK's own `mark_negation` is different. Its clauses end only at one of . : ; ! ? and it does not
know nobody, neither, nor, cannot, without, hardly and others.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import regex

from pipeline.kernels import negation as kernels
from pipeline.storage import arrow
from pipeline.tokens.code_points import APOSTROPHES, PICTOGRAPH
from pipeline.tokens.grammar import is_emoticon

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
# A mark alone does not count, such as the variation selector that colours a heart.
_LETTER_OR_DIGIT = regex.compile(rf"[\w--[\p{{M}}\p{{C}}_]--{PICTOGRAPH}]", regex.V1)
_AROUND = regex.compile(r"^[\W_]+|[\W_]+$")
_STRAIGHT = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))


def is_negation(token: str) -> bool:
    """Return True if a token negates what follows it: not, nobody's, n't, couldn't've.

    Examples
    --------
    >>> [is_negation(token) for token in ("Don't", "cannot", "nothing", "note")]
    [True, True, True, False]
    """
    word = token.lower()
    if word.isascii() and word.isalpha():
        return word in NEGATIONS
    word = _AROUND.sub("", word.translate(_STRAIGHT))
    return "n't" in word or word.partition("'")[0] in NEGATIONS


def mark_negation(
    ids: np.ndarray, offsets: np.ndarray, distinct: pa.LargeStringArray
) -> tuple[np.ndarray, pa.LargeStringArray]:
    """Put `NOT_` before every word between a negation and the end of its clause.

    Another negation in between is marked like any word. It does not end the clause.

    Parameters
    ----------
    ids, offsets, distinct
        The fields of `Tokens`.

    Returns
    -------
    ids : int32 array
    distinct : pyarrow.LargeStringArray
        The new fields of `Tokens`; its offsets stay.
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
    if len(named.dictionary) < n:  # a text that keeps its case may itself hold NOT_word
        marked = arrow.values(named.indices)[marked]
    return marked, named.dictionary


def _kind(token: str) -> int:
    """Return the kind of a token, as the kernel's bits."""
    negates = kernels.NEGATES if is_negation(token) else 0
    if token.isalpha() and token.lower() != "br":
        return kernels.WORD | negates
    if is_emoticon(token):
        return 0 if token.startswith("<") else kernels.ENDS
    return (
        negates
        | (kernels.WORD if _LETTER_OR_DIGIT.search(token) else 0)
        | (kernels.ENDS if _BEGINS_WITH_END.match(token) else 0)
        | (kernels.CLOSES if _ENDS_LATER.search(token) else 0)
        | (kernels.HYPHEN if token == "-" else 0)
    )
