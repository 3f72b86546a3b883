"""The `sentiment` command: a command for each stage, and more to look inside and to study.

With `display`, which draws, this is the only place that prints.
"""

from pipeline.cli.main import main

__all__ = ["main"]
