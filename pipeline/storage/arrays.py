"""Safetensors files: written in parts, mapped into memory; CSR counts.

The `safetensors` library can read these files, as a test checks. It is not used here, because it
only writes complete arrays and copies what it reads.
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
# The dtypes that are used here: safetensors' name, and NumPy's.
_DTYPES = {"U8": "u1", "I32": "<i4", "I64": "<i8", "U64": "<u8", "F32": "<f4", "F64": "<f8"}


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


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Map the arrays of a safetensors file into memory; they are read when they are used."""
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
    """Write a CSR matrix to a safetensors file, one block of rows after the other.

    Parameters
    ----------
    path : Path
    blocks : iterable of (data, indices, indptr)
        The CSR arrays of each block.
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
    """Map the matrix that `write_counts` wrote into memory."""
    from scipy.sparse import csr_array

    arrays = read_arrays(path)
    try:
        indices, indptr = arrays["indices"], arrays["indptr"]
        # scipy wants indices and indptr of one type, and would otherwise copy the larger one.
        if indptr[-1] <= np.iinfo(np.int32).max:
            indptr = indptr.astype(np.int32)
        counts = csr_array((arrays["data"], indices, indptr), tuple(arrays["shape"].tolist()))
    except (KeyError, ValueError, IndexError) as error:
        raise RunError(f"{path}: expected the arrays of a sparse matrix: {error}") from None
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts
