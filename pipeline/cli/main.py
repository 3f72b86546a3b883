"""The group of commands: what they share, and how an error becomes one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline import __version__
from pipeline.errors import ConfigError, PipelineError

Command = TypeVar("Command", bound=Callable[..., Any])


def unicode(_: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Refuse what the shell passed on although it is not UTF-8."""
    for text in value if isinstance(value, tuple) else (value or "",):
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise ConfigError(f"{parameter.opts[0]}: expected UTF-8 text, got {text!r}")
    return value


RUN = click.argument("run", type=click.Path(path_type=Path))
JSON = click.option("--json", "in_json", is_flag=True, help="Print JSON.")


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

    CONFIG is a TOML file such as configs/sample.toml, or a run folder. Naming a stage
    computes what is stale up to and including it. RUN is the folder that this made,
    runs/<config name>.
    """


def say(line: str) -> None:
    """Print a line on standard error."""
    click.echo(line, err=True)


def facts(result: Any) -> dict[str, Any]:
    """Return the fields of a result, as JSON can hold them: NaN becomes None."""
    import dataclasses

    from pipeline.storage.files import null_for_nan

    plain: dict[str, Any] = null_for_nan(dataclasses.asdict(result))
    return plain


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON."""
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
