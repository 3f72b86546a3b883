"""A TOML table to a section, or one line on what is wrong with it: key, accepted, received.

msgspec finds the first problem and its place. The message here names the key, what is accepted
and what was received, as TOML writes them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from pipeline.config.section import Section, accepted, hints, one_of, sections_in
from pipeline.config.toml import toml_value
from pipeline.errors import ConfigError

Checked = TypeVar("Checked", bound=Section)
# How msgspec begins these two of its messages.
_UNKNOWN, _MISSING = "Object contains unknown field `", "Object missing required field `"


def checked(table: Any, kind: type[Checked], where: str = "") -> Checked:
    """Return a table as a section.

    Parameters
    ----------
    table : dict
    kind : subclass of Section
    where : str
        The key that holds the table, for the message.

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a value is of the wrong type or out of range.
    """
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), table, kind, where)) from None


def _explain(error: str, table: Any, root: type[Section], where: str) -> str:
    """Name the key, what it accepts, and what it was given."""
    problem, found, place = error.rpartition(" - at `$")
    if not found:
        problem, place = error, ""
    names = [name.partition("[")[0] for name in place.rstrip("`").split(".") if name]
    hint: Any = root
    value = table
    for name in names:
        section = _section(hint, value)
        if section is None:
            break
        hint, value = hints(section)[name], value[name]

    key = ".".join([*([where] if where else []), *names])
    section = _section(hint, value)
    if section is None and len(sections_in(hint)) > 1 and isinstance(value, dict):
        given = toml_value(value["source"]) if "source" in value else "nothing"
        sources = one_of(f'"{kind.__struct_config__.tag}"' for kind in sections_in(hint))
        return f"{key.removesuffix('.source')}.source: expected {sources}, got {given}"
    dot = "." if key else ""
    if section is not None and problem.startswith(_UNKNOWN):
        name = problem.removeprefix(_UNKNOWN)[:-1]
        return f"{key}{dot}{unknown_key(name, section, hints(root))}"
    if section is not None and problem.startswith(_MISSING):
        name = problem.removeprefix(_MISSING)[:-1]
        expected = accepted(hints(section)[name])
        return f"{key}{dot}{name}: this key is required; expected {expected}"
    expected = accepted(hint)
    if isinstance(value, float) and not math.isfinite(value):
        expected = expected.replace("a number", "a finite number")
    return f"{key}: expected {expected}, got {toml_value(value)}"


def _section(hint: Any, value: Any) -> type[Section] | None:
    """Return the kind of table that a value is by its annotation; None if it is none."""
    kinds = sections_in(hint)
    if len(kinds) > 1 and isinstance(value, dict):  # the sources of a corpus
        kinds = [kind for kind in kinds if kind.__struct_config__.tag == value.get("source")]
    return kinds[0] if len(kinds) == 1 else None


def unknown_key(key: str, section: type[Section], sections: Mapping[str, Any]) -> str:
    """Say which keys a section has, and which key was probably meant.

    Parameters
    ----------
    key : str
    section : subclass of Section
    sections : dict of str
        All sections by name, because the key may be one of another section.
    """
    keys = hints(section)
    others = {name: hint for name, hint in sections.items() if name not in ("corpus", "tune")}
    near = sections_with(key, others) or difflib.get_close_matches(key, keys, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    kind = "section" if keys == sections else "key"
    source = [section.__struct_config__.tag_field or ""]
    accepted = ", ".join(sorted(filter(None, [*keys, *source])))
    return f"{key}: unknown {kind}; {meant}accepted: {accepted}"


def sections_with(key: str, sections: Mapping[str, Any]) -> list[str]:
    """Return the key in each section that has it, such as `train.l2`."""
    return [
        f"{name}.{key}"
        for name, hint in sections.items()
        if any(key in hints(kind) for kind in sections_in(hint))
    ]
