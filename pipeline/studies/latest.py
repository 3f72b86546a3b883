"""The last value that was computed, kept for the next task of the same process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Keeps a value with its key until another key is asked for; several threads may ask.

    It is pickled without the value.

    Examples
    --------
    >>> latest = Latest()
    >>> latest.get("a", lambda: print("computed") or 1)
    computed
    1
    >>> latest.get("a", lambda: print("computed") or 1)
    1
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Any, Value] | None = None

    def get(self, key: Any, compute: Callable[[], Value]) -> Value:
        """Return the value of a key. It is computed unless the last call had an equal key."""
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = None  # not in memory while the next one is computed
                self._kept = key, compute()
            return self._kept[1]

    def __reduce__(self) -> tuple[type[Latest[Any]], tuple[()]]:
        return Latest, ()
