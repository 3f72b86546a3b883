"""The `sentiment` command: a command for each stage, and some to look at its results.

With `display`, which draws, the only place that prints. What a command needs is
imported by the command, so that `--help` does not wait for numpy.
"""

# Commands join the group as they are imported, and are listed in this order.
from pipeline.cli import stages  # noqa: I001
from pipeline.cli import studies
from pipeline.cli import checks
from pipeline.cli import look
from pipeline.cli import explain
from pipeline.cli.group import main

__all__ = ["checks", "explain", "look", "main", "stages", "studies"]
