"""The `sentiment` command: a command for each stage, and some to look at its results.

With `display`, which draws, the only place that prints. What a command needs is
imported by the command, so that `--help` does not wait for numpy.
"""

# Commands join the group as they are imported, and are listed in this order.
from pipeline.cli import stages  # noqa: I001
from pipeline.cli import studies
from pipeline.cli import runs
from pipeline.cli import models
from pipeline.cli.main import main

__all__ = ["main", "models", "runs", "stages", "studies"]
