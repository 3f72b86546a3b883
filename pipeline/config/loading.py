"""Reading a config: TOML in, overrides applied, what is wrong said in one line.

pydantic finds what is wrong; here it is said in the words of TOML: the key, what is
expected, what was given, the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.schema import (
    ClassWeights,
    Config,
    FilesCorpus,
    HubCorpus,
    NltkCorpus,
    Range,
    SampleCorpus,
    Section,
    ThresholdGoal,
    TuneSection,
    unknown_key,
)
from pipeline.errors import ConfigError


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Read a TOML config and apply `section.key=value` overrides.

    Raises
    ------
    ConfigError
        If the file is missing or is not TOML, a key is unknown, or a value is
        of the wrong type or out of range. The message names the key, what was
        received, what is accepted and the file.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the config: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for override in overrides:
        _apply(table, override)
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{_explain(error)} ({path})") from None


def with_values(config: Config, values: Mapping[str, Any], where: str) -> Config:
    """Return a config with other values of some keys, such as `train.l2`.

    Raises
    ------
    ConfigError
        If a value is of the wrong type or out of range; `where` says what set it.
    """
    table = config.model_dump(exclude_none=True)
    for key, value in values.items():
        section, name = key.split(".")
        table[section][name] = value
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_explain(error)}") from None


def _apply(table: dict[str, Any], override: str) -> None:
    """Set one `section.key=value` in a table; the value is read as TOML, else as a string."""
    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or len(names) < 2 or not all(names):
        raise ConfigError(f"--set {override}: expected section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for name in names[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {name} is not a table")
    table[names[-1]] = value


_EXPECTED = {
    "greater_than": "a number > {gt:g}",
    "greater_than_equal": "a number >= {ge:g}",
    "less_than": "a number < {lt:g}",
    "less_than_equal": "a number <= {le:g}",
    "union_tag_invalid": "{expected_tags}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "too_short": "a list that is not empty",
    "bool_type": "true or false",
    "string_type": "a string",
    "string_pattern_mismatch": "a commit of 40 hexadecimal digits",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _explain(error: ValidationError) -> str:
    """Put the first problem of a validation into one line: key, expected, got."""
    problems = error.errors(include_url=False)
    # Of the alternatives of one key, the one that got furthest is the one that was meant.
    first = [p for p in problems if p["loc"][:2] == problems[0]["loc"][:2]]
    problem = max(first, key=lambda p: (len(_names(p["loc"])), p["type"] == "value_error"))
    names = _names(problem["loc"])
    key = ".".join(names)
    match problem["type"]:
        case "extra_forbidden":
            return f"{key}: {_unknown(names, problem['loc'])}"
        case "missing":
            return f"{key}: this key is required"
        case "union_tag_not_found":
            return f'{key}.source: expected "sample", "hub", "nltk" or "files", got nothing'
        case "value_error":
            return f"{key}: {problem['ctx']['error']}"
    alternatives = [p for p in problems if _names(p["loc"]) == names]
    if names[-1] in ("min_df", "max_df"):
        expected = "a number of reviews (1, 2 ...) or a fraction of them (0.0 to 1.0)"
        return f"{key}: expected {expected}, got {problem['input']!r}"
    expected = " or ".join(dict.fromkeys(_expected(p) for p in alternatives))
    got = problem["input"]
    if problem["type"] == "union_tag_invalid":
        key, got = f"{key}.source", problem["ctx"]["tag"]
    return f"{key}: expected {expected}, got {got!r}"


def _names(location: tuple[int | str, ...]) -> list[str]:
    """Name a place in a config by its keys; a location names the types of unions as well."""
    names = [str(part) for part in location]
    if names[0] == "corpus":
        del names[1:2]  # the source
    if names[0] == "train" and re.search("ClassWeights|ThresholdGoal", "".join(names[2:3])):
        return names[:2] + names[3:]
    if names[0] == "tune":
        return names[:3] + (names[4:5] if "Range" in "".join(names[3:4]) else [])
    return names[:2]


def _expected(problem: Mapping[str, Any]) -> str:
    form = _EXPECTED.get(problem["type"])
    if form:
        return form.format(**problem.get("ctx", {}))
    return str(problem["msg"]).removeprefix("Input should be ")


def _unknown(names: list[str], location: tuple[int | str, ...]) -> str:
    """Say which keys there are, and which of them was probably meant."""
    *outer, name = names
    if outer[:1] == ["tune"] and len(outer) == 3:
        return unknown_key(name, Range)
    return unknown_key(name, _TABLES[str(location[1]) if outer == ["corpus"] else ".".join(outer)])


_TABLES: dict[str, type[Section]] = {
    "": Config,
    "sample": SampleCorpus,
    "nltk": NltkCorpus,
    "files": FilesCorpus,
    "hub": HubCorpus,
    "train.class_weight": ClassWeights,
    "train.threshold": ThresholdGoal,
    **{name: type(section) for name, section in Config()},
    "tune": TuneSection,
}
