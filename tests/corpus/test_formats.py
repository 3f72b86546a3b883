"""Tables of every format, dialect and compression: what is written comes back exactly."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline.corpus.columns import Columns
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches, read_texts
from pipeline.corpus.formats import source_batches, table_batches
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.source import Source
from pipeline.errors import CorpusError

RULE = LabelRule((1,), (0,))
Row = tuple[str, str]


def zipped(data: bytes) -> bytes:
    """Return a zip archive with one member, and what macOS adds to it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/a.csv", data)
        archive.writestr("__MACOSX/folder/._a.csv", b"x")
    return buffer.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    ".zip": zipped,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030")
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")
texts = st.text(characters, max_size=20) | st.text('a",;|\t\n\r é', max_size=8)
names = st.lists(st.text("abcé ", min_size=1, max_size=4), min_size=1, max_size=4, unique=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all examples of a property; each overwrites the last."""
    return tmp_path_factory.mktemp("formats")


def rows_of(path: Path, chosen: list[str] | None = None, **dialect: Any) -> list[dict[str, Any]]:
    batches = list(table_batches(path, chosen, Dialect(**dialect)))
    return [row for batch in batches for row in batch.to_pylist()]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw a table of strings."""
    header = draw(names)
    row = st.lists(texts, min_size=len(header), max_size=len(header))
    return [dict(zip(header, values, strict=True)) for values in draw(st.lists(row, min_size=1))]


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(ENCODINGS),
    suffix=st.sampled_from(sorted(PACKERS)),
    has_header=st.booleans(),
)
def test_what_the_csv_module_writes_comes_back(
    folder: Path,
    table: list[dict[str, str]],
    delimiter: str,
    encoding: str,
    suffix: str,
    has_header: bool,
) -> None:
    header = list(table[0])
    buffer = io.StringIO(newline="")
    # A row of one empty field is an empty line unless it is quoted, and those are no rows.
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    if has_header:
        writer.writerow(header)
    writer.writerows(row.values() for row in table)
    path = folder / f"a.csv{suffix}"
    path.write_bytes(PACKERS[suffix](buffer.getvalue().encode(encoding)))
    stated = encoding if encoding[-2:] in ("le", "be", "30") else None
    found = rows_of(
        path,
        delimiter=delimiter,
        encoding=stated,
        columns=() if has_header else tuple(header),
    )
    assert found == table


@given(
    rows=st.lists(
        st.tuples(
            st.text(characters.filter(lambda c: c not in "\t\r\n"), min_size=1), st.just("1")
        ),
        min_size=1,
    ),
    suffix=st.sampled_from(sorted(PACKERS)),
)
def test_without_quoting_a_quote_is_a_character_and_a_line_a_row(
    folder: Path, rows: list[Row], suffix: str
) -> None:
    path = folder / f"a.tsv{suffix}"
    lines = "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])
    path.write_bytes(PACKERS[suffix](lines.encode()))
    found = rows_of(path, quoting="none", format="tsv")
    assert [(row["text"], row["label"]) for row in found] == rows


values = st.one_of(texts, st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(-9, 9))


@given(
    data=st.data(),
    is_array=st.booleans(),
    indent=st.sampled_from([None, 1]),
    suffix=st.sampled_from(sorted(PACKERS)),
)
def test_what_the_json_module_writes_comes_back(
    folder: Path, data: st.DataObject, is_array: bool, indent: int | None, suffix: str
) -> None:
    keys = data.draw(names)
    kinds = {
        key: data.draw(st.sampled_from([texts, st.booleans(), st.integers(-9, 9)])) | st.none()
        for key in keys
    }
    rows = data.draw(st.lists(st.fixed_dictionaries(kinds), min_size=1, max_size=5))
    path = folder / f"a.json{suffix}"
    if is_array:
        content = json.dumps(rows, indent=indent)
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(PACKERS[suffix](content.encode()))
    assert rows_of(path, format="json") == rows
    assert rows_of(path, keys[:1], format="json") == [{keys[0]: row[keys[0]]} for row in rows]


