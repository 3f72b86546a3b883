"""Options and arguments that several commands share: RUN, CONFIG, --set, --json, --workers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.boundary.paths import usable
from pipeline.config import limits
from pipeline.errors import ConfigError, PipelineError, RunError

if TYPE_CHECKING:
    from pipeline.corpus.dialect import Dialect

Function = TypeVar("Function", bound=Callable[..., Any])


def utf8(_: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Refuse an argument that is not UTF-8, which the shell passes on all the same."""
    for text in value if isinstance(value, tuple) else (value or "",):
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise ConfigError(f"{parameter.opts[0]}: expected UTF-8 text, got {text!r}")
    return value


class UserPath(click.Path):
    """A path that the system can look up, whether or not it exists."""

    def __init__(self, **checks: bool) -> None:
        super().__init__(path_type=Path, **checks)

    def convert(self, value: Any, parameter: Any, context: Any) -> Path:
        """Return the path, or refuse one that is too long or holds a zero byte."""
        usable(Path(str(value)), PipelineError)
        return Path(str(super().convert(value, parameter, context)))


class _RunFolder(UserPath):
    """A folder that exists; otherwise the error suggests the nearest name."""

    name = "run"

    def convert(self, value: Any, parameter: Any, context: Any) -> Path:
        path = super().convert(value, parameter, context)
        if path.is_dir():
            return path
        from difflib import get_close_matches

        folders = {
            folder.name: folder
            for parent in (Path("runs"), path.parent)
            for folder in parent.glob("*/")
        }
        near = get_close_matches(path.name.removesuffix(".toml"), folders, 1)
        hint = f"did you mean {folders[near[0]]}?" if near else "`sentiment train` makes one"
        problem = "expected a run folder, got a file" if path.exists() else "no such run folder"
        raise RunError(f"{path}: {problem}; {hint}")


RUN_FOLDER = _RunFolder()
RUN = click.argument("run", type=RUN_FOLDER)
JSON = click.option("--json", "in_json", is_flag=True, help="Print JSON.")
KEEP = click.option(
    "--keep", is_flag=True, help="Keep what other versions of NumPy, numba or sentiment computed."
)
CONFIG = click.argument("config", type=UserPath(), default="sample")
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="SECTION.KEY=VALUE",
    callback=utf8,
    help="Override a key of the config. Repeat for several keys.",
)


WORDS = click.option(
    "--word",
    "words",
    multiple=True,
    metavar="WORD",
    callback=utf8,
    help="Look up a word. Repeat for several words.",
)


class WholeNumberRange(click.IntRange):
    """A range of whole numbers."""

    name = "whole number"


def count_option(
    *names: str, text: str, most: int, least: int = 1, default: int | None = None
) -> Callable[[Function], Function]:
    """Return an option that takes a whole number; `text` is its help."""
    kind = WholeNumberRange(least, most)
    return click.option(
        *names, default=default, show_default=True, type=kind, metavar="N", help=text
    )


def seed_option(text: str) -> Callable[[Function], Function]:
    """Return the option --seed; `text` is its help."""
    return count_option("--seed", default=0, least=0, most=limits.SEED, text=text)


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no address of a scheduler."""
    if value is None:
        return None
    found = re.fullmatch(r"(tcp|tls)://(\[[\w:.%]+\]|[\w.-]+):(\d{1,5})", value)
    if found and 0 < int(found[3]) <= 65535:
        return value
    raise ConfigError(
        "--scheduler: expected an address such as tcp://10.0.0.1:8786, or tls:// with keys, "
        f"got {value!r}; `dask scheduler` prints its address"
    )


# What runs the tasks; see `cluster_of` in cluster.py.
CLUSTER = (
    count_option(
        "--workers",
        "n_workers",
        most=limits.WORKERS,
        text="Run tasks in N processes of this machine. Results are the same.",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        callback=_address,
        help="Run tasks on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786.",
    ),
)


def cluster_options(command: Function) -> Function:
    """Add `CLUSTER` to a command; `cluster_of` takes their values."""
    for option in reversed(CLUSTER):
        command = option(command)
    return command


class NumberRange(click.FloatRange):
    """A range of numbers; NaN is in none, although no bound refuses it."""

    name = "number"

    def convert(self, value: Any, parameter: Any, context: Any) -> float:
        """Return the number, if it is one and within the range."""
        number: float = super().convert(value, parameter, context)
        if number != number:
            self.fail(f"nan is not in the range {self._describe_range()}.", parameter, context)
        return number


def names_of(_: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Return names that are separated by commas; None if the option is not given."""
    utf8(click.get_current_context(), parameter, value)
    return None if value is None else tuple(name.strip() for name in value.split(","))


