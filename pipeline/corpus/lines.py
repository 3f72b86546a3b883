"""Formats of one review a line: text alone, a label first, and those of fastText and Vowpal Wabbit.

Each is a table with columns of strings: `text`, and where a line says them `label`, `importance`
and `tag`. Empty lines of a format with labels are no rows.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corpus.diagnosis import missing_column, undecodable_rows
from pipeline.corpus.encoding import SupportsRead1
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError
from pipeline.storage import arrow

CHUNK = 1 << 22  # bytes that are read at once
NOT_UTF8 = "not valid UTF-8; expected UTF-8 text"

Row = tuple[bytes | None, ...]
_PREFIX = b"__label__"
_VALUE = re.compile(rb"[^:]*:[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_NUMBER = re.compile(rb"[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_VOWPAL_WABBIT = re.compile(rb"[-+]?[0-9.]+([ \t]+[0-9.]+)?([ \t]+|[ \t]*'\S*)\|")


def labelled_row(line: bytes) -> Row:
    r"""Return the first word of a line, and the rest.

    >>> labelled_row(b"1 a fine film"), labelled_row(b"bad\tboring, long")
    ((b'1', b'a fine film'), (b'bad', b'boring, long'))
    """
    label, *rest = line.split(None, 1)
    return label, rest[0] if rest else b""


def fasttext_row(line: bytes) -> Row:
    """Return the labels that begin with ``__label__``, and the other words.

    A line with several has them as one label, with a space between, and a line without a label
    has None.

    >>> fasttext_row(b"__label__2 a fine film"), fasttext_row(b"__label__a __label__b so so")
    ((b'2', b'a fine film'), (b'a b', b'so so'))
    """
    labels = []
    rest = line.strip()
    while rest.startswith(_PREFIX):
        label, *after = rest.split(None, 1)
        labels.append(label.removeprefix(_PREFIX))
        rest = after[0] if after else b""
    if b" " + _PREFIX in rest:  # fastText takes a label anywhere
        words = rest.split()
        labels += [word.removeprefix(_PREFIX) for word in words if word.startswith(_PREFIX)]
        rest = b" ".join(word for word in words if not word.startswith(_PREFIX))
    return b" ".join(labels) if labels else None, rest


def vowpal_wabbit_row(line: bytes) -> Row:
    """Return label, text, importance and tag. Names of namespaces are not part of the text.

    Raises
    ------
    ValueError
        If a feature or a namespace has a value, because a text has words alone.

    >>> vowpal_wabbit_row(b"-1 2 'a|title fine film |body so so")
    (b'-1', b'fine film so so', b'2', b'a')
    >>> vowpal_wabbit_row(b"1 | good:2")
    Traceback (most recent call last):
        ...
    ValueError: feature 'good:2' has a value; expected words alone
    """
    head, *namespaces = line.split(b"|")
    if not namespaces:
        raise ValueError("no '|'; expected a label, '|' and the words of a text")
    fields = head.split()
    tag = None
    if fields and (fields[-1].startswith(b"'") or (len(fields) > 1 and not head[-1:].isspace())):
        tag = fields.pop().removeprefix(b"'")
    if len(fields) > 2 or not all(map(_NUMBER.fullmatch, fields)):
        raise ValueError(f"{_shown(head)} before '|'; expected a label, an importance and a tag")
    words: list[bytes] = []
    for namespace in namespaces:
        found = namespace.split()
        if namespace[:1] and not namespace[:1].isspace() and found:
            if b":" in found[0]:
                raise ValueError(f"namespace {_shown(found[0])} has a value; expected a name")
            del found[0]
        for word in found if b":" in namespace else ():
            if _VALUE.fullmatch(word):
                raise ValueError(f"feature {_shown(word)} has a value; expected words alone")
        words += found
    label, importance = (*fields, None, None)[:2]
    return label, b" ".join(words), b"1" if importance is None else importance, tag


_FORMATS: dict[str, tuple[tuple[str, ...], Callable[[bytes], Row]]] = {
    "lines": (("text",), lambda line: (line,)),
    "labelled": (("label", "text"), labelled_row),
    "fasttext": (("label", "text"), fasttext_row),
    "vw": (("label", "text", "importance", "tag"), vowpal_wabbit_row),
}
LINE_FORMATS = tuple(_FORMATS)


def line_batches(source: Source, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield columns of a file with one review a line, as large_string; None is all of them."""
    assert source.format is not None
    names, parse = _FORMATS[source.format]
    chosen = list(names if columns is None else columns)
    for column in chosen:
        if column not in names:
            hint = ""
            if source.format == "lines" and column == "label":
                hint = ' or name the files of each class: train = { positive = "...", ... }'
            problem = missing_column(source, column, list(names))
            raise CorpusError(f"{source.path}: {problem}{hint}")
    n_lines = 0
    with source.open() as file:
        for lines in split_lines(cast("SupportsRead1", file)):
            rows = []
            for number, line in enumerate(lines, n_lines + 1):
                if source.format == "lines" or line.strip():
                    try:
                        rows.append(parse(line))
                    except ValueError as error:
                        raise CorpusError(f"{source.path}, line {number}: {error}") from None
                    _check_importance(source, chosen, rows[-1], number)
            n_lines += len(lines)
            by_column = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
            if rows:
                yield pa.record_batch([texts_of(by_column[name]) for name in chosen], names=chosen)


