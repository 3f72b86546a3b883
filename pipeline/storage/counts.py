"""Counts on disk: a CSR matrix a shard, joined when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import RunError
from pipeline.storage.arrays import ArrayWriter, are_indices, are_offsets, read_arrays, scratch

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# The arrays of a CSR matrix.
_CSR: dict[str, npt.DTypeLike] = {
    "indices": np.int32,
    "data": np.float32,
    "indptr": np.int64,
    "shape": np.int64,
}
LARGEST_INT32 = (1 << 31) - 1
# Non-zeros that are checked at a time.
_BLOCK = 1 << 22


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
    n_rows = n_nonzeros = 0
    with ArrayWriter(path, **_CSR) as file:
        file.append("indptr", np.zeros(1))
        for data, indices, indptr in blocks:
            file.append("data", data)
            file.append("indices", indices)
            file.append("indptr", indptr[1:] + n_nonzeros)
            n_rows, n_nonzeros = n_rows + len(indptr) - 1, n_nonzeros + len(data)
        file.append("shape", np.array([n_rows, n_columns]))
    return n_nonzeros


@dataclass(frozen=True)
class Counts:
    """A CSR matrix in canonical form: what training and scoring need of SciPy's `csr_array`.

    To import SciPy takes a tenth of a second and 20 MB.

    Attributes
    ----------
    data, indices : float32, int32 arrays, shape (n_nonzeros,)
    indptr : int64 array, shape (n_rows + 1,)
    shape : tuple of int

    Examples
    --------
    >>> counts = Counts(np.float32([2, 1]), np.int32([0, 1]), np.array([0, 1, 2]), (2, 2))
    >>> counts[[1]].toarray().tolist()
    [[0.0, 1.0]]
    """

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]
    has_canonical_format: ClassVar[bool] = True

    @property
    def nnz(self) -> int:
        """The number of non-zeros."""
        return len(self.data)

    def __getitem__(self, rows: Any) -> csr_array:
        """Return some rows."""
        return self.csr()[rows]

    def csr(self) -> csr_array:
        """Return the matrix as SciPy takes it."""
        return csr_of(self.data, self.indices, self.indptr, self.shape)


def read_counts(shards: Path | Sequence[Path]) -> csr_array:
    """Map the matrix of a set into memory for SciPy; see `map_counts`."""
    return map_counts(shards).csr()


def map_counts(shards: Path | Sequence[Path]) -> Counts:
    """Map the matrix of a set into memory, given its shards in order, or the only one.

    Of more than one, the matrix is a copy, mapped from a file without a name in their folder. So
    memory does not grow with it.

    Raises
    ------
    RunError
        If a file is not valid, or does not hold the arrays of a sparse matrix, or the shards have
        different numbers of columns.
    """
    shards = [shards] if isinstance(shards, Path) else shards
    if len(shards) == 1:
        return Counts(*_read(shards[0]))
    read = [_read(path) for path in shards]
    widths = {shape[1] for *_, shape in read}
    if len(widths) != 1:
        raise RunError(f"{shards[0]}: expected shards of one number of columns, got {widths}")
    n, n_rows = (sum(sizes) for sizes in zip(*((len(r[0]), r[3][0]) for r in read), strict=True))
    folder = shards[0].parent
    data, indices = scratch(n, np.float32, folder), scratch(n, np.int32, folder)
    indptr, row, end = scratch(n_rows + 1, np.int64, folder), 0, 0
    for of_data, of_indices, of_indptr, (rows, _) in read:
        np.add(of_indptr, end, out=indptr[row : row + rows + 1])
        start, row, end = end, row + rows, end + len(of_data)
        data[start:end], indices[start:end] = of_data, of_indices
    return Counts(data, indices, indptr, (n_rows, widths.pop()))


def csr_of(
    data: np.ndarray, indices: np.ndarray, indptr: np.ndarray, shape: tuple[int, int]
) -> csr_array:
    """Return a CSR array in canonical form, whose indices stay int32 however many there are.

    SciPy wants indices and indptr of one type. It would copy the indices of more than 2^31
    non-zeros to int64: 8 bytes of memory for each. The kernels take both types as they are.
    """
    from scipy.sparse import csr_array

    if len(data) <= LARGEST_INT32:
        counts = csr_array((data, indices, indptr.astype(np.int32)), shape)
    else:
        counts = csr_array(shape, dtype=data.dtype)
        counts.data, counts.indices, counts.indptr = data, indices, indptr
    counts.has_sorted_indices = counts.has_canonical_format = True
    return counts


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    """Map data, indices and indptr of a file into memory; return them and the shape."""
    arrays = read_arrays(path, **_CSR)
    data, indices, indptr, shape = (arrays[name] for name in ("data", "indices", "indptr", "shape"))
    if (
        len(shape) != 2
        or len(indptr) - 1 != shape[0]
        or len(data) != len(indices)
        or not are_offsets(indptr, len(indices))
        or not _are_columns(indices, indptr, int(shape[1]))
    ):
        raise RunError(f"{path}: expected the arrays of a sparse matrix")
    return data, indices, indptr, (int(shape[0]), int(shape[1]))


def _are_columns(indices: np.ndarray, indptr: np.ndarray, n_columns: int) -> bool:
    """Return True if the columns of each row are within bounds, and ascend."""
    for start in range(0, len(indices), _BLOCK):
        block = indices[start : start + _BLOCK + 1]  # the last one is compared with its next
        rises = block[1:] > block[:-1]
        first, last = np.searchsorted(indptr, [start + 1, start + len(block)])
        # From the last column of a row to the first of the next.
        rises[indptr[first:last] - start - 1] = True
        if not are_indices(block, n_columns) or not rises.all():
            return False
    return True
