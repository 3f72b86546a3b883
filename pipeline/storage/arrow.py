"""Python and NumPy values to Arrow arrays, and back.

`pyarrow.array` imports pandas if it is installed, to look for pandas objects. That takes a third
of a second and 30 MB, so these functions do without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def numbers(values: np.ndarray[Any, Any]) -> pa.Array:
    """Return a NumPy array of numbers as an Arrow array, without a copy."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def mask(values: np.ndarray[Any, Any]) -> pa.BooleanArray:
    """Return a NumPy array of bools as an Arrow array, which packs them into bits."""
    packed = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.BooleanArray.from_buffers(pa.bool_(), len(values), [None, packed])


def mask_values(column: pa.BooleanArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return an Arrow array of bools without nulls as a NumPy array."""
    packed = np.frombuffer(column.buffers()[1] or b"", np.uint8)
    bits = np.unpackbits(packed, bitorder="little", count=column.offset + len(column))
    return bits[column.offset :].view(np.bool_)


def values(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, Any]:
    """Return an Arrow column of numbers without nulls as NumPy array; one chunk is not copied."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    dtype = np.dtype(column.type.to_pandas_dtype())
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype, len(chunk), chunk.offset * dtype.itemsize)
        for chunk in chunks
        if len(chunk)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype), *parts])


def texts(values: Any) -> pa.LargeStringArray | pa.ChunkedArray:
    """Return the texts of a caller as Arrow strings.

    Parameters
    ----------
    values : sequence of str, or Arrow array of strings

    Raises
    ------
    TypeError, ValueError
        If `values` is a single string or not a sequence, or if a text is not a string or not
        valid Unicode. The message names the first such text.

    Examples
    --------
    >>> texts(["a film", ""]).to_pylist()
    ['a film', '']
    >>> texts(["a film", None])
    Traceback (most recent call last):
        ...
    TypeError: texts[1]: expected str, got NoneType
    """
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return _large_strings(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        hint = "; wrap one text in a list" if isinstance(values, str) else ""
        raise TypeError(f"texts: expected a sequence of str, got {type(values).__name__}{hint}")
    values = list(values)
    try:
        return strings(values)
    except (TypeError, UnicodeEncodeError):
        # Only now, because a second look at every text takes time.
        for position, value in enumerate(values):
            if not isinstance(value, str):
                kind = type(value).__name__
                raise TypeError(f"texts[{position}]: expected str, got {kind}") from None
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise ValueError(
                    f"texts[{position}]: expected valid Unicode, got half of a surrogate pair"
                ) from None
        raise


def _large_strings(values: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray | pa.ChunkedArray:
    """Return an Arrow array as large_string; refuse other types and nulls."""
    if values.type not in (pa.large_string(), pa.string(), pa.string_view()):
        raise TypeError(f"texts: expected strings, got an Arrow array of {values.type}")
    if values.null_count:
        position = pc.index(values.is_null(), True).as_py()
        raise TypeError(f"texts[{position}]: expected str, got null")
    return values if values.type == pa.large_string() else values.cast(pa.large_string())


def strings(values: Sequence[str]) -> pa.LargeStringArray:
    """Return strings as one Arrow array."""
    encoded = [str.encode(value) for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return of_bytes(b"".join(encoded), offsets)


def scalar(value: str) -> pa.LargeStringScalar:
    """Return a string as a scalar that Arrow's functions take."""
    return strings([value])[0]


def of_bytes(data: Any, offsets: np.ndarray[Any, Any]) -> pa.LargeStringArray:
    """Return the strings in a buffer of UTF-8, given where each begins and ends, without a copy."""
    return pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data)
    )


def buffers(texts: pa.LargeStringArray) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the bytes (uint8) and the offsets (int64) of strings, without a copy."""
    _, offsets, data = texts.buffers()
    first = np.frombuffer(offsets, np.int64, len(texts) + 1, 8 * texts.offset)
    return np.frombuffer(data if data is not None else b"", np.uint8), first