def _check_importance(source: Source, columns: list[str], row: Row, line: int) -> None:
    """Refuse an importance that a training would lose."""
    if source.format != "vw" or "label" not in columns or "importance" in columns:
        return
    importance = row[2]
    if importance is not None and float(importance) != 1:
        raise CorpusError(
            f"{source.path}, line {line}: the importance {importance.decode()} is not read; "
            f'set {source.dialect.key("weight")} = "importance"'
        )


def labelled_format(source: Source) -> str:
    """Return the format of a text file that has labels, by its first line that is not empty."""
    with source.open() as file:
        start = file.read(1 << 16).lstrip()
    if start.startswith(_PREFIX):
        return "fasttext"
    return "vw" if _VOWPAL_WABBIT.match(start) else "labelled"


def last_field(source: Source) -> str | None:
    """Return what follows the last tab of a file's first line; None if it has no tab."""
    with source.open() as file:
        start = file.read(1 << 16).lstrip().splitlines()
    if not start or b"\t" not in start[0]:
        return None
    return start[0].rpartition(b"\t")[2].decode("utf-8", "replace")


def split_lines(file: SupportsRead1) -> Iterator[list[bytes]]:
    """Yield the lines of an open file without their ends, as many as have arrived."""
    for lines in whole_lines(file):
        yield lines.split(b"\n")[:-1]


def read_lines(
    file: SupportsRead1, name: str, problem: Callable[[], str] = lambda: NOT_UTF8
) -> Iterator[pa.LargeStringArray]:
    """Yield the lines of an open file as texts, while they arrive.

    Parameters
    ----------
    file : binary file, open for reading
        Its `read1` returns what has arrived, so that a slow writer's lines are not held back.
    name : str
        The name of the file in an error.
    problem : callable, optional
        Returns what is wrong with a line that is not valid UTF-8.

    Raises
    ------
    CorpusError
        If a line is not valid UTF-8.
    """
    n_lines = 0
    for lines in whole_lines(file):
        # No Python object a line. A text ends where its line feed was.
        ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n"))
        offsets = np.concatenate(([0], ends - np.arange(len(ends))))
        texts = arrow.of_bytes(lines.replace(b"\n", b""), offsets)
        wrong = undecodable_rows(texts)
        if wrong.any():
            raise CorpusError(f"{name}, line {n_lines + int(wrong.argmax()) + 1}: {problem()}")
        yield texts
        n_lines += len(texts)


def whole_lines(file: SupportsRead1) -> Iterator[bytes]:
    """Yield the bytes of an open file, as many whole lines as have arrived.

    All of them end in a line feed, the last one of the file, too; no carriage return stands before
    it, and no byte-order mark at the start of the file. The parts of a long line are joined when
    it ends, so that none is copied again and again.
    """
    parts: list[bytes] = []
    at_start = True
    while chunk := file.read1(CHUNK):
        end = chunk.rfind(b"\n") + 1
        if not end:
            parts.append(chunk)
            continue
        lines = b"".join((*parts, memoryview(chunk)[:end]))
        parts = [chunk[end:]]
        lines = lines.removeprefix(codecs.BOM_UTF8) if at_start else lines
        # To look for one byte takes a tenth of the time of a search for two.
        yield lines.replace(b"\r\n", b"\n") if b"\r" in lines else lines
        at_start = False
    rest = b"".join(parts)
    rest = rest.removeprefix(codecs.BOM_UTF8) if at_start else rest
    if rest:
        yield rest.removesuffix(b"\r") + b"\n"


def texts_of(values: Iterable[bytes | None]) -> pa.LargeStringArray:
    """Return bytes as texts, which are not checked to be UTF-8; None is null."""
    values = list(values)
    known = [value or b"" for value in values]
    offsets = np.zeros(len(known) + 1, np.int64)
    np.cumsum([len(value) for value in known], out=offsets[1:])
    texts = arrow.of_bytes(b"".join(known), offsets)
    if None not in values:
        return texts
    mask = arrow.mask(np.array([value is not None for value in values], np.bool_))
    return pc.if_else(mask, texts, pa.nulls(len(known), pa.large_string()))


def _shown(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
