"""Names of features: tokens joined by spaces, or characters in quotation marks behind a space.

No token holds white space, so no name of a word n-gram begins with a space. The two kinds are never
confused, and either can be read back.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.storage import arrow

_OPENS, _CLOSES = ' "', '"'
# Tokens or characters of the longest n-gram that is read from a file.
_LONGEST = 100
_SPACE = ord(" ")


def name_of(characters: str) -> str:
    """Return the name of a character n-gram.

    >>> name_of(" go")
    ' " go"'
    """
    return f"{_OPENS}{characters}{_CLOSES}"


def characters_of(name: str) -> str | None:
    """Return the characters of a character n-gram, given its name; None for a word n-gram.

    >>> characters_of(' " go"'), characters_of("go on")
    (' go', None)
    """
    return name[len(_OPENS) : -len(_CLOSES)] if name.startswith(_OPENS) else None


def are_characters(names: pa.LargeStringArray) -> np.ndarray:
    """Return which names are of character n-grams: bool, shape (n_names,)."""
    # Not by `to_numpy`, which imports pandas.
    return arrow.values(pc.starts_with(names, _OPENS).cast(pa.uint8())).view(bool)


def are_names(names: pa.LargeStringArray) -> bool:
    """Return True if features can have these names (at least one); some may be there twice.

    >>> are_names(arrow.strings(["go on", ' " go"'])), are_names(arrow.strings([' "']))
    (True, False)
    """
    if not _bytes_of(names).min(initial=1):  # a zero byte ends a token in the kernels
        return False
    spells, words = are_characters(names), names
    if spells.any():
        pattern = f"^{_OPENS}(?s:.{{1,{_LONGEST}}}){_CLOSES}$"
        found = pc.match_substring_regex(names.filter(arrow.mask(spells)), pattern)
        words = names.filter(arrow.mask(~spells))
        if not pc.all(found).as_py() or not len(words):
            return bool(pc.all(found).as_py())
    data, offsets = arrow.buffers(words)
    lengths = np.diff(offsets)
    if not lengths.all() or _has_two_spaces(_bytes_of(words)):
        return False
    if (data[offsets[:-1]] == _SPACE).any() or (data[offsets[1:] - 1] == _SPACE).any():
        return False
    # An n-gram of more tokens has at least so many bytes.
    long = words.filter(arrow.mask(lengths > 2 * _LONGEST))
    return not len(long) or bool(pc.max(pc.count_substring(long, " ")).as_py() < _LONGEST)


def _bytes_of(strings: pa.LargeStringArray) -> np.ndarray:
    """Return the bytes of all strings, one after the other: uint8."""
    data, offsets = arrow.buffers(strings)
    return data[offsets[0] : offsets[-1]]


def _has_two_spaces(text: np.ndarray) -> bool:
    """Return True if a space follows a space. Two bytes are compared at once, at both parities."""
    pairs = (text[k : k + (len(text) - k) // 2 * 2].view("<u2") for k in (0, 1))
    return any((pair == _SPACE * 0x101).any() for pair in pairs)


def all_names_of(characters: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the names of many character n-grams."""
    opens, closes, between = map(arrow.scalar, (_OPENS, _CLOSES, ""))
    return pc.binary_join_element_wise(opens, characters, closes, between)


def all_characters_of(names: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the characters of many character n-grams."""
    return pc.utf8_slice_codeunits(names, len(_OPENS), -len(_CLOSES))
