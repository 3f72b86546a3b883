"""What is wrong with a file that pyarrow refuses, in words.

The functions that look for the line or row at fault stand next to the readers. They are plain
Python and slow, and run only when there is an error to explain. Each returns the text that
follows the file's name in the error, or an empty string if it finds nothing wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.corpus.source import Source

# pyarrow refuses a row that is longer than its block, by default one MiB.
BLOCK = 8 << 20  # bytes

NO_ROWS = ": the file has no rows; expected one text a row"
_LONGEST_NAME = 40  # characters
_MOST_NAMES = 20


def undecodable(values: Iterable[bytes]) -> int:
    """Return the position, counted from 1, of the first value that is not UTF-8, or 0."""
    for position, value in enumerate(values, 1):
        try:
            value.decode()
        except UnicodeDecodeError:
            return position
    return 0


def undecodable_rows(texts: pa.LargeStringArray) -> npt.NDArray[np.bool_]:
    """Return which texts are not valid UTF-8."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        values = texts.cast(pa.large_binary()).to_pylist()
        return np.array([bool(value) and undecodable([value]) == 1 for value in values], np.bool_)
    return np.zeros(len(texts), np.bool_)


def not_decodable(source: Source) -> str:
    """Return what is wrong with text that cannot be decoded, and which encoding may help."""
    return f"not valid {source.encoding_name}; {source.encoding_hint()}"


def missing_column(source: Source, column: str, there: list[str]) -> str:
    """Return the message for a missing column, which names the columns there are."""
    role = source.keys.get(column, "text")
    problem = f"no column {column!r}; the columns are {shown_names(there)}"
    near = [name for name in there if name.strip().lower() == column.strip().lower()]
    key = source.dialect.setting(role, near[0]) if near else source.dialect.key(role)
    return f"{problem}; set {key}"


def shown_names(names: Sequence[str]) -> str:
    """Return the names of columns, cut where they are long.

    >>> shown_names(["text", "x" * 50])
    "'text', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"
    """
    cut = [
        name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
        for name in names[:_MOST_NAMES]
    ]
    more = ", ..." if len(names) > _MOST_NAMES else ""
    return ", ".join(map(repr, cut)) + more


def duplicate_column(names: Sequence[str]) -> str:
    """Return the message for a name that two columns have; an empty string if none has."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return f"two columns are named {shown_names([name])}; expected a name for each"
        if name:
            seen.add(name)
    return ""


def looks_like_data(names: Sequence[str]) -> bool:
    """Return True if a header looks like a row of data: it has a number, or a field of many words.

    >>> looks_like_data(["100", "positive", "lovely soup"]), looks_like_data(["text", "label"])
    (True, False)
    """
    return any(
        re.fullmatch(r"[-+]?[0-9]+([.,][0-9]+)?", name.strip())
        or len(name) > _LONGEST_NAME
        or len(name.split()) > 3
        for name in names
    )


def is_long_row(error: Exception) -> bool:
    """Return True if pyarrow refuses a row because it does not fit into a block."""
    return "straddl" in str(error)


def refusal(error: Exception) -> str:
    """Return pyarrow's own message on one line, when nothing else was found to be wrong."""
    if is_long_row(error):
        return f": a row is longer than the {BLOCK >> 20} MiB that are read at once"
    reason = " ".join(str(error).split()) or "it takes more memory than there is"
    return f": cannot read the file: {reason}"
