"""What tests of the commands share."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from pipeline.errors import PipelineError


@pytest.fixture
def refused(sentiment) -> Callable[..., str]:
    """Return a function that runs a command and returns the one line of its refusal."""

    def refused(*args: object, **options: object) -> str:
        result = sentiment(*args, **options)
        assert result.exit_code == 2
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("sentiment: ")
        with pytest.raises(PipelineError):
            sentiment("--debug", *args, **options)
        return line.removeprefix("sentiment: ")

    return refused


@pytest.fixture(scope="session")
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the command in a process of its own, with more environment."""

    def run(*args: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline", *map(str, args)]
        options = {"capture_output": True, "text": True, "timeout": 300}
        return subprocess.run(command, env=os.environ | environment, check=False, **options)

    return run
