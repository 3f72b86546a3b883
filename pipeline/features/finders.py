"""What finds the features of a vocabulary in tokens: n-grams of words, and of characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pipeline.features.names import are_characters
from pipeline.features.trie import Trie
from pipeline.storage import arrow

if TYPE_CHECKING:
    from pipeline.features.characters import CharacterNgrams, CharacterTable
    from pipeline.features.words import WordNgrams


@dataclass(frozen=True)
class Finders:
    """What finds the features of a vocabulary in tokens: those of words, and of characters.

    Attributes
    ----------
    words : Trie or None
        Its features are numbered from 0; None if there are none.
    characters : CharacterTable or None
        Likewise.
    columns : tuple of two int32 arrays, optional
        The column of each feature of `words` and of `characters`, both ascending; None if there
        are features of one kind alone, which are numbered as their columns are.
    """

    words: Trie | None
    characters: CharacterTable | None
    columns: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def of(cls, names: pa.LargeStringArray) -> Finders:
        """Return what finds the features with these names."""
        spells_characters = are_characters(names)
        if not spells_characters.any():
            return cls(Trie.of_words(names), None)
        from pipeline.features.characters import CharacterTable

        if spells_characters.all():
            return cls(None, CharacterTable.of(names))
        columns = tuple(np.flatnonzero(kind) for kind in (~spells_characters, spells_characters))
        words, characters = (names.take(arrow.numbers(kind)) for kind in columns)
        return cls(
            Trie.of_words(words),
            CharacterTable.of(characters),
            (columns[0].astype(np.int32), columns[1].astype(np.int32)),
        )


def joined(
    kinds: Sequence[CharacterNgrams | WordNgrams], order: np.ndarray
) -> tuple[pa.LargeStringArray, Finders]:
    """Return the names of features of all kinds in column order, and what finds them.

    Parameters
    ----------
    kinds : sequence of CharacterNgrams or WordNgrams
        One or both, in this order.
    order : int32 array, shape (n_columns,)
        The n-gram of each column: an index into those of the first kind and then the second.
    """
    start, parts = 0, []
    for kind in kinds:
        end = start + len(kind.frequency)
        columns = np.flatnonzero((order >= start) & (order < end))
        if len(columns):
            parts.append((*kind.features(order[columns] - np.int32(start)), columns))
        start = end
    if len(parts) == 1:
        ((names, finder, _),) = parts
        is_trie = isinstance(finder, Trie)
        return names, Finders(finder, None) if is_trie else Finders(None, finder)
    (spelled, characters, first), (named, words, second) = parts
    place = np.empty(len(order), np.int64)
    place[np.concatenate((first, second))] = np.arange(len(order))
    names = pa.concat_arrays([spelled, named]).take(arrow.numbers(place))
    return names, Finders(words, characters, (second.astype(np.int32), first.astype(np.int32)))
