"""What commands that compute share: --run, --force, -q, -v, progress, Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pipeline.boundary import interrupts, urls
from pipeline.cli.cluster import cluster_of, end_workers, workers_of
from pipeline.cli.main import examples, exit_code_of, main
from pipeline.cli.options import CONFIG, KEEP, RUN, SET, UserPath
from pipeline.cli.output import say

if TYPE_CHECKING:
    from pipeline.cli.display.progress import StageProgress
    from pipeline.cluster.workers import Workers
    from pipeline.config.schema import Config
    from pipeline.studies.execution import Execution

# Prints a result, once the progress has left the screen.
Render = Callable[[], None]
Decorator = Callable[[Callable[..., Render]], Callable[..., Render]]


class CommandContext(NamedTuple):
    """What a command computes from, where to, what it keeps, how it reports, what runs tasks."""

    config: Config
    path: Path
    from_scratch: bool
    keep: bool
    progress: StageProgress
    workers: Workers

    def execution(self) -> Execution:
        """Return how a study runs."""
        from pipeline.studies.execution import Execution, Reuse

        return Execution(Reuse.of(self.from_scratch, self.keep), self.progress, self.workers)


QUIET = click.option("-q", "--quiet", is_flag=True, help="Print warnings and errors only.")
_RUN_OPTIONS = (
    click.option("--force", is_flag=True, help="Compute everything from scratch."),
    QUIET,
)
_CONFIG_OPTIONS = (
    CONFIG,
    click.option(
        "--run",
        type=UserPath(),
        metavar="RUN",
        help="The run folder; runs/CONFIG by default.",
    ),
    SET,
    *_RUN_OPTIONS,
    KEEP,
    click.option("-v", "--verbose", is_flag=True, help="Print the peak memory of each stage."),
)


def config_command(name: str, example: str, *options: Any) -> Decorator:
    """Make a command that takes a config; see `_add` for the function it is made of."""

    def decorate(compute: Callable[..., Render]) -> Callable[..., Render]:
        def command(
            config: Path, run: Path | None, overrides: tuple[str, ...], **values: Any
        ) -> None:
            from pipeline.config.loading import find_config, load_config

            found = find_config(config)
            resolved = load_config(found.path, overrides)
            if not (values["quiet"] or click.get_current_context().find_root().params["quiet"]):
                say(f"config    {found.said}")
            compute_and_render(compute, resolved, run or found.run, values)

        return _add(name, example, compute, command, (*_CONFIG_OPTIONS, *options))

    return decorate


def run_command(name: str, example: str, *options: Any) -> Decorator:
    """Make a command that takes a run folder; see `_add` for the function it is made of."""

    def decorate(compute: Callable[..., Render]) -> Callable[..., Render]:
        def command(run: Path, **values: Any) -> None:
            from pipeline.config.schema import Config

            compute_and_render(compute, Config(), run, values)

        return _add(name, example, compute, command, (RUN, *_RUN_OPTIONS, *options))

    return decorate


def _add(
    name: str,
    example: str,
    compute: Callable[..., Render],
    command: Callable[..., None],
    options: tuple[Any, ...],
) -> Callable[..., Render]:
    """Register a command.

    `compute` takes a `CommandContext` and the values of the command's own options, and returns
    a function that prints the result. Its docstring is the help text.
    """
    for option in reversed(options):
        command = option(command)
    main.command(name, help=compute.__doc__, epilog=examples(example))(command)
    return compute


def compute_and_render(
    compute: Callable[..., Render], config: Config, path: Path, values: dict[str, Any]
) -> None:
    """Compute with progress, then print the result; with -q, print JSON only."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.cli.display.progress import StageProgress
    from pipeline.kernels import compiled
    from pipeline.storage.run import Run

    group = click.get_current_context().find_root().params
    force, quiet = values.pop("force", False), values.pop("quiet") or group["quiet"]
    verbose = values.pop("verbose", False) or group["verbose"]
    interrupts.be_raised()
    with StageProgress(quiet, verbose) as progress:
        compiled.on_compile, urls.on_fetch = progress.say, progress.fetched
        keep, cluster = values.pop("keep", False), cluster_of(values)

        def compute_on_workers() -> Render:
            with workers_of(cluster, path, progress.say) as workers:
                context = CommandContext(config, path, force, keep, progress, workers)
                return compute(context, **values)

        try:
            # In a thread, because Python loses an interrupt that reaches the main thread during a
            # destructor or an import callback: one in 25 in the first seconds of a run.
            render = interrupts.result_of(ThreadPoolExecutor(1).submit(compute_on_workers))
        except KeyboardInterrupt as error:
            interrupts.end_at_once()
            progress.__exit__()
            end_workers()
            Run.abandon(path)
            say("sentiment: interrupted; completed work is kept")
            os._exit(exit_code_of(error))  # and do not wait for the thread
    if not quiet or values.get("in_json"):
        render()
