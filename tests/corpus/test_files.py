"""Corpora in files: what is written is read back, and an error names the place of a fault."""

import csv
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from small_corpus import read_corpus

from pipeline.corpus.diagnosis import BLOCK
from pipeline.corpus.files import read_texts
from pipeline.corpus.formats import BATCH
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.places import Place, place_paths
from pipeline.errors import CorpusError

RULE = LabelRule(positive=(1, "pos"), negative=(0, "neg"))
STARS = LabelRule(positive=(), negative=(), positive_from=4, negative_to=2)
Rows = list[tuple[str, int]]
EXPECTED = ": expected *.txt files in the sub-folders pos/ and neg/"

unicode_text = st.text(st.characters(exclude_categories=["Cs"]))
awkward = st.text("a\",\t\n\r'\\{}é😀 \ufeff\u2028\u0085")
labels = st.sampled_from([0, 1])


def write_csv(path: Path, rows: Rows, delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["n", "text", "label"])
        writer.writerows((n, text, label) for n, (text, label) in enumerate(rows))


def write_tsv(path: Path, rows: Rows) -> None:
    write_csv(path, rows, delimiter="\t")


def write_json(path: Path, rows: Rows, ensure_ascii: bool = True) -> None:
    lines = (
        json.dumps({"label": label, "n": n, "text": text}, ensure_ascii=ensure_ascii) + "\n"
        for n, (text, label) in enumerate(rows)
    )
    path.write_bytes("".join(lines).encode())


def write_plain_json(path: Path, rows: Rows) -> None:
    write_json(path, rows, ensure_ascii=False)


