"""`python -m pipeline`, which is the `sentiment` command."""

from __future__ import annotations

import gc
import sys

# Nearly all that a command makes is freed by its reference counts. Looking for the rest in all
# that is imported, again and again, takes a thirtieth of a whole run.
gc.set_threshold(1 << 18)


def run() -> None:
    """Run the command."""
    try:
        from pipeline.cli import main

        main()
    except KeyboardInterrupt:  # while the command was imported
        sys.stderr.write("sentiment: interrupted\n")
        sys.exit(130)
    finally:
        # The interpreter would look through all that is imported once more as it ends.
        gc.freeze()


if __name__ == "__main__":
    run()
