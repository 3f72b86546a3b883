"""The files of a run: the only reader and writer of each format.

Arrays are safetensors, tables are Arrow or Parquet, facts are JSON, word lists are
text. Nothing is pickled, so nothing runs code when it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import RunError
from pipeline.storage import arrow

if TYPE_CHECKING:
    pass

FORMAT_VERSION = 1


def check_format(facts: Mapping[str, Any], where: Path) -> None:
    """Refuse what another version of the format has written."""
    found = facts.get("format_version")
    if found != FORMAT_VERSION:
        raise RunError(
            f"{where}: expected format version {FORMAT_VERSION}, got {found}; "
            "use the version that wrote it, or choose another folder with --run"
        )


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, whole or not at all; NaN becomes null."""
    plain = null_for_nan(value)
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def null_for_nan(value: Any) -> Any:
    """Return a value as JSON can hold it: what is undefined is NaN in Python, null there."""
    if isinstance(value, Mapping):
        return {key: null_for_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [null_for_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path}: no such file; is this a run folder?") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def write_words(path: Path, words: pa.LargeStringArray) -> None:
    """Write words, none of which holds a line break, one a line."""
    data, offsets = arrow.buffers(words)
    line_ends = offsets[1:] - offsets[0] + np.arange(len(words))
    lines = np.empty(int(offsets[-1] - offsets[0]) + len(words), np.uint8)
    in_word = np.ones(len(lines), bool)
    in_word[line_ends] = False
    lines[in_word] = data[offsets[0] : offsets[-1]]
    lines[line_ends] = ord("\n")
    path.write_bytes(lines.data)


def read_words(path: Path) -> pa.LargeStringArray:
    """Read what `write_words` wrote."""
    try:
        lines = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    in_word = lines != ord("\n")
    line_ends = np.flatnonzero(~in_word)
    offsets = np.zeros(len(line_ends) + 1, np.int64)
    offsets[1:] = line_ends - np.arange(len(line_ends))
    return arrow.of_bytes(lines[in_word], offsets)


def write_batches(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a table as an Arrow file, a record batch at a time as they come."""
    with pa.ipc.new_file(str(path), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def read_table(path: Path) -> pa.Table:
    """Map an Arrow file into memory, as a table that has a chunk for each record batch.

    A chunk is read without a copy, and only once it is used; joining chunks copies them.
    """
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of an Arrow file, holding no more than the one in use.

    What is mapped stays in memory as long as there is room; this is for going through a
    large table once.
    """
    try:
        with pa.OSFile(str(path)) as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def tsv(table: pa.Table) -> bytes:
    """Return columns of text and numbers as tab-separated lines under a line of their names.

    Values must hold no tab and no line break; words hold no white space but the
    spaces between the tokens of an n-gram.
    """
    tab, newline = arrow.scalar("\t"), arrow.scalar("\n")
    columns = [column.combine_chunks().cast(pa.large_string()) for column in table.columns]
    lines = pc.binary_join_element_wise(*columns, tab)
    whole = pa.LargeListArray.from_arrays(arrow.numbers(np.array([0, len(lines)])), lines)
    head = ("\t".join(table.column_names) + "\n").encode()
    return b"".join((head, pc.binary_join(whole, newline)[0].as_buffer(), b"\n"))


def write_tsv(path: Path, table: pa.Table) -> None:
    """Write a table as `tsv` gives it."""
    path.write_bytes(tsv(table))


def read_tsv(path: Path, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Read what `write_tsv` wrote; `types` gives each column's type."""
    from pyarrow import csv

    try:
        return csv.read_csv(
            str(path),
            # A block must hold the longest line, and a token may be of any length.
            read_options=csv.ReadOptions(block_size=max(1 << 20, path.stat().st_size)),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types)),
        ).combine_chunks()
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