def write_parquet(path: Path, rows: Rows) -> None:
    table = {
        "n": range(len(rows)),
        "label": [row[1] for row in rows],
        "text": [r[0] for r in rows],
    }
    parquet.write_table(pa.table(table), path, row_group_size=3)


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "a.csv": write_csv,
    "a.tsv": write_tsv,
    "a.jsonl": write_json,
    "a.ndjson": write_json,
    "a.json": write_plain_json,
    "a.parquet": write_parquet,
}
every_format = pytest.mark.parametrize("name", WRITERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all examples of a property; each overwrites the last."""
    return tmp_path_factory.mktemp("corpus")


def read(path: Path | str, rule: LabelRule = RULE) -> Rows:
    table = read_corpus(path, rule)
    return list(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))


def paths_of(place: Place) -> list[Path]:
    return place_paths(place, RULE)


def all_texts(path: Path) -> list[str]:
    return [text for batch in read_texts(path, "text") for text in batch.to_pylist()]


def refusal(path: Path | str, text: str = "text", label: str = "label") -> str:
    """Return the error that both readers raise for a file, without the file's folder."""
    with pytest.raises(CorpusError) as caught:
        read_corpus(path, RULE, text, label)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message.replace(f"{Path(path).parent}/", "")


def text_refusal(path: Path, text: str = "text") -> str:
    with pytest.raises(CorpusError) as caught:
        list(read_texts(path, text))
    return str(caught.value).replace(f"{path.parent}/", "")


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# What is written comes back.


@every_format
@given(rows=st.lists(st.tuples(unicode_text | awkward, labels), min_size=1, max_size=8))
def test_any_text_comes_back_unchanged_with_its_label(folder: Path, name: str, rows: Rows) -> None:
    if name.endswith("sv"):
        rows = [(text.replace("\0", ""), label) for text, label in rows]
    WRITERS[name](folder / name, rows)
    assert read(folder / name) == rows
    assert all_texts(folder / name) == [text for text, _ in rows]


@given(rows=st.lists(st.tuples(unicode_text | awkward, labels), min_size=1, max_size=8))
def test_a_folder_gives_each_file_as_one_review_labelled_by_its_sub_folder(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows
) -> None:
    root = tmp_path_factory.mktemp("imdb")
    rows = [(text.lstrip("\ufeff"), label) for text, label in [*rows, ("good", 1), ("", 0)]]
    for name in ("pos", "neg", "unsup"):
        (root / name).mkdir()
    (root / "unsup" / "0.txt").write_bytes(b"not read")
    for n, (text, label) in enumerate(rows):
        (root / ("neg", "pos")[label] / f"{n:03}.txt").write_bytes(text.encode())
    assert read(root) == [r for r in rows if r[1] == 1] + [r for r in rows if r[1] == 0]


@given(lines=st.lists(unicode_text.map(lambda text: text.replace("\n", "").rstrip("\r"))))
def test_a_text_file_is_one_text_a_line_and_keeps_empty_lines(
    folder: Path, lines: list[str]
) -> None:
    lines = [line.lstrip("\ufeff") for line in lines]
    for end in ("\n", "\r\n"):
        path = write(folder / "a.txt", "".join(line + end for line in lines).encode())
        assert all_texts(path) == lines


@every_format
def test_a_table_has_two_columns_of_fixed_types(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [("good", 1), ("bad", 0)] * 5000)
    WRITERS[name](tmp_path / f"b{name}", [("last", 1)])
    table = read_corpus(tmp_path / f"*{name}", RULE)
    assert table.schema == pa.schema({"text": pa.large_string(), "label": pa.int8()})
    assert table.num_rows == 10_001
    assert table["text"][-1].as_py() == "last"


@every_format
def test_texts_come_in_batches_of_bounded_size(tmp_path: Path, name: str) -> None:
    texts = [str(n) for n in range(2 * BATCH + 1)]
    WRITERS[name](tmp_path / name, [(text, 1) for text in texts])
    batches = list(read_texts(tmp_path / name, "text"))
    assert all(0 < len(batch) <= BATCH for batch in batches)
    assert {batch.type for batch in batches} == {pa.large_string()}
    assert pa.concat_arrays(batches).to_pylist() == texts


def test_lines_come_in_batches_of_bounded_size(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"x\n" * BATCH + b"last")
    assert [len(batch) for batch in read_texts(path, "text")] == [BATCH, 1]


@every_format
def test_ratings_between_the_thresholds_are_left_out(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [("good", 5), ("so so", 3), ("bad", 1)])
    assert read(tmp_path / name, STARS) == [("good", 1), ("bad", 0)]
    WRITERS[name](tmp_path / name, [("so so", 3)])
    assert read(tmp_path / name, STARS) == []


@every_format
def test_a_text_longer_than_the_default_block_of_pyarrow_is_read(tmp_path: Path, name: str) -> None:
    rows = [("short", 0), ("long, " * 500_000, 1), ("short", 0)]
    WRITERS[name](tmp_path / name, rows)
    assert read(tmp_path / name) == rows


@every_format
def test_labels_and_other_columns_need_not_be_there_for_texts(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [("a", 7)])
    assert all_texts(tmp_path / name) == ["a"]


def test_the_type_of_a_json_label_may_be_any_that_spells_labels(tmp_path: Path) -> None:
    for label in ("1", "1.0", '"1"', '"pos"'):
        path = write(tmp_path / "a.jsonl", b'{"text": "a", "label": %s}\n' % label.encode())
        assert read(path) == [("a", 1)]
    path = write(tmp_path / "a.jsonl", b'{"text":"a","label":5}\n{"text":"b","label":1.5}\n')
    assert read(path, STARS) == [("a", 1), ("b", 0)]
    path = write(tmp_path / "a.jsonl", b'{"text": "a", "label": true}\n')
    assert read(path, LabelRule((True,), (False,))) == [("a", 1)]


def test_other_json_fields_may_be_anything(tmp_path: Path) -> None:
    lines = (
        b'{"x":1,"text":"a","label":1}\n\n{"x":[],"text":"b","label":0}\r\n{"text":"c","label":1}'
    )
    assert read(write(tmp_path / "a.jsonl", lines)) == [("a", 1), ("b", 0), ("c", 1)]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.txt"])
def test_a_byte_order_mark_is_no_part_of_the_content(tmp_path: Path, name: str) -> None:
    content = {
        ".csv": "text,n\na,1",
        ".tsv": "text\tn\na\t1",
        ".json": '{"text":"a"}',
        ".txt": "a",
    }
    path = write(tmp_path / name, b"\xef\xbb\xbf" + content[Path(name).suffix].encode() + b"\r\n")
    assert all_texts(path) == ["a"]


def test_windows_line_ends_within_a_quoted_field_are_kept_and_others_are_not(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.csv", b'text,label\r\n"a\r\nb",1\r\nc,0\r\n')
    assert read(path) == [("a\r\nb", 1), ("c", 0)]


def test_words_that_elsewhere_mean_a_missing_value_are_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"text,label\nNA,1\nnull,0\n,1\n")
    assert read(path) == [("NA", 1), ("null", 0), ("", 1)]


def test_a_quote_within_a_field_without_quotes_is_a_character(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b'text,label\na 5" disk,1\nb,0\n')
    assert read(path) == [('a 5" disk', 1), ("b", 0)]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
    ],
)
def test_every_string_type_of_parquet_is_text(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"label": ["pos", "neg"], "text": pa.array(["a", "b"]).cast(kind)})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [("a", 1), ("b", 0)]


