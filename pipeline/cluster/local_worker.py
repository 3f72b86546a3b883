"""Keeps Dask quiet: in this process, and in each worker that `--workers` starts."""

from __future__ import annotations

import logging
import warnings
from typing import Any


def dask_setup(_: Any) -> None:
    """Print nothing. Dask calls this function by its name."""
    silence()


def silence() -> None:
    """Print nothing that Dask logs or warns of: what matters of it is a line of the command."""
    warnings.filterwarnings("ignore", module=r"distributed(\.|$)")
    for name in ("asyncio", "bokeh", "distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith(("distributed.", "tornado.")) and isinstance(logger, logging.Logger):
            logger.setLevel(logging.CRITICAL + 1)