@given(table=tables(), suffix=st.sampled_from([".parquet", ".arrow", ".feather", ".arrow.gz"]))
def test_what_pyarrow_writes_comes_back(
    folder: Path, table: list[dict[str, str]], suffix: str
) -> None:
    path = folder / f"a{suffix}"
    whole = pa.Table.from_pylist(table)
    if suffix == ".parquet":
        parquet.write_table(whole, path)
    else:
        sink = io.BytesIO()
        new = pa.ipc.new_stream if suffix == ".feather" else pa.ipc.new_file
        with new(sink, whole.schema) as writer:
            writer.write_table(whole, max_chunksize=2)
        path.write_bytes(PACKERS[".gz" if suffix.endswith(".gz") else ""](sink.getvalue()))
    assert rows_of(path) == table
    last = list(table[0])[-1]
    assert rows_of(path, [last]) == [{last: row[last]} for row in table]


def test_values_of_json_without_a_type_of_arrow_are_json_text(tmp_path: Path) -> None:
    rows = [{"a": [1, "é"], "b": 1, "c": None}, {"a": {"x": None}, "b": "1", "c": None, "d": 2.5}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert rows_of(path) == [
        {"a": '[1, "é"]', "b": "1", "c": None, "d": None},
        {"a": '{"x": null}', "b": '"1"', "c": None, "d": 2.5},
    ]


def test_numbers_of_json_keep_whether_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"n": {2**60 + 1}, "x": 1}}\n{{"n": null, "x": 0.5}}\n')
    (batch,) = table_batches(path)
    assert batch.to_pydict() == {"n": [2**60 + 1, None], "x": [1.0, 0.5]}
    assert batch.schema.types == [pa.int64(), pa.float64()]


