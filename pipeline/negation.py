"""Negation marks: in "not a good film" good becomes NOT_good, up to the end of the clause."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import regex

from pipeline import arrow
from pipeline.words import is_word

NEGATIONS = frozenset(
    """
    no not never none nobody nothing nowhere neither nor cannot without hardly scarcely barely n't
    aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt shouldnt wasnt werent wont
    wouldnt
    """.split()
)
# What ends the scope of a negation: punctuation between clauses, not inside words.
CLAUSE_END = regex.compile(r"[.,:;!?…()\[\]{}\u2014\u2013]+")
NEGATED = "NOT_"


def is_negation(token: str) -> bool:
    """Tell whether a token negates what follows it."""
    return token.lower() in NEGATIONS or token.lower().endswith("n't")


def mark_negation(
    ids: np.ndarray, offsets: np.ndarray, types: pa.LargeStringArray
) -> tuple[np.ndarray, pa.LargeStringArray]:
    """Put `NOT_` before every word between a negation and the end of its clause.

    Parameters are the fields of `Tokens`; the ids and the types are returned.
    """
    words = types.to_pylist()
    n_types = len(words)
    position = np.arange(len(ids))
    negation = np.array([is_negation(t) for t in words], bool)[ids]
    end = np.array([CLAUSE_END.fullmatch(t) is not None for t in words], bool)[ids]
    # The last negation and the last end at or before each place; a document's start ends too.
    starts = offsets[:-1][np.diff(offsets) > 0]
    last_end = np.where(end, position, -1)
    last_end[starts] = np.maximum(last_end[starts], starts - 1)
    last_negation = np.maximum.accumulate(np.where(negation, position, -1))
    before = np.concatenate(([-1], last_negation[:-1]))
    word = np.array([is_word(t) for t in words], bool)[ids]
    marked = word & (before > np.maximum.accumulate(last_end))
    coded = arrow.numbers((ids + marked * n_types).astype(np.int32)).dictionary_encode()
    names = [
        words[c] if c < n_types else NEGATED + words[c - n_types]
        for c in coded.dictionary.to_pylist()
    ]
    # Once more, for a text that keeps its case may itself say NOT_word.
    named = arrow.strings(names).dictionary_encode()
    return arrow.values(named.indices.take(coded.indices)), named.dictionary