def test_folder_names_with_an_equals_sign_are_not_columns(tmp_path: Path) -> None:
    (tmp_path / "text=x").mkdir()
    write_parquet(tmp_path / "text=x" / "a.parquet", [("a", 1)])
    assert read(tmp_path / "text=x" / "a.parquet") == [("a", 1)]


# Which files a pattern matches.


def touch(root: Path, names: Iterable[str]) -> list[Path]:
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_a_glob_is_read_in_sorted_order_through_any_depth(tmp_path: Path) -> None:
    b, a, c = touch(tmp_path, ["b.csv", "a.csv", "deep/down/c.csv"])
    touch(tmp_path, ["x.json"])
    assert paths_of(str(tmp_path / "*.csv")) == [a, b]
    assert paths_of(str(tmp_path / "**" / "*.csv")) == [a, b, c]


def test_a_file_that_several_names_match_is_read_once(tmp_path: Path) -> None:
    a, b = touch(tmp_path, ["a.csv", "b.csv"])
    names = [str(b), str(tmp_path / "*.csv"), str(b)]
    assert paths_of(names) == [b, a]


def test_what_a_glob_matches_is_a_file_or_a_folder_by_the_way(tmp_path: Path) -> None:
    touch(tmp_path, ["a.csv", "more/b.csv"])
    assert paths_of(str(tmp_path / "*")) == [tmp_path / "a.csv"]
    touch(tmp_path, ["day.csv/part-0.csv"])  # as Spark writes a table
    assert refusal(tmp_path / "*.csv") == "day.csv: cannot be read: expected a file, got a folder"
    shutil.rmtree(tmp_path / "day.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing.csv")
    assert refusal(tmp_path / "*.csv") == "link.csv: cannot be read: No such file or directory"


def test_a_name_with_brackets_is_a_file_before_it_is_a_glob(tmp_path: Path) -> None:
    (path,) = touch(tmp_path, ["a[1].csv"])
    assert paths_of(str(path)) == [path]


def test_a_folder_has_its_positive_then_its_negative_texts_by_name(
    tmp_path: Path,
) -> None:
    expected = touch(tmp_path, ["pos/1_9.txt", "pos/2_7.txt", "neg/0_1.txt", "neg/3_1.txt"])
    touch(tmp_path, ["unsup/5_0.txt", "pos/readme.md"])
    assert paths_of(str(tmp_path)) == expected


def test_a_tilde_is_the_home_and_a_relative_path_starts_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "a.csv", [("good", 1)])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert paths_of("~/a.csv") == [tmp_path / "a.csv"]
    assert paths_of("*.csv") == [Path("a.csv")]
    assert read("~/a.csv") == read("a.csv") == [("good", 1)]
    assert all_texts(Path("~/a.csv")) == ["good"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = "a.csv: no such file; expected a file, a glob, or a folder with pos/ and neg/"
    assert refusal(tmp_path / "a.csv") == message
    assert text_refusal(tmp_path / "a.txt") == (
        "a.txt: cannot read the file: No such file or directory"
    )
    assert text_refusal(tmp_path / "a.csv").startswith("a.csv: cannot read the file: No such file")


def test_a_folder_is_no_file_of_texts(tmp_path: Path) -> None:
    assert text_refusal(tmp_path).endswith("cannot read the file: Is a directory")


def test_a_glob_without_a_match_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "*.csv").startswith("*.csv: no file matches; expected a file, a glob")


