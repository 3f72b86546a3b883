"""The files of a run: the only reader and writer of each format.

Arrays are safetensors, tables are Arrow or Parquet, facts are JSON, word lists are
text. Nothing is pickled, so nothing runs code when it is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import arrow
from pipeline.errors import RunError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

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


class ArrayWriter:
    """Writes named arrays as safetensors, each as it grows.

    The first goes straight to its place in the file. The others wait, in memory while they
    are small and in a file without a name when they are not, and are joined to it in the end.

    Parameters
    ----------
    path : Path
    **dtypes : dtype
        The type of each array, by name.
    """

    def __init__(self, path: Path, **dtypes: npt.DTypeLike) -> None:
        self.path = path
        self.dtypes = {name: np.dtype(dtype) for name, dtype in dtypes.items()}

    def __enter__(self) -> Self:
        self.sizes = dict.fromkeys(self.dtypes, 0)
        first, *others = self.dtypes
        self.files: dict[str, Any] = {first: self.path.open("wb")}
        self.files[first].seek(_HEADER)
        for name in others:
            self.files[name] = SpooledTemporaryFile(_SMALL, dir=str(self.path.parent))
        return self

    def append(self, name: str, part: np.ndarray) -> None:
        """Write the next items of an array."""
        self.files[name].write(np.ascontiguousarray(part, self.dtypes[name]).data)
        self.sizes[name] += part.size

    def __exit__(self, kind: object, *_: object) -> None:
        whole, *others = self.files.values()
        if kind is None:
            for other in others:
                other.seek(0)
                shutil.copyfileobj(other, whole, 1 << 20)
            whole.seek(0)
            whole.write(_header({n: (self.dtypes[n], (s,)) for n, s in self.sizes.items()}))
        for file in self.files.values():
            file.close()
        if kind is not None:
            self.path.unlink()


# Bytes of an array that may wait in memory to be written.
_SMALL = 1 << 22
# Bytes of the head of a safetensors file as it is written here: enough for all, and arrays
# begin where their items are aligned.
_HEADER = 512
# The types of safetensors that are used here, and NumPy's.
_DTYPES = {"U8": "u1", "I32": "<i4", "I64": "<i8", "U64": "<u8", "F32": "<f4", "F64": "<f8"}


def _header(arrays: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> bytes:
    """Return the head of a safetensors file: its length, and what arrays follow."""
    entries, start = {}, 0
    for name, (dtype, shape) in arrays.items():
        kind = next(kind for kind, known in _DTYPES.items() if dtype == np.dtype(known))
        end = start + dtype.itemsize * math.prod(shape)
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": (start, end)}
        start = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text = text.ljust(_HEADER - 8)
    return len(text).to_bytes(8, "little") + text


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as safetensors."""
    with path.open("wb") as file:
        file.write(_header({name: (array.dtype, array.shape) for name, array in arrays.items()}))
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).data)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Map the arrays of a safetensors file into memory; they are read as they are used."""
    try:
        content = np.memmap(path, np.uint8, "r")
        n = int.from_bytes(content[:8].tobytes(), "little")
        entries = json.loads(content[8 : 8 + n].tobytes())
        arrays = {}
        for name, entry in entries.items():
            if name != "__metadata__":
                start, end = entry["data_offsets"]
                items = content[8 + n + start : 8 + n + end].view(_DTYPES[entry["dtype"]])
                arrays[name] = items.reshape(entry["shape"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    return arrays


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


def write_counts(
    path: Path, blocks: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]], n_columns: int
) -> int:
    """Write a CSR matrix as safetensors, block of rows by block, as they come.

    Parameters
    ----------
    path : Path
    blocks : iterable of triplets
        Counts, columns, and where each row begins in its block and the last one ends.
    n_columns : int

    Returns
    -------
    int
        The number of non-zeros.
    """
    dtypes = {"indices": np.int32, "data": np.float32, "indptr": np.int64, "shape": np.int64}
    n_rows = n_nonzeros = 0
    with ArrayWriter(path, **dtypes) as file:
        file.append("indptr", np.zeros(1))
        for data, indices, indptr in blocks:
            file.append("data", data)
            file.append("indices", indices)
            file.append("indptr", indptr[1:] + n_nonzeros)
            n_rows, n_nonzeros = n_rows + len(indptr) - 1, n_nonzeros + len(data)
        file.append("shape", np.array([n_rows, n_columns]))
    return n_nonzeros


def read_counts(path: Path) -> csr_array:
    """Map what `write_counts` wrote into memory."""
    from scipy.sparse import csr_array

    arrays = read_arrays(path)
    try:
        indices, indptr = arrays["indices"], arrays["indptr"]
        # scipy asks for one type of both, and would else copy the larger one.
        if indptr[-1] <= np.iinfo(np.int32).max:
            indptr = indptr.astype(np.int32)
        counts = csr_array((arrays["data"], indices, indptr), tuple(arrays["shape"].tolist()))
    except (KeyError, ValueError, IndexError) as error:
        raise RunError(f"{path}: expected the arrays of a sparse matrix: {error}") from None
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as an Arrow file of one record batch."""
    write_batches(path, table.schema, table.combine_chunks().to_batches())


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
