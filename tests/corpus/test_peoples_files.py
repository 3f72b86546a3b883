"""Files as people have them, read by a config as they would write it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from small_corpus import read_source_rows

from pipeline.config.checking import checked
from pipeline.config.schema import Config
from pipeline.corpus.tally import Tally
from pipeline.errors import PipelineError
from pipeline.stages.from_config import read_source

GOOD = ("lovely warm soup", "great little phone, works well", "a joy to watch")
BAD = ("cold soup", "awful phone", "tedious story, bad music")
TEXTS = [text for pair in zip(GOOD, BAD, strict=True) for text in pair]
CLASSES = [1, 0] * 3


def read(path: Path, content: str | bytes, **keys: Any) -> tuple[list[str], list[int], Tally]:
    """Write a file and read it as the training reviews of a config."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    section = {"source": "files", "train": str(path), **keys}
    (source,) = read_source(checked({"corpus": section}, Config))
    table, tally = read_source_rows(source)
    return table["text"].to_pylist(), table["label"].to_pylist(), tally


def refusal(path: Path, content: str | bytes, **keys: Any) -> str:
    with pytest.raises(PipelineError) as caught:
        read(path, content, **keys)
    message = str(caught.value).replace(f"{path.parent}/", "")
    assert len(message.splitlines()) == 1
    return message


def table(rows: list[tuple[Any, ...]], delimiter: str = ",", quote: str = '"') -> str:
    """Return rows of which the strings are quoted."""
    lines = (
        delimiter.join(f"{quote}{v}{quote}" if isinstance(v, str) else str(v) for v in row)
        for row in rows
    )
    return "\n".join(lines) + "\n"


ROWS = list(zip(TEXTS, CLASSES, strict=True))


@pytest.mark.parametrize("keys", [{}, {"positive": 1.0, "negative": 0.0}], ids=str)
def test_labels_that_pandas_wrote_as_floats(tmp_path: Path, keys: dict[str, Any]) -> None:
    content = "text,label\n" + table([(text, float(label)) for text, label in ROWS])
    assert read(tmp_path / "a.csv", content, **keys)[:2] == (TEXTS, CLASSES)


def test_labels_that_pandas_wrote_as_truth_values(tmp_path: Path) -> None:
    content = "text,label\n" + table([(text, bool(label)) for text, label in ROWS])
    keys = {"positive": True, "negative": False}
    assert read(tmp_path / "a.csv", content, **keys)[:2] == (TEXTS, CLASSES)


def test_three_classes_of_which_one_is_ignored(tmp_path: Path) -> None:
    names = ["positive", "negative"] * 3 + ["neutral"] * 2
    rows = list(zip([*TEXTS, "so so", "well"], names, strict=True))
    content = "text,sentiment\n" + table(rows)
    assert refusal(tmp_path / "a.csv", content, label="sentiment") == (
        "a.csv, row 7: label 'neutral' is neither positive (1, pos, positive) nor negative "
        "(0, neg, negative) (2 of 8 rows: 'neutral' 2); set corpus.ignore = [\"neutral\"], "
        'or corpus.classes = "found" for a class of each label'
    )
    keys = {"label": "sentiment", "ignore": ["neutral"]}
    texts, labels, tally = read(tmp_path / "a.csv", content, **keys)
    assert (texts, labels) == (TEXTS, CLASSES)
    assert tally.left_out == {"label 'neutral' is ignored": 2}


