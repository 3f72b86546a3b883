"""Tests in a process of their own, which starts fast.

A server imports the libraries once. Each process is a fork of it, so that it only has to import
the pipeline, with a mutant, and the tests.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "mutants"
# Seconds of the clock: a process that takes more waits for something that never comes.
LONGEST_WAIT = 1800.0
# Exit codes: pytest raised an error, had a wrong option, or did not find a test.
FAILED = 70
NOT_RUN = (FAILED, 4, 5)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        *("pytest", "coverage", "pytest_cov.plugin", "hypothesis.extra.numpy", "numpy", "click"),
        *("scipy.optimize", "scipy.sparse.linalg", "scipy.special", "pyarrow.parquet", "nltk"),
        *("click.testing", "safetensors.numpy", "xxhash", "sklearn.feature_extraction.text"),
        *("sklearn.linear_model", "sklearn.metrics", "sklearn.naive_bayes", "scipy.stats"),
    ]
)


def run_tests(tests: Sequence[str], environment: dict[str, str], *options: str) -> int:
    """Run tests; return the exit code of pytest, or a negative number if a signal ended it."""
    arguments = ["-q", "-p", "mutants.plugin", "-p", "no:randomly", "-p", "no:cacheprovider"]
    # Its statistics fail where a test took too long.
    arguments += ["-p", "no:hypothesispytest"]
    # pytest's own tracebacks fail where a signal came at an instruction that belongs to no line.
    arguments += ["--tb=native"]
    # The server has imported what pytest would prepare for its assertions.
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *options, *tests]
    process = _processes.Process(target=_run, args=(arguments, environment))
    process.start()
    process.join(LONGEST_WAIT)
    if process.exitcode is None:
        process.kill()
        process.join()
    if process.exitcode in NOT_RUN:
        raise RuntimeError(f"pytest ended with {process.exitcode}: {environment} {tests}")
    return int(process.exitcode or 0)


def _run(arguments: list[str], environment: dict[str, str]) -> None:
    silent = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silent, stream)
    os.chdir(ROOT)
    os.environ.update(environment, SENTIMENT_DATA="", PYTHONPATH=str(ROOT / "tools"))
    sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(FOLDER / "bytecode")
    import pytest

    try:
        code = int(pytest.main(arguments))
    except Exception:
        code = FAILED
    sys.exit(code)
