"""Commands on a model: its words, its predictions, and the reasons for them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from pipeline.cli.main import JSON, RUN, as_json, facts, main, say, unicode
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from io import BufferedReader

    import pyarrow as pa

    from pipeline.model.text_classifier import TextClassifier


@main.command()
@RUN
@click.option(
    "--top",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many words of each sign.",
)
@click.option(
    "--word", "words", multiple=True, callback=unicode, help="Look a word up; may be repeated."
)
@click.option("--tsv", is_flag=True, help="Print all words as tab-separated lines.")
@JSON
def weights(run: Path, top: int, words: tuple[str, ...], tsv: bool, in_json: bool) -> None:
    """Show the words with the most positive and the most negative weights.

    A weight is what one occurrence adds to the log-odds of being positive. `reviews`
    is the number of training reviews that hold the word, `neg` and `pos` those of
    each class.
    """
    from pipeline.inspection import weights
    from pipeline.stages import load_model

    if tsv and (words or in_json):
        raise click.UsageError("--tsv prints all words; it goes with neither --word nor --json")
    model, frequency = load_model(run)
    if tsv:
        from pipeline.storage.files import tsv as as_tsv

        click.echo(as_tsv(weights.weights_table(model, frequency)), nl=False)
        return
    from pipeline.cli.display.tables import print_found, print_words

    if words:
        found = weights.look_up(model, words, frequency)
        show = functools.partial(print_found, found)
    else:
        positive, negative = weights.top_words(model, top, frequency)
        found = [*positive, *negative]
        show = functools.partial(print_words, positive, negative)
    if in_json:
        click.echo(as_json([facts(word) for word in found], indent=2))
    else:
        show()


@main.command()
@RUN
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--text", default="text", show_default=True, help="The text column of a table.")
@JSON
def predict(run: Path, file: Path, text: str, in_json: bool) -> None:
    """Print label and probability for each text of FILE, tab-separated, as it is read.

    FILE is CSV, TSV, JSON lines or Parquet by its extension, else one text a line;
    `-`, the default, reads lines from standard input. With --json, an object a line.
    """
    from pipeline.inspection.explanation import label_of
    from pipeline.kernels import compiled
    from pipeline.model.text_classifier import TextClassifier

    compiled.on_compile = say
    model = TextClassifier.load(run)
    threshold = model.regression.threshold
    for texts in _texts(file, text):
        answers = [(label_of(p, threshold), p) for p in model.probabilities(texts).tolist()]
        if in_json:
            lines = (as_json({"label": label, "probability": p}) for label, p in answers)
        else:
            lines = (f"{label}\t{p:.6f}" for label, p in answers)
        # A batch at a time, for each echo is flushed: an answer is out before more is read.
        click.echo("\n".join(lines))


def _texts(file: Path, column: str) -> Iterator[pa.LargeStringArray]:
    """Yield batches of texts from a file or standard input."""
    if str(file) != "-":
        from pipeline.corpus.files import read_texts

        yield from read_texts(file, column)
        return
    from pipeline.corpus.files import read_lines

    yield from read_lines(cast("BufferedReader", sys.stdin.buffer), "standard input")


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
    from pipeline.cli.display.explanations import print_highlight

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
