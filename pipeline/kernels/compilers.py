"""Compile files of kernels in several processes, and send the object files through pipes.

The compiler uses one processor. It runs in processes of its own, so that the one that calls
kernels never imports numba: that would cost it half a second and 100 MB.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import os
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from pipeline.kernels import native

# More processes than this would wait for the largest file. Each takes 250 MB.
MOST_PROCESSES = 4
_SIZE_BYTES = 8


def objects_of(modules: list[ModuleType]) -> dict[str, bytes]:
    """Return the object files of files of kernels, by the name of the module.

    A process that is free takes the largest file that is left. What no process has compiled, for
    example because none could be started, is compiled here.
    """
    left = deque(sorted(modules, key=_source_size, reverse=True))
    objects: dict[str, bytes] = {}
    n_processes = min(os.cpu_count() or 1, MOST_PROCESSES, len(modules))
    with ThreadPoolExecutor(n_processes) as pool:
        try:
            for compiled in [pool.submit(_compile_elsewhere, left) for _ in range(n_processes)]:
                objects |= compiled.result()
        finally:
            left.clear()  # an interrupted command waits for no more than the files at hand
    return objects | {
        module.__name__: native.compile_to_object(module)
        for module in modules
        if module.__name__ not in objects
    }


def _source_size(module: ModuleType) -> int:
    """Return the bytes of a file of kernels and of the files whose functions it calls."""
    called = (value for value in vars(module).values() if inspect.isfunction(value))
    files = {str(module.__file__), *(function.__code__.co_filename for function in called)}
    return sum(os.path.getsize(file) for file in files)  # noqa: PTH202 - many small calls


def _compile_elsewhere(left: deque[ModuleType]) -> dict[str, bytes]:
    """Let one process compile modules until none is left, or until it fails."""
    objects: dict[str, bytes] = {}
    # It must import the same sources. By itself it would look into the working directory first.
    path = f"import sys; sys.path[:] = {list(map(str, sys.path))}"
    code = f"{path}; from {__name__} import serve; serve()"
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        with process:
            while left:
                name = left.popleft().__name__
                content = _answer(process, name)
                if content is None:
                    break
                objects[name] = content
    except (OSError, IndexError):  # another thread may have taken the last one
        pass
    return objects


def _answer(process: subprocess.Popen[bytes], name: str) -> bytes | None:
    """Return the object file of a module that a process compiles; None if it fails."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{name}\n".encode())
    process.stdin.flush()
    size = int.from_bytes(process.stdout.read(_SIZE_BYTES), "little")
    content = process.stdout.read(size)
    return content if content and len(content) == size else None


def serve() -> None:
    """Read names of modules from standard input, and write their object files to standard output.

    Each is written behind its length.
    """
    gc.disable()  # a tenth of the time; the process ends before its garbage matters
    with os.fdopen(1, "wb", closefd=False) as out:
        for line in sys.stdin:
            content = native.compile_to_object(importlib.import_module(line.strip()))
            out.write(len(content).to_bytes(_SIZE_BYTES, "little") + content)
            out.flush()
