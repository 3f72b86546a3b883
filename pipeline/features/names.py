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


def all_names_of(characters: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the names of many character n-grams."""
    opens, closes, between = map(arrow.scalar, (_OPENS, _CLOSES, ""))
    return pc.binary_join_element_wise(opens, characters, closes, between)


def all_characters_of(names: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the characters of many character n-grams."""
    return pc.utf8_slice_codeunits(names, len(_OPENS), -len(_CLOSES))
