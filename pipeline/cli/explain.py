"""The command that takes a score apart: of a text, or of reviews of the test part."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pipeline.cli.group import JSON, RUN, as_json, facts, main, say, unicode
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.model.text_classifier import TextClassifier


class _Asked(NamedTuple):
    """A text to explain, and which review of the test part it is, if it is one."""

    text: str
    row: int | None = None
    label: str | None = None

    def title(self) -> str:
        """Return what stands above the text."""
        return "" if self.row is None else f"test review {self.row}, which is {self.label}"


@main.command()
@RUN
@click.argument("text", required=False, callback=unicode)
@click.option(
    "--row", type=click.IntRange(min=0), help="Explain a review of the test part, from 0."
)
@click.option(
    "--worst", type=click.IntRange(min=1), help="Explain as many reviews, those most wrong."
)
@JSON
def explain(run: Path, text: str | None, row: int | None, worst: int | None, in_json: bool) -> None:
    """Show what each word of TEXT adds to its score, and the sum.

    Without TEXT, standard input is read; --row and --worst take reviews of the run's
    test part. With --json one object is printed, for --worst a list of them.
    """
    from pipeline.inspection.highlights import highlight
    from pipeline.kernels import compiled
    from pipeline.model.text_classifier import TextClassifier

    if sum(given is not None for given in (text, row, worst)) > 1:
        raise click.UsageError("expected one of TEXT, --row and --worst")
    compiled.on_compile = say
    model = TextClassifier.load(run)
    found = [
        (asked, highlight(model, asked.text)) for asked in _asked(model, run, text, row, worst)
    ]
    if in_json:
        objects = [_as_object(one, facts(highlighted)) for one, highlighted in found]
        click.echo(as_json(objects if worst is not None else objects[0], indent=2))
        return
    from pipeline.display.explanations import print_highlight

    for number, (one, highlighted) in enumerate(found):
        if number:
            click.echo()
        print_highlight(highlighted, one.title())


def _asked(
    model: TextClassifier, run: Path, text: str | None, row: int | None, worst: int | None
) -> Iterator[_Asked]:
    if row is None and worst is None:
        yield _Asked(_standard_input() if text is None else text)
        return
    from pipeline.inspection.examples import most_wrong
    from pipeline.stages import read_reviews

    reviews = read_reviews(run)
    n = len(reviews.labels)
    if row is not None and row >= n:
        raise ConfigError(f"--row: expected a row of the test part, 0 to {n - 1}, got {row}")
    if row is not None:
        rows = [row]
    else:
        scores = model.log_odds(reviews.texts)
        rows = most_wrong(reviews.labels, scores, model.regression.threshold, worst or 0).tolist()
    for r in rows:
        yield _Asked(reviews.text(r), r, "positive" if reviews.labels[r] else "negative")


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"standard input: expected UTF-8 text: {error}") from None


def _as_object(asked: _Asked, found: dict[str, Any]) -> dict[str, Any]:
    """Put the fields of an explanation and of its highlights side by side."""
    row = {} if asked.row is None else {"row": asked.row, "true_label": asked.label}
    rest = {"pieces": found["pieces"], "flip": found["flip"]}
    return {**row, "text": asked.text, **found["explanation"], **rest}
