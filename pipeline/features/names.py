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
    spells = are_characters(names)
    characters, words = names.filter(arrow.mask(spells)), names.filter(arrow.mask(~spells))
    pattern = f"^{_OPENS}(?s:.{{1,{_LONGEST}}}){_CLOSES}$"
    if not pc.all(pc.match_substring_regex(characters, pattern), min_count=0).as_py():
        return False
    data, offsets = arrow.buffers(names)
    if not data[offsets[0] : offsets[-1]].all():  # a zero byte ends a token in the kernels
        return False
    data, offsets = arrow.buffers(words)
    if not len(words) or not (offsets[1:] > offsets[:-1]).all():
        return not len(words)
    is_space = data[offsets[0] : offsets[-1]] == ord(" ")
    if not is_space.any():
        return True
    starts, ends = offsets[:-1] - offsets[0], offsets[1:] - offsets[0]
    most = np.add.reduceat(is_space, starts, dtype=np.int64).max()
    around = is_space[starts].any() or is_space[ends - 1].any()
    return bool(most < _LONGEST and not around and not (is_space[1:] & is_space[:-1]).any())


def all_names_of(characters: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the names of many character n-grams."""
    opens, closes, between = map(arrow.scalar, (_OPENS, _CLOSES, ""))
    return pc.binary_join_element_wise(opens, characters, closes, between)


def all_characters_of(names: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the characters of many character n-grams."""
    return pc.utf8_slice_codeunits(names, len(_OPENS), -len(_CLOSES))
