"""`sentiment score`: the metrics of a saved model on another labelled file, and on its slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.boundary import interrupts, urls
from pipeline.cli.main import examples, main
from pipeline.cli.options import (
    JSON,
    RUN,
    NumberRange,
    as_options,
    dialect_of,
    dialect_options,
    utf8,
)
from pipeline.cli.output import print_json, say
from pipeline.config import limits
from pipeline.errors import ConfigError, PipelineError

_RATING = NumberRange(-limits.NUMBER, limits.NUMBER)
# What a file holds; the options have the names of keys of [corpus].
_KEYS: dict[str, dict[str, Any]] = {
    "text": {"metavar": "COLUMN", "help": "The column of texts."},
    "label": {"metavar": "COLUMN", "help": "The column of labels."},
    "positive": {"help": "A label of positive reviews. Repeat for several."},
    "negative": {"help": "A label of negative reviews. Repeat for several."},
    "positive_from": {"type": _RATING, "help": "For ratings: the lowest one that is positive."},
    "negative_to": {"type": _RATING, "help": "For ratings: the highest one that is negative."},
    "ignore": {"help": "A label whose reviews are left out. Repeat for several."},
    "drop": {
        "type": click.Choice(["missing", "invalid"]),
        "help": "Leave out rows without text or label, or undecodable ones.",
    },
}
_SEVERAL = ("positive", "negative", "ignore", "drop")


def _key_options(command: Any) -> Any:
    """Add an option for each of `_KEYS`."""
    for key, settings in reversed(_KEYS.items()):
        is_text = "type" not in settings
        metavar = "LABEL" if is_text else "X" if settings["type"] is _RATING else None
        shared = {"metavar": metavar, "multiple": key in _SEVERAL, "callback": utf8}
        given = shared | settings if is_text else shared | settings | {"callback": None}
        command = click.option(f"--{key.replace('_', '-')}", **given)(command)
    return command


def _classes(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return the labels of each class that is given as NAME=LABEL."""
    found: dict[str, list[str]] = {}
    for each in utf8(context, parameter, value):
        name, equals, label = each.rpartition("=")
        if not equals:
            raise ConfigError(f"--class: expected NAME=LABEL, got {each!r}")
        found.setdefault(name, []).append(label)
    return found


@main.command(
    epilog=examples(
        "sentiment score runs/imdb hotels.csv --label stars \\",
        "    --positive-from 4 --negative-to 2 --by country",
    )
)
@RUN
@click.argument("file", callback=utf8)
@_key_options
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME=LABEL",
    callback=_classes,
    help="A label of a class of the model. Repeat for several.",
)
@click.option("--by", metavar="COLUMN", callback=utf8, help="Compare the values of this column.")
@click.option(
    "--group",
    metavar="COLUMN",
    callback=utf8,
    help="For the intervals: equal values of this column belong together.",
)
@dialect_options
@JSON
def score(run: Path, file: str, by: str | None, group: str | None, **options: Any) -> None:
    """Evaluate a saved model on another labelled file.

    FILE is a table, a glob, or a folder with one for each class, such as pos/ and neg/. What is not
    stated about its columns and labels is as in the config of RUN. Prints the metrics of
    `sentiment eval` with their intervals, and with --by the accuracy of each slice. This does not
    count as a use of the test set.
    """
    from pipeline.cli.display.progress import StageProgress
    from pipeline.kernels import compiled
    from pipeline.studies.score import score_file

    in_json, dialect = options["in_json"], dialect_of(options)
    keys = {key: options[key] for key in (*_KEYS, "classes") if options[key] not in (None, (), {})}
    interrupts.be_raised()
    with StageProgress(quiet=in_json) as progress:
        compiled.on_compile, urls.on_fetch = progress.say, progress.fetched
        progress.started("score")
        try:
            found = score_file(run, file, by, group, keys, dialect)
        except PipelineError as error:
            raise type(error)(as_options(str(error))) from None
    for warning in found.warnings():
        say(f"! {warning}")
    if in_json:
        print_json(found.to_dict())
        return
    from pipeline.cli.display.score import print_score

    print_score(found, file)
