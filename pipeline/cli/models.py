"""`sentiment weights` and `explain`: look inside a saved model."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pipeline.cli.main import examples, main
from pipeline.cli.options import JSON, RUN, WORDS, count_option, utf8
from pipeline.cli.output import echo, echo_text, fields, print_json, say, write
from pipeline.config import limits
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.inspection.class_frequency import ClassFrequency
    from pipeline.model.text_classifier import TextClassifier


@main.command(
    epilog=examples(
        "sentiment weights runs/sample --top 30", "sentiment weights runs/sample --word awesome"
    )
)
@RUN
@count_option("--top", default=20, most=limits.COUNT, text="Number of words of each sign or class.")
@WORDS
@click.option("--tsv", is_flag=True, help="Print all words as tab-separated lines.")
@click.option("--raw", is_flag=True, help="With --tsv: words as they are, for a program.")
@JSON
def weights(run: Path, top: int, words: tuple[str, ...], **options: bool) -> None:
    r"""Show the words with the largest weights.

    One occurrence of a word adds its weight to the log-odds that a review is positive.
    `reviews` counts the training reviews that contain the word, `neg` and `pos` those of
    each class.

    Of more than two classes, the words that speak for each are shown, and --word shows a word's
    weight for each. Such a weight is what one occurrence adds to the score of the class, less the
    mean of what it adds to the scores of the others. `of class` counts the reviews of that class.

    --tsv is safe to open in a spreadsheet: a word that begins with one of = + - @ has an apostrophe
    before it, and control characters are written as \x1b. With --raw, words are as they are.
    """
    from pipeline.inspection import weights
    from pipeline.stages.read_run import load_model

    tsv, raw, in_json = (options[name] for name in ("tsv", "raw", "in_json"))
    if raw and not tsv:
        raise click.UsageError("--raw says how --tsv writes words: use it with --tsv")
    if tsv and (words or in_json):
        raise click.UsageError("--tsv prints all words: use it without --word and --json")
    model, frequency = load_model(run)
    if len(model.classes) > 2:
        _class_weights(model, frequency, (top, words), **options)
        return
    if tsv:
        _print_tsv(weights.weights_table(model, frequency), raw)
        return
    from pipeline.cli.display.tables import print_found, print_words

    if words:
        found = weights.look_up(model, words, frequency)
    else:
        positive, negative = weights.top_words(model, top, frequency)
        found = [*positive, *negative]
    if in_json:
        print_json([fields(word) for word in found])
    elif words:
        print_found(found)
    else:
        print_words(positive, negative)


def _class_weights(
    model: TextClassifier,
    frequency: ClassFrequency | None,
    asked: tuple[int, tuple[str, ...]],
    **options: bool,
) -> None:
    """Show the words that speak for each of more than two classes, or those that were asked for."""
    from pipeline.inspection.class_weights import class_table, class_words, look_up_classes

    if options["tsv"]:
        _print_tsv(class_table(model, frequency), options["raw"])
        return
    from pipeline.cli.display.classes import print_class_words, print_word_weights

    top, words = asked
    if words:
        found = look_up_classes(model, words, frequency)
        if options["in_json"]:
            print_json([fields(word) for word in found])
        else:
            print_word_weights(found)
        return
    of_class = class_words(model, top, frequency)
    if options["in_json"]:
        print_json({str(label): [fields(word) for word in of] for label, of in of_class.items()})
    else:
        print_class_words(of_class)


def _print_tsv(table: pa.Table, raw: bool) -> None:
    """Print a table for a program, or for people."""
    from pipeline.storage.files import for_spreadsheets, tsv

    if raw:
        write(tsv(table))
    else:
        echo_text(tsv(for_spreadsheets(table)).decode())


# Options have a letter after their dashes and no white space: "-5 stars" is a text.
_DASHED_TEXT = re.compile(r"-(?!-?[a-zA-Z]).|-.*\s", re.DOTALL)
_WITH_NUMBER = ("--row", "--worst")


class TextCommand(click.Command):
    """A command whose last argument is a text, which may begin with a dash."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `--` before a text that begins with a dash, then parse as usual."""
        for k, arg in enumerate(args):
            if "--" not in args and _DASHED_TEXT.match(arg) and args[k - 1] not in _WITH_NUMBER:
                args = [*args[:k], *args[k + 1 :], "--", arg]
        return super().parse_args(ctx, args)


