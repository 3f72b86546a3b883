"""Read and write JSON, word lists, Arrow tables and TSV; digests of files.

Tables are Arrow or Parquet, word lists and small tables are text, everything else is JSON; array
files are in `arrays`. Nothing is pickled, so nothing runs code when it is read. A reader takes
regular files only, and checks what it reads.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.boundary.paths import read_regular, regular
from pipeline.errors import RunError
from pipeline.storage import arrow
from pipeline.storage.replacing import replacing

FORMAT_VERSION = 1
# The largest JSON file that is read, in bytes. The values of one take up to 30 times its size.
LARGEST_JSON = 1 << 26
# Rows of a table that are lines at a time.
_BLOCK = 1 << 16
# How a formula begins in a spreadsheet, apostrophes before it apart, and which bytes can be first.
_FORMULA = r"^('*[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
_OPENING = np.isin(np.arange(256), list(b"=+-@\t\r\n'\xef"))


def check_format(
    content: Mapping[str, Any], where: Path, versions: tuple[int, ...] = (FORMAT_VERSION,)
) -> None:
    """Refuse the content of a file that another version of the format has written."""
    found = content.get("format_version")
    if found not in versions:
        raise RunError(
            f"{where}: expected format version {versions[-1]}, got {found}; "
            "use the version that wrote it, or choose another folder with --run"
        )


def identity(path: Path) -> tuple[int, int, int, int]:
    """Return what differs between two files, and changes when a file is written to.

    A file keeps it under another name.
    """
    status = regular(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def digest(path: Path) -> str:
    """Return the XXH3-128 digest of a file in hexadecimal.

    It tells whether a file is the one that was written, at the speed of memory. Against someone
    who makes a file for a digest, only `sha256` helps.
    """
    return _digest(path, xxhash.xxh3_128)


def sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal."""
    return _digest(path, "sha256")


