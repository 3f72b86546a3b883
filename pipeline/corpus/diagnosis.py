"""What is wrong with a file that pyarrow refuses, in words.

The functions that look for the line or row at fault stand next to the readers. They are plain
Python and slow, and run only when there is an error to explain. Each returns the text that
follows the file's name in the error, or an empty string if it finds nothing wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

# pyarrow refuses a row that is longer than its block, by default one MiB.
BLOCK = 8 << 20  # bytes

NOT_UTF8 = "not valid UTF-8; expected UTF-8 text"
NO_ROWS = ": the file has no rows; expected one text a row"
_LONGEST_NAME = 40  # characters


def undecodable(values: Iterable[bytes]) -> int:
    """Return the position, counted from 1, of the first value that is not UTF-8, or 0."""
    for position, value in enumerate(values, 1):
        try:
            value.decode()
        except UnicodeDecodeError:
            return position
    return 0


def missing_column(column: str, there: Iterable[str]) -> str:
    """Return the message for a missing column, which names the columns there are."""
    return f": no column {column!r}; expected one of its columns: {', '.join(there)}"


def is_long_row(error: Exception) -> bool:
    """Return True if pyarrow refuses a row because it does not fit into a block."""
    return "straddl" in str(error)


def refusal(error: Exception) -> str:
    """Return pyarrow's own message on one line, when nothing else was found to be wrong."""
    if is_long_row(error):
        return f": a row is longer than the {BLOCK >> 20} MiB that are read at once"
    return f": cannot read the file: {' '.join(str(error).split())}"
