"""Bytes of any encoding to UTF-8, in pieces of any size."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.dialect import Dialect
from pipeline.corpus.encoding import ArrivingText, guessed_encoding
from pipeline.corpus.files import read_texts
from pipeline.errors import CorpusError

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "shift_jis"]
characters = st.sampled_from("ab é\n")


class Pieces:
    """A stream whose bytes arrive in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def read1(self, size: int, /) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def all_of(stream: ArrivingText) -> bytes:
    return b"".join(iter(lambda: stream.read1(99), b""))


@given(
    text=st.text(st.sampled_from("abé\n"), min_size=1),
    encoding=st.sampled_from(ENCODINGS),
    cuts=st.lists(st.integers(0, 30)),
)
def test_text_that_arrives_in_pieces_is_that_of_the_whole(
    text: str, encoding: str, cuts: list[int]
) -> None:
    text = text.replace("é", "ア") if encoding == "shift_jis" else text
    data = text.encode(encoding)
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    has_mark = encoding in ("utf-8-sig", "utf-16", "utf-32")
    stream = ArrivingText(Pieces(pieces), "latin-1" if has_mark else encoding)
    assert all_of(stream).decode() == text


def test_what_cannot_be_decoded_is_not_utf8_either() -> None:
    for data, encoding in ((b"a\xffb", "ascii"), (b"a\0\xd8", "utf-16-le"), (b"\x81 a", "cp1252")):
        with pytest.raises(UnicodeDecodeError):
            all_of(ArrivingText(Pieces([data]), encoding)).decode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "U16"])
def test_an_encoding_that_needs_a_mark_is_refused_without_one(
    tmp_path: Path, encoding: str
) -> None:
    said = "expects a byte-order mark, and there is none; expected utf-"
    with pytest.raises(CorpusError, match=f"^standard input: encoding .* {said}"):
        all_of(ArrivingText(Pieces([b"good", b" film"]), encoding))
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\ngood film\n")
    with pytest.raises(CorpusError, match=rf"a\.csv: encoding .* {said}"):
        list(read_texts(path, "text", Dialect(encoding=encoding)))
    assert all_of(ArrivingText(Pieces([]), encoding)) == b""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Le café est très bon".encode("cp1252"), "cp1252"),
        ("“It’s” a façade – naïve".encode("cp1252"), "cp1252"),  # noqa: RUF001
        ("good film".encode("utf-16-le"), "utf-16-le"),
        ("good film".encode("utf-16-be"), "utf-16-be"),
        ("房间很干净服务很好".encode("gb18030"), None),
        ("очень хороший фильм".encode("cp1251"), None),
        ("Le café est très bon, déjà vu".encode() + b"\xe9", None),
        (b"a\x81b", None),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", None),
        (b"plain", None),
        (b"PK\3\4" + bytes(100), None),
    ],
)
def test_an_encoding_is_guessed_only_where_the_text_looks_like_it(
    data: bytes, expected: str | None
) -> None:
    assert guessed_encoding(data) == expected
