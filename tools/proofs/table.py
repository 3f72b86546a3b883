"""Tables in Markdown, which a terminal shows as well."""

from collections.abc import Sequence


def markdown(rows: Sequence[Sequence[object]]) -> str:
    """Return rows as a table; the first is its head, and columns of numbers are right-aligned.

    >>> print(markdown([("command", "tried"), ("tune", 12)]))
    | command | tried |
    | ------- | ----: |
    | tune    |    12 |
    """
    columns = list(zip(*rows, strict=True))
    right = [all(isinstance(value, int) for value in column[1:]) for column in columns]
    widths = [max(len(str(value)) for value in column) for column in columns]

    def line(cells: Sequence[object]) -> str:
        padded = (
            str(cell).rjust(width) if is_right and cells is not rows[0] else str(cell).ljust(width)
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + ":" if is_right else "-" * width
        for width, is_right in zip(widths, right, strict=True)
    ]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])
