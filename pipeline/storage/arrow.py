"""Arrow arrays of Python's and NumPy's values.

`pyarrow.array` imports pandas, where it is installed, to look whether it was given any
of its objects: a third of a second and 30 MB for nothing. These do not ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def numbers(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return an array of numbers as Arrow sees it, without a copy."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def mask(values: np.ndarray[Any, Any]) -> pa.BooleanArray:
    """Return bools as Arrow packs them."""
    packed = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, packed])


def values(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, Any]:
    """Return numbers, none of them null, as NumPy sees them: without a copy if of one chunk."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    dtype = np.dtype(column.type.to_pandas_dtype())
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype, len(chunk), chunk.offset * dtype.itemsize)
        for chunk in chunks
        if len(chunk)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype), *parts])


def strings(values: Sequence[str]) -> pa.LargeStringArray:
    """Return strings as one buffer of UTF-8 and their offsets.

    Raises
    ------
    TypeError
        If a value is not a `str`; the message names its position and type.

    Examples
    --------
    >>> strings(["a film", ""]).to_pylist()
    ['a film', '']
    >>> strings(["a film", None])
    Traceback (most recent call last):
        ...
    TypeError: texts[1]: expected str, got NoneType
    """
    try:
        encoded = [str.encode(value) for value in values]
    except TypeError:
        where, found = next((i, v) for i, v in enumerate(values) if not isinstance(v, str))
        raise TypeError(f"texts[{where}]: expected str, got {type(found).__name__}") from None
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return of_bytes(b"".join(encoded), offsets)


def scalar(value: str) -> pa.LargeStringScalar:
    """Return a string as Arrow's functions take one."""
    return strings([value])[0]


def of_bytes(data: Any, offsets: np.ndarray[Any, Any]) -> pa.LargeStringArray:
    """Return the strings that lie one after the other in a buffer, without a copy."""
    return pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data)
    )


def buffers(texts: pa.LargeStringArray) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the bytes of strings (uint8) and their offsets (int64), without a copy of either."""
    _, offsets, data = texts.buffers()
    first = np.frombuffer(offsets, np.int64, len(texts) + 1, 8 * texts.offset)
    return np.frombuffer(data if data is not None else b"", np.uint8), first
