"""`sentiment compile`: compile the kernels ahead of the first run."""

from __future__ import annotations

import click

from pipeline.boundary import interrupts
from pipeline.cli.main import examples, main
from pipeline.cli.output import echo, say


@main.command("compile", epilog=examples("sentiment compile"))
@click.option("--force", is_flag=True, help="Compile everything from scratch.")
def compile_kernels(force: bool) -> None:
    """Compile the numerical loops ahead of the first run.

    Otherwise the first run compiles them. The compiled code is kept for later runs.
    """
    import time

    from pipeline.kernels import compiled

    interrupts.be_raised()
    compiled.on_compile = say
    start = time.perf_counter()
    if compiled.compile_all(from_scratch=force):
        echo(f"compiled the numerical loops in {time.perf_counter() - start:.1f} s")
    elif compiled.misfit is None:
        echo("the numerical loops are already compiled")
    else:
        echo("nothing was compiled ahead: every run compiles the loops that it uses")
