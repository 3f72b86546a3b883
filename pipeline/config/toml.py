"""Read TOML from outside, and write values and tables as TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.boundary.inert import escaped_toml
from pipeline.config import limits

_LONGEST_NUMBER = 100  # digits; a config needs no more than 20
_TOO_DEEP = f"tables or lists inside each other more than {limits.NESTING} deep"


def parse(text: str) -> dict[str, Any]:
    """Return TOML as a table.

    Raises
    ------
    ValueError
        If it is not TOML, or it is nested so deep or holds a number so long that Python would give
        up on it later.

    Examples
    --------
    >>> parse("train.l2 = 0.5")
    {'train': {'l2': 0.5}}
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:  # Python reads no decimal of more than 4,300 digits
        raise ValueError(f"a whole number of more than {_LONGEST_NUMBER} digits") from None
    require_plain(table)
    return table


def require_plain(table: Mapping[str, Any]) -> None:
    """Refuse a table that is nested too deep or holds too long a number with a ValueError."""
    level: list[Any] = [table]
    for _ in range(limits.NESTING + 1):
        if any(isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER for value in level):
            raise ValueError(f"a whole number of more than {_LONGEST_NUMBER} digits")
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise ValueError(_TOO_DEEP)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def toml_value(value: Any) -> str:
    """Return a value in one line.

    >>> toml_value({"low": 1e-4, "names": ["a", True]})
    '{ low = 0.0001, names = ["a", true] }'
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            # JSON escapes what TOML must, but for one character; others may act on a terminal.
            return escaped_toml(json.dumps(value, ensure_ascii=False))
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            pairs = (f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items())
            return f"{{ {', '.join(pairs)} }}"
    return str(value)  # a number or a date


def toml_key(key: str) -> str:
    """Return a key, in quotes where it needs them.

    >>> toml_key("l2"), toml_key("a b")
    ('l2', '"a b"')
    """
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else toml_value(key)


def to_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return tables as TOML.

    >>> print(to_toml({"train": {"l2": 0.1}, "eval": {"bins": 10}}))
    [train]
    l2 = 0.1
    <BLANKLINE>
    [eval]
    bins = 10
    <BLANKLINE>
    """
    return "\n".join(
        "".join([f"[{name}]\n", *(f"{key} = {value}\n" for key, value in toml_lines(values))])
        for name, values in tables.items()
    )


def toml_lines(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each key of a table with its value; a key of a table in it is dotted.

    >>> dict(toml_lines({"l2": 0.1, "class_weight": {"positive": 2}, "test": None}))
    {'l2': '0.1', 'class_weight.positive': '2'}
    """
    for key, value in values.items():
        inner = (
            {f"{toml_key(key)}.{toml_key(k)}": v for k, v in value.items()}
            if isinstance(value, dict)
            else {toml_key(key): value}
        )
        yield from ((name, toml_value(v)) for name, v in inner.items() if v is not None)