@pytest.mark.parametrize("name", ["a.pdf", "a.csv.rar", "a"])
def test_a_file_that_is_no_text_is_named_with_the_extensions_that_are_read(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, b"%PDF\0\0")
    assert refusal(path) == (
        f"{name}: expected an extension of .csv, .tsv, .jsonl, .ndjson, .json, .parquet, .arrow, "
        f".feather, .vw, a text file, or corpus.format; got {path.suffix or 'none'}"
    )


def test_a_folder_needs_both_sub_folders(tmp_path: Path) -> None:
    touch(tmp_path, ["pos/1.txt", "bad/1.txt"])
    assert refusal(tmp_path).endswith(
        f"{EXPECTED}; there is no neg/; set corpus.negative to the names of others: bad/"
    )
    touch(tmp_path, [".git/1.txt", "a.txt", *(f"z{n}/1.txt" for n in range(10))])
    assert refusal(tmp_path).endswith(
        "of others: bad/, z0/, z1/, z2/, z3/, z4/, z5/, z6/, z7/, z8/, ..."
    )


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith(f"{EXPECTED}; the folder is empty")


def test_a_folder_without_other_sub_folders_says_which_is_not_there(tmp_path: Path) -> None:
    touch(tmp_path, ["pos/1.txt", "notes.md"])
    assert refusal(tmp_path).endswith(f"{EXPECTED}; there is no neg/")


def test_a_sub_folder_without_texts_is_named(tmp_path: Path) -> None:
    touch(tmp_path, ["pos/1.txt", "neg/1.csv", "other/1.txt"])
    assert refusal(tmp_path).endswith(": no *.txt files in neg/; expected one a review")


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["a.csv", "b.csv"], "*.csv"),
        (["a.csv", "b.JSONL.GZ", "c.JSONL.GZ", "README.md"], "*.JSONL.GZ"),
        (["a.tsv", "raw.zip", "notes.md", ".cache/b.csv"], "*.tsv"),
    ],
)
def test_a_folder_of_tables_is_told_as_a_glob(
    tmp_path: Path, names: list[str], pattern: str
) -> None:
    folder = tmp_path / "all [2]"
    touch(folder, names)
    message = f"all [2]{EXPECTED}, or the tables in it as all [[]2]/{pattern}"
    assert refusal(folder) == message
    with pytest.raises(CorpusError) as caught:
        place_paths({"pos": str(folder)}, RULE)
    found = f"{tmp_path}/all [[]2]/{pattern}"
    assert str(caught.value) == (
        f"{folder}: the folder holds no *.txt files; for the tables in it write {found}"
    )
    assert {path.suffix for path in place_paths(found, RULE)} == {Path(pattern).suffix}


def test_a_folder_of_found_classes_needs_a_sub_folder(tmp_path: Path) -> None:
    touch(tmp_path, ["notes.md"])
    with pytest.raises(CorpusError, match=r"a sub-folder for each class; there is none$"):
        place_paths(str(tmp_path), LabelRule(found=set()))
    touch(tmp_path, ["fine/a.md"])
    with pytest.raises(CorpusError, match=r"no \*\.txt files in fine/; expected one a review$"):
        place_paths(str(tmp_path), LabelRule(found=set()))


def test_a_text_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    touch(tmp_path, ["pos/1.txt", "neg/1.txt"])
    write(tmp_path / "neg" / "2.txt", "café".encode("latin-1"))
    assert refusal(tmp_path).endswith(
        'neg/2.txt: not valid UTF-8; the bytes are valid cp1252: set corpus.encoding = "cp1252" '
        '(1 of 2 files); or set corpus.drop = ["invalid"] to leave such files out'
    )


# What is wrong with a table is named by its place.


@every_format
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [("a", 1)])
    for message in (
        refusal(tmp_path / name, "review"),
        text_refusal(tmp_path / name, "review"),
    ):
        start, _, there = message.partition("no column 'review'; the columns are ")
        assert start == (f"{name}, line 1: " if name.endswith("sv") else f"{name}: ")
        there, _, help_ = there.partition("; ")
        assert sorted(there.split(", ")) == ["'label'", "'n'", "'text'"]
        assert help_ == "set corpus.text"
    assert refusal(tmp_path / name, "text", "stars").endswith("; set corpus.label")


