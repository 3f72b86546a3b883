"""The class of a label, however its source spells it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.columns import Columns
from pipeline.corpus.faults import Origin
from pipeline.corpus.labels import LabelRule, Scalar
from pipeline.corpus.rows import labelled_batches
from pipeline.corpus.tally import Tally
from pipeline.errors import CorpusError

RULE = LabelRule(positive=(1, "pos", "positive"), negative=(0, "neg", "negative"))
STARS = LabelRule(positive=(), negative=(), positive_from=7, negative_to=4)


def classes_of(
    column: pa.Array | pa.ChunkedArray,
    rule: LabelRule = RULE,
    names: tuple[str, ...] = (),
    tally: Tally | None = None,
) -> pa.ChunkedArray:
    """Return the classes of a column of labels, without the rows that are left out."""
    table = pa.table({"text": ["x"] * len(column), "label": column})
    origin = Origin("reviews.csv", names)
    found = labelled_batches(table.to_batches(), Columns(), rule, origin, tally)
    return pa.Table.from_batches(found, Columns().schema())["label"]


def refusal(column: pa.Array, rule: LabelRule = RULE, names: tuple[str, ...] = ()) -> str:
    """Return the message of the error that a column of labels raises."""
    with pytest.raises(CorpusError) as caught:
        classes_of(column, rule, names)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 0, 1]),
        pa.array([1, 0, 1], pa.uint8()),
        pa.array([1.0, 0.0, 1.0]),
        pa.array([1.0, -0.0, 1.0], pa.float32()),
        pa.array(["1", "0", " 1 "]),
        pa.array(["pos", "neg", "positive"], pa.large_string()),
        pa.array(["pos", "negative", "1"], pa.string_view()),
        pa.array([1, 0, 1]).cast(pa.decimal128(30, 2)),
        pa.array(["pos", "neg", "pos"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_a_label_has_the_same_class_in_every_type_that_can_spell_it(
    column: pa.Array,
) -> None:
    assert classes_of(column).to_pylist() == [1, 0, 1]


def test_booleans_are_labels_too() -> None:
    rule = LabelRule(positive=(True,), negative=(False,))
    assert classes_of(pa.array([True, False]), rule).to_pylist() == [1, 0]
    assert classes_of(pa.array(["true", "false"]), rule).to_pylist() == [1, 0]


def test_true_is_not_the_label_1() -> None:
    assert "label true is neither positive" in refusal(pa.array([True]))


scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(value=scalars, rows=st.integers(1, 5))
def test_any_value_that_is_listed_has_the_class_of_its_list(value: Scalar, rows: int) -> None:
    other = "something else"
    column = pa.array([value] * rows)
    positive = classes_of(column, LabelRule((value,), (other,)))
    negative = classes_of(column, LabelRule((other,), (value,)))
    assert positive.to_pylist() == [1] * rows
    assert negative.to_pylist() == [0] * rows


@given(chunks=st.lists(st.lists(st.sampled_from(["pos", "neg"])), max_size=5))
def test_chunks_and_dictionaries_make_no_difference(chunks: list[list[str]]) -> None:
    expected = [int(label == "pos") for chunk in chunks for label in chunk]
    column = pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())
    apart = pa.chunked_array(
        [chunk.dictionary_encode() for chunk in column.chunks],
        pa.dictionary(pa.int32(), pa.string()),
    )
    for labels in (classes_of(column, RULE), classes_of(apart, RULE)):
        assert labels.type == pa.int8()
        assert labels.to_pylist() == expected


@given(stars=st.lists(st.integers(1, 10)))
def test_ratings_between_the_thresholds_are_left_out_and_counted(stars: list[int]) -> None:
    expected = [int(star >= 7) for star in stars if not 4 < star < 7]
    tally = Tally()
    classes_of(pa.array(stars, pa.int64()), STARS, (), tally)
    assert tally.left_out.total() == len(stars) - len(expected)
    as_text = pa.array([str(star) for star in stars], pa.string())
    assert classes_of(pa.array(stars, pa.int64()), STARS).to_pylist() == expected
    assert classes_of(as_text, STARS).to_pylist() == expected


def test_ratings_need_not_be_whole() -> None:
    ratings = pa.array(["6.9", "7.0", "4.0", "4.1"])
    assert classes_of(ratings, STARS).to_pylist() == [1, 0]


def test_thresholds_replace_the_lists() -> None:
    rule = LabelRule((1,), (0,), positive_from=4, negative_to=2)
    assert classes_of(pa.array([1, 5]), rule).to_pylist() == [0, 1]


def test_a_class_is_given_by_its_number_or_by_its_name() -> None:
    column = pa.array([0, 1, 0])
    by_name = LabelRule(("good",), ("bad",))
    assert classes_of(column, by_name, ("good", "bad")).to_pylist() == [1, 0, 1]
    assert classes_of(column, LabelRule((0,), (1,)), ("a", "b")).to_pylist() == [1, 0, 1]


def test_a_class_given_as_positive_and_as_negative_is_refused() -> None:
    message = refusal(pa.array([1, 0]), RULE, ("pos", "neg"))
    assert message.startswith("reviews.csv: label 1 (neg) has two meanings: positive (1, pos,")
    assert "corpus.positive" in message


def test_an_unlabelled_document_of_hugging_face_is_not_the_last_class() -> None:
    assert "row 2: label -1 is neither" in refusal(pa.array([0, -1]), RULE, ("neg", "pos"))


def test_an_unknown_label_is_named_with_its_row_and_the_labels_that_are_known() -> None:
    column = pa.chunked_array([pa.array(["pos", "neg"]), pa.array(["maybe", "pos"])])
    assert refusal(column) == (
        "reviews.csv, row 3: label 'maybe' is neither positive (1, pos, positive) "
        "nor negative (0, neg, negative) (1 of 4 rows: 'maybe' 1); "
        'set corpus.ignore = ["maybe"], or corpus.classes = "found" for a class of each label'
    )


def test_a_label_is_case_sensitive() -> None:
    assert "label 'Pos' is neither" in refusal(pa.array(["Pos"]))


@pytest.mark.parametrize("label", ["a\nb", "long " * 1000, "\u2028", "-"])
def test_a_strange_label_makes_a_short_message_of_one_line(label: str) -> None:
    message = refusal(pa.array([label]))
    assert len(message.splitlines()) == 1
    assert len(message) < 350


def test_a_number_is_shown_as_the_rule_spells_it() -> None:
    assert "label 2 is neither" in refusal(pa.array([1.0, 2.0]))
    assert "label 2 (mixed) is neither" in refusal(pa.array([2]), RULE, ("neg", "pos", "mixed"))


@pytest.mark.parametrize(
    "column",
    [
        *[pa.array(["pos", None, "neg"]), pa.array([1, None]), pa.array([1.0, None])],
        *[pa.array([1.0, float("nan")]), pa.array(["pos", ""]), pa.array(["pos", "NaN"])],
    ],
    ids=str,
)
def test_a_missing_label_is_named_with_its_row(column: pa.Array) -> None:
    assert refusal(column) == (
        f"reviews.csv, row 2: the label is missing (1 of {len(column)} rows); "
        'set corpus.drop = ["missing"] to leave such rows out'
    )
    left = classes_of(column, LabelRule((1, "pos"), (0, "neg"), drop=("missing",)))
    assert len(left) == len(column) - 1


def test_a_column_of_nothing_but_nulls_is_missing_from_row_1() -> None:
    assert "row 1: the label is missing" in refusal(pa.nulls(3))


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array(["9", "good"]), "'good'"),
        (pa.array(["9", "inf"]), "'inf'"),
        (pa.array([9.0, float("-inf")]), "-inf"),
    ],
    ids=str,
)
def test_a_rating_that_is_no_finite_number_is_refused(column: pa.Array, shown: str) -> None:
    assert refusal(column, STARS) == (
        f"reviews.csv, row 2: label {shown} is not a finite number, "
        f"as corpus.positive_from = 7 and corpus.negative_to = 4 expect (1 of 2 rows: {shown} 1); "
        f"set corpus.ignore = [{shown.replace(chr(39), chr(34))}]"
    )


def test_a_boolean_is_no_rating() -> None:
    assert "label true is not a finite number" in refusal(pa.array([True]), STARS)


@pytest.mark.parametrize(
    "rule",
    [
        LabelRule((1, "x"), (0, "1")),
        LabelRule((1,), (1.0, 0)),
        LabelRule((" 1",), ("1 ",)),
    ],
)
def test_one_label_with_both_classes_is_refused_even_if_no_row_has_it(
    rule: LabelRule,
) -> None:
    message = refusal(pa.array([], pa.string()), rule)
    assert message.startswith("reviews.csv: label 1 is listed both in corpus.positive (")
    assert "and in corpus.negative (" in message


def test_a_column_that_cannot_hold_labels_is_refused_by_its_type() -> None:
    message = refusal(pa.array([[1], [0]]))
    assert message.startswith("reviews.csv: the label column is of type list<")
    assert message.endswith("expected strings, numbers or booleans")


def test_a_label_that_is_not_utf8_is_named_with_its_row() -> None:
    column = pa.array([b"pos", b"\xff"]).view(pa.string())
    assert refusal(column).startswith(
        "reviews.csv, row 2: the label is not valid UTF-8 (1 of 2 rows); "
    )


def test_no_rows_are_no_labels() -> None:
    for column in (
        pa.array([], pa.string()),
        pa.chunked_array([], pa.int64()),
        pa.nulls(0),
    ):
        labels = classes_of(column, RULE)
        assert labels.type == pa.int8()
        assert len(labels) == 0
