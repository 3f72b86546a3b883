"""The form of a JSON value: which keys it has, and the kind of each.

A form is written like the value: `{"n": int, "words": [str]}`. What a process reads may have been
written by anyone, so that a reader says which form it needs, and may then rely on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any

from pipeline.errors import RunError

# What stands for a key that is not there; it is of no kind.
_MISSING = object()
_NOUNS = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def require_form(value: Any, form: Any, where: Path, hint: str) -> None:
    """Refuse a value that has not the form that is needed.

    Parameters
    ----------
    value : object
        As `json` reads it.
    form : object
        A type, or `float | None` and the like: NaN is written as null. A dict: an object with these
        keys, where a key that ends in ``?`` may be missing, and `str` stands for any key. A list:
        one whose items have the form of its only item. A tuple: a list with an item for each of its
        forms.
    where : Path
        The file, for the message.
    hint : str
        What helps.

    Raises
    ------
    RunError

    Examples
    --------
    >>> require_form({"n": 3, "words": ["a"]}, {"n": int, "words": [str]}, Path("a.json"), "")
    >>> require_form({"n": "3"}, {"n": int}, Path("a.json"), "use --force")
    Traceback (most recent call last):
    pipeline.errors.RunError: a.json: not the file that was written: n: expected a whole number; \
use --force
    """
    if wrong := _wrong(value, form):
        raise RunError(f"{where}: not the file that was written: {wrong}; {hint}")


def _wrong(value: Any, form: Any, at: str = "") -> str:
    """Return the first place that is wrong, and what is expected there; empty if none is."""
    if isinstance(form, UnionType):
        return "" if value is None else _wrong(value, form.__args__[0], at)
    kind = form if isinstance(form, type) else list if isinstance(form, tuple) else type(form)
    if not _is_of(value, kind):
        return f"{at}: expected {_NOUNS[kind]}".removeprefix(": ")
    if isinstance(form, tuple) and len(value) != len(form):
        return f"{at}: expected {len(form)} values"
    inside = () if isinstance(form, type) else _inside(value, form, at)
    return next((wrong for each in inside if (wrong := _wrong(*each))), "")


def _inside(value: Any, form: Any, at: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield what is in a value: each item, its form, and where it is; `_MISSING` for none."""
    if isinstance(form, dict):
        for key in form:
            name = key if key is str else key.removesuffix("?")
            names = value if key is str else (name,) if name in value or name == key else ()
            for each in names:
                yield value.get(each, _MISSING), form[key], f"{at}.{each}".removeprefix(".")
        return
    forms = form if isinstance(form, tuple) else form * len(value)
    for n, item in enumerate(value):
        yield item, forms[n], f"{at}[{n}]"


def _is_of(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        # False for NaN; an int may be larger than any float.
        return isinstance(value, int | float) and abs(value) <= sys.float_info.max
    return isinstance(value, kind)
