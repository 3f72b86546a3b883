"""Safetensors files: written in parts, and mapped into memory.

The `safetensors` library can read these files, as a test checks. It is not used here, because it
only writes complete arrays and copies what it reads. Its checks are made here as well: a header of
bounded size, arrays of known types that fill the file without a gap and without an overlap. What
they hold is checked before a kernel takes it: native code does not notice an index out of bounds.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pipeline.boundary.paths import regular
from pipeline.errors import RunError


class ArrayWriter:
    """A writer of named arrays as safetensors, to which parts of them are appended.

    The first array goes straight to its place in the file. The others go to temporary files,
    or stay in memory while they are small, and are copied to the file at the end. Use it as a
    context manager; after an error no file is left.

    Parameters
    ----------
    path : Path
    **dtypes : dtype
        The type of each array.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "counts.safetensors"
    >>> with ArrayWriter(path, data=np.float32, indptr=np.int64) as file:
    ...     for part in ([1, 2], [3]):
    ...         file.append("data", np.array(part))
    ...     file.append("indptr", np.array([0, 3]))
    >>> read_arrays(path)["data"].tolist()
    [1.0, 2.0, 3.0]
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
        """Append items to an array."""
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


# Bytes of an array that stay in memory before a temporary file is made.
_SMALL = 1 << 22
# Bytes of the header of a safetensors file, padded so that it always fits and arrays are aligned.
_HEADER = 512
# Bytes of the largest header that is read, and dimensions of an array.
_LARGEST_HEADER, _MOST_DIMENSIONS = 1 << 20, 8
# The dtypes that are used here: safetensors' name, and NumPy's.
_DTYPES = {
    "U8": "u1",
    "I32": "<i4",
    "U32": "<u4",
    "I64": "<i8",
    "U64": "<u8",
    "F32": "<f4",
    "F64": "<f8",
}


def _header(arrays: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> bytes:
    """Return the header of a safetensors file: its length, and a list of the arrays as JSON."""
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
    """Write named arrays to a safetensors file."""
    with path.open("wb") as file:
        file.write(_header({name: (array.dtype, array.shape) for name, array in arrays.items()}))
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).data)


def read_arrays(
    path: Path, **dtypes: npt.DTypeLike | tuple[npt.DTypeLike, int]
) -> dict[str, np.ndarray]:
    """Map the arrays of a safetensors file into memory; they are read when they are used.

    Parameters
    ----------
    path : Path
    **dtypes : dtype, or (dtype, int)
        The arrays that the file must hold, with the number of dimensions if it is not one; any if
        none are given.

    Raises
    ------
    RunError
        If the file is not valid, or holds other arrays.
    """
    size = regular(path).st_size
    try:
        content = np.memmap(path, np.uint8, "r")
        n = int.from_bytes(content[:8].tobytes(), "little")
        if n > min(_LARGEST_HEADER, size - 8):
            raise ValueError(f"a header of {n:,} bytes")
        entries = json.loads(content[8 : 8 + n].tobytes())
        arrays = _mapped(content[8 + n :], entries)
        found = {name: (array.dtype, array.ndim) for name, array in arrays.items()}
        kinds = {name: k if isinstance(k, tuple) else (k, 1) for name, k in dtypes.items()}
        if kinds and found != {name: (np.dtype(dtype), n) for name, (dtype, n) in kinds.items()}:
            raise ValueError(f"expected other arrays than {', '.join(sorted(found)[:9])}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
    return arrays


def _mapped(content: np.ndarray, entries: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays that a header describes; together they must be the whole content."""
    arrays, end = {}, 0
    entries.pop("__metadata__", None)
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        dtype, shape, begin = np.dtype(_DTYPES[entry["dtype"]]), entry["shape"], end
        if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS:
            raise ValueError(f"{name!r}: the shape is no list of at most {_MOST_DIMENSIONS} sizes")
        if not all(type(length) is int and 0 <= length < 1 << 48 for length in shape):
            raise ValueError(f"{name!r}: a shape of other than numbers from 0 to 2^48")
        end = begin + dtype.itemsize * math.prod(shape)
        if entry["data_offsets"] != [begin, end] or end > len(content):
            raise ValueError(f"{name!r}: offsets that leave a gap, overlap, or miss its shape")
        # Copied if the header ends at an odd place.
        items = np.require(content[begin:end].view(dtype), requirements="A")
        arrays[name] = items.reshape(shape)
    if end != len(content):
        raise ValueError("bytes behind the last array")
    return arrays


def scratch(n: int, dtype: npt.DTypeLike, folder: Path | None) -> np.ndarray:
    """Return an array of n items to work with: in memory, or mapped from a file without a name.

    The file is in a folder, or that of temporary files if that one cannot be written to. It ends
    with the array. The system writes it to the disk, and reads it again, as memory is needed.
    """
    if folder is None or n == 0:
        return np.empty(n, dtype)
    with TemporaryFile(dir=folder if os.access(folder, os.W_OK) else None) as file:
        return np.memmap(file, dtype, "w+", shape=n)


def are_offsets(offsets: np.ndarray, n: int) -> bool:
    """Return True if offsets cut n items into parts: they begin at 0, end at n and never fall.

    >>> are_offsets(np.array([0, 2, 2, 5]), 5), are_offsets(np.array([0, 3, 2, 5]), 5)
    (True, False)
    """
    return (
        len(offsets) > 0
        and bool(offsets[0] == 0 and offsets[-1] == n)
        and bool((offsets[1:] >= offsets[:-1]).all())
    )


def are_indices(indices: np.ndarray, n: int) -> bool:
    """Return True if each index is one of 0 to n - 1."""
    return not len(indices) or bool(indices.min() >= 0 and indices.max() < n)
