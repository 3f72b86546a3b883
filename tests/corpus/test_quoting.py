"""Quotes of CSV and TSV: what they swallow is counted, and what is misplaced is refused."""

import csv
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.columns import Columns
from pipeline.corpus.csv_records import unlimited_fields
from pipeline.corpus.dialect import Dialect
from pipeline.corpus.files import read_batches, read_texts
from pipeline.corpus.labels import LabelRule
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError

RULE = LabelRule((1,), (0,))
PLAIN = "".join(f"plain {k}\t{k % 2}\n" for k in range(16))


def read(path: Path, **dialect: Any) -> tuple[list[str], Tally]:
    tally = Tally()
    batches = read_batches(str(path), Columns(), RULE, Dialect(**dialect), tally)
    table = pa.Table.from_batches(batches, Columns().schema())
    return table["text"].to_pylist(), tally


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="")
    return path


def refusal(path: Path, **dialect: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        read(path, **dialect)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all examples of a property; each overwrites the last."""
    return tmp_path_factory.mktemp("quoting")


@pytest.mark.parametrize("end", ["\n", ""])
def test_rows_that_two_stray_quotes_swallow_are_counted_with_the_line_of_the_first(
    tmp_path: Path, end: str
) -> None:
    swallowed = '"Lovely soup\t1\nsuperb acting\t1\nHe said it was awful"\t0\n'
    path = write(tmp_path / "a.tsv", f"text\tlabel\n{swallowed}{PLAIN}".removesuffix("\n") + end)
    texts, tally = read(path)
    assert len(texts) == 17
    assert texts[0] == "Lovely soup\t1\nsuperb acting\t1\nHe said it was awful"
    key = 'if quotes are text in this file, set corpus.quoting = "none".'
    rows = "in 1 of 17 rows (the quote opens on line 2)"
    assert tally.sentences("reviews") == [
        f"{path}: a quoted field holds a line break {rows}; {key}",
        f"{path}: a quoted field holds a tab {rows}; {key}",
    ]
    fields = {"file": str(path), "n_rows": 1, "first_lines": (2,)}
    assert tally.to_dict()["quoted_fields"] == [
        {**fields, "holds": "line break"},
        {**fields, "holds": "tab"},
    ]
    texts, tally = read(path, quoting="none")
    assert len(texts) == 19
    assert texts[:3] == ['"Lovely soup', "superb acting", 'He said it was awful"']
    assert not tally.quoted


def test_a_row_that_is_swallowed_at_the_end_of_a_file_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", f'text\tlabel\n{PLAIN}"good\t1\nbad"\t0')
    assert read(path)[1].quoted[0].lines == (18,)
    # And in a file without a header, which has one line less.
    path = write(tmp_path / "a.tsv", f'{PLAIN}"good\t1\nbad"\t0')
    assert read(path, columns=("text", "label"))[1].quoted[0].lines == (17,)


def test_the_line_is_that_of_the_quote_and_not_of_its_row(tmp_path: Path) -> None:
    rows = 'id,text,label\n"1\n1","a\n\nb",1\n' + "".join(f"{k},plain,0\n" for k in range(9))
    path = write(tmp_path / "a.csv", rows)
    (quoted,) = read(path)[1].quoted
    assert (quoted.holds, quoted.n_holding, quoted.lines) == ("line break", 1, (2,))
    path = write(tmp_path / "a.csv", rows.replace('"1\n1"', "1").replace("id,", '"id\n",'))
    assert read(path)[1].quoted[0].lines == (3,)


quoted = st.sampled_from(["plain", "a\nb", "a,b", 'a "b"', "a\r\nb,c"])


@given(texts=st.lists(quoted, min_size=1, max_size=30), as_needed=st.booleans())
def test_the_counts_of_quoted_fields_are_right_to_the_row(
    folder: Path, texts: list[str], as_needed: bool
) -> None:
    path = folder / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL if as_needed else csv.QUOTE_ALL)
        writer.writerow(["text", "label"])
        writer.writerows((text, 1) for text in texts)
    found, tally = read(path)
    assert found == texts
    counts = {fields.holds: fields.n_holding for fields in tally.quoted}
    breaks = sum("\n" in text for text in texts)
    commas = sum("," in text for text in texts)
    assert counts.get("line break") == (breaks if 0 < 2 * breaks <= len(texts) else None)
    n_quotes = path.read_text().count('"')
    is_rare = n_quotes < len(texts) and 0 < 2 * commas <= len(texts)
    assert counts.get("comma") == (commas if is_rare else None)


def test_commas_in_the_quoted_texts_of_a_csv_file_are_no_mistake(tmp_path: Path) -> None:
    rows = "".join(f'"a{"," if k < 9 else ""} text",{k % 2}\n' for k in range(20))
    tally = read(write(tmp_path / "a.csv", f"text,label\n{rows}"))[1]
    assert not tally.quoted
    rows = rows.replace('"a text"', "a text")
    tally = read(write(tmp_path / "a.csv", f"text,label\n{rows}"))[1]
    assert [fields.n_holding for fields in tally.quoted] == [9]
    assert not tally.sentences("reviews")  # so many are not worth a warning


def test_text_after_a_closing_quote_is_refused_on_the_line_where_the_quote_opens(
    tmp_path: Path,
) -> None:
    rows = '"Lovely soup\t1\nRude staff\t0\nI will "never" go back"\t0\n'
    path = write(tmp_path / "a.tsv", f"text\tlabel\n{rows}{PLAIN}")
    assert refusal(path) == (
        "a.tsv, line 2: a quote opens a field that has text after its closing quote, on line 4; "
        "expected a quote inside a field to be doubled, or "
        'corpus.quoting = "none" if quotes are text in this file'
    )
    assert read(path, quoting="none")[0][:3] == [
        '"Lovely soup',
        "Rude staff",
        'I will "never" go back"',
    ]
    with pytest.raises(CorpusError, match="or --quoting none if"):
        list(read_texts(path, "text", Dialect(prefix="--")))


def test_the_line_is_that_of_the_last_quote_before_the_fault(tmp_path: Path) -> None:
    rows = '"fine ""x""\n""y"", here"\t1\t"over\ntwo"\n"",\t1\t"a\nb\n"c"\n'
    path = write(tmp_path / "a.tsv", f"text\tlabel\tmore\n{rows}")
    assert refusal(path).startswith("a.tsv, line 5: a quote opens a field that has text after its")


def test_a_quote_that_is_never_closed_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'n,text,label\n"1\n1","fine\ntext",1\n2,"open,0\n3,x,1\n')
    assert refusal(path) == (
        "a.csv, line 5: the quoted field that opens here is never closed; expected a closing "
        'quote, or corpus.quoting = "none" if quotes are text in this file'
    )


def test_a_row_of_too_few_fields_says_that_a_quoted_field_spans_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,1\n"b,0\nc",1,d,0\n')
    assert refusal(path) == (
        "a.csv, line 3: expected 2 fields as in the header, got 4; a quoted field spans lines: "
        'corpus.quoting = "none" if quotes are text in this file'
    )


def test_without_quotes_nothing_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tsv", f"text\tlabel\n\n{PLAIN}\n\n")
    monkeypatch.setattr("pipeline.corpus.quoting._count_fields", None)
    assert len(read(path)[0]) == 16


def test_the_limit_of_the_csv_module_is_back_when_the_last_of_several_threads_ends() -> None:
    limit = csv.field_size_limit()
    inside, leave = threading.Barrier(3), threading.Event()
    found: list[int] = []

    def work() -> None:
        with unlimited_fields():
            inside.wait(9)
            leave.wait(9)
            found.append(csv.field_size_limit())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(9)
    leave.set()
    for thread in threads:
        thread.join(9)
    assert found == [2**31 - 1] * 2
    assert csv.field_size_limit() == limit
