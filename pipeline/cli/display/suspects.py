"""Training reviews whose label is probably wrong, with their words in colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.display.explanations import coloured
from pipeline.cli.display.terminal import figures, isolated, print_line, print_table

if TYPE_CHECKING:
    from pipeline.inspection.highlights import Highlight
    from pipeline.studies.suspects import Suspect, Suspects

# Words that are named below a review.
_WORDS = 5


def print_suspects(result: Suspects, top: Sequence[Suspect], table_file: Path) -> None:
    """Print the most suspect reviews, how many there are, and where all of them are."""
    for suspect in top:
        print_line(
            f"row {suspect.row}, label {suspect.label}, "
            f"probability {suspect.probability:.3f} of being positive",
            style="bold",
        )
        print_line(isolated(coloured(suspect.highlight)))
        print_line(_words(suspect.highlight), style="dim")
        print_line("")
    found = result.found
    table = figures("", "confidently\nnegative", "confidently\npositive", "threshold")
    for name, row, threshold in zip(
        ("negative", "positive"), found.joint, found.thresholds, strict=True
    ):
        table.add_row(f"label {name}", *(f"{n:,}" for n in row), f"{threshold:.3f}")
    print_table(table)
    print_line(
        f"{len(found.rows):,} of {len(result.labels):,} training reviews are suspect: "
        "confidently of the other class"
    )
    print_line(f"all of them are in {table_file}")


def _words(found: Highlight) -> str:
    """Return the words that add most to a score, with what they add."""
    strongest = found.explanation.contributions[:_WORDS]
    return ", ".join(f"{c.word} {c.contribution:+.2f}" for c in strongest)
