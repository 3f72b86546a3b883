"""The `sentiment` command: parses options, calls the packages below, prints their results.

With `display`, which draws, this is the only place that prints.
"""

from pipeline.cli.main import main

__all__ = ["main"]
