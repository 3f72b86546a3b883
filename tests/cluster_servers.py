"""A scheduler and workers as a user starts them, with `dask scheduler` and `dask worker`."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cluster_tasks import wait_for

TESTS = Path(__file__).parent


class Servers:
    """A scheduler of its own, and workers that a test starts; all end with the block.

    Parameters
    ----------
    folder : Path
        A folder for what they write; it is made.
    *options : str
        Of the scheduler.
    **variables : str
        Of the environment of all of them.
    """

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder, self._file = folder, folder / "scheduler.json"
        self.variables = variables
        folder.mkdir(parents=True, exist_ok=True)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--no-show", *options)
        wait_for(self._file)
        # It is there before it is complete.
        while not (text := self._file.read_text()).endswith("\n}"):
            time.sleep(0.01)
        self.address: str = json.loads(text)["address"]

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def start_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker; it is not there yet when this returns."""
        options = ("--nthreads", "1", "--no-nanny", *options)
        return self._start("worker", *options, **variables)

    def _start(self, which: str, *options: str, **variables: str) -> Any:
        number = len(self.processes)
        paths = [str(TESTS.parent), str(TESTS)]
        variables = {"PYTHONPATH": os.pathsep.join(paths), "SENTIMENT_THREADS": "1"} | variables
        variables |= self.variables
        options = (*options, "--host", "127.0.0.1", "--no-dashboard")
        options = (*options, "--scheduler-file", str(self._file))
        if which == "worker":
            options = (*options, "--local-directory", str(self.folder / f"local-{number}"))
        with (self.folder / f"{which}-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", which, *options],
                env=os.environ | variables,
                cwd=self.folder,  # not that of the command
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process
