"""The versions of what computes a stage, and which of them have changed since a stage was computed.

Another release of NumPy, SciPy, numba or LLVM may sum in another order or compile other code, and a
few bits of a weight change. A digest of source code does not see that.
"""

from __future__ import annotations

import contextlib
import functools
import platform
from pathlib import Path
from typing import Any

import pipeline
from pipeline.kernels.native import versions_of

# What the outputs of a stage depend on, and what the manifest records besides.
COMPUTING = ("llvmlite", "numba", "numpy", "scipy")
_RECORDED = (*COMPUTING, "pyarrow", "regex")
_PACKAGE = pipeline.__name__


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions that the manifest records: of this package, Python and libraries."""
    own = {_PACKAGE: pipeline.__version__, "python": platform.python_version()}
    return own | dict(sorted(versions_of(_RECORDED).items()))


@functools.cache
def processor() -> str:
    """Return the name of the processor: kernels are compiled for it."""
    lines = []
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


@functools.cache
def installed() -> dict[str, str]:
    """Return what a worker of a cluster needs to have as the command that uses it has it.

    These are versions, a digest of this package's source, and the processor.
    """
    from importlib import metadata

    from pipeline.stages.freshness import package_digest

    others = {name: metadata.version(name) for name in ("dask", "distributed", "nltk")}
    own = {"source of sentiment": package_digest()[:12], "processor": processor()}
    return versions() | others | own


def computing_versions() -> dict[str, str]:
    """Return the versions on which the bytes of a result may depend."""
    found = versions()
    return {name: found[name] for name in (_PACKAGE, *COMPUTING)}


def changed_versions(entry: dict[str, Any]) -> str:
    """Return which versions computed a stage that are others now; empty if there are none.

    A version that the manifest does not say is taken for the one that is there now: runs of earlier
    releases lack some.

    Parameters
    ----------
    entry : dict
        What the manifest says of the stage.

    Examples
    --------
    >>> changed_versions({"versions": versions() | {"numpy": "1.0"}}).replace(
    ...     versions()["numpy"], "2.0"
    ... )
    'computed with numpy 1.0, now 2.0'
    >>> changed_versions({"versions": {"python": "3.0"}})
    ''
    """
    then, now = entry.get("versions", {}), computing_versions()
    changed = [name for name in now if then.get(name, now[name]) != now[name]]
    if not changed:
        return ""
    named = (f"{'sentiment' if name == _PACKAGE else name} {then[name]}" for name in changed)
    return f"computed with {', '.join(named)}, now {', '.join(now[name] for name in changed)}"
