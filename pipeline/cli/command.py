"""What commands that compute have in common: their options, the run, the progress."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.main import RUN, main, say, unicode

if TYPE_CHECKING:
    from pipeline.cli.display.progress import StageProgress
    from pipeline.config.schema import Config
    from pipeline.storage.run import Run

# Shows a result, once it is computed.
Show = Callable[[], None]


@dataclass(frozen=True)
class Work:
    """What a command works on."""

    config: Config
    run: Run
    progress: StageProgress
    from_scratch: bool

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.run.path

    def run_stages(self, last: str) -> None:
        """Compute what is stale, up to and including a stage."""
        from pipeline.stages import run_stages

        run_stages(self.config, self.run, last, self.progress)


_RUN_OPTIONS = (
    click.option("--force", is_flag=True, help="Compute everything from scratch."),
    click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Show the memory of each stage, too."),
)
_CONFIG_OPTIONS = (
    click.argument("config", type=click.Path(path_type=Path)),
    click.option("--run", type=click.Path(path_type=Path), help="Another run folder."),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        callback=unicode,
        help="Override a key of the config; may be repeated.",
    ),
    *_RUN_OPTIONS,
)
Decorator = Callable[[Callable[..., Show]], None]


def config_command(name: str, text: str, *options: Any) -> Decorator:
    """Make a command with a config of a function that computes and returns what shows the result.

    It is computed in a thread that Ctrl-C leaves; shown after that, unless `--quiet` is given
    and `--json` is not.
    """

    def decorate(compute: Callable[..., Show]) -> None:
        def command(
            config: Path,
            run: Path | None,
            overrides: tuple[str, ...],
            force: bool,
            quiet: bool,
            verbose: bool,
            **values: Any,
        ) -> None:
            from pipeline.config.loading import load_config
            from pipeline.storage.run import Run

            path = run or Path("runs") / config.stem
            if config.is_dir():
                # A run folder holds the config that it was made of.
                path, config = run or config, config / "config.toml"
            resolved = load_config(config, overrides)
            store = Run(path, from_scratch=force)
            _do(compute, resolved, store, force, (quiet, verbose), values)

        _add(name, text, command, (*_CONFIG_OPTIONS, *options))

    return decorate


def run_command(name: str, text: str, *options: Any) -> Decorator:
    """Make such a command with a run folder in place of a config."""

    def decorate(compute: Callable[..., Show]) -> None:
        def command(run: Path, force: bool, quiet: bool, verbose: bool, **values: Any) -> None:
            from pipeline.config.schema import Config
            from pipeline.storage.run import Run

            _do(compute, Config(), Run(run), force, (quiet, verbose), values)

        _add(name, text, command, (RUN, *_RUN_OPTIONS, *options))

    return decorate


def _add(name: str, text: str, command: Callable[..., None], options: tuple[Any, ...]) -> None:
    for option in reversed(options):
        command = option(command)
    main.command(name, help=text)(command)


def _do(
    compute: Callable[..., Show],
    config: Config,
    run: Run,
    from_scratch: bool,
    loudness: tuple[bool, bool],
    values: dict[str, Any],
) -> None:
    """Compute with progress, then show; what is to be read by a program is shown if quiet, too."""
    from pipeline.cli.display.progress import StageProgress
    from pipeline.kernels import compiled
    from pipeline.parallel import interruptible

    with StageProgress(config.train.epochs, *loudness) as progress:
        compiled.on_compile = progress.say

        def give_up() -> None:
            progress.__exit__()
            run.abandon()
            say("sentiment: interrupted; the stages that were complete are kept")

        work = Work(config, run, progress, from_scratch)
        show = interruptible(functools.partial(compute, work, **values), give_up)
    quiet, _ = loudness
    if not quiet or values.get("in_json"):
        show()
