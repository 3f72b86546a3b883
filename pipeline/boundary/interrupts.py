"""What SIGINT, SIGTERM and SIGHUP do: end a command in one line, with the code 128 + signal.

A command that only reads ends at once. So does every command while it starts, because an
exception that is raised in the middle of an import is not always the one that arrives. A command
that writes has them raised as `Interrupted`, so that it can remove what is half written.
"""

from __future__ import annotations

# The part of `signal` that is in C: the whole takes ten times as long to import.
import _signal as signal  # type: ignore[import-not-found]
import os

from pipeline.errors import Interrupted

# As in `typing`, whose import takes ten times as long as all until signals are handled.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import TypeVar

    Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Those that are handled here.
_handled: set[int] = set()


def handle() -> None:
    """Handle the signals from now on, except those that are ignored, as by `nohup`."""
    for number in _SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            _handled.add(number)
    end_at_once()


def end_at_once() -> None:
    """Let a signal end the process from now on, if they are handled."""
    for number in _handled:
        signal.signal(number, _end)


def be_raised() -> None:
    """Let a signal raise `Interrupted` from now on, if they are handled."""
    for number in _handled:
        signal.signal(number, _raise)


def result_of(future: Future[Result]) -> Result:
    """Return the result of another thread, to the main thread, where interrupts are raised.

    One that comes just before a wait is noticed only when that wait ends, so none is long.
    """
    from concurrent.futures import wait

    while not wait([future], timeout=0.2).done:
        pass
    return future.result()


def _end(number: int, _: object) -> None:
    os.write(2, b"sentiment: interrupted\n")
    os._exit(128 + number)


def _raise(number: int, _: object) -> None:
    raise Interrupted(number)
