"""`python -m pipeline`, which is the `sentiment` command."""

from __future__ import annotations

import gc
import sys

from pipeline.errors import Interrupted

# Reference counts free nearly everything that a command allocates. To search all imported objects
# for cycles, again and again, takes a thirtieth of a whole run.
gc.set_threshold(1 << 18)


def run() -> None:
    """Run the command."""
    try:
        import signal

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # `nohup` ignores the second
                signal.signal(number, _interrupt)
        from pipeline.cli import main

        main()
    except KeyboardInterrupt as error:  # while the command was imported
        sys.stderr.write("sentiment: interrupted\n")
        sys.exit(128 + getattr(error, "signal_number", 2))
    finally:
        # Otherwise the interpreter searches all of them once more as it exits.
        gc.freeze()


def _interrupt(number: int, _: object) -> None:
    raise Interrupted(number)


if __name__ == "__main__":
    run()