def test_labels_that_are_missing(tmp_path: Path) -> None:
    content = "text,label\n" + table(ROWS) + '"unsure",\n"odd",nan\n'
    assert refusal(tmp_path / "a.csv", content) == (
        "a.csv, row 7: the label is missing (2 of 8 rows); "
        'set corpus.drop = ["missing"] to leave such rows out'
    )
    for keys in ({"drop": ["missing"]}, {"ignore": ["", "nan"]}):
        texts, labels, tally = read(tmp_path / "a.csv", content, **keys)
        assert (texts, labels) == (TEXTS, CLASSES)
        assert tally.left_out.total() == 2


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_ratings_of_a_shop_of_which_one_has_no_text(tmp_path: Path, suffix: str) -> None:
    records = [
        {"id": "A1", "helpful": [0, 0], "reviewText": text, "overall": 5.0 if label else 1.0}
        for text, label in ROWS
    ]
    records += [{"id": "A1", "overall": 5.0}, {"id": "A2", "reviewText": "mixed", "overall": 3.0}]
    content = "".join(json.dumps(record) + "\n" for record in records).encode()
    packed = gzip.compress(content) if suffix else content
    path = tmp_path / f"amazon.json{suffix}"
    keys = {"text": "reviewText", "label": "overall", "positive_from": 4, "negative_to": 2}
    assert "row 7: the text is missing (1 of 8 rows); set corpus.drop" in refusal(
        path, packed, **keys
    )
    texts, labels, tally = read(path, packed, drop=["missing"], **keys)
    assert (texts, labels) == (TEXTS, CLASSES)
    between = "the rating lies between corpus.negative_to and corpus.positive_from"
    assert tally.left_out == {"the text is missing": 1, between: 1}


def test_text_in_the_encoding_of_windows(tmp_path: Path) -> None:
    texts = [f"{text} at the café" for text in TEXTS]
    content = "text,label\n" + table(list(zip(texts, CLASSES, strict=True)))
    encoded = content.encode("cp1252")
    assert refusal(tmp_path / "a.csv", encoded) == (
        "a.csv, row 1: not valid UTF-8 (6 of 6 rows); the bytes are valid cp1252: set "
        'corpus.encoding = "cp1252", or corpus.drop = ["invalid"] to leave such rows out'
    )
    assert read(tmp_path / "a.csv", encoded, encoding="cp1252")[:2] == (texts, CLASSES)
    for encoding in ("utf-16", "utf-8-sig", "utf-32"):  # their marks decide
        encoded = content.encode(encoding)
        assert read(tmp_path / "a.csv", encoded, encoding="latin-1")[0] == texts


def test_tweets_without_a_header_in_latin_1(tmp_path: Path) -> None:
    rows = [
        ("4" if label else "0", str(k), "Mon Apr 06 22:19:45 PDT 2009", "user", f"{text} café ")
        for k, (text, label) in enumerate(ROWS)
    ]
    content = table(rows).encode("latin-1")
    keys: dict[str, Any] = {"positive": 4, "negative": 0}
    path = tmp_path / "sentiment140.csv"
    assert "does the file have no header? name its columns in corpus.columns" in refusal(
        path, content, **keys
    )
    keys["columns"] = ["label", "", "", "user", "text"]
    assert "the bytes are valid cp1252: set corpus.encoding" in refusal(path, content, **keys)
    texts, labels, _ = read(path, content, encoding="latin-1", **keys)
    assert (texts, labels) == ([f"{text} café " for text in TEXTS], CLASSES)
    keys["columns"] = ["label", "user", "text"]
    assert refusal(path, content, encoding="latin-1", **keys).endswith(
        "line 1: expected 3 fields as in corpus.columns, got 5; "
        "name each column in corpus.columns, with '' if it is not read"
    )


def test_tab_separated_tweets_without_a_header(tmp_path: Path) -> None:
    rows = [
        (100 + k, "positive" if label else "negative", f"{text} @user http://t.co/{k}")
        for k, (text, label) in enumerate(ROWS)
    ]
    content = table(rows, "\t", "")
    assert refusal(tmp_path / "semeval.tsv", content) == (
        "semeval.tsv, line 1: no column 'text'; the columns are '100', 'positive', "
        "'lovely warm soup @user http://t.co/0': does the file have no header? "
        "name its columns in corpus.columns"
    )
    texts, labels, _ = read(tmp_path / "semeval.tsv", content, columns=["id", "label", "text"])
    assert (texts[0], labels) == ("lovely warm soup @user http://t.co/0", CLASSES)


