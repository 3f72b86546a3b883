"""Lines of an open file: whole, in order, while they arrive, and in time linear in their length."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.files import read_lines
from pipeline.errors import CorpusError

BOM = b"\xef\xbb\xbf"


class Pipe:
    """A file whose bytes arrive in the given parts."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = iter(parts)
        self.n_read = 0

    def read1(self, size: int, /) -> bytes:
        self.n_read += 1
        return next(self.parts, b"")


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def lines(parts: list[bytes]) -> list[str]:
    return [line for texts in read_lines(Pipe(parts), "pipe") for line in texts.to_pylist()]


def split(data: bytes) -> list[str]:
    """Split bytes into lines, all at once."""
    *whole, last = data.removeprefix(BOM).split(b"\n")
    return [line.removesuffix(b"\r").decode() for line in (*whole, *([last] if last else []))]


@given(
    st.lists(st.sampled_from(["\n", "\r\n", "\r", "a", "\0", "\ufeff", "é", "😀", " "])),
    st.integers(1, 5),
)
def test_any_bytes_in_any_parts_are_the_lines_of_the_whole(pieces: list[str], size: int) -> None:
    data = "".join(pieces).encode()
    assert lines(list(cut(data, size))) == split(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (BOM, []),
        (b"\n", [""]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (BOM + b"one\ntwo", ["one", "two"]),
        (b"one\n" + BOM + b"two\n", ["one", "\ufefftwo"]),
        (b"a\0b\n\0\n", ["a\0b", "\0"]),
        (b"one\rtwo\r\r\nthree\r", ["one\rtwo\r", "three"]),
        ("a\u2028b\x85c\n".encode(), ["a\u2028b\x85c"]),
    ],
)
def test_only_a_line_feed_ends_a_line(data: bytes, expected: list[str]) -> None:
    """A carriage return in front of it goes, too; other line breaks of Unicode are text."""
    assert lines([data]) == lines(list(cut(data, 1))) == expected


def test_a_line_is_answered_as_soon_as_it_has_arrived() -> None:
    pipe = Pipe([b"one\ntw", b"o", b"\nthree\nfour\n", b"five"])
    answers = [(texts.to_pylist(), pipe.n_read) for texts in read_lines(pipe, "pipe")]
    assert answers == [(["one"], 1), (["two", "three", "four"], 3), (["five"], 5)]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_line_that_is_not_utf8_is_named_by_its_number_in_any_parts(size: int) -> None:
    data = "é\n\nthree\n".encode() + b"caf\xe9\nfive\n"
    with pytest.raises(CorpusError) as error:
        lines(list(cut(data, size)))
    assert str(error.value) == "pipe, line 4: not valid UTF-8; expected UTF-8 text"


def test_half_a_character_does_not_join_the_other_half_on_the_next_line() -> None:
    with pytest.raises(CorpusError, match="pipe, line 2: not valid UTF-8"):
        lines([b"one\ncaf\xc3\n\xa9\n"])


@pytest.mark.parametrize("last", [b"caf\xc3", b"\xed\xa0\x80", b"\xff"])
def test_a_last_line_that_is_not_utf8_is_named_even_without_its_end(last: bytes) -> None:
    with pytest.raises(CorpusError, match="pipe, line 2: not valid UTF-8"):
        lines([b"one\n", last])


def test_a_long_line_takes_no_longer_than_many_short_ones() -> None:
    """In processor time; 100 times as long if each part is copied with all that came before."""
    size = 1 << 24

    def seconds(line: bytes) -> float:
        parts = list(cut(line * (size // len(line)), 1 << 14))
        start = time.process_time()
        assert sum(len(texts) for texts in read_lines(Pipe(parts), "pipe")) == size // len(line)
        return time.process_time() - start

    short = min(seconds(b"x" * 1023 + b"\n") for _ in range(3))
    long = min(seconds(b"x" * (size - 1) + b"\n") for _ in range(3))
    assert long < 10 * short
