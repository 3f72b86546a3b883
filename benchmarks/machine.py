"""What a run was made on: the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "sentiment-pipeline",
    "numpy",
    "scipy",
    "numba",
    "pyarrow",
    "scikit-learn",
    "vowpalwabbit",
    "fasttext",
)


def facts() -> dict[str, object]:
    """Return cores, processor, memory, system and versions; None where one is not known."""
    return {
        "cores": os.cpu_count(),
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor(),
        "memory": _first("/proc/meminfo", "MemTotal"),
        "system": platform.platform(terse=True),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": {
            "python": platform.python_version(),
            **{package: _version(package) for package in PACKAGES},
        },
    }


def _first(path: str, key: str) -> str | None:
    """Return the value of the first line that begins with a key."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    values = (line.split(":", 1)[1].strip() for line in lines if line.startswith(key))
    return next(values, None)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