FORMATS = ("csv", "tsv", "json", "parquet", "arrow", "lines", "labelled", "fasttext", "vw")
_DIALECT = (
    click.option(
        "--format",
        type=click.Choice(FORMATS),
        help="The format of the files, where the extension does not say.",
    ),
    click.option(
        "--encoding", metavar="NAME", help="Their encoding, such as latin-1. Otherwise UTF-8."
    ),
    click.option("--delimiter", metavar="C", help="What separates the fields of CSV, such as ';'."),
    click.option(
        "--columns",
        metavar="NAMES",
        callback=names_of,
        help="The columns of a file without a header, separated by commas.",
    ),
    click.option(
        "--quoting",
        type=click.Choice(("double", "none")),
        help="Whether quotes enclose the fields of CSV (double) or are text (none).",
    ),
)


def dialect_options(command: Function) -> Function:
    """Add the options that say how files are written; `dialect_of` takes their values."""
    for option in reversed(_DIALECT):
        command = option(command)
    return command


def dialect_of(options: dict[str, Any]) -> Dialect:
    """Return how files are written, by the values of `dialect_options`."""
    from pipeline.corpus.dialect import Dialect

    given = {
        name: options[name]
        for name in ("format", "encoding", "delimiter", "columns", "quoting")
        if options[name] is not None
    }
    return Dialect(**given, prefix="--")


def as_options(message: str) -> str:
    """Return a message with a command's options in place of the keys of a config.

    >>> as_options('set corpus.drop = ["missing"], or corpus.positive_from')
    'set --drop missing, or --positive-from'
    >>> as_options('set --encoding = "cp1252"')
    'set --encoding cp1252'
    >>> as_options('set corpus.ignore = ["so so", 2, ...]')
    "set --ignore 'so so' --ignore 2 ..."
    >>> as_options('set corpus.columns = ["text", "label"]')
    'set --columns text,label'
    >>> as_options('label 3 is listed both in corpus.classes.fair (3) and in corpus.classes.good')
    'label 3 is listed both in --class fair (3) and in --class good'
    """

    def option(found: re.Match[str]) -> str:
        name = f"--{(found[1] or found[2]).replace('_', '-')}"
        if name == "--classes":  # a table, which the option fills line by line
            name = "--class"
        values = _LISTED.findall(found[3] or "")
        if not values:
            return name
        words = [value if value == "..." else _word(value) for value in values]
        if name == "--columns":
            return f"{name} {','.join(words)}"
        return " ".join(word if word == "..." else f"{name} {word}" for word in words)

    message = message.replace("corpus.classes.", "corpus.classes ")
    key = r"(?:corpus\.|--)([\w-]+)|\b(positive_from|negative_to)\b"
    return re.sub(
        rf"(?:{key})(?: = (\[(?:{_STRING}|[^\]\"])*\]|{_STRING}|[^\s,)]+))?", option, message
    )


_STRING = r'"(?:[^"\\]|\\.)*"'
_LISTED = re.compile(rf"{_STRING}|[^\s,\[\]]+")


def _word(value: str) -> str:
    """Return a value of a config as a word of the shell."""
    import json
    import shlex

    return shlex.quote(json.loads(value)) if value.startswith('"') else value
