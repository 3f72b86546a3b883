"""`sentiment corpus` to `report`: bring a stage up to date and print its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.cli.command import CommandContext, Render, config_command
from pipeline.cli.options import CLUSTER, JSON
from pipeline.cli.output import echo, print_json

if TYPE_CHECKING:
    from pipeline.storage.run import Run

PrintResult = Callable[[Any, Any], None]


def _stage_command(name: str, example: str, file: str = "") -> Callable[[PrintResult], PrintResult]:
    """Make a command of a function that prints the result of a stage.

    With --json the command prints a file that the stage wrote, or its entry in the manifest.
    """

    def decorate(print_result: PrintResult) -> PrintResult:
        def compute(context: CommandContext, in_json: bool) -> Render:
            from pipeline.stages.runner import run_stages
            from pipeline.storage.files import read_json
            from pipeline.storage.run import Run

            run = Run(context.path, context.from_scratch)
            keep, workers = context.keep, context.workers
            run_stages(context.config, run, name, context.progress, keep, workers)
            if in_json:
                result = read_json(run.output(file)) if file else run.stage(name)
                return lambda: print_json(result)
            return lambda: print_result(run, context.config)

        compute.__doc__ = print_result.__doc__
        config_command(name, example, JSON, *CLUSTER)(compute)
        return print_result

    return decorate


@_stage_command("corpus", "sentiment corpus imdb", "corpus/card.json")
def corpus(run: Run, _: Any) -> None:
    """Load, check, split and audit the reviews.

    Prints the audit of the training and the test set: classes, lengths, copies.
    """
    from pipeline.cli.display.tables import print_card
    from pipeline.stages.outputs import read_card

    print_card(read_card(run))
    echo(f"examples are in {run.path / 'corpus' / 'card.json'}")


@_stage_command("tokens", "sentiment tokens sample --set tokens.tokenizer=tweet")
def tokens(run: Run, _: Any) -> None:
    """Split each review into tokens.

    The keys of [tokens] choose how, such as tokens.tokenizer.
    """


@_stage_command("features", "sentiment features sample --set features.ngrams=2")
def features(run: Run, _: Any) -> None:
    """Choose the vocabulary and count its n-grams in each review.

    The vocabulary holds the n-grams of the training set that [features] keeps.
    """
    echo(f"the vocabulary is in {run.path / 'features' / 'vocabulary.txt'}")


@_stage_command("train", "sentiment train sample --set train.l2=0.01", "model/history.json")
def train(run: Run, config: Any) -> None:
    """Learn the weights.

    Prints loss and accuracy of the epochs, and the words with the largest weights.
    """
    from pipeline.cli.display.abstaining import print_abstaining
    from pipeline.cli.display.classes import print_class_words
    from pipeline.cli.display.tables import print_history, print_threshold, print_words
    from pipeline.inspection.class_weights import class_words
    from pipeline.inspection.weights import top_words
    from pipeline.stages.outputs import read_decision, read_epochs, read_minimum
    from pipeline.stages.read_run import load_model

    print_history(read_epochs(run), read_minimum(run))
    decision = read_decision(run)
    if (choice := decision["threshold"]) is not None:
        print_threshold(choice)
    if (found := decision["abstain"]) is not None:
        print_abstaining(found["validation"], "validation review", 0.95, found["goal"])
    model, frequency = load_model(run.path)
    if len(model.classes) > 2:
        print_class_words(class_words(model, config.report.top, frequency))
    else:
        print_words(*top_words(model, config.report.top, frequency))


@_stage_command("eval", "sentiment eval imdb", "eval/metrics.json")
def evaluate(run: Run, _: Any) -> None:
    """Evaluate the model on the test set.

    Prints accuracy, precision, recall and F1, the confusion matrix and the quality of the
    probabilities, with intervals, and how often this run has used the test set.
    """
    from pipeline.cli.display.classes import print_evaluation
    from pipeline.cli.display.tables import print_test_uses
    from pipeline.stages.outputs import read_metrics
    from pipeline.stages.test_uses import read_test_uses

    print_evaluation(read_metrics(run))
    print_test_uses(read_test_uses(run.path))


@_stage_command("report", "sentiment report sample", "report/report.json")
def report(run: Run, _: Any) -> None:
    """Draw the run as one HTML page.

    The page needs no network. It shows results, words and errors, and has a box in which to try
    texts of your own.
    """
    echo(f"the report is in {run.path / 'report' / 'index.html'}")
