"""The peak memory of a stage; give freed memory back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

_M_MMAP_THRESHOLD = -3  # of malloc.h


def reset_peak_memory() -> None:
    """Start a new measurement on Linux; elsewhere the peak is that of the whole process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """Return the largest resident size since the last reset, in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak


def return_freed_memory() -> None:
    """Make glibc return large freed blocks to the system; does nothing with another C library.

    A stage allocates and frees blocks of megabytes in threads. glibc would keep most of them
    for later, separately for each thread.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 22)