# Which format a file has.


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_format_is_recognised_under_a_compression_in_training_and_in_predict(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"reviews.csv{suffix}"
    path.write_bytes(PACKERS[suffix](b"text,label\ngood,1\nbad,0\n"))
    table = pa.Table.from_batches(read_batches(str(path), Columns(), RULE))
    assert table.to_pydict() == {"text": ["good", "bad"], "label": [1, 0]}
    assert [text.as_py() for batch in read_texts(path, "text") for text in batch] == ["good", "bad"]
    path = tmp_path / f"lines.txt{suffix}"
    path.write_bytes(PACKERS[suffix](b"good\nbad\n"))
    assert [text.as_py() for batch in read_texts(path, "") for text in batch] == ["good", "bad"]


def test_an_archive_without_another_extension_has_the_format_of_its_member(tmp_path: Path) -> None:
    path = tmp_path / "reviews.zip"
    path.write_bytes(zipped(b"text,label\ngood,1\n"))
    assert rows_of(path) == [{"text": "good", "label": "1"}]


def test_a_stated_format_overrides_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "reviews.txt"
    path.write_bytes(b"text\tlabel\ngood\t1\n")
    assert rows_of(path, format="tsv") == [{"text": "good", "label": "1"}]
    assert rows_of(path, format="csv", delimiter="\\t") == [{"text": "good", "label": "1"}]
    path = tmp_path / "reviews.csv"
    path.write_bytes(b'{"text": "good"}\n')
    assert rows_of(path, format="jsonl") == [{"text": "good"}]


# What is wrong with a file.


def refusal(path: Path, chosen: list[str] | None = None, **dialect: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        rows_of(path, chosen, **dialect)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message.replace(f"{path.parent}/", "")


def text_refusal(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        list(read_texts(path, "text"))
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("suffix", sorted(set(PACKERS) - {""}))
def test_a_packed_file_that_is_cut_off_or_damaged_is_an_error_and_never_an_end(
    tmp_path: Path, suffix: str
) -> None:
    rows = "".join(f"review number {k * 7919 % 10007},{k % 2}\n" for k in range(20_000))
    packed = PACKERS[suffix](f"text,label\n{rows}".encode())
    path = tmp_path / f"a.csv{suffix}"
    middle = len(packed) // 2
    changed = packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :]
    for content in (packed[:-9], packed[:middle], changed, b"text,label\ngood,1\n"):
        path.write_bytes(content)
        # A changed byte may also be text that is wrong, if nothing checks it.
        message = refusal(path, format="csv")
        assert message.startswith((f"a.csv{suffix}: the {suffix} file cannot be unpacked: it is",))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_file_that_was_packed_in_parts_is_read_to_its_end(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(PACKERS[suffix](b"text\nfirst\n") + PACKERS[suffix](b"second\n"))
    assert [row["text"] for row in rows_of(path)] == ["first", "second"]


def test_columns_of_json_as_pandas_writes_them_say_how_to_write_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"text": {"0": "a", "1": "b"}, "label": {"0": 1, "1": 0}}')
    with pytest.raises(CorpusError, match=r'line 1: .* pandas .* orient="records", lines=True\)$'):
        list(read_texts(path, "text"))


def test_an_archive_has_one_member(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    for members in ([], ["a.csv", "b.csv"]):
        with zipfile.ZipFile(path, "w") as archive:
            for member in members:
                archive.writestr(member, b"text\nx\n")
        listed = ", ".join(members) or "none"
        expected = f"a.zip: the archive holds {len(members)} files ({listed}); expected one"
        assert refusal(path) == expected


def test_a_compressed_parquet_file_says_what_to_do(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    assert refusal(path) == (
        "a.parquet.gz: Parquet cannot be read from a compressed file; unpack it"
    )


def test_two_columns_of_one_name_are_refused_in_every_format(tmp_path: Path) -> None:
    message = "two columns are named 'text'; expected a name for each"
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label,text\na,1,b\n")
    assert refusal(path) == refusal(path, ["label"]) == f"a.csv, line 1: {message}"
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, ["text", "label", "text"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet", ["label"]) == f"a.parquet: {message}"
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    assert refusal(tmp_path / "a.arrow", ["label"]) == f"a.arrow: {message}"
    message = "two keys are named 'text'; expected a name for each"
    for content in (b'{"text": "a", "text": "b"}\n', b'[{"text": "a", "text": "b"}]'):
        (tmp_path / "a.json").write_bytes(content)
        assert refusal(tmp_path / "a.json") == f"a.json, line 1: {message}"


@pytest.mark.parametrize("suffix", sorted(set(PACKERS) - {""}))
@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("a.csv", "a.csv"),
        ("a.jsonl", "a.jsonl"),
        ("a.TXT", "a.TXT"),
        ("a.csv.rar", "a.csv"),
        ("a.dat", "a.csv"),
        ("a", "a.csv"),
    ],
)
def test_a_packed_file_of_another_name_is_told_its_name(
    tmp_path: Path, name: str, renamed: str, suffix: str
) -> None:
    path = tmp_path / name
    path.write_bytes(PACKERS[suffix](b"text,label\na,1\n"))
    message = f"{name}: the bytes are those of a {suffix} file; rename it to {renamed}{suffix}"
    assert refusal(path) == text_refusal(path) == message


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a"])
def test_a_workbook_is_to_be_saved_as_csv(tmp_path: Path, name: str) -> None:
    message = f"{name}: an Excel workbook is not read; save its sheet as CSV"
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    assert refusal(path) == text_refusal(path) == message
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    assert refusal(path) == text_refusal(path) == message


@pytest.mark.parametrize("name", ["a.xls", "a.XLSX"])
def test_a_workbook_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x09\x08\0\0" + bytes(range(256)))
    assert refusal(path) == f"{name}: an Excel workbook is not read; save its sheet as CSV"


@pytest.mark.parametrize(
    ("header", "help_"),
    [
        (b"text;label\n", "the columns are 'text;label': is the delimiter ';'? set "),
        (b"text\tlabel\n", r"the columns are 'text\tlabel': is the delimiter a tab? set "),
        (b"a|b|c,d\n", "the columns are 'a|b|c', 'd'; set corpus.text"),
        (b"100,positive,fine\n", "'fine': does the file have no header? name its columns in "),
        (b"x,a longer text of words\n", "does the file have no header? name its columns in "),
        (b"review,stars\n", "the columns are 'review', 'stars'; set corpus.text"),
        ("text,label\n".encode("utf-16-le"), 'file UTF-16? set corpus.encoding = "utf-16-le"'),
        ("text,label\n".encode("utf-16-be"), 'file UTF-16? set corpus.encoding = "utf-16-be"'),
        (bytes(range(256)), "': the file is binary, expected text"),
        ("text,label\n房间很干净服务很好".encode("utf-16-le"), 'set corpus.encoding = "utf-16-le"'),
        ("text\n".encode("utf-16-be"), "the columns are '\\x00t\\x00e\\x00x\\x00t\\x00': is"),
    ],
)
def test_a_header_that_lacks_a_column_is_told_by_what_it_looks_like(
    tmp_path: Path, header: bytes, help_: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(header * 2)
    message = refusal(path, ["text", "label"])
    assert message.startswith("a.csv, line 1: no column 'text'; the columns are ")
    assert help_ in message


def test_what_helps_a_row_of_other_fields_is_told_in_the_words_of_its_dialect(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"text\tlabel\na\t1\nb\tc\t0\n")
    problem = "a.tsv, line 3: expected 2 fields as in the header, got 3; "
    assert refusal(path, ["text"], prefix="--") == (
        f"{problem}put a text that holds a tab in double quotes, or set --delimiter"
    )
    assert refusal(path, ["text"], quoting="none") == (
        f"{problem}put a text that holds a tab in double quotes and set "
        'corpus.quoting = "double", or set corpus.delimiter'
    )


def test_a_column_that_is_spelled_in_another_way_is_suggested(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Text,label \na,1\n")
    assert refusal(path, ["text"]).endswith('; set corpus.text = "Text"')
    with pytest.raises(CorpusError, match=r'; set corpus.label = "label "$'):
        list(source_batches(Source(path, keys={"label": "label"}), ["Text", "label"]))
    assert refusal(path, ["text"], prefix="--").endswith("; set --text Text")


def test_names_for_a_file_that_has_a_header_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\na,1\n")
    assert refusal(path, columns=("text", "label")) == (
        "a.csv, line 1: the file has a header; leave out corpus.columns"
    )
    assert rows_of(path, columns=("a", "b"))[0] == {"a": "text", "b": "label"}


def test_the_names_of_columns_are_cut_in_a_message(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{'x' * 41},{'y' * 40}\na,b\n")
    assert f"'{'x' * 37}...', '{'y' * 40}'" in refusal(path, ["text"])


def test_the_command_line_is_told_of_its_options(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text;label\nx;1\n")
    assert refusal(path, ["text"], prefix="--").endswith("set --delimiter")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('[{"text": "a"}, 5]', "line 1: malformed JSON (got '5' in the array)"),
        ('[{"text": "a"}\n{"text": "b"}]', "line 2: malformed JSON ('{' after an object)"),
        ('[\n{"text": "a"},\n{"text": }]', "line 3: malformed JSON (Expecting value)"),
        ('[\n{"text": "a"},\n', "line 3: malformed JSON (the end of the file in the array)"),
        ('[{"text": "a"}', "line 1: malformed JSON (the end of the file)"),
        ('[{"text": "a"}] x', "line 1: malformed JSON (text after the array)"),
        ('[{"text": "a"},\n{"text": "b', "line 2: malformed JSON (Unterminated string"),
        ('[{"text": "a"},\n{"text": "\\ud83d"}]', "line 2: an escape of half a surrogate pair"),
        ("[]", "the file has no rows"),
    ],
)
def test_what_is_wrong_with_a_json_array_is_named_with_its_line(
    tmp_path: Path, content: str, what: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert what in refusal(path, ["text"])


def test_a_text_of_a_json_array_that_is_no_string_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "a"},\n{"text": 5}]')
    with pytest.raises(CorpusError, match=r"line 2: 'text' is a number; expected a string$"):
        list(read_texts(path, "text"))


def test_a_json_array_is_read_a_piece_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.corpus.json_array._PIECE", 7)
    rows = [{"text": "é" * k, "label": k % 2} for k in range(100)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows, indent=2))
    assert rows_of(path) == rows
