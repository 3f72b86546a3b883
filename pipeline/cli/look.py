"""Commands that look inside a model: its words, its answers and the reasons for them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pipeline.cli.group import JSON, RUN, as_json, facts, main, say, unicode

if TYPE_CHECKING:
    from io import BufferedReader

    import pyarrow as pa


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
    from pipeline.display.tables import print_found, print_words

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
