"""Why a text got its score: the text with its words in colour, and the sum as a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.cli.display.tables import results

if TYPE_CHECKING:
    from pipeline.inspection.explanation import Explanation
    from pipeline.inspection.highlights import Highlight

# What moves the cursor or the colours of a terminal; a text may hold it.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# A word is coloured from this share of the largest contribution on, and strong from the second.
_COLOURED, _STRONG = 0.1, 0.5
# Words to a table; the rest are one line.
_ROWS = 25


def print_highlight(found: Highlight, title: str = "") -> None:
    """Print a text in colours, what its words add to the score, and the sum."""
    console = results()
    if title:
        console.print(Text(title, style="bold"))
    console.print(_coloured(found), soft_wrap=not console.is_terminal)
    explanation = found.explanation
    console.print(_sum(explanation))
    console.print(
        f"[bold]{explanation.label}[/bold]: probability {explanation.probability:.3f} of being "
        f"positive, threshold {explanation.threshold:g}"
    )
    if found.flip is not None:
        other = "negative" if explanation.label == "positive" else "positive"
        words = ", ".join(found.flip)
        console.print(Text(f"without {_shown(words)} it would be {other}"))
    if explanation.n_unknown:
        console.print(
            f"{explanation.n_unknown} of {explanation.n_tokens} tokens are in no known word",
            style="dim",
        )


def _shown(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)


def _coloured(found: Highlight) -> Text:
    """Draw what adds in green and what takes away in red and underlined."""
    text = Text()
    for piece in found.pieces:
        style, strength = "", found.strength(piece)
        if abs(strength) > _COLOURED:
            style = "green" if strength > 0 else "red underline"
            style += " bold" if abs(strength) >= _STRONG else ""
        text.append(_shown(piece.text), style=style)
    return text


def _sum(explanation: Explanation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("word", overflow="fold", min_width=16)
    for column in ("count", "weight", "adds"):
        table.add_column(column, justify="right", no_wrap=True)
    shown = explanation.contributions
    if len(shown) > _ROWS:
        shown = shown[: _ROWS - 1]
    for c in shown:
        style = "green" if c.contribution > 0 else "red" if c.contribution < 0 else "dim"
        row = (f"{c.count:g}", f"{c.weight:+.3f}", f"{c.contribution:+.3f}")
        table.add_row(Text(_shown(c.word), style=style), *row)
    rest = explanation.contributions[len(shown) :]
    if rest:
        added = sum(c.contribution for c in rest)
        table.add_row(f"({len(rest)} other words)", "", "", f"{added:+.3f}")
    table.add_row("(intercept)", "", "", f"{explanation.intercept:+.3f}", end_section=True)
    table.add_row("[bold]log-odds", "", "", f"[bold]{explanation.log_odds:+.3f}")
    return table
