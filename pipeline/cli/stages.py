"""A command for each stage: it computes what is stale, and shows what the stage came to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.cli.group import Command, main, say, unicode


def _stage_command(name: str, text: str) -> Callable[[Command], Command]:
    """Make a command of a function that shows what a stage came to."""

    def decorate(show: Command) -> Command:
        @main.command(name, help=text)
        @click.argument("config", type=click.Path(path_type=Path))
        @click.option("--run", type=click.Path(path_type=Path), help="Another run folder.")
        @click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="SECTION.KEY=VALUE",
            callback=unicode,
            help="Override a key of the config; may be repeated.",
        )
        @click.option("--force", is_flag=True, help="Compute every stage anew.")
        @click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only.")
        @functools.wraps(show)
        def command(
            config: Path, run: Path | None, overrides: tuple[str, ...], force: bool, quiet: bool
        ) -> None:
            from pipeline.config_file import load_config
            from pipeline.display.progress import StageProgress
            from pipeline.kernels import compiled
            from pipeline.run_folder import Run
            from pipeline.stages import run_stages
            from pipeline.threads import interruptible

            path = run or Path("runs") / config.stem
            if config.is_dir():
                # A run folder holds the config that it was made of.
                path, config = run or config, config / "config.toml"
            resolved = load_config(config, overrides)
            store = Run(path, anew=force)
            with StageProgress(resolved.train.epochs, quiet) as progress:
                compiled.on_compile = progress.say

                def give_up() -> None:
                    progress.__exit__()
                    store.abandon()
                    say("sentiment: interrupted; the stages that were complete are kept")

                interruptible(lambda: run_stages(resolved, store, name, progress), give_up)
            if not quiet:
                show(path, resolved)

        return show

    return decorate


@_stage_command("corpus", "Load, check, split and audit the reviews.")
def corpus(run: Path, _: Any) -> None:
    """Show the audit."""
    from pipeline.artifacts import read_json
    from pipeline.display.tables import print_card

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


@_stage_command("train", "Learn the weights.")
def train(run: Path, config: Any) -> None:
    """Show how it went, and the words."""
    from pipeline.artifacts import read_json
    from pipeline.display.tables import print_history, print_words
    from pipeline.inspection import top_words
    from pipeline.stages import load_model

    print_history(read_json(run / "model" / "history.json")["epochs"])
    model, frequency = load_model(run)
    print_words(*top_words(model, config.report.top, frequency))


@_stage_command("eval", "Score the test part.")
def evaluate(run: Path, _: Any) -> None:
    """Show the metrics."""
    from pipeline.artifacts import read_json
    from pipeline.display.tables import print_metrics

    print_metrics(read_json(run / "eval" / "metrics.json")["test"])


@_stage_command("report", "Write down what was learned.")
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
    if compiled.compile_all(anew=force):
        click.echo(f"compiled the inner loops in {time.perf_counter() - start:.1f} s")
    else:
        click.echo("the inner loops are compiled")
