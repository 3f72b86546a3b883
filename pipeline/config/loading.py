"""Find a config (file, run folder or bundled name), read it, apply --set."""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.boundary.paths import read_regular
from pipeline.config import limits
from pipeline.config.checking import checked, sections_with
from pipeline.config.schema import Config
from pipeline.config.section import hints, one_of
from pipeline.config.toml import parse, require_plain, toml_lines
from pipeline.errors import ConfigError

# The configs lie in the package of a wheel, and at the top of a clone.
_PACKAGE = Path(__file__).parents[1]
_BUNDLED = next(
    (folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir()),
    _PACKAGE,
)
_REVIEWS = "; a file of reviews is named in a config: `sentiment config --new mine.toml` writes one"
_BACKSLASH = "; text with backslashes needs single quotes, such as 'C:\\a.csv'"


@dataclass(frozen=True)
class FoundConfig:
    """A config that was asked for.

    Attributes
    ----------
    path : Path
        Its file.
    run : Path
        The run folder that belongs to it.
    said : str
        Which one was taken, for the user.
    """

    path: Path
    run: Path
    said: str


def find_config(name: Path) -> FoundConfig:
    """Return the config that a user means: a file, a run folder, or else a bundled config.

    Raises
    ------
    ConfigError
        If it is none of these; the message suggests the nearest name.
    """
    if name.exists() and not name.is_dir():
        return FoundConfig(name, Path("runs") / name.stem, str(name))
    if (name / "config.toml").is_file():
        return FoundConfig(name / "config.toml", name, f"{name / 'config.toml'}, of the run {name}")
    bundled = _BUNDLED / f"{name}.toml"
    if name.name == str(name) and bundled.is_file():
        here = bundled.is_relative_to(Path.cwd())
        shown = bundled.relative_to(Path.cwd()) if here else bundled
        return FoundConfig(bundled, Path("runs") / name, f"{name}, bundled: {shown}")
    names = sorted(file.stem for file in _BUNDLED.glob("*.toml"))
    candidates = {other: other for other in names}
    candidates |= {str(file): file.stem for file in sorted(name.parent.glob("*.toml"))}
    candidates |= {str(f.parent): f.parent.name for f in sorted(name.parent.glob("*/config.toml"))}
    near = difflib.get_close_matches(name.stem, candidates.values(), 1)
    meant = next((given for given, stem in candidates.items() if [stem] == near), None)
    hint = f"did you mean {meant}? " if meant else ""
    what = "a folder without config.toml" if name.is_dir() else "no such config"
    raise ConfigError(
        f"{name}: {what}; {hint}expected a TOML file, a run folder, or {one_of(names)}"
    )


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Read a TOML config and apply `section.key=value` overrides.

    Raises
    ------
    ConfigError
        If the file is missing or is not TOML, a key is unknown, or a value is
        of the wrong type or out of range. The message names the key, what was
        received, what is accepted and where it was set: in the file or by `--set`.
    """
    table = _read(path)
    for override in overrides:
        _apply(table, override)
    try:
        require_plain(table)
    except ValueError as error:  # an override may make tables inside tables, too
        raise ConfigError(f"--set: expected section.key=value, got {error}") from None
    try:
        return checked(table, Config)
    except ConfigError as error:
        where = path if str(error) == _refusal(_read(path)) else "--set"
        raise ConfigError(f"{error} ({where})") from None


def _refusal(table: dict[str, Any]) -> str:
    """Return what is wrong with a table; an empty string if nothing is."""
    try:
        checked(table, Config)
    except ConfigError as error:
        return str(error)
    return ""


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


def value_origins(path: Path, overrides: Iterable[str] = ()) -> dict[str, str]:
    """Return where each value that is not a default comes from, by key: the file or `--set`."""
    table = _read(path)
    origins = dict.fromkeys(_dotted(table), path.name)
    for override in overrides:
        origins[override.partition("=")[0].strip()] = "--set"
    return origins


def _dotted(table: Mapping[str, Any]) -> Iterator[str]:
    for name, section in table.items():
        yield from (f"{name}.{key}" for key, _ in toml_lines(section))


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ConfigError(f"{path}: no such config")
    hint = _REVIEWS if path.is_file() and path.suffix != ".toml" else ""
    try:
        content = read_regular(path, limits.CONFIG_BYTES, ConfigError)
        return parse(content.decode("utf-8-sig"))  # some editors write a byte-order mark
    except ConfigError as error:
        raise ConfigError(f"{error}{hint}") from None
    except UnicodeDecodeError as error:
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        got = "UTF-16" if is_utf16 else f"the byte {content[error.start]:#04x}"
        raise ConfigError(f"{path}: not valid TOML: expected UTF-8, got {got}{hint}") from None
    except tomllib.TOMLDecodeError as error:
        hint = hint or (_BACKSLASH if re.search("hex value|Unescaped", str(error)) else "")
        raise ConfigError(f"{path}: not valid TOML: {error}{hint}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}{hint}") from None


def _apply(table: dict[str, Any], override: str) -> None:
    """Set one `section.key=value` in a table; the value is read as TOML, else as a string."""
    try:
        override.encode()
    except UnicodeEncodeError:  # a command line may hold any bytes
        raise ConfigError(f"--set {override!a}: expected UTF-8 text") from None
    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or len(names) < 2 or not all(names):
        meant = sections_with(names[0], hints(Config)) if len(names) == 1 else []
        hint = f"; did you mean {one_of(meant)}?" if meant else ""
        raise ConfigError(f"--set {override}: expected section.key=value{hint}")
    try:
        value, *others = parse(f"value = {text}").values()
    except tomllib.TOMLDecodeError:
        value, others = text.strip(), []
    except ValueError as error:
        raise ConfigError(f"--set {'.'.join(names)}: expected a value, got {error}") from None
    if others:
        raise ConfigError(f"--set {override}: expected one section.key=value; repeat --set")
    for name in names[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {override}: {name} is not a table")
    table[names[-1]] = value
