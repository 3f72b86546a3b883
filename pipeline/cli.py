"""The `sentiment` command: a command for each stage, and some to look at its results.

With `display`, which draws, the only module that prints. What a command needs is
imported by the command, so that `--help` does not wait for numpy.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from pipeline import __version__
from pipeline.errors import ConfigError, PipelineError

if TYPE_CHECKING:
    from io import BufferedReader

    import pyarrow as pa

Command = TypeVar("Command", bound=Callable[..., Any])


def _unicode(_: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Refuse what the shell passed on although it is not UTF-8."""
    for text in value if isinstance(value, tuple) else (value,):
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise ConfigError(f"{parameter.opts[0]}: expected UTF-8 text, got {text!r}")
    return value


_RUN = click.argument("run", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Commands(click.Group):
    """Lists commands in the order data flows, and puts an error into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PipelineError as error:
            if ctx.params["debug"]:
                raise
            click.echo(" ".join(f"sentiment: {error}".splitlines()), err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sentiment")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Reviews to sparse counts to a logistic regression you can read.

    CONFIG is a TOML file such as configs/sample.toml. Naming a stage computes what is
    stale up to and including it. RUN is the folder that this made, runs/<config name>.
    """


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
            callback=_unicode,
            help="Override a key of the config; may be repeated.",
        )
        @click.option("--force", is_flag=True, help="Compute every stage anew.")
        @click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only.")
        @functools.wraps(show)
        def command(
            config: Path, run: Path | None, overrides: tuple[str, ...], force: bool, quiet: bool
        ) -> None:
            from pipeline.config_file import load_config
            from pipeline.display import StageProgress
            from pipeline.kernels import compiled
            from pipeline.run_folder import Run
            from pipeline.stages import run_stages
            from pipeline.threads import interruptible

            resolved = load_config(config, overrides)
            path = run or Path("runs") / config.stem
            store = Run(path, anew=force)
            with StageProgress(resolved.train.epochs, quiet) as progress:
                compiled.on_compile = progress.say

                def give_up() -> None:
                    progress.__exit__()
                    store.abandon()
                    _say("sentiment: interrupted; the stages that were complete are kept")

                interruptible(lambda: run_stages(resolved, store, name, progress), give_up)
            if not quiet:
                show(path, resolved)

        return show

    return decorate


@_stage_command("corpus", "Load, check, split and audit the reviews.")
def corpus(run: Path, _: Any) -> None:
    """Show the audit."""
    from pipeline.artifacts import read_json
    from pipeline.display import print_card

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
    from pipeline.display import print_history, print_words
    from pipeline.inspection import top_words
    from pipeline.stages import load_model

    print_history(read_json(run / "model" / "history.json")["epochs"])
    model, frequency = load_model(run)
    print_words(*top_words(model, config.report.top, frequency))


@_stage_command("eval", "Score the test part.")
def evaluate(run: Path, _: Any) -> None:
    """Show the metrics."""
    from pipeline.artifacts import read_json
    from pipeline.display import print_metrics

    print_metrics(read_json(run / "eval" / "metrics.json")["test"])


@_stage_command("report", "Write down what was learned.")
def report(run: Path, _: Any) -> None:
    """Point to the page."""
    click.echo(f"the report is in {run / 'report' / 'summary.md'}")


@main.command("compile")
@click.option("--force", is_flag=True, help="Compile what is compiled too.")
def compile_kernels(force: bool) -> None:
    """Compile the inner loops, as the first run else does."""
    import time

    from pipeline.kernels import compiled

    compiled.on_compile = _say
    start = time.perf_counter()
    if compiled.compile_all(anew=force):
        click.echo(f"compiled the inner loops in {time.perf_counter() - start:.1f} s")
    else:
        click.echo("the inner loops are compiled")


def _say(line: str) -> None:
    click.echo(line, err=True)


@main.command()
@_RUN
@click.option(
    "--top",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many words of each sign.",
)
@click.option(
    "--word", "words", multiple=True, callback=_unicode, help="Look a word up; may be repeated."
)
@click.option("--tsv", is_flag=True, help="Print all words as tab-separated lines.")
@_JSON
def weights(run: Path, top: int, words: tuple[str, ...], tsv: bool, as_json: bool) -> None:
    """Show the words with the most positive and the most negative weights.

    A weight is what one occurrence adds to the log-odds of being positive. `reviews`
    is the number of training reviews that hold the word, `neg` and `pos` those of
    each class.
    """
    from pipeline import inspection
    from pipeline.stages import load_model

    if tsv and (words or as_json):
        raise click.UsageError("--tsv prints all words; it goes with neither --word nor --json")
    model, frequency = load_model(run)
    if tsv:
        from pipeline.artifacts import tsv as as_tsv

        click.echo(as_tsv(inspection.weights_table(model, frequency)), nl=False)
        return
    from pipeline.display import print_found, print_words

    if words:
        found = inspection.look_up(model, words, frequency)
        show = functools.partial(print_found, found)
    else:
        positive, negative = inspection.top_words(model, top, frequency)
        found = [*positive, *negative]
        show = functools.partial(print_words, positive, negative)
    if as_json:
        click.echo(_json([_facts(word) for word in found], indent=2))
    else:
        show()


@main.command()
@_RUN
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--text", default="text", show_default=True, help="The text column of a table.")
@_JSON
def predict(run: Path, file: Path, text: str, as_json: bool) -> None:
    """Print label and probability for each text of FILE, tab-separated, as it is read.

    FILE is CSV, TSV, JSON lines or Parquet by its extension, else one text a line;
    `-`, the default, reads lines from standard input. With --json, an object a line.
    """
    from pipeline.classifier import TextClassifier
    from pipeline.inspection import label_of
    from pipeline.kernels import compiled

    compiled.on_compile = _say
    model = TextClassifier.load(run)
    threshold = model.regression.threshold
    for texts in _texts(file, text):
        answers = [(label_of(p, threshold), p) for p in model.probabilities(texts).tolist()]
        if as_json:
            lines = (_json({"label": label, "probability": p}) for label, p in answers)
        else:
            lines = (f"{label}\t{p:.6f}" for label, p in answers)
        # A batch at a time, for each echo is flushed: an answer is out before more is read.
        click.echo("\n".join(lines))


@main.command()
@_RUN
@click.argument("text", callback=_unicode)
@_JSON
def explain(run: Path, text: str, as_json: bool) -> None:
    """Show what each word of TEXT adds to its score, and the sum."""
    from pipeline import inspection
    from pipeline.classifier import TextClassifier
    from pipeline.kernels import compiled

    compiled.on_compile = _say
    explanation = inspection.explain(TextClassifier.load(run), text)
    if as_json:
        click.echo(_json(_facts(explanation), indent=2))
        return
    from pipeline.display import print_explanation

    print_explanation(explanation)


def _texts(file: Path, column: str) -> Iterator[pa.LargeStringArray]:
    """Yield batches of texts from a file or standard input."""
    if str(file) != "-":
        from pipeline.corpus.files import read_texts

        yield from read_texts(file, column)
        return
    from pipeline.corpus.files import read_lines

    yield from read_lines(cast("BufferedReader", sys.stdin.buffer), "standard input")


def _facts(result: Any) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(result)


def _json(value: Any, indent: int | None = None) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
