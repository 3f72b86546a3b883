"""Reading a config: TOML in, overrides applied, what is wrong said in one line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.config.checking import checked
from pipeline.config.schema import Config
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
    table = _read(path)
    for override in overrides:
        _apply(table, override)
    try:
        return checked(table, Config)
    except ConfigError as error:
        raise ConfigError(f"{error} ({path})") from None


def with_values(config: Config, values: Mapping[str, Any], where: str) -> Config:
    """Return a config with other values of some keys, such as `train.l2`.

    Raises
    ------
    ConfigError
        If a value is of the wrong type or out of range; `where` says what set it.
    """
    table = config.to_dict()
    for key, value in values.items():
        section, name = key.split(".")
        table[section][name] = value
    try:
        return checked(table, Config)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the config: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


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
