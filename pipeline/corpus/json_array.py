"""A JSON array of objects, read a piece of the file at a time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from pipeline.corpus.source import Source

_PIECE = 1 << 20  # characters
_SPACE = re.compile(r"[ \t\n\r]*")
_EXPECTED = "expected an array of JSON objects"


class DuplicateKeyError(ValueError):
    """An object has two keys of one name."""


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of its pairs, as the json module calls it; refuse a key that is there twice.

    >>> unique_keys([("a", 1), ("b", 2)])
    {'a': 1, 'b': 2}
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise DuplicateKeyError(f"two keys are named {twice!r}; expected a name for each")
    return found


def array_objects(source: Source) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the line of each object and the object, or at last what is wrong.

    Bytes that are not UTF-8 become lone surrogates, as the error handler "surrogateescape" of
    Python has it.
    """
    with io.TextIOWrapper(source.open(), "utf-8", "surrogateescape", newline="") as file:
        text = _Pieces(file)
        text.skip_space()
        if text.take() != "[":
            yield text.line, f"malformed JSON; {_EXPECTED}"
            return
        text.skip_space()
        if text.peek() == "]":
            text.take()
        else:
            while True:
                line = text.line
                found = text.value()
                yield line, found
                if isinstance(found, str):
                    return
                text.skip_space()
                mark = text.take()
                if mark == "]":
                    break
                if mark != ",":
                    what = f"{mark!r} after an object" if mark else "the end of the file"
                    yield text.line, f"malformed JSON ({what}); expected a comma or a closing ]"
                    return
                text.skip_space()
        text.skip_space()
        if text.peek():
            yield text.line, f"malformed JSON (text after the array); {_EXPECTED}"


class _Pieces:
    """The text of a file from a place on, of which as much is held as is needed."""

    def __init__(self, file: TextIO) -> None:
        self.line = 1
        self._file, self._text, self._place, self._at_end = file, "", 0, False
        self._decode = json.JSONDecoder(object_pairs_hook=unique_keys).raw_decode

    def peek(self) -> str:
        """Return the next character; an empty string at the end."""
        while self._place == len(self._text) and not self._at_end:
            self._more(_PIECE)
        return self._text[self._place : self._place + 1]

    def take(self) -> str:
        """Return the next character and move on."""
        found = self.peek()
        self._move(self._place + len(found))
        return found

    def skip_space(self) -> None:
        """Move to the next character that is no white space."""
        while self.peek():
            match = _SPACE.match(self._text, self._place)
            self._move(match.end() if match else self._place)
            if self._place < len(self._text):
                return

    def value(self) -> dict[str, Any] | str:
        """Return the object that begins here and move behind it, or return what is wrong."""
        if self.peek() != "{":
            what = f"got {self.peek()!r}" if self.peek() else "the end of the file"
            return f"malformed JSON ({what} in the array); {_EXPECTED}"
        while True:
            try:
                found, end = self._decode(self._text, self._place)
            except json.JSONDecodeError as error:
                # Most errors near the end of what was read come from its end.
                is_cut = "Unterminated" in error.msg or error.pos > len(self._text) - 64
                if is_cut and not self._at_end:
                    self._more(len(self._text))
                    continue
                self._move(error.pos)
                return f"malformed JSON ({error.msg}); {_EXPECTED}"
            except DuplicateKeyError as error:
                return str(error)
            except (ValueError, RecursionError) as error:
                return f"malformed JSON ({error}); {_EXPECTED}"
            self._move(end)
            return dict(found)

    def _move(self, place: int) -> None:
        self.line += self._text.count("\n", self._place, place)
        self._place = place

    def _more(self, size: int) -> None:
        piece = self._file.read(max(size, _PIECE))
        self._at_end = not piece
        self._text, self._place = self._text[self._place :] + piece, 0
