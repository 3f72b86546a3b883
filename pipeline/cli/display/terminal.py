"""How text in styles, lines and tables reach a terminal: inert, and wrapped to its width.

Nothing else in this package imports rich, but for progress bars. A string is text here and never
markup: styles are given by `Text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import box, table, text
from rich.console import Console, RenderableType
from rich.segment import Segment, Segments

from pipeline.boundary.inert import (
    END,
    ISOLATE,
    LONGEST,
    cell,
    cut,
    has_right_to_left,
    inert,
    one_line,
    runs_to_isolate,
)

# More columns than any table needs.
_WIDEST = 1000


class Text(text.Text):
    r"""Text in styles; whatever is appended to it is made inert.

    >>> print(Text("a", "bold").append("\x1b[31m").plain)
    a\x1b[31m
    """

    def __init__(self, text: str = "", style: str = "", **options: Any) -> None:
        super().__init__(inert(text), style, **options)

    def append(self, text: Any, style: Any = None) -> Text:
        """Append a string or a text."""
        super().append(inert(text) if isinstance(text, str) else text, style)
        return self


class Figures(table.Table):
    """A table of names and figures; a name is on one line, and cut if it is long."""

    def add_column(self, header: Any = "", *args: Any, **options: Any) -> None:
        """Add a column; lines of its header, such as of a name, are kept."""
        lines = "\n".join(map(cell, header.split("\n"))) if isinstance(header, str) else header
        super().add_column(text.Text(lines), *args, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of strings, strings with a style, or texts."""
        super().add_row(*(_cell(each) for each in cells), **options)


def figures(*columns: str, words: str | None = None) -> Figures:
    """Return an empty table of figures, which are never cut short.

    A column without a name is flush left. `words` names a first column of words, which are
    folded if the terminal is narrow.
    """
    table = Figures(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    if words is not None:
        table.add_column(one_line(words), overflow="fold", min_width=16)
    for column in columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    return table


def print_table(table: Figures) -> None:
    """Print a table on standard output; figures that do not fit exceed the terminal."""
    console = Console(highlight=False, width=_WIDEST)
    for column in table.columns:
        if column.no_wrap:
            cells = (column.header, *column.cells)
            column.min_width = max(console.measure(cell).maximum for cell in cells)
    _print(table, max(Console().width, console.measure(table).minimum))


def print_line(line: str | text.Text, style: str = "") -> None:
    """Print a text on standard output, wrapped if that is a terminal."""
    console = Console()
    shown = _isolated(Text(line, style) if isinstance(line, str) else line)
    _print(shown, console.width if console.is_terminal else max(1, len(shown)))


def error_console() -> Console:
    """Return the console on standard error, for messages and progress bars."""
    return Console(stderr=True, highlight=False)


def can_animate(console: Console) -> bool:
    """Return True for a terminal, but not for a file whose colours FORCE_COLOR asks for."""
    return console.is_terminal and console.file.isatty()


def message_line(message: str, style: str = "") -> text.Text:
    """Return a message on one line, cut where it is long."""
    return _isolated(Text(cut(one_line(message)), style))


def _print(renderable: RenderableType, width: int) -> None:
    """Print lines without the blanks that rich puts at their ends."""
    console = Console(highlight=False, width=width)
    for line in console.render_lines(renderable, pad=False):
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
        console.print(Segments([*line, Segment.line()]))


def isolated(review: Text) -> text.Text:
    """Return a text of its own, such as a review, between U+2068 and U+2069 line by line."""
    if not has_right_to_left(review.plain):
        return review
    lines = review.split("\n", allow_blank=True)
    return text.Text("\n").join(_between_marks(line) for line in lines)


def _cell(content: Any) -> text.Text:
    """Return the text of a cell: of a string, a string and its style, or a text."""
    if isinstance(content, str | tuple):
        words, style = (content, "") if isinstance(content, str) else content
        return text.Text(cell(words), style)
    short = content if len(content) <= LONGEST else Text(cut(content.plain), content.style)
    return _between_marks(short)


def _between_marks(line: text.Text) -> text.Text:
    return text.Text.assemble(ISOLATE, line, END) if has_right_to_left(line.plain) else line


def _isolated(line: text.Text) -> text.Text:
    """Return a line in which each word from right to left is between U+2068 and U+2069."""
    runs = runs_to_isolate(line.plain)
    if not runs:
        return line
    pieces: Iterable[text.Text] = line.divide([place for run in runs for place in run])
    # The pieces between runs and the runs take turns.
    marked = [_between_marks(piece) if k % 2 else piece for k, piece in enumerate(pieces)]
    return text.Text.assemble(*marked)
