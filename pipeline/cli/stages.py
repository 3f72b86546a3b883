"""A command for each stage: it computes what is stale, and shows what the stage came to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.cli.command import Show, Work, config_command
from pipeline.cli.main import JSON, Command, as_json, main, say


def _stage_command(name: str, text: str, facts: str = "") -> Callable[[Command], Command]:
    """Make a command of a function that shows what a stage came to.

    With --json it prints a file of facts that the stage has written, or what the manifest says.
    """

    def decorate(show: Command) -> Command:
        @config_command(name, text, JSON)
        def compute(work: Work, in_json: bool) -> Show:
            work.run_stages(name)
            if in_json:
                return lambda: _print_facts(work, name, facts)
            return lambda: show(work.path, work.config)

        return show

    return decorate


def _print_facts(work: Work, name: str, file: str) -> None:
    from pipeline.storage.files import read_json

    found = read_json(work.path / file) if file else work.run.stage(name)
    click.echo(as_json(found, indent=2))


@_stage_command("corpus", "Load, check, split and audit the reviews.", "corpus/card.json")
def corpus(run: Path, _: Any) -> None:
    """Show the audit."""
    from pipeline.cli.display.tables import print_card
    from pipeline.storage.files import read_json

    card = run / "corpus" / "card.json"
    print_card(read_json(card))
    click.echo(f"examples are in {card}")


@_stage_command("tokens", "Turn texts into tokens.")
def tokens(run: Path, _: Any) -> None:
    """Show nothing more than the stage's line."""


@_stage_command("features", "Choose the vocabulary and count it.")
def features(run: Path, _: Any) -> None:
    """Point to the vocabulary."""
    click.echo(f"the vocabulary is in {run / 'features' / 'vocabulary.txt'}")


@_stage_command("train", "Learn the weights.", "model/history.json")
def train(run: Path, config: Any) -> None:
    """Show how it went, and the words."""
    from pipeline.cli.display.tables import print_history, print_threshold, print_words
    from pipeline.inspection.weights import top_words
    from pipeline.stages import load_model
    from pipeline.storage.files import read_json

    print_history(read_json(run / "model" / "history.json")["epochs"])
    decision = run / "model" / "decision.json"
    if decision.exists() and (choice := read_json(decision)["threshold"]) is not None:
        print_threshold(choice, f"{choice['n']:,} reviews of the validation part")
    model, frequency = load_model(run)
    print_words(*top_words(model, config.report.top, frequency))


@_stage_command("eval", "Score the test part.", "eval/metrics.json")
def evaluate(run: Path, _: Any) -> None:
    """Show the metrics, and how often the test part was used."""
    from pipeline.cli.display.tables import print_metrics, print_test_uses
    from pipeline.stages import read_test_uses
    from pipeline.storage.files import read_json

    print_metrics(read_json(run / "eval" / "metrics.json")["test"])
    print_test_uses(read_test_uses(run))


@_stage_command("report", "Draw what was learned on one page.", "report/report.json")
def report(run: Path, _: Any) -> None:
    """Point to the page."""
    click.echo(f"the report is in {run / 'report' / 'index.html'}")


@main.command("compile")
@click.option("--force", is_flag=True, help="Compile what is compiled too.")
def compile_kernels(force: bool) -> None:
    """Compile the inner loops, as the first run else does."""
    import time

    from pipeline.kernels import compiled

    compiled.on_compile = say
    start = time.perf_counter()
    if compiled.compile_all(from_scratch=force):
        click.echo(f"compiled the inner loops in {time.perf_counter() - start:.1f} s")
    else:
        click.echo("the inner loops are compiled")
