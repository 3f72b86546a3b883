"""`python -m pipeline` is the `sentiment` command."""

from __future__ import annotations

import gc
import os
import sys

# Nearly all that a command makes is counted by its references. To look for the rest through all
# that is imported, again and again, takes a thirtieth of a whole run.
gc.set_threshold(1 << 18)

from pipeline.cli import main  # noqa: E402


def run() -> None:
    """Run the command, and end the process at once.

    What a run holds goes back to the system whole, sooner than piece by piece.
    """
    code: str | int | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever read it has gone
        code = code or 1
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    run()
