"""`sentiment trace`: one review through one step of gradient descent; the gradient, checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.main import examples, main
from pipeline.cli.models import TextCommand, standard_input
from pipeline.cli.options import JSON, RUN_FOLDER, NumberRange, count_option, seed_option, utf8
from pipeline.cli.output import fields, print_json, say
from pipeline.config import limits
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.inspection.class_trace import ClassTrace
    from pipeline.inspection.trace import Trace


@main.command(
    cls=TextCommand,
    epilog=examples(
        "sentiment trace",
        'sentiment trace runs/textbook "A wonderful film" --label positive',
        "sentiment trace runs/textbook --row 7",
        "sentiment trace runs/textbook --check",
    ),
)
@click.argument("run", type=RUN_FOLDER, required=False)
@click.argument("text", required=False, callback=utf8)
@count_option(
    "--row", least=0, most=limits.COUNT, text="Take the test review of this number, from 0."
)
@click.option("--label", metavar="CLASS", callback=utf8, help="The true label of TEXT.")
@click.option(
    "--learning-rate",
    type=NumberRange(0, limits.STRENGTH, min_open=True),
    metavar="X",
    help="The size of the step. Otherwise that of the run, or 0.1.",
)
@count_option(
    "--top", default=10, most=limits.COUNT, text="Show the N features with the largest terms."
)
@click.option("--check", is_flag=True, help="Check the gradient of the run's training objective.")
@count_option("--coordinates", default=20, most=limits.SHOWN, text="With --check, draw N weights.")
@seed_option("With --check, the seed of the draw.")
@JSON
def trace(run: Path | None, top: int, in_json: bool, **given: Any) -> None:
    """Show one step of gradient descent, number by number.

    With a RUN, a review goes through one plain step of its model: score, probability, loss,
    gradient, new weights. Of more than two classes, each has its own. The run is not changed.
    Without TEXT and --row, the text is read from standard input. Without a RUN, the step is the
    worked example of Jurafsky and Martin's chapter on logistic regression.

    With --check, the gradient of the run's training objective is compared with central
    differences. The exit code is 1 if a relative error is above 0.00001.
    """
    check, coordinates, seed = (given.pop(name) for name in ("check", "coordinates", "seed"))
    if run is None and (check or given["row"] is not None):
        raise click.UsageError("expected a RUN before --check or --row")
    if check and any(value is not None for value in given.values()):
        raise click.UsageError("--check takes no text, row, label or learning rate")
    if run is None:
        _show_textbook_step(given["label"], given["learning_rate"], in_json)
    elif check:
        click.get_current_context().exit(_check(run, coordinates, seed, in_json))
    else:
        _show(_trace(run, **given), top, in_json)


def _show_textbook_step(label: str | None, learning_rate: float | None, in_json: bool) -> None:
    """Print the worked example."""
    from pipeline.inspection.trace import Rule, textbook_step

    y = 1 if label is None else _class_of(label, ("negative", "positive"))
    step = textbook_step(y, Rule(learning_rate or Rule().learning_rate))
    if in_json:
        print_json(fields(step))
        return
    from pipeline.cli.display.trace import print_textbook_step

    print_textbook_step(step)


def _show(found: Trace | ClassTrace, top: int, in_json: bool) -> None:
    from pipeline.inspection.trace import Trace

    if in_json:
        print_json(fields(found))
    elif isinstance(found, Trace):
        from pipeline.cli.display.trace import print_trace

        print_trace(found, top)
    else:
        from pipeline.cli.display.class_trace import print_class_trace

        print_class_trace(found, top)


def _trace(
    run: Path, text: str | None, row: int | None, label: str | None, learning_rate: float | None
) -> Trace | ClassTrace:
    """Return the step of a run's model on a text, or on a test review."""
    from pipeline.inspection.class_trace import trace_classes
    from pipeline.inspection.trace import trace
    from pipeline.kernels import compiled
    from pipeline.model.text_classifier import TextClassifier
    from pipeline.stages.read_run import read_reviews, read_rule

    if row is not None and (text is not None or label is not None):
        raise click.UsageError("--row has a text and a label: use it without TEXT and --label")
    compiled.on_compile = say
    model = TextClassifier.load(run)
    if row is not None:
        reviews = read_reviews(run)
        if row >= len(reviews.labels):
            last = len(reviews.labels) - 1
            raise ConfigError(f"--row: expected a row of the test set, 0 to {last}, got {row}")
        text, y = reviews.text(row), int(reviews.labels[row])
    else:
        y = _class_of(label, model.classes)
        text = standard_input() if text is None else text
    rule = read_rule(run)
    rule = replace(rule, learning_rate=learning_rate or rule.learning_rate)
    take_step = trace if len(model.classes) == 2 else trace_classes
    return take_step(model, text, y, rule)


def _class_of(label: str | None, classes: Sequence[Any]) -> int:
    """Return the number of the class with a name: of two, that of the positive one is 1."""
    names = [str(each) for each in classes]
    if label not in names:
        got = "nothing" if label is None else repr(label)
        raise ConfigError(f"--label: expected the true label, {' or '.join(names)}, got {got}")
    return names.index(label)


def _check(run: Path, coordinates: int, seed: int, in_json: bool) -> int:
    """Print the check of a run's gradient; return the exit code."""
    from pipeline.studies.gradient_check import BOUND, check_gradient

    found = check_gradient(run, coordinates, seed)
    if in_json:
        summary = {"largest_error": found.largest_error, "bound": BOUND, "holds": found.holds}
        print_json(fields(found) | summary)
    else:
        from pipeline.cli.display.trace import print_check

        print_check(found)
    return 0 if found.holds else 1
