"""`python -m pipeline`, which is the `sentiment` command."""

from __future__ import annotations

import gc

from pipeline import interrupts

# Reference counts free nearly everything that a command allocates. To search all imported objects
# for cycles, again and again, takes a thirtieth of a whole run.
gc.set_threshold(1 << 18)


def run() -> None:
    """Run the command."""
    interrupts.handle()
    try:
        from pipeline.cli import main

        main()
    finally:
        # Otherwise the interpreter searches all of them once more as it exits.
        gc.freeze()


if __name__ == "__main__":
    run()
