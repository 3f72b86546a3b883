"""An explanation as HTML, which a notebook shows.

Built by hand from escaped strings, so that a notebook needs no template engine. The colours
are see-through, so they suit a light and a dark notebook.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from pipeline.boundary.inert import inert

if TYPE_CHECKING:
    from pipeline.inspection.explanation import Explanation
    from pipeline.inspection.highlights import Highlight

_POSITIVE, _NEGATIVE = "46, 160, 67", "248, 81, 73"  # red, green and blue
_ROWS = 10


def highlight_html(found: Highlight) -> str:
    """Return an explanation as a fragment of HTML; all that comes from the text is escaped."""
    explanation = found.explanation
    return (
        '<div style="max-width: 60em">'
        f'<p dir="auto" style="white-space: pre-wrap; line-height: 1.7">{_text(found)}</p>'
        f"<p><b>{escape(str(explanation.label))}</b>: {escape(explanation.in_words())}</p>"
        f"{_table(explanation)}</div>"
    )


def escape(text: str) -> str:
    """Return a text as HTML that shows it and does nothing else."""
    return html.escape(inert(text))


def _text(found: Highlight) -> str:
    """Mark each piece by its share of the largest contribution."""
    marked = []
    for piece in found.pieces:
        text = "<br>" if piece.is_break else escape(piece.text)
        strength = abs(found.strength(piece))
        if strength >= 0.05:
            colour = _POSITIVE if piece.contribution > 0 else _NEGATIVE
            text = (
                f'<span title="{escape(piece.token or "")} {piece.contribution:+.3f}" '
                f'style="background: rgba({colour}, {0.6 * strength:.2f}); '
                f'border-radius: 3px">{text}</span>'
            )
        marked.append(text)
    return "".join(marked)


def _word(word: str) -> str:
    return f"<bdi>{escape(word)}</bdi>"


def _table(explanation: Explanation) -> str:
    """Return the largest contributions, the sum of the others, and the log-odds as a table."""
    shown, rest = explanation.contributions[:_ROWS], explanation.contributions[_ROWS:]
    rows = [
        (
            f"<bdi>{escape(c.word)}</bdi>",
            f"{c.count:g}",
            f"{c.weight:+.3f}",
            f"{c.contribution:+.3f}",
        )
        for c in shown
    ]
    if rest:
        added = sum(c.contribution for c in rest)
        words = "other word" if len(rest) == 1 else "other words"
        rows.append((f"({len(rest)} {words})", "", "", f"{added:+.3f}"))
    rows.append(("(intercept)", "", "", f"{explanation.intercept:+.3f}"))
    rows.append(
        (f"<b>{escape(explanation.total)}</b>", "", "", f"<b>{explanation.log_odds:+.3f}</b>")
    )
    head = "".join(f"<th>{name}</th>" for name in ("word", "count", "weight", "adds"))
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
