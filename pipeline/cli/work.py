"""What commands that take a config have in common: its options, the run, the progress."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.group import main, say, unicode

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.display.progress import StageProgress
    from pipeline.run_folder import Run

# Shows a result, once it is computed.
Show = Callable[[], None]


@dataclass(frozen=True)
class Work:
    """What a command works on."""

    config: Config
    run: Run
    progress: StageProgress
    anew: bool
    quiet: bool

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.run.path

    def run_stages(self, last: str) -> None:
        """Compute what is stale, up to and including a stage."""
        from pipeline.stages import run_stages

        run_stages(self.config, self.run, last, self.progress)


_OPTIONS = (
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
    click.option("--force", is_flag=True, help="Compute everything anew."),
    click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only."),
)


def config_command(name: str, text: str, *options: Any) -> Callable[[Callable[..., Show]], None]:
    """Make a command of a function that computes and returns what shows the result.

    It is computed in a thread that Ctrl-C leaves; shown after that, unless `--quiet` is given.
    """

    def decorate(compute: Callable[..., Show]) -> None:
        def command(
            config: Path,
            run: Path | None,
            overrides: tuple[str, ...],
            force: bool,
            quiet: bool,
            **values: Any,
        ) -> None:
            from pipeline.config_file import load_config
            from pipeline.display.progress import StageProgress
            from pipeline.kernels import compiled
            from pipeline.run_folder import Run
            from pipeline.threads import interruptible

            resolved = load_config(config, overrides)
            store = Run(run or Path("runs") / config.stem, anew=force)
            with StageProgress(resolved.train.epochs, quiet) as progress:
                compiled.on_compile = progress.say

                def give_up() -> None:
                    progress.__exit__()
                    store.abandon()
                    say("sentiment: interrupted; the stages that were complete are kept")

                work = Work(resolved, store, progress, force, quiet)
                show = interruptible(functools.partial(compute, work, **values), give_up)
            if not quiet:
                show()

        for option in reversed((*_OPTIONS, *options)):
            command = option(command)
        main.command(name, help=text)(command)

    return decorate
