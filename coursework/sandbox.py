"""A conversation with a process that runs a submission, with limits and no trust."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from coursework.confine import Limits
from coursework.errors import CourseworkError, SubmissionError
from coursework.submission import find
from coursework.worker import decode, encode, pack

ROOT = Path(__file__).parents[1]
LONGEST_REPLY = 64 << 20
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from coursework.worker import main; main()"
)
_SECONDS_TO_START = 60.0
_ENDS = {
    128 + signal.SIGXCPU: "used more than its seconds of processor time",
    128 + signal.SIGKILL: "was killed: it used more than its share of time or memory",
    128 + signal.SIGSEGV: "crashed",
    128 + signal.SIGXFSZ: "wrote a file that is too large",
}


@contextmanager
def boxed(submission: Path, given: Path) -> Iterator[Path]:
    """Yield a folder with a copy of a submission for processes to read.

    Parameters
    ----------
    submission : Path
        A folder or a notebook; see `submission.find`.
    given : Path
        The module that is not the student's: `classifier.py`.
    """
    found = find(submission)
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        box = Path(folder)
        (box / "assignment").mkdir()
        (box / "root").mkdir()
        found.write(box / "assignment")
        shutil.copyfile(given, box / "assignment" / given.name)
        for path in (box, *box.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield box


class Worker:
    """A process that runs one function of a submission.

    Parameters
    ----------
    box : Path
        See `boxed`.
    limits : Limits

    Attributes
    ----------
    missing : list of str
        The limits that this machine cannot enforce.
    seconds : float
        How long the last call took, on the clock of the grader.
    """

    def __init__(self, box: Path, limits: Limits) -> None:
        self.limits, self.seconds = limits, 0.0
        reading, writing = os.pipe()
        environment = {
            "HOME": "/scratch",
            "LANG": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",  # threads count as processes
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        arguments = [json.dumps(dataclasses.asdict(limits)), str(box), str(writing)]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, str(ROOT), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            cwd=box,
            env=environment,
            start_new_session=True,
        )
        os.close(writing)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.printed = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.replies, self.n_printed, self.text = reading, 0, b""
        for descriptor in (self.requests, self.printed, self.replies):
            os.set_blocking(descriptor, False)
        try:
            self.missing: list[str] = self._exchange(b"", _SECONDS_TO_START)["ready"]
        except (SubmissionError, KeyError) as error:
            self.close()
            said = self.text.decode(errors="replace").strip().splitlines()
            raise CourseworkError(
                f"the grader's process did not start: {''.join(said[-1:])}"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and all that it started."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        if self.replies >= 0:
            os.close(self.replies)
            self.replies = -1

    def call(self, request: dict[str, Any], inputs: dict[str, Any]) -> tuple[Any, list[str]]:
        """Return what a function gives for inputs, and the names of inputs that it changed.

        Raises
        ------
        SubmissionError
            If it raised an exception, ended, took too long, printed too much, or answered
            something that is no answer.
        """
        number = secrets.token_hex(8)
        message = pack({"id": number, **request, "inputs": {"dict": _items(inputs)}})
        began = time.perf_counter()
        reply = self._exchange(message, self.limits.seconds)
        self.seconds = time.perf_counter() - began
        if reply.get("id") != number:
            raise SubmissionError("wrote an answer of its own into the grader's pipe")
        if "error" in reply:
            raise SubmissionError(str(reply["error"]))
        try:
            return decode(reply["output"]), [str(name) for name in reply["changed"]]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise SubmissionError("wrote an answer of its own into the grader's pipe") from error

    def _exchange(self, message: bytes, seconds: float) -> dict[str, Any]:
        """Send a message and wait for the next reply, while what is printed is counted."""
        deadline, received = time.monotonic() + seconds, bytearray()
        left = memoryview(message)
        with selectors.DefaultSelector() as selector:
            selector.register(self.replies, selectors.EVENT_READ)
            selector.register(self.printed, selectors.EVENT_READ)
            if left:
                selector.register(self.requests, selectors.EVENT_WRITE)
            while (reply := _whole(received)) is None:
                if time.monotonic() > deadline:
                    raise SubmissionError(f"took longer than {seconds:g} seconds: an endless loop?")
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    if key.fd == self.requests:
                        left = self._write(left)
                        if not left:
                            selector.unregister(self.requests)
                    elif key.fd == self.replies:
                        received += self._read_reply()
                    elif not self._read_printed():
                        selector.unregister(self.printed)
        return reply

    def _write(self, left: memoryview) -> memoryview:
        try:
            return left[os.write(self.requests, left) :]
        except BrokenPipeError:
            return left[len(left) :]  # the end of the replies says why

    def _read_reply(self) -> bytes:
        data = os.read(self.replies, 1 << 16)
        if not data:
            code = self.process.wait()
            ending = _ENDS.get(code, f"ended before it answered, with exit code {code}: os._exit?")
            raise SubmissionError(ending)
        return data

    def _read_printed(self) -> bool:
        data = os.read(self.printed, 1 << 16)
        self.n_printed += len(data)
        self.text = (self.text + data)[-2000:]
        if self.n_printed > self.limits.output:
            raise SubmissionError(f"printed more than {self.limits.output:,} bytes")
        return bool(data)


def _items(inputs: dict[str, Any]) -> list[list[Any]]:
    return [[name, encode(value)] for name, value in inputs.items()]


def _whole(received: bytearray) -> dict[str, Any] | None:
    """Return the message of the bytes received, or None if some are still to come."""
    if len(received) < 4:
        return None
    (size,) = struct.unpack(">I", received[:4])
    if size > LONGEST_REPLY:
        raise SubmissionError("gave an answer that is far too large")
    if len(received) < 4 + size:
        return None
    try:
        message = json.loads(received[4 : 4 + size])
    except (ValueError, RecursionError) as error:
        raise SubmissionError("wrote an answer of its own into the grader's pipe") from error
    if not isinstance(message, dict):
        raise SubmissionError("wrote an answer of its own into the grader's pipe")
    return message
