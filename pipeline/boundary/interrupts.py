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


def _end(number: int, _: object) -> None:
    os.write(2, b"sentiment: interrupted\n")
    os._exit(128 + number)


def _raise(number: int, _: object) -> None:
    raise Interrupted(number)
