"""Rows without a class: left out on request with a count, and otherwise refused with one."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline.corpus.columns import Columns
from pipeline.corpus.faults import Origin
from pipeline.corpus.files import read_batches
from pipeline.corpus.formats import BATCH
from pipeline.corpus.labels import LabelRule, Scalar, canonical
from pipeline.corpus.rows import labelled_batches
from pipeline.corpus.suggestions import suggested_keys
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError

RULE = LabelRule((1, "pos", "positive"), (0, "neg", "negative"))
DROPPING = LabelRule(RULE.positive, RULE.negative, ignore=("neutral",), drop=("missing", "invalid"))
ARRAY = pa.array


def read(table: pa.Table, rule: LabelRule) -> tuple[list[dict[str, Any]], Tally]:
    tally = Tally()
    batches = table.to_batches(max_chunksize=3)
    found = labelled_batches(batches, Columns(), rule, Origin("a.csv"), tally)
    return pa.Table.from_batches(found, Columns().schema()).to_pylist(), tally


def refusal(table: pa.Table, rule: LabelRule = RULE) -> str:
    with pytest.raises(CorpusError) as caught:
        read(table, rule)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def table(texts: list[bytes | None], labels: list[str | None]) -> pa.Table:
    return pa.table({"text": pa.array(texts, pa.binary()).view(pa.string()), "label": labels})


texts = st.sampled_from([b"good", b"caf\xc3\xa9", b"caf\xe9", b"", b" \n", None])
labels = st.sampled_from(["pos", "1.0", "neg", "neutral", "", "nan", None])


@given(rows=st.lists(st.tuples(texts, labels), min_size=1))
def test_every_row_is_read_or_counted_as_left_out(
    rows: list[tuple[bytes | None, str | None]],
) -> None:
    kept = [
        {"text": text.decode(), "label": int(label != "neg")}
        for text, label in rows
        if label in ("pos", "1.0", "neg") and text in (b"good", b"caf\xc3\xa9")
    ]
    found, tally = read(table([row[0] for row in rows], [row[1] for row in rows]), DROPPING)
    assert found == kept
    assert tally.n_rows == len(rows)
    assert tally.left_out.total() == len(rows) - len(kept)
    assert len(tally.examples) == min(3, tally.left_out.total())


def test_the_reason_of_each_row_that_is_left_out_is_counted() -> None:
    rows = table(
        [b"a", b"b", b"c", None, b" ", b"\xff", b"g", None],
        ["pos", "neutral", None, "pos", "neg", "pos", "", "neutral"],
    )
    found, tally = read(rows, DROPPING)
    assert [row["text"] for row in found] == ["a"]
    assert tally.to_dict() == {
        "n_rows": 8,
        "n_left_out": 7,
        "reasons": {
            "label 'neutral' is ignored": 2,
            "the label is missing": 2,
            "the text is missing": 1,
            "the text is empty": 1,
            "not valid UTF-8": 1,
        },
        "examples": [
            "a.csv, row 2: label 'neutral' is ignored",
            "a.csv, row 3: the label is missing",
            "a.csv, row 4: the text is missing",
        ],
        "quoted_fields": [],
    }
    assert tally.sentences("rows of the test set") == [
        "7 of 8 rows of the test set are left out (label 'neutral' is ignored: 2, the label is "
        "missing: 2, not valid UTF-8: 1, the text is missing: 1, the text is empty: 1): "
        "a.csv, row 2: label 'neutral' is ignored; row 3: the label is missing; "
        "row 4: the text is missing."
    ]


def test_rows_that_are_left_out_for_one_reason_are_named_together() -> None:
    _, tally = read(
        table([b"a"] * 6, ["pos", "neutral", "neg", "neutral", "neutral", "pos"]), DROPPING
    )
    reason = "label 'neutral' is ignored"
    assert tally.sentences("reviews") == [
        f"3 of 6 reviews are left out ({reason}: 3): a.csv, rows 2, 4, 5."
    ]
    _, tally = read(table([b"a", None, b"c"], ["neutral", "pos", "neutral"]), DROPPING)
    assert tally.sentences("reviews") == [
        f"3 of 3 reviews are left out ({reason}: 2, the text is missing: 1): "
        f"a.csv, rows 1, 3: {reason}; row 2: the text is missing."
    ]
    tally = Tally(3)
    tally.leave_out("the text is empty", 3)
    tally.show((place, "the text is empty") for place in ("a.csv, row 1", "b.csv, row 2", "c.txt"))
    assert tally.sentences("reviews") == [
        "3 of 3 reviews are left out (the text is empty: 3): a.csv, row 1; b.csv, row 2; c.txt."
    ]


def test_without_the_keys_the_error_counts_all_such_rows_through_batches() -> None:
    n = 2 * BATCH
    texts = [None if k % 1000 == 40 else "x" for k in range(n)]
    whole = pa.table({"text": texts, "label": [k % 2 for k in range(n)]})
    assert refusal(whole) == (
        "a.csv, row 41: the text is missing (9 of 8,192 rows); "
        'set corpus.drop = ["missing"] to leave such rows out'
    )


def test_an_empty_text_is_a_text_unless_those_without_one_are_left_out() -> None:
    rows = table([b"", b" ", b"x"], ["pos", "neg", "pos"])
    found, tally = read(rows, RULE)
    assert [row["text"] for row in found] == ["", " ", "x"]
    assert not tally.left_out
    found, tally = read(rows, LabelRule(RULE.positive, RULE.negative, drop=("missing",)))
    assert [row["text"] for row in found] == ["x"]


def test_what_else_is_wrong_with_an_ignored_row_does_not_matter() -> None:
    rows = table([None, b"\xff", b"x"], ["neutral", "neutral", "pos"])
    assert len(read(rows, LabelRule(("pos",), ("neg",), ignore=("neutral",)))[0]) == 1


def test_rows_that_cannot_be_decoded_come_before_missing_ones_and_those_before_labels() -> None:
    assert "row 3: not valid UTF-8 (1 of 3 rows)" in refusal(
        table([b"x", None, b"\xff"], ["?", "pos", "pos"])
    )
    assert "row 2: the text is missing (1 of 2 rows)" in refusal(table([b"x", None], ["?", "pos"]))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.parquet"])
def test_rows_are_left_out_of_every_format(tmp_path: Path, name: str) -> None:
    rows = [("a", "pos"), ("b", "neutral"), (None, "neg"), ("d", None), ("e", "neg")]
    path = tmp_path / name
    records = [{"text": text, "label": label} for text, label in rows]
    if name == "a.csv":
        lines = (f"{text or ''},{label or ''}\n" for text, label in rows)
        path.write_text("text,label\n" + "".join(lines))
    elif name == "a.parquet":
        parquet.write_table(pa.Table.from_pylist(records), path)
    elif name == "a.json":
        path.write_text(json.dumps(records))
    else:
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    tally = Tally()
    found = pa.Table.from_batches(read_batches(str(path), Columns(), DROPPING, None, tally))
    assert found.to_pydict() == {"text": ["a", "e"], "label": [1, 0]}
    assert tally.left_out.total() == 3
    assert tally.examples[0].endswith(f"{name}, row 2: label 'neutral' is ignored")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt"])
def test_rows_that_cannot_be_decoded_are_left_out_of_every_text_format(
    tmp_path: Path, name: str
) -> None:
    content = {
        "a.csv": b'text,label\n"a",1\ncaf\xe9,1\n"b\n",0\n',
        "a.tsv": b"text\tlabel\na\t1\ncaf\xe9\t1\nb\t0\n",
        "a.jsonl": b'{"text":"a","label":1}\n{"text":"\xe9","label":1}\n{"text":"b","label":0}\n',
        "a.json": b'[{"text":"a","label":1},{"text":"\xe9","label":1},{"text":"b","label":0}]',
        "a.txt": b"1 a\n1 caf\xe9\n0 b\n",
    }
    path = tmp_path / name
    path.write_bytes(content[name])
    tally = Tally()
    found = pa.Table.from_batches(read_batches(str(path), Columns(), DROPPING, None, tally))
    assert [text.strip() for text in found["text"].to_pylist()] == ["a", "b"]
    assert tally.examples == [f"{path}, row 2: not valid UTF-8"]


def test_what_another_encoding_cannot_decode_is_named_by_its_name(tmp_path: Path) -> None:
    from pipeline.corpus.dialect import Dialect

    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\na,1\ncaf\xe9,0\n")
    with pytest.raises(CorpusError, match=r"a.csv, row 2: not valid ascii \(1 of 2 rows\); the b"):
        list(read_batches(str(path), Columns(), RULE, Dialect(encoding="ascii")))


# Labels are compared by value.


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        (ARRAY(["1.0", "0.0", "1", "0.00"]), RULE),
        (ARRAY(["True", "FALSE", "TRUE", "false"]), LabelRule((True,), (False,))),
        (ARRAY([True, False, True, False]), LabelRule(("TRUE",), ("False",))),
        (ARRAY([1, 0, 1, 0]), LabelRule((1.0,), ("0.0",))),
        (ARRAY(["-1.0", "2.50", "-1", "2.5"]), LabelRule((-1,), (2.5,))),
        (ARRAY([1e15, 0.1, 1e15, 0.1]), LabelRule(("1000000000000000",), ("0.1",))),
    ],
    ids=str,
)
def test_a_label_is_one_value_however_it_is_spelled(labels: pa.Array, rule: LabelRule) -> None:
    rows = pa.table({"text": ["x"] * 4, "label": labels})
    assert [row["label"] for row in read(rows, rule)[0]] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    "text", ["01", "+1", "1.", ".5", "1e3", "1,0", "0x1", "\u0661", "Pos", "yes"]
)
def test_a_string_that_is_no_usual_number_stays_a_string(text: str) -> None:
    assert canonical(text) == text


@given(number=st.integers(-(10**15), 10**15))
def test_a_whole_number_is_one_label_in_every_type(number: int) -> None:
    spellings: list[Scalar] = [number, float(number), str(number), f"{number}.0", f" {number}.00 "]
    assert {canonical(value) for value in spellings} == {str(number)}


# What the error suggests.


@pytest.mark.parametrize(
    ("labels", "known", "expected"),
    [
        (["neutral"], ["pos"], 'corpus.ignore = ["neutral"]'),
        ([4.0, 0.0], [], "corpus.positive = [4] and corpus.negative = [0]"),
        (["-1"], ["1"], 'corpus.positive = ["1"] and corpus.negative = ["-1"]'),
        (["2"], ["1"], 'corpus.positive = ["2"] and corpus.negative = ["1"]'),
        (["5", "3", "4", "2"], ["1"], "corpus.positive_from = 4 and corpus.negative_to = 2"),
        ([True, False], [], "corpus.positive = [true] and corpus.negative = [false]"),
        (["Positive", "Negative"], [], 'corpus.positive = ["Positive"] and corpus.negative = ["Ne'),
        (
            ["Neutral", "extremely negative"],
            ["positive"],
            'corpus.negative = [0, "neg", "negative"',
        ),
        (["a", "b"], [], "corpus.positive and corpus.negative to the labels of each class"),
        ([f"l{k}" for k in range(12)], ["pos"], '"l9", ...]'),
    ],
)
def test_the_keys_that_would_take_the_labels_are_suggested(
    labels: list[Scalar], known: list[Scalar], expected: str
) -> None:
    assert expected in suggested_keys(labels, RULE, known)


@pytest.mark.parametrize(
    ("labels", "rule", "is_suggested"),
    [
        (["neutral"], RULE, True),
        (["2", "3", "4"], RULE, True),
        ([f"text {k}" for k in range(101)], RULE, False),  # a text was taken for a label
        (["good"], LabelRule(positive_from=4, negative_to=2), False),
        (["neutral"], LabelRule(classes={"bad": ("neg",), "good": ("pos",)}), False),
    ],
)
def test_a_class_of_each_label_is_suggested_where_there_are_more_than_two(
    labels: list[Scalar], rule: LabelRule, is_suggested: bool
) -> None:
    known: list[Scalar] = ["pos", "neg"]
    assert ('corpus.classes = "found"' in suggested_keys(labels, rule, known)) == is_suggested
    assert "corpus.classes = " not in suggested_keys(labels, rule, known, takes_classes=False)


def test_unknown_labels_are_listed_with_their_counts_the_largest_first() -> None:
    labels = [*["b"] * 2, *["a"] * 3, "pos", *[f"x{k}" for k in range(20)]]
    message = refusal(pa.table({"text": ["t"] * len(labels), "label": labels}))
    assert message.startswith("a.csv, row 1: label 'b' is neither positive (1, pos, positive) nor")
    assert "(25 of 26 rows: 'a' 3, 'b' 2, 'x0' 1, 'x1' 1, 'x2' 1, 'x3' 1, 'x4' 1, 'x5' 1, 'x6'" in (
        message
    )
    assert ", ...); set corpus.ignore = [" in message


def test_a_text_taken_for_a_label_makes_a_short_message() -> None:
    labels = [f"{'long text ' * 20} {k}" for k in range(5000)]
    message = refusal(pa.table({"text": ["t"] * len(labels), "label": labels}))
    assert "(5,000 of 5,000 rows: 'long text long text" in message
    assert len(message) < 1000


def test_an_unknown_label_is_not_counted_in_a_row_that_is_left_out() -> None:
    rows = table([b"a", None, b"", b"d"], ["pos", "good", "good", "good"])
    rule = LabelRule(RULE.positive, RULE.negative, drop=("missing",))
    assert "a.csv, row 4: label 'good' is neither" in refusal(rows, rule)
    assert "(1 of 4 rows: 'good' 1)" in refusal(rows, rule)
    assert len(read(rows.slice(0, 3), rule)[0]) == 1


def test_ratings_between_the_classes_are_left_out_for_one_reason() -> None:
    rule = LabelRule((), (), positive_from=4, negative_to=2)
    rows = pa.table({"text": ["x"] * 1001, "label": [k / 200 for k in range(1001)]})
    found, tally = read(rows, rule)
    assert len(found) == 401 + 201
    reason = "the rating lies between corpus.negative_to and corpus.positive_from"
    assert tally.left_out == {reason: 399}
    assert tally.examples[0] == f"a.csv, row 402: {reason}"