@every_format
def test_an_unknown_label_is_named_with_its_row(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, [("a", 1), ("b\nc", 0), ("d", 2)])
    message = refusal(tmp_path / name)
    assert message.startswith(f"{name}, row 3: label ")
    assert "is neither positive (1, pos) nor negative (0, neg)" in message


@every_format
def test_an_empty_file_is_named(tmp_path: Path, name: str) -> None:
    (path,) = touch(tmp_path, [name])
    said = {
        ".csv": "the file is empty; expected a header and one text a row",
        ".parquet": "cannot read the file: Parquet file size is 0 bytes",
    }
    said[".tsv"] = said[".csv"]
    expected = said.get(path.suffix, "the file has no rows; expected one text a row")
    assert refusal(path) == text_refusal(path) == f"{name}: {expected}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"text,label\n"),
        ("a.csv", b"text,label"),
        ("a.tsv", b"text\tlabel\r\n\r\n"),
        ("a.json", b"\n \n"),
    ],
)
def test_a_file_without_rows_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    message = f"{name}: the file has no rows; expected one text a row"
    assert refusal(write(tmp_path / name, content)) == message
    assert text_refusal(tmp_path / name) == message


def test_parquet_without_rows_is_named(tmp_path: Path) -> None:
    schema = pa.schema({"text": pa.string(), "label": pa.int8()})
    parquet.write_table(schema.empty_table(), tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet") == (
        "a.parquet: the file has no rows; expected one text a row"
    )


def test_an_empty_text_file_has_no_texts(tmp_path: Path) -> None:
    assert all_texts(write(tmp_path / "a.txt", b"")) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'text,label\n"a\nb",1\n\xff,0\n'),
        ("a.tsv", b"text\tlabel\na\t1\nb\t0\ncaf\xe9\t1\n"),
        ("a.json", b'{"text":"a","label":1}\n\n\n{"text":"\xff","label":1}\n'),
        ("a.json", b'{"text":"a","label":1}\n\n\n{"text":"\xed\xa0\x80","label":1}\n'),
        ("a.txt", b"a\n\nb\n\xff\n"),
    ],
)
def test_text_that_is_not_utf8_is_named_with_its_row_or_line(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = write(tmp_path / name, content)
    rows = {"a.tsv": 3, "a.txt": 4}.get(name, 2)
    place = f"{name}, {'line' if name == 'a.txt' else 'row'} {rows}: not valid UTF-8"
    assert text_refusal(path).startswith(f"{place}; ")
    if name != "a.txt":
        assert refusal(path).startswith(f"{place} (1 of {rows} rows); ")
        assert refusal(path).endswith('corpus.drop = ["invalid"] to leave such rows out')


def test_a_line_that_is_not_utf8_is_counted_through_batches(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"a\n" * BATCH + b"b\n\xff\n")
    assert text_refusal(path).startswith(f"a.txt, line {BATCH + 2}: not valid UTF-8")


def test_parquet_text_that_is_not_utf8_is_named_with_its_row(tmp_path: Path) -> None:
    texts = pa.array([b"a"] * (BATCH + 1) + [b"\xff"]).view(pa.string())
    table = pa.table({"text": texts, "label": [1] * len(texts)})
    parquet.write_table(table, tmp_path / "a.parquet")
    place = f"a.parquet, row {BATCH + 2}: not valid UTF-8"
    assert refusal(tmp_path / "a.parquet").startswith(f"{place} (1 of {BATCH + 2:,} rows); ")
    assert text_refusal(tmp_path / "a.parquet").startswith(f"{place}; ")


def test_a_missing_text_is_named_with_its_row(tmp_path: Path) -> None:
    texts = [*["a"] * (BATCH + 1), None]
    parquet.write_table(
        pa.table({"text": texts, "label": [1] * len(texts)}), tmp_path / "a.parquet"
    )
    assert refusal(tmp_path / "a.parquet") == (
        f"a.parquet, row {BATCH + 2}: the text is missing (1 of {BATCH + 2:,} rows); "
        'set corpus.drop = ["missing"] to leave such rows out'
    )
    lines = b'{"text":"a","label":1}\n{"text":null,"label":1}\n'
    message = (
        "a.json, row 2: the text is missing (1 of 2 rows); "
        'set corpus.drop = ["missing"] to leave such rows out'
    )
    assert refusal(write(tmp_path / "a.json", lines)) == message
    assert text_refusal(tmp_path / "a.json") == (
        "a.json, row 2: the text is missing; expected a string"
    )
    assert refusal(write(tmp_path / "a.json", b'{"text":"a","label":1}\n{"label":1}\n')) == message


def test_a_missing_label_is_named_with_its_row(tmp_path: Path) -> None:
    lines = b'{"text":"a","label":1}\n{"text":"b"}\n'
    assert "a.json, row 2: the label is missing" in refusal(write(tmp_path / "a.json", lines))
    path = write(tmp_path / "a.json", b'{"text":"a","label":null}\n{"text":"a","label":1}\n')
    assert "a.json, row 1: the label is missing (1 of 2 rows); set corpus.drop" in refusal(path)


@pytest.mark.parametrize("values", [[1, 2], [b"a", b"b"], [["a"], ["b"]], [None, None]], ids=str)
def test_a_text_column_that_holds_no_strings_is_named_with_its_type(
    tmp_path: Path, values: list[object]
) -> None:
    table = pa.table({"text": values, "label": [1, 0]})
    parquet.write_table(table, tmp_path / "a.parquet")
    kind = table.schema.field("text").type
    for message in (
        refusal(tmp_path / "a.parquet"),
        text_refusal(tmp_path / "a.parquet"),
    ):
        assert message.startswith(f"a.parquet: column 'text' is of type {kind}".split("<")[0])
        assert message.endswith("; expected a string column")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"5", "a number"),
        (b"true", "true or false"),
        (b'["a"]', "a list"),
        (b"{}", "an object"),
    ],
)
def test_a_json_text_that_is_no_string_is_named_with_its_line(
    tmp_path: Path, value: bytes, kind: str
) -> None:
    path = write(tmp_path / "a.json", b'{"text":"a","label":1}\n{"text":%s,"label":1}\n' % value)
    assert refusal(path) == f"a.json, line 2: 'text' is {kind}; expected a string"
    path = write(tmp_path / "a.json", b'{"text":%s,"label":1}\n' % value)
    assert refusal(path) == f"a.json, line 1: 'text' is {kind}; expected a string"
    assert text_refusal(path) == f"a.json, line 1: 'text' is {kind}; expected a string"