def _digest(path: Path, algorithm: Any) -> str:
    regular(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None


def digest_of(value: Any) -> str:
    """Return the XXH3-128 digest of a JSON value in hexadecimal; NaN counts as null.

    >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    True
    """
    text = json.dumps(null_for_nan(value), sort_keys=True)
    found: str = xxhash.xxh3_128_hexdigest(text.encode())
    return found


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with replacing(path) as file:
        file.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON atomically; NaN becomes null."""
    plain = null_for_nan(value)
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def null_for_nan(value: Any) -> Any:
    """Return a value with None for every NaN, because JSON has null but not NaN.

    Examples
    --------
    >>> null_for_nan({"recall": float("nan"), "n": (1, 2)})
    {'recall': None, 'n': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {key: null_for_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [null_for_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def read_json(path: Path, largest: int = LARGEST_JSON) -> dict[str, Any]:
    """Read a JSON object from a file of at most `largest` bytes."""
    try:
        path.stat()
    except FileNotFoundError:
        raise RunError(f"{path}: no such file; is this a run folder?") from None
    except (OSError, ValueError):
        pass  # told by the next line
    content = read_regular(path, largest)
    try:
        value = json.loads(content.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        raise RunError(f"{path}: cannot be read: nested too deep") from None
    except ValueError as error:  # of a number with thousands of digits, Python says how to allow it
        reason = str(error).partition("; use sys.")[0]
        raise RunError(f"{path}: cannot be read: {reason}") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def _refuse_constant(name: str) -> None:
    """Refuse NaN and infinities, which JSON has not and `json` reads."""
    raise ValueError(f"expected JSON, got {name}")


def write_words(path: Path, words: pa.LargeStringArray) -> None:
    """Write words, one a line. None may hold a line break."""
    path.write_bytes(_lines(words))


def read_words(path: Path) -> pa.LargeStringArray:
    """Read the words that `write_words` wrote."""
    regular(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    whole = arrow.of_bytes(text, np.array([0, len(text)]))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    if text and not text.endswith(b"\n"):
        raise RunError(f"{path}: cannot be read: no line break behind the last word")
    return pc.split_pattern(whole, "\n").flatten()[:-1]


def _lines(lines: pa.LargeStringArray) -> bytes:
    """Return strings as text, one a line."""
    if not len(lines):
        return b""
    whole = pa.LargeListArray.from_arrays(arrow.numbers(np.array([0, len(lines)])), lines)
    return b"".join((pc.binary_join(whole, arrow.scalar("\n"))[0].as_buffer(), b"\n"))


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write record batches to an Arrow file as they come."""
    with pa.ipc.new_file(str(path), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def validate_table(path: Path) -> None:
    """Refuse an Arrow file whose offsets or texts are not valid."""
    try:
        read_table(path).validate(full=True)
    except pa.ArrowInvalid as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def read_table(path: Path) -> pa.Table:
    """Map an Arrow file into memory, as a table with one chunk for each record batch.

    A chunk is read when it is used, and is not copied. To combine chunks copies them. The file is
    taken as it is: `Run.output` checks one that another process may have written.
    """
    regular(path)
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of an Arrow file, of which only one is in memory at a time.

    This is the way to go through a large table once. A mapped table (`read_table`) would stay
    in memory as long as there is room.
    """
    try:
        with pa.OSFile(str(path)) as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def tsv(table: pa.Table) -> bytes:
    r"""Return columns of strings and numbers as tab-separated lines under a header.

    Values must hold no tab and no line break. The words of a vocabulary hold none, because their
    only white space is the space between two tokens.

    Examples
    --------
    >>> tsv(pa.table({"word": ["good"], "weight": [1.5]}))
    b'word\tweight\ngood\t1.5\n'
    """
    return b"".join(_tsv_blocks(table))


def _tsv_blocks(table: pa.Table) -> Iterator[bytes]:
    yield ("\t".join(table.column_names) + "\n").encode()
    for start in range(0, table.num_rows, _BLOCK):
        columns = table.slice(start, _BLOCK).columns
        yield tsv_lines(*(column.combine_chunks().cast(pa.large_string()) for column in columns))


def for_spreadsheets(table: pa.Table) -> pa.Table:
    r"""Return a table whose texts no spreadsheet takes for a formula.

    A text that begins with one of ``= + - @``, a tab or a line break, or with their full-width
    forms, has an apostrophe before it. So has one that begins with apostrophes before them, so that
    no two texts become one. Numbers stay as they are.

    Examples
    --------
    >>> words = arrow.strings(["=1+1", "good", "'-", "'tis"])
    >>> for_spreadsheets(pa.table({"word": words}))["word"].to_pylist()
    ["'=1+1", 'good', "''-", "'tis"]
    """
    for k, column in enumerate(table.columns):
        if pa.types.is_large_string(column.type):
            texts = column.combine_chunks()
            data, offsets = arrow.buffers(texts)
            # A look at the first bytes is quick, and all that most vocabularies need.
            if _OPENING[data[offsets[:-1][np.diff(offsets) > 0]]].any():
                safe = pc.replace_substring_regex(texts, _FORMULA, r"'\1")
                table = table.set_column(k, table.field(k), safe)
    return table


def tsv_lines(*columns: pa.LargeStringArray) -> bytes:
    r"""Return columns of strings as tab-separated lines.

    >>> tsv_lines(arrow.strings(["good", "bad"]), arrow.strings(["1.5", "-1"]))
    b'good\t1.5\nbad\t-1\n'
    """
    return _lines(pc.binary_join_element_wise(*columns, arrow.scalar("\t")))


def write_tsv(path: Path, table: pa.Table) -> None:
    """Write a table as tab-separated lines atomically, a block of rows at a time."""
    with replacing(path) as file, file.open("wb") as lines:
        lines.writelines(_tsv_blocks(table))


def read_tsv(path: Path, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Read the table that `write_tsv` wrote, given the type of each column."""
    from pyarrow import csv

    # A block must hold the longest line, and a token may be of any length.
    block_size = min(max(1 << 20, regular(path).st_size), (1 << 31) - 1)
    try:
        table = csv.read_csv(
            str(path),
            read_options=csv.ReadOptions(block_size=block_size),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types)),
        ).combine_chunks()
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count:
            raise RunError(f"{path}: cannot be read: a value of column {name!r} is missing")
    return table
