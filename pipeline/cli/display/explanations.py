"""One text in colour, and the table of what each word adds to its score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.cli.display.terminal import (
    Figures,
    Text,
    figures,
    isolated,
    message_line,
    print_line,
    print_table,
)

if TYPE_CHECKING:
    from pipeline.inspection.explanation import Explanation
    from pipeline.inspection.highlights import Highlight

# The strengths from which a word is coloured, and from which it is bold.
_COLOURED, _BOLD = 0.1, 0.5
# Rows of the table; the rest of the words share the last one.
_ROWS = 25


def print_highlight(found: Highlight, title: str = "") -> None:
    """Print a text in colour, what its words add to the score, and the prediction."""
    if title:
        print_line(Text(title, style="bold"))
    print_line(isolated(coloured(found)))
    explanation = found.explanation
    print_table(_contributions(explanation))
    label = message_line(str(explanation.label), "bold")
    print_line(label.append(message_line(f": {explanation.in_words()}")))
    if found.flip is not None:
        words, other = ", ".join(found.flip), explanation.other_label
        then = f"{other} would be more probable" if explanation.ranking else f"it would be {other}"
        print_line(message_line(f"without {words} {then}"))
    if explanation.n_unknown:
        n, n_tokens = explanation.n_unknown, explanation.n_tokens
        print_line(f"unknown tokens: {n} of {n_tokens}", style="dim")


def coloured(found: Highlight) -> Text:
    """Return the text with positive words in green, and negative ones red and underlined."""
    text = Text()
    for piece in found.pieces:
        style, strength = "", found.strength(piece)
        if abs(strength) > _COLOURED:
            style = "green" if strength > 0 else "red underline"
            style += " bold" if abs(strength) >= _BOLD else ""
        text.append(piece.text, style=style)
    return text


def _contributions(explanation: Explanation) -> Figures:
    """Return what each word adds, in a table that ends with the sum."""
    table = figures("count", "weight", "adds", words="word")
    shown = explanation.contributions
    if len(shown) > _ROWS:
        shown = shown[: _ROWS - 1]
    for c in shown:
        style = "green" if c.contribution > 0 else "red" if c.contribution < 0 else "dim"
        row = (f"{c.count:g}", f"{c.weight:+.3f}", f"{c.contribution:+.3f}")
        table.add_row((c.word, style), *row)
    rest = explanation.contributions[len(shown) :]
    if rest:
        added = sum(c.contribution for c in rest)
        table.add_row(f"({len(rest)} other words)", "", "", f"{added:+.3f}")
    table.add_row("(intercept)", "", "", f"{explanation.intercept:+.3f}", end_section=True)
    total = f"{explanation.log_odds:+.3f}"
    table.add_row((explanation.total, "bold"), "", "", (total, "bold"))
    return table
