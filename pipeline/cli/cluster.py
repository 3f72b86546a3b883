"""What --workers and --scheduler connect to; without them, tasks run in this process."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.boundary import interrupts
from pipeline.cli.main import exit_code_of

if TYPE_CHECKING:
    from pipeline.cluster.workers import Workers

Cluster = str | int | None


def cluster_of(values: dict[str, Any]) -> Cluster:
    """Return where tasks run, by the values of `options.CLUSTER`, which are taken out."""
    n_workers, scheduler = values.pop("n_workers", None), values.pop("scheduler", None)
    if n_workers is not None and scheduler is not None:
        raise click.UsageError("--workers starts processes here: use it without --scheduler")
    where: Cluster = n_workers if scheduler is None else scheduler
    return where


@contextlib.contextmanager
def workers_of(where: Cluster, folder: Path, say: Callable[[str], None]) -> Iterator[Workers]:
    """Give what runs tasks that write to a folder, until the end of the block.

    Parameters
    ----------
    where : str, int or None
        As `cluster_of` returns it.
    folder : Path
    say : callable
        Takes a line for the user.
    """
    if where is None:
        from pipeline.cluster.workers import HERE

        yield HERE
        return
    from pipeline.cluster.connection import connected
    from pipeline.kernels import compiled
    from pipeline.stages.versions import installed

    compiled.compile_all()  # once here, and not in each worker that sees the same cache
    with connected(where, folder, installed, say) as workers:
        yield workers


@contextlib.contextmanager
def workers_of_main_thread(
    where: Cluster, folder: Path, say: Callable[[str], None]
) -> Iterator[Workers]:
    """Give the same as `workers_of` to the main thread, where interrupts are raised.

    Dask is started in another thread, because an interrupt in the middle would be lost there, or
    be followed by errors of what is half started.
    """
    from concurrent.futures import ThreadPoolExecutor

    with contextlib.ExitStack() as stack:
        given = workers_of(where, folder, say)
        try:
            connecting = ThreadPoolExecutor(1).submit(stack.enter_context, given)
            workers = interrupts.result_of(connecting)
        except KeyboardInterrupt as error:
            end_workers()
            say("sentiment: interrupted")
            os._exit(exit_code_of(error))  # and do not wait for the thread
        yield workers


def end_workers() -> None:
    """End what `workers_of` has started, at once, because this process is about to end."""
    if connection := sys.modules.get("pipeline.cluster.connection"):
        connection.abandon()
