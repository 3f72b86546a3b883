"""`python -m pipeline`, which is the `sentiment` command."""

from __future__ import annotations

import gc
import os
import sys

from pipeline.boundary import interrupts

# Reference counts free nearly everything that a command allocates. To search all imported objects
# for cycles, again and again, takes a thirtieth of a whole run.
gc.set_threshold(1 << 18)


def run() -> None:
    """Run the command."""
    interrupts.handle()
    sys.excepthook = _show
    _give_home()
    try:
        from pipeline.cli import main

        main()
    finally:
        # Otherwise the interpreter searches all of them once more as it exits.
        gc.freeze()


def _show(_: object, error: BaseException, __: object) -> None:
    """Print a traceback; the text of an error may hold anything."""
    import traceback

    from pipeline.boundary.inert import inert

    sys.stderr.write(inert("".join(traceback.format_exception(error))))


def _give_home() -> None:
    """Give a user without a home one that does not exist, as Debian does for `nobody`.

    NLTK and `huggingface_hub` ask for the home as they are imported, and fail without one.
    """
    if os.path.expanduser("~") == "~":  # noqa: PTH111  Path raises without a home
        os.environ["HOME"] = "/nonexistent"


if __name__ == "__main__":
    run()
