"""The files of a run: the only reader and writer of each format.

Arrays are safetensors, tables are Arrow or Parquet, facts are JSON, word lists are
text. Nothing is pickled, so nothing runs code when it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array

from pipeline.errors import RunError

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


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as safetensors."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays: dict[str, np.ndarray] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    return arrays


def write_counts(path: Path, counts: csr_array) -> None:
    """Write a CSR matrix as safetensors: its triplet and its shape."""
    write_arrays(
        path,
        {
            "data": counts.data,
            "indices": counts.indices,
            "indptr": counts.indptr,
            "shape": np.array(counts.shape, np.int64),
        },
    )


def read_counts(path: Path) -> csr_array:
    """Read what `write_counts` wrote."""
    arrays = read_arrays(path)
    try:
        triplet = arrays["data"], arrays["indices"], arrays["indptr"]
        counts = csr_array(triplet, tuple(arrays["shape"].tolist()))
    except (KeyError, ValueError) as error:
        raise RunError(f"{path}: expected the arrays of a sparse matrix: {error}") from None
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as an Arrow file of one record batch, so that it is read without a copy."""
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(1, table.num_rows))


def read_table(path: Path) -> pa.Table:
    """Map what `write_table` wrote into memory."""
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def tsv(table: pa.Table) -> bytes:
    """Return columns of text and numbers as tab-separated lines under a line of their names.

    Values must hold no tab and no line break; words hold no white space but the
    spaces between the tokens of an n-gram.
    """
    tab, newline = (pa.scalar(mark, pa.large_string()) for mark in "\t\n")
    columns = [column.combine_chunks().cast(pa.large_string()) for column in table.columns]
    lines = pc.binary_join_element_wise(*columns, tab)
    whole = pa.LargeListArray.from_arrays(pa.array([0, len(lines)], pa.int64()), lines)
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