def test_a_file_of_a_german_spreadsheet(tmp_path: Path) -> None:
    content = "\ufefftext;label\r\n" + table(ROWS, ";").replace("\n", "\r\n")
    assert refusal(tmp_path / "excel.csv", content) == (
        "excel.csv, line 1: no column 'text'; the columns are 'text;label': "
        "is the delimiter ';'? set corpus.delimiter"
    )
    assert read(tmp_path / "excel.csv", content, delimiter=";")[:2] == (TEXTS, CLASSES)


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_first_line_for_excel_states_the_delimiter(
    tmp_path: Path, line: str, end: str, encoding: str
) -> None:
    path = tmp_path / "excel.csv"
    content = f"{line}\ntext;label\n" + table(ROWS, ";")
    given = content.replace("\n", end).encode(encoding)
    assert read(path, given)[:2] == (TEXTS, CLASSES)
    assert read(path, given, delimiter=";")[:2] == (TEXTS, CLASSES)
    bare = content.replace("text;label\n", "").replace("\n", end).encode(encoding)
    assert read(path, bare, columns=["text", "label"])[:2] == (TEXTS, CLASSES)
    said = refusal(path, (content + "a;b;c\n").replace("\n", end).encode(encoding))
    assert said == (
        "excel.csv, line 9: expected 2 fields as in the header, got 3; "
        "put a text that holds ';' in double quotes, or set corpus.delimiter"
    )
    with gzip.open(tmp_path / "excel.csv.gz", "wb") as file:
        file.write(given)
    assert read(tmp_path / "excel.csv.gz", (tmp_path / "excel.csv.gz").read_bytes())[0] == TEXTS


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_array(tmp_path: Path, indent: int | None) -> None:
    records = [{"text": text, "label": label} for text, label in ROWS]
    content = json.dumps(records, indent=indent)
    assert read(tmp_path / "array.json", content)[:2] == (TEXTS, CLASSES)


def test_a_sentence_a_line_with_its_label_first_or_last(tmp_path: Path) -> None:
    content = "".join(f"{label} {text} .\n" for text, label in ROWS)
    texts = [f"{text} ." for text in TEXTS]
    assert read(tmp_path / "stsa.binary.train", content)[:2] == (texts, CLASSES)
    content = "".join(f"{text}  \t{label}\n" for text, label in ROWS)
    assert refusal(tmp_path / "yelp_labelled.txt", content).endswith(
        "no extension says the format, so a line was read as 'labelled', but its last field is a "
        'label: set corpus.format = "tsv", corpus.columns = ["text", "label"] and '
        'corpus.quoting = "none"'
    )
    keys: dict[str, Any] = {"format": "tsv", "columns": ["text", "label"], "quoting": "none"}
    texts = [f"{text}  " for text in TEXTS]
    assert read(tmp_path / "yelp_labelled.txt", content, **keys)[:2] == (texts, CLASSES)


def test_reviews_in_the_format_of_fasttext(tmp_path: Path) -> None:
    content = "".join(f"__label__{label + 1} Title: {text}\n" for text, label in ROWS)
    assert 'set corpus.positive = ["2"] and corpus.negative = ["1"]' in refusal(
        tmp_path / "fasttext.txt", content
    )
    keys = {"positive": 2, "negative": 1}
    texts = [f"Title: {text}" for text in TEXTS]
    assert read(tmp_path / "fasttext.txt", content, **keys)[:2] == (texts, CLASSES)
    assert read(tmp_path / "a.ft.txt.gz", gzip.compress(content.encode()), **keys)[0] == texts


def test_a_file_for_each_class(tmp_path: Path) -> None:
    for name, texts in (("rt.pos", GOOD), ("rt.neg", BAD)):
        (tmp_path / name).write_text("\n".join(texts) + "\n")
    place = {"positive": str(tmp_path / "rt.pos"), "negative": str(tmp_path / "rt.neg")}
    texts, labels, _ = read(tmp_path / "x", "", train=place, test=None)
    assert (texts, labels) == ([*GOOD, *BAD], [1, 1, 1, 0, 0, 0])
