"""The records of a CSV or TSV file, as the csv module reads them: to explain, not to read fast."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pipeline.corpus.source import Source

END = "\ue000 end of file"


def count_line_ends(value: str) -> int:
    """Return how many lines end within a field."""
    return len(re.findall("\r\n?|\n", value))


def records(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield each record and the line it starts on; `END` is last, or ends an unclosed field."""
    quoting: Literal[0, 3] = (
        csv.QUOTE_NONE if source.dialect.quoting == "none" else csv.QUOTE_MINIMAL
    )

    def lines() -> Iterator[str]:
        yield from file
        yield END

    with unlimited_fields(), text_of(source) as file:
        reader = csv.reader(lines(), delimiter=source.delimiter, quoting=quoting)
        line = 1
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1


class _Limit:
    """The limit of the csv module, which is one for all threads, while some of them lift it."""

    lock = threading.Lock()
    users = 0
    usual = 0


@contextmanager
def unlimited_fields() -> Iterator[None]:
    """Let the csv module read fields of any length."""
    with _Limit.lock:
        if not _Limit.users:
            _Limit.usual = csv.field_size_limit(2**31 - 1)
        _Limit.users += 1
    try:
        yield
    finally:
        with _Limit.lock:
            _Limit.users -= 1
            if not _Limit.users:
                csv.field_size_limit(_Limit.usual)


def text_of(source: Source) -> io.TextIOWrapper:
    """Open a file as text; what cannot be decoded is replaced."""
    return io.TextIOWrapper(source.open(), "utf-8", errors="replace", newline="")
