"""Every key with its meaning and default: for `sentiment config` and the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import NODEFAULT
from msgspec.structs import fields

from pipeline.boundary.inert import one_line
from pipeline.config.corpus import SOURCES
from pipeline.config.schema import Config
from pipeline.config.section import Section, accepted, description, hints, one_of, sections_in
from pipeline.config.toml import toml_lines, toml_value
from pipeline.errors import ConfigError

_SOURCE = "Where the reviews come from."
_WIDTH = 80


@dataclass(frozen=True)
class Key:
    """A key of a section: what it accepts, its default as TOML (empty if none), its meaning."""

    name: str
    accepted: str
    default: str
    description: str


@dataclass(frozen=True)
class KeySection:
    """A section of a config: its name, its meaning and its keys."""

    name: str
    description: str
    keys: tuple[Key, ...]


def sections() -> tuple[KeySection, ...]:
    """Return every section with every key, in the order of a config.

    A key of [corpus] that only some sources have names them in its description.

    >>> train = sections()[3]
    >>> train.name, train.description
    ('train', 'How the weights are learned.')
    >>> train.keys[3].name, train.keys[3].accepted, train.keys[3].default
    ('l2', 'a number from 0 to 1000000', '0.0001')
    """
    found = [KeySection("corpus", _SOURCE, tuple(_corpus_keys()))]
    for name, hint in hints(Config).items():
        if name != "corpus":
            (section,) = sections_in(hint)
            found.append(KeySection(name, _summary(section), tuple(_keys(section))))
    return tuple(found)


def annotated(config: Config, origins: Mapping[str, str]) -> str:
    """Return a config as TOML with a comment on every key.

    Parameters
    ----------
    config : Config
    origins : dict of str
        Where values come from, by key, such as `train.l2`; a key that is missing has its default.
    """
    lines: list[str] = []
    for name in hints(Config):
        section: Section | None = getattr(config, name)
        if section is not None:
            lines += ["", *_comment(_summary(type(section))), f"[{name}]"]
            lines += _annotated_keys(name, section, origins)
    return "\n".join([*lines[1:], ""])


def write_start(path: Path) -> None:
    """Write a config to start from with one's own reviews.

    Raises
    ------
    ConfigError
        If the file is there already, or cannot be written.
    """
    text = Path(__file__).with_name("start.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace("mine.toml", one_line(str(path))))
    except FileExistsError:
        raise ConfigError(f"--new: {path} is there already; expected a new file") from None
    except OSError as error:
        raise ConfigError(f"--new: cannot write {path}: {error.strerror}") from None


def _annotated_keys(name: str, section: Section, origins: Mapping[str, str]) -> Iterator[str]:
    values = section.to_dict()
    if "source" in values:
        keys = [Key("source", one_of(_tags()), "", _SOURCE), *_keys(type(section))]
    else:
        keys = list(_keys(type(section)))
    for key in keys:
        accepts = f" Accepts {key.accepted}." if key.accepted != "true or false" else ""
        yield from ["", *_comment(key.description + accepts)]
        lines = list(toml_lines({key.name: values[key.name]}))
        for inner, value in lines:
            origin = origins.get(f"{name}.{inner}") or origins.get(f"{name}.{key.name}", "default")
            yield f"{f'{inner} = {value}':<30}  # {one_line(origin)}"
        if not lines:
            yield f"{f'# {key.name} is not set':<30}  # default"


def _corpus_keys() -> Iterator[Key]:
    """Yield the keys of all sources; one that has them all in common is named once."""
    yield Key("source", one_of(_tags()), toml_value("sample"), _SOURCE)
    owners: dict[Key, list[str]] = {}
    for source in SOURCES:
        for key in _keys(source):
            owners.setdefault(key, []).append(source.source)
    for key, names in owners.items():
        of = f"{', '.join(names)}: " if len(names) < len(SOURCES) else ""
        yield Key(key.name, key.accepted, key.default, of + key.description)


def _tags() -> list[str]:
    return [toml_value(source.source) for source in SOURCES]


def _keys(section: type[Section]) -> Iterator[Key]:
    defaults = {field.name: field.default for field in fields(section)}
    for name, hint in hints(section).items():
        none = defaults[name] in (None, NODEFAULT)
        shown = "" if none else toml_value(defaults[name])
        yield Key(name, accepted(hint), shown, description(hint))


def _summary(section: type[Section]) -> str:
    return (section.__doc__ or "").partition("\n")[0]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ")
