"""The base class of a section, and its annotations in words: what a key accepts and means.

msgspec builds a section from a table by the annotations, and refuses unknown keys and values of the
wrong type or out of range. Messages, the printed config and the documentation read the same
annotations.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from pipeline.config import limits

# Every number has an upper bound, which refuses infinity too. NaN fails every bound.
Number = Annotated[float, Meta(ge=-limits.NUMBER, le=limits.NUMBER)]
Positive = Annotated[float, Meta(gt=0, le=limits.STRENGTH)]
NotNegative = Annotated[float, Meta(ge=0, le=limits.STRENGTH)]
Fraction = Annotated[float, Meta(gt=0, lt=1)]  # neither none nor all
Share = Annotated[float, Meta(ge=0, le=1)]
Seed = Annotated[int, Meta(ge=0, le=limits.SEED)]
Count = Annotated[int, Meta(ge=0, le=limits.COUNT)]
AtLeastOne = Annotated[int, Meta(ge=1, le=limits.COUNT)]

_NOUNS = {float: "a number", int: "a whole number", str: "a string", bool: "true or false"}


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a config: frozen, strictly typed, with no unknown keys."""

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON has them; keys that are not set are None."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values

    def but(self, **values: Any) -> Self:
        """Return a copy with other values, which are not checked."""
        return msgspec.structs.replace(self, **values)


def about(description: str, accepted: str | None = None) -> Meta:
    """Describe a key, and what it accepts where its type does not say that well."""
    return Meta(description=description, extra={"accepted": accepted} if accepted else None)


@cache
def hints(section: type[Section]) -> dict[str, Any]:
    """Return the annotation of each key of a section, its own before those that it inherits."""
    found = get_type_hints(section, include_extras=True)
    keys: list[str] = []
    for base in reversed(section.__mro__):
        if issubclass(base, Section):
            keys = [*(key for key in base.__struct_fields__ if key not in keys), *keys]
    return {key: found[key] for key in keys}


def sections_in(hint: Any) -> list[type[Section]]:
    """Return the kinds of table that an annotation allows."""
    if isinstance(hint, type) and issubclass(hint, Section):
        return [hint]
    return [section for inner in get_args(hint) for section in sections_in(inner)]


def description(hint: Any) -> str:
    """Return the sentence that describes a key."""
    return next((m.description for m in _metas(hint) if m.description), "")


def accepted(hint: Any) -> str:
    """Return what a key accepts, in words.

    >>> accepted(Fraction)
    'a number between 0 and 1'
    >>> accepted(Annotated[int, Meta(ge=1, le=8), about("Longest n-gram.")])
    'a whole number from 1 to 8'
    """
    metas = _metas(hint)
    for meta in metas:
        if meta.extra:
            return str(meta.extra["accepted"])
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        kinds = (kind for kind in get_args(hint) if kind is not type(None))
        return " or ".join(dict.fromkeys(map(accepted, kinds)))
    if get_origin(hint) is Literal:
        return one_of(f'"{name}"' for name in get_args(hint))
    return _NOUNS.get(hint, "a table") + _range(metas)


def one_of(names: Iterable[str]) -> str:
    """List alternatives: a, b or c."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _metas(hint: Any) -> list[Meta]:
    if get_origin(hint) is not Annotated:
        return []
    return [meta for meta in get_args(hint)[1:] if isinstance(meta, Meta)]


def _range(metas: list[Meta]) -> str:
    """Return the bounds of a number in words, those that were set."""
    bounds = {}
    for sign, name in ((">", "gt"), (">=", "ge"), ("<", "lt"), ("<=", "le")):
        for bound in (getattr(meta, name) for meta in metas):
            if bound is not None:
                bounds[sign] = f"{bound:g}" if isinstance(bound, float) else str(bound)
    match bounds:
        case {">=": low, "<=": high}:
            return f" from {low} to {high}"
        case {">": low, "<": high}:
            return f" between {low} and {high}"
        case {">": low, "<=": high}:
            return f" above {low}, up to {high}"
    return " and".join(f" {sign} {bound}" for sign, bound in bounds.items())
