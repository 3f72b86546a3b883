"""The memory of a stage: its peak, and giving back what it needed."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

_M_MMAP_THRESHOLD = -3  # of malloc.h


def reset_peak_memory() -> None:
    """Begin to measure anew, where the system can (Linux); elsewhere the peak is of the process."""
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
    """Have the C library give large freed blocks back to the system (glibc).

    A stage allocates and frees blocks of megabytes, in threads, and the library would
    keep most of them for blocks to come, in each thread apart.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 22)
