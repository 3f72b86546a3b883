"""The command group: the list of commands, --version, help texts, errors as one line.

A command lives in a module of this package, which is imported when the command is used. What
the command computes with is imported by its function, so that `--help` does not wait for numpy.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pipeline import __version__
from pipeline.boundary import interrupts
from pipeline.boundary.inert import message
from pipeline.cli.output import echo, say
from pipeline.errors import PipelineError

# Commands in the order of use, by group: the module that defines each, and its first line of help,
# so that `--help` imports none of them.
_GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Pipeline (a command also runs the stages before it)": {
        "corpus": ("stages", "Load, check, split and audit the reviews."),
        "tokens": ("stages", "Split each review into tokens."),
        "features": ("stages", "Choose the vocabulary and count its n-grams in each review."),
        "train": ("stages", "Learn the weights."),
        "eval": ("stages", "Evaluate the model on the test set."),
        "report": ("stages", "Draw the run as one HTML page."),
    },
    "Look inside a run": {
        "weights": ("models", "Show the words with the largest weights."),
        "predict": ("predict", "Predict the label of each text in files."),
        "score": ("score", "Evaluate a saved model on another labelled file."),
        "explain": ("models", "Show what each word of a text adds to its score."),
        "trace": ("trace", "Show one step of gradient descent, number by number."),
    },
    "Studies": {
        "tune": ("studies", "Try the settings in [tune] and keep the best."),
        "crossval": ("studies", "Score each review with a model that did not see it."),
        "curve": ("studies", "Show if more training reviews would help."),
        "baselines": ("studies", "Score simple baselines and this model on the test set."),
        "compare": ("runs", "Say which of two runs is better on the same test reviews."),
        "stability": ("runs", "Show how far weights move if the reviews are resampled."),
        "certify": ("runs", "Bound how far training stopped from the optimum."),
        "verify": ("runs", "Train a run again, and say whether the bytes agree."),
        "suspects": ("runs", "Find training reviews whose label is probably wrong."),
    },
    "Set-up": {
        "config": ("config", "Print every setting of a config, and where its value comes from."),
        "compile": ("setup", "Compile the numerical loops ahead of the first run."),
    },
}
_MODULES = {name: module for group in _GROUPS.values() for name, (module, _) in group.items()}
# Tells click not to wrap the lines that follow.
_KEEP_LINES = "\b\n"


class _Commands(click.Group):
    """Loads a command when it is used, and turns an error into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        # After a misspelt name all are needed, for a suggestion.
        for module in [_MODULES[name]] if name in _MODULES else set(_MODULES.values()):
            importlib.import_module(f"pipeline.cli.{module}")
        return super().get_command(ctx, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, group in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in group.items()])

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _told():  # --help prints here
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _told(ctx.params["debug"]):
                return super().invoke(ctx)
        finally:
            interrupts.end_at_once()


@contextlib.contextmanager
def _told(debug: bool = False) -> Iterator[None]:
    """Turn an interrupt, an error of the user's or of the system's into one line and its code."""
    try:
        yield
    except KeyboardInterrupt as error:
        say("; ".join(["sentiment: interrupted", *error.args]))
        raise click.exceptions.Exit(exit_code_of(error)) from None
    except PipelineError as error:
        if debug:
            raise
        say(f"sentiment: {error}")
        raise click.exceptions.Exit(error.exit_code) from None
    except click.ClickException as error:
        # click prints it, and it holds what was given.
        vars(error)["message"] = message(error.message)
        raise
    except OSError as error:
        if debug or error.errno == errno.EPIPE:
            raise
        if error.filename is not None:
            say(f"sentiment: {error.filename}: {error.strerror}")
        else:
            # What is left in the buffer would fail once more as Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            say(f"sentiment: the output cannot be written: {error.strerror}")
        raise click.exceptions.Exit(PipelineError.exit_code) from None


def exit_code_of(error: KeyboardInterrupt) -> int:
    """Return the exit code of an interrupt: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + getattr(error, "signal_number", 2)


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Print the versions that a report of a defect needs."""
    if not value:
        return
    import platform
    from importlib import metadata

    packages = (f"{name} {metadata.version(name)}" for name in ("numpy", "numba"))
    echo(
        f"sentiment {__version__}",
        ", ".join([f"Python {platform.python_version()}", *packages]),
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} x {_processor()}",
    )
    ctx.exit()


def _processor() -> str:
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown processor"


def examples(*lines: str) -> str:
    """Return the last section of a help text."""
    return _KEEP_LINES + "\n  ".join(("Example:" if len(lines) == 1 else "Examples:", *lines))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "sentiment train sample                        learn from the bundled reviews",
        'sentiment explain runs/sample "A fine film"   show what makes it positive',
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of sentiment, Python, NumPy, numba and the processor.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("-q", "--quiet", is_flag=True, help="The same as -q after the command.")
@click.option("-v", "--verbose", is_flag=True, help="The same as -v after the command.")
def main(debug: bool, quiet: bool, verbose: bool) -> None:
    """Learn from labelled reviews which words speak for each class.

    CONFIG is an experiment: a TOML file, the name of a bundled config such as sample
    or imdb, or a run folder, which holds its config. RUN is the folder of the results,
    runs/NAME for the config NAME.toml.
    """