def test_json_labels_of_two_types_are_named_with_the_line_that_changes(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.json", b'{"text":"a","label":1}\n{"text":"b","label":"0"}\n')
    assert refusal(path) == "a.json, line 2: 'label' is a string; expected a number"
    path = write(tmp_path / "a.json", b'{"text":"a","label":[1]}\n')
    assert refusal(path) == (
        "a.json, line 1: 'label' is a list; expected a string, a number, true or false"
    )


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "b", "label": 1',
        b'{"text": "b", "label": 1} x',
        b'{"text": "b\tc", "label": 1}',
        b"{'text': 'b', 'label': 1}",
        b"text,label",
    ],
)
def test_a_malformed_json_line_is_named(tmp_path: Path, line: bytes) -> None:
    good = b'{"text": "a", "label": 1}\n\n'
    for content, number in ((good + line + b"\n" + good, 3), (line, 1)):
        path = write(tmp_path / "a.jsonl", content)
        for message in (refusal(path), text_refusal(path)):
            assert message.startswith(f"a.jsonl, line {number}: malformed JSON (")
            assert message.endswith("; expected one JSON object a line")


@pytest.mark.parametrize(
    ("line", "kind"),
    [(b'["text"]', "a list"), (b"5", "a number"), (b'"a"', "a string")],
)
def test_a_json_line_that_is_no_object_is_named(tmp_path: Path, line: bytes, kind: str) -> None:
    message = f"got {kind}; expected one JSON object a line"
    if kind != "a list":
        assert refusal(write(tmp_path / "a.json", line)) == f"a.json, line 1: {message}"
    path = write(tmp_path / "a.json", b'{"text": "a", "label": 1}\n' + line)
    assert refusal(path) == f"a.json, line 2: {message}"


def test_json_that_is_indented_over_lines_is_refused_at_its_first(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"text": "a", "label": 1}, indent=2))
    assert refusal(path).startswith("a.json, line 1: malformed JSON (")


