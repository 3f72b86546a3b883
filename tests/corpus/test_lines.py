"""One review a line: a label first, fastText, Vowpal Wabbit, and a file for each class."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches, read_texts
from pipeline.corpus.formats import table_batches
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.lines import split_lines
from pipeline.corpus.places import Place
from pipeline.errors import CorpusError

RULE = LabelRule((1, "pos", "positive"), (0, "neg", "negative"))
words = st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=5).filter(
    lambda word: not word.startswith("__label__") and not word.isspace()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all examples of a property; each overwrites the last."""
    return tmp_path_factory.mktemp("lines")


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(
    place: Place, rule: LabelRule = RULE, columns: Columns | None = None, **dialect: Any
) -> list[tuple[Any, ...]]:
    batches = read_batches(place, columns or Columns(), rule, Dialect(**dialect))
    table = pa.Table.from_batches(batches, (columns or Columns()).schema())
    return [tuple(row.values()) for row in table.to_pylist()]


def refusal(place: Place, rule: LabelRule = RULE, **dialect: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        read(place, rule, **dialect)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@given(
    rows=st.lists(
        st.tuples(st.lists(words, min_size=1).map(" ".join), st.sampled_from([0, 1])), min_size=1
    ),
    between=st.sampled_from([" ", "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_label_and_a_text_come_back_from_each_format_of_lines(
    folder: Path, rows: list[tuple[str, int]], between: str, end: str
) -> None:
    lines = end.join(f"{label}{between}{text}" for text, label in rows)
    assert read(str(write(folder / "stsa.binary.train", lines)), format="labelled") == rows
    lines = end.join(f"__label__{label}{between}{text}" for text, label in rows)
    assert read(str(write(folder / "a.txt", lines))) == rows
    assert read_all(folder / "a.txt") == [text for text, _ in rows]
    rows = [(text.translate({ord(":"): "-", ord("|"): "/"}), label) for text, label in rows]
    lines = end.join(f"{label} | {text}" for text, label in rows)
    assert read(str(write(folder / "a.vw", lines))) == rows


def read_all(path: Path) -> list[str]:
    return [text.as_py() for batch in read_texts(path, "text") for text in batch]


@pytest.mark.parametrize("name", ["stsa.binary.train", "reviews.txt", "reviews"])
def test_a_text_file_of_labels_and_texts_is_read_without_a_stated_format(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, "1 a fine | film .\n\n0\tdull , 'long'\npos  so\tso \n1\n")
    assert read(str(path)) == [
        ("a fine | film .", 1),
        ("dull , 'long'", 0),
        ("so\tso ", 1),
        ("", 1),
    ]


def test_a_label_that_no_text_file_should_have_says_how_the_file_was_read(tmp_path: Path) -> None:
    message = refusal(str(write(tmp_path / "a.txt", "text,label\ngood,1\n")))
    assert "a.txt, row 1: label 'text,label' is neither positive (1, pos, positive)" in message
    assert message.endswith("so a line was read as 'labelled': corpus.format states another")


def test_the_labels_of_fasttext_are_known_with_and_without_their_prefix(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "__label__2 good film\n__label__1 bad film\n")
    assert read(str(path), LabelRule((2,), (1,))) == [("good film", 1), ("bad film", 0)]
    by_prefix = LabelRule(("__label__2",), ("__label__1",))
    assert read(str(path), by_prefix) == [("good film", 1), ("bad film", 0)]


def test_several_labels_of_fasttext_are_one_label_and_none_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ft.txt", "__label__1 a\n__label__1 __label__x b\nc\n__label__0 d\n")
    assert "row 3: the label is missing (1 of 4 rows)" in refusal(str(path))
    rule = LabelRule((1,), (0,), drop=("missing",))
    assert "row 2: label '1 x' is neither" in refusal(str(path), rule)
    rule = LabelRule((1,), (0,), drop=("missing",), ignore=("1 x",))
    assert read(str(path), rule) == [("a", 1), ("d", 0)]
    path = write(tmp_path / "b.txt", "__label__1 a __label__x b\n")
    assert "label '1 x' is neither" in refusal(str(path))


def test_vowpal_wabbit_has_an_importance_a_tag_and_namespaces(tmp_path: Path) -> None:
    lines = "1 2.5 'a|t good film |b so so\n-1 'b| bad\n1 1 third|x fine\n"
    path = write(tmp_path / "a.vw", lines)
    columns = Columns(weight="importance", group="tag")
    assert read(str(path), LabelRule((1,), (-1,)), columns) == [
        ("good film so so", 1, "a", 2.5),
        ("bad", 0, "b", 1.0),
        ("fine", 1, "third", 1.0),
    ]
    message = refusal(str(path), LabelRule((1,), (-1,)))
    assert message.endswith(
        'a.vw, line 1: the importance 2.5 is not read; set corpus.weight = "importance"'
    )
    assert read_all(path) == ["good film so so", "bad", "fine"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1 | good:2 film", "feature 'good:2' has a value; expected words alone"),
        ("1 |t:2 good", "namespace 't:2' has a value; expected a name"),
        ("1 good film", "no '|'; expected a label, '|' and the words of a text"),
        ("x y | good", "'x y ' before '|'; expected a label, an importance and a tag"),
    ],
)
def test_a_line_that_vowpal_wabbit_would_read_in_another_way_is_named(
    tmp_path: Path, line: str, what: str
) -> None:
    path = write(tmp_path / "a.vw", f"1 | fine\n{line}\n")
    assert refusal(str(path)) == f"{path}, line 2: {what}"


def test_a_text_file_is_taken_for_vowpal_wabbits_by_its_first_line(tmp_path: Path) -> None:
    path = write(tmp_path / "train.txt", "1 | good film\n0 | bad film\n")
    assert read(str(path)) == [("good film", 1), ("bad film", 0)]


# A file, or a folder, for each class.


def test_a_table_gives_a_file_to_each_class(tmp_path: Path) -> None:
    good = write(tmp_path / "rt.pos", 'good, "film\n\n1 fine\r\n')
    bad = write(tmp_path / "rt.neg.gz", gzip.compress(b"bad\n"))
    place = {"positive": str(good), "negative": [str(bad)]}
    assert read(place) == [('good, "film', 1), ("", 1), ("1 fine", 1), ("bad", 0)]
    rule = LabelRule((1,), (0,), drop=("missing",))
    assert read(place, rule) == [('good, "film', 1), ("1 fine", 1), ("bad", 0)]


def test_the_keys_of_a_table_are_labels_of_the_rule(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.txt", "x\n"))
    rule = LabelRule(("good", 5), ("bad",))
    other = str(write(tmp_path / "b.txt", "y\n"))
    assert read({"good": path, "5": other, "bad": path}, rule) == [("x", 1), ("y", 1), ("x", 0)]
    message = refusal({"nice": path, "bad": path}, rule)
    assert message == (
        "corpus: label 'nice' of the table of files is neither positive (good, 5) nor negative "
        "(bad); set corpus.positive and corpus.negative"
    )


def test_the_files_of_a_class_may_be_globs_tables_and_folders(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write(tmp_path / name, f"text,stars\n{name},4\n")
    (tmp_path / "dull").mkdir()
    write(tmp_path / "dull" / "1.txt", "dull\nand long\n")
    write(tmp_path / "dull" / "2.txt.gz", gzip.compress(b"duller"))
    place = {"positive": str(tmp_path / "*.csv"), "negative": str(tmp_path / "dull")}
    expected = [("a.csv", 1), ("b.csv", 1), ("dull\nand long\n", 0), ("duller", 0)]
    assert read(place) == expected
    columns = Columns(weight="stars")
    assert read({"positive": str(tmp_path / "*.csv")}, columns=columns)[0] == ("a.csv", 1, 4.0)
    with pytest.raises(CorpusError, match="a folder of texts has no column 'stars'"):
        read(place, columns=columns)


def test_a_list_of_files_is_read_in_its_order(tmp_path: Path) -> None:
    names = [str(write(tmp_path / f"{n}.csv", f"text,label\n{n},1\n")) for n in "ba"]
    assert [text for text, _ in read(names)] == ["b", "a"]


@pytest.mark.parametrize(
    ("folders", "rule"),
    [
        ({"positive": 1, "negative": 0}, LabelRule((1,), (0,))),
        ({"good": 1, "fine": 1, "bad": 0}, LabelRule(("good", "fine"), ("bad",))),
        ({"5": 1, "4": 1, "1": 0}, LabelRule((), (), positive_from=4, negative_to=2)),
    ],
)
def test_the_sub_folders_of_a_folder_are_labels_of_the_rule(
    tmp_path: Path, folders: dict[str, int], rule: LabelRule
) -> None:
    for name in (*folders, "unsup", "3"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "1.txt", name)
    rows = sorted(read(str(tmp_path), rule))
    assert rows == sorted(folders.items())


def test_a_file_of_a_folder_that_cannot_be_decoded_is_counted(tmp_path: Path) -> None:
    for name in ("pos", "neg"):
        (tmp_path / name).mkdir()
        for k, content in enumerate((b"caf\xc3\xa9", b"caf\xe9", b"tr\xe8s bon", b" \n")):
            write(tmp_path / name / f"{k}.txt", content)
    message = refusal(str(tmp_path))
    assert message.startswith(f"{tmp_path}/pos/1.txt: not valid UTF-8; the bytes are valid cp1252")
    assert "(2 of 4 files)" in message
    rule = LabelRule((1,), (0,), drop=("invalid", "missing"))
    assert read(str(tmp_path), rule) == [("café", 1), ("café", 0)]
    assert len(read(str(tmp_path), encoding="latin-1")) == 8


def test_lines_without_labels_ask_for_a_file_a_class(tmp_path: Path) -> None:
    message = refusal(str(write(tmp_path / "a.txt", "x\n")), format="lines")
    assert (
        "no column 'label'; the columns are 'text'; set corpus.label or name the files of"
        in message
    )


# The lines of a stream.


@given(pieces=st.lists(st.text("ab\n\r", max_size=6).map(str.encode)))
def test_lines_do_not_depend_on_the_pieces_that_they_arrive_in(pieces: list[bytes]) -> None:
    class Stream:
        def __init__(self) -> None:
            self.pieces = [piece for piece in pieces if piece]

        def read1(self, size: int, /) -> bytes:
            return self.pieces.pop(0) if self.pieces else b""

    found = [line for lines in split_lines(Stream()) for line in lines]
    whole = b"".join(pieces)
    expected = whole.removesuffix(b"\n").split(b"\n") if whole else []
    assert found == [line.removesuffix(b"\r") for line in expected]


def test_all_columns_of_a_format_of_lines_can_be_read(tmp_path: Path) -> None:
    (batch,) = table_batches(write(tmp_path / "a.vw", "1 | good\n"))
    assert batch.to_pylist() == [{"label": "1", "text": "good", "importance": "1", "tag": None}]
