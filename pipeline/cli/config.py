"""`sentiment config`: print a config with every key, or write one to start from."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.main import examples, main
from pipeline.cli.options import CONFIG, SET, UserPath
from pipeline.cli.output import echo, echo_text
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.config.schema import Config


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
    resolved, origins = load_config(path, overrides), value_origins(path, overrides)
    for key, used in _steps_of(path.parent, resolved).items():
        if getattr(resolved.train, key) == "auto":
            origin = origins.get(f"train.{key}", "default")
            origins[f"train.{key}"] = f"{origin}; {used:g} in this run"
    echo_text(annotated(resolved, origins))


def _steps_of(path: Path, config: Config) -> dict[str, Any]:
    """Return epochs and learning rate of a run's training, if it had this config."""
    from pipeline.stages.outputs import read_steps
    from pipeline.storage.run import Run

    if not (path / "manifest.json").is_file():
        return {}
    with suppress(PipelineError):  # the settings are shown also where the rest is damaged
        trained = (run := Run(path)).stage("train")
        if trained and trained["depends"]["config"].get("train") == config.section("train"):
            return read_steps(run)
    return {}
