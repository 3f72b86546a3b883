"""`sentiment config`: print a config with every key, or write one to start from."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.main import examples, main
from pipeline.cli.options import CONFIG, SET, UserPath
from pipeline.cli.output import echo, echo_text


@main.command(
    epilog=examples(
        "sentiment config imdb --set train.l2=0   print every setting",
        "sentiment config --new mine.toml         start with your own reviews",
    )
)
@CONFIG
@SET
@click.option(
    "--new",
    type=UserPath(dir_okay=False),
    help="Write a config for your own reviews to this file, and print nothing else.",
)
def config(config: Path, overrides: tuple[str, ...], new: Path | None) -> None:
    """Print every setting of a config, and where its value comes from."""
    from pipeline.config.loading import find_config, load_config, value_origins
    from pipeline.config.reference import annotated, write_start

    if new is not None and overrides:
        raise click.UsageError("--set changes a config that is there: edit the one of --new")
    if new is not None:
        write_start(new)
        echo(f"wrote {new}; name your reviews in it, then run: sentiment train {new}")
        return
    path = find_config(config).path
    echo_text(annotated(load_config(path, overrides), value_origins(path, overrides)))
