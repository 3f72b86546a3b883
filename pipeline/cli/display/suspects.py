"""Training reviews whose label is probably wrong, with their words in colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.boundary import inert
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
        print_line(_head(suspect, result.classes), style="bold")
        print_line(isolated(coloured(suspect.highlight)))
        print_line(_words(suspect.highlight), style="dim")
        print_line("")
    found, classes = result.found, result.classes
    table = figures("", *(f"confidently\n{inert.name(name)}" for name in classes), "threshold")
    for name, row, threshold in zip(classes, found.joint, found.thresholds, strict=True):
        table.add_row(f"label {name}", *(f"{n:,}" for n in row), f"{threshold:.3f}")
    print_table(table)
    print_line(
        f"{len(found.rows):,} of {len(result.labels):,} training reviews are suspect: "
        f"confidently of {'the other' if len(classes) == 2 else 'another'} class"
    )
    print_line(f"all of them are in {table_file}")


def _head(suspect: Suspect, classes: Sequence[str]) -> str:
    """Return the row and the label of a suspect, and what the model says of it."""
    label, suggested, positive = map(inert.name, (suspect.label, suspect.suggested, classes[1]))
    head = f"row {suspect.row}, label {label}, "
    if len(classes) == 2:
        return f"{head}probability {suspect.probability:.3f} of being {positive}"
    return (
        f"{head}probability {suspect.probability:.3f}; "
        f"suggested {suggested}, {suspect.suggested_probability:.3f}"
    )


def _words(found: Highlight) -> str:
    """Return the words that add most to a score, with what they add."""
    explanation = found.explanation
    words = ", ".join(f"{c.word} {c.contribution:+.2f}" for c in explanation.contributions[:_WORDS])
    return f"{inert.name(explanation.total)}: {words}" if explanation.ranking else words