class _Review(NamedTuple):
    """A text to explain; of a test review, also its row and its true label."""

    text: str
    row: int | None = None
    label: str | None = None

    def title(self) -> str:
        """Return the heading of the explanation."""
        return "" if self.row is None else f"test review {self.row}, true label {self.label}"


@main.command(
    cls=TextCommand,
    epilog=examples(
        'sentiment explain runs/sample "A wonderful film, though a bit long"',
        "sentiment explain runs/sample --worst 3",
    ),
)
@RUN
@click.argument("text", required=False, callback=utf8)
@count_option(
    "--row", least=0, most=limits.COUNT, text="Explain the test review of this number, from 0."
)
@count_option(
    "--worst",
    most=limits.COUNT,
    text="Explain the N test reviews whose predictions are most wrong.",
)
@JSON
def explain(run: Path, text: str | None, row: int | None, worst: int | None, in_json: bool) -> None:
    """Show what each word of a text adds to its score.

    Of more than two classes, the score is how far the most probable one is above the runner-up.

    Without TEXT, --row and --worst, the text is read from standard input. With --json one
    object is printed, with --worst a list of them.
    """
    from pipeline.inspection.highlights import highlight
    from pipeline.kernels import compiled
    from pipeline.model.text_classifier import TextClassifier

    if sum(given is not None for given in (text, row, worst)) > 1:
        raise click.UsageError("expected one of TEXT, --row and --worst")
    compiled.on_compile = say
    model = TextClassifier.load(run)
    if row is None and worst is None:
        reviews = [_Review(standard_input() if text is None else text)]
    else:
        reviews = _test_reviews(model, run, row, worst)
    found = [(review, highlight(model, review.text)) for review in reviews]
    if in_json:
        objects = [_as_object(review, fields(highlighted)) for review, highlighted in found]
        print_json(objects if worst is not None else objects[0])
        return
    from pipeline.cli.display.explanations import print_highlight

    for number, (review, highlighted) in enumerate(found):
        if number:
            echo("")
        print_highlight(highlighted, review.title())


def _test_reviews(
    model: TextClassifier, run: Path, row: int | None, worst: int | None
) -> list[_Review]:
    """Return one test review by its row, or those whose predictions are most wrong."""
    from pipeline.inspection.examples import most_wrong
    from pipeline.stages.outputs import read_classes
    from pipeline.stages.read_run import read_reviews
    from pipeline.storage.run import Run

    reviews = read_reviews(run)
    n = len(reviews.labels)
    if row is None:
        scores = model.decision_function(reviews.texts)
        rows = most_wrong(reviews.labels, scores, model.regression.threshold, worst or 0).tolist()
    elif row < n:
        rows = [row]
    else:
        raise ConfigError(f"--row: expected a row of the test set, 0 to {n - 1}, got {row}")
    labels = read_classes(Run(run))
    return [_Review(reviews.text(r), r, labels[reviews.labels[r]]) for r in rows]


def standard_input() -> str:
    """Return the text on standard input."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"standard input: expected UTF-8 text: {error}") from None


def _as_object(review: _Review, found: dict[str, Any]) -> dict[str, Any]:
    """Merge the fields of an explanation with those of its highlights."""
    row = {} if review.row is None else {"row": review.row, "true_label": review.label}
    rest = {"pieces": found["pieces"], "flip": found["flip"]}
    return {**row, "text": review.text, **found["explanation"], **rest}