def test_half_a_character_in_a_json_escape_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b'{"text":"a","label":1}\n{"text":"\\ud83d","label":1}\n')
    assert refusal(path) == (
        "a.json, line 2: an escape of half a surrogate pair; expected whole characters"
    )


def test_a_key_twice_in_a_json_object_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b'{"text":"a","text":"b","label":1}\n')
    assert refusal(path) == ("a.json, line 1: two keys are named 'text'; expected a name for each")


@pytest.mark.parametrize("row", [b"b,1,2", b"b", b"b;1"])
def test_a_row_with_the_wrong_number_of_fields_is_named_with_its_line(
    tmp_path: Path, row: bytes
) -> None:
    path = write(tmp_path / "a.csv", b'text,label\r\n"a\r\na",1\r\n\r\n' + row + b"\r\nc,1\r\n")
    helps = "put a text that holds ',' in double quotes, or set corpus.delimiter"
    if b"," not in row:
        helps = "add the missing ',', or put a text that spans lines in double quotes"
    n_fields = row.count(b",") + 1
    message = f"a.csv, line 5: expected 2 fields as in the header, got {n_fields}; {helps}"
    assert refusal(path) == message
    assert text_refusal(path) == message


@pytest.mark.parametrize("header", [b"text,label\na,1\n", b"label,text\n1,a\n"])
def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(
    tmp_path: Path, header: bytes
) -> None:
    path = write(tmp_path / "a.csv", header + b'1,"b\n1,c\n1,d\n')
    message = (
        "a.csv, line 3: the quoted field that opens here is never closed; expected a closing "
        'quote, or corpus.quoting = "none" if quotes are text in this file'
    )
    assert refusal(path) == message
    assert text_refusal(path) == message


def test_a_field_longer_than_pythons_limit_does_not_hide_the_line_that_is_wrong(
    tmp_path: Path,
) -> None:
    limit = csv.field_size_limit()
    path = write(tmp_path / "a.csv", b"text,label\n" + b"x" * 200_000 + b",1\nb\n")
    assert refusal(path).startswith("a.csv, line 3: expected 2 fields as in the header, got 1; ")
    assert csv.field_size_limit() == limit


def test_a_row_too_long_to_read_at_once_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"text,label\na,1\n" + b"x" * (2 * BLOCK) + b",1\n")
    assert refusal(path) == "a.csv: a row is longer than the 8 MiB that are read at once"


@pytest.mark.parametrize("content", [b"text,label\na,1\n", b"PAR1" + b"x" * 50 + b"PAR1"])
def test_a_file_that_is_not_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    message = refusal(write(tmp_path / "a.parquet", content))
    assert message.startswith("a.parquet: cannot read the file: ")
    assert "arquet" in message.removeprefix("a.parquet")


def test_parquet_cut_off_or_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_parquet(path, [("a" * 100, 1)] * 100)
    content = path.read_bytes()
    write(path, content[:-100])
    assert refusal(path).startswith("a.parquet: cannot read the file: ")
    write(path, b"PAR1" + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    assert refusal(path).startswith("a.parquet: cannot read the file: ")


def test_the_file_of_a_glob_that_is_wrong_is_the_one_that_is_named(
    tmp_path: Path,
) -> None:
    write_csv(tmp_path / "a.csv", [("a", 1)])
    write_csv(tmp_path / "b.csv", [("a", 1), ("b", 9)])
    assert refusal(tmp_path / "*.csv").startswith("b.csv, row 2: label '9'")


@pytest.mark.parametrize(("name", "comma"), [("a.csv", ","), ("a.tsv", "\t")])
def test_a_pair_of_stray_quotes_does_not_swallow_the_rows_between(tmp_path, name, comma):
    """To a lenient reader the rows from one quote to the next are one field."""
    rows = [f"plain {k}{comma}{k % 2}" for k in range(30)]
    rows[4] = f'"loud" he said{comma}1'
    rows[7] = f'"Begins with a quote{comma}1'
    rows[20] = f'"begins with another{comma}0'
    (tmp_path / name).write_text(f"text{comma}label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"{name}, line 6: a quote opens a field that has"):
        read_corpus(tmp_path / name, RULE)
