"""Array files: safetensors, written as they grow and mapped into memory.

The format's own library reads what is written here, as a test shows, but it writes arrays that
are whole and copies what it reads.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from pipeline.errors import RunError

if TYPE_CHECKING:
    from scipy.sparse import csr_array


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
