"""The class of a label, however its source spells it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.labels import LabelRule, Scalar, binary_labels
from pipeline.errors import CorpusError

RULE = LabelRule(positive=(1, "pos", "positive"), negative=(0, "neg", "negative"))
STARS = LabelRule(positive=(), negative=(), positive_from=7, negative_to=4)


def refusal(column: pa.Array, rule: LabelRule = RULE, names: tuple[str, ...] = ()) -> str:
    """Return the message of the error that a column of labels raises."""
    with pytest.raises(CorpusError) as caught:
        binary_labels(column, rule, "reviews.csv", names)
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
    assert binary_labels(column, RULE, "x").equals(pa.array([1, 0, 1], pa.int8()))


def test_booleans_are_labels_too() -> None:
    rule = LabelRule(positive=(True,), negative=(False,))
    assert binary_labels(pa.array([True, False]), rule, "x").to_pylist() == [1, 0]
    assert binary_labels(pa.array(["true", "false"]), rule, "x").to_pylist() == [1, 0]


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
    positive = binary_labels(column, LabelRule((value,), (other,)), "x")
    negative = binary_labels(column, LabelRule((other,), (value,)), "x")
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
    for labels in (binary_labels(column, RULE, "x"), binary_labels(apart, RULE, "x")):
        assert labels.type == pa.int8()
        assert labels.to_pylist() == expected


@given(stars=st.lists(st.integers(1, 10)))
def test_ratings_between_the_thresholds_are_null(stars: list[int]) -> None:
    expected = [1 if star >= 7 else 0 if star <= 4 else None for star in stars]
    as_text = pa.array([str(star) for star in stars], pa.string())
    assert binary_labels(pa.array(stars, pa.int64()), STARS, "x").to_pylist() == expected
    assert binary_labels(as_text, STARS, "x").to_pylist() == expected


def test_ratings_need_not_be_whole() -> None:
    ratings = pa.array(["6.9", "7.0", "4.0", "4.1", "1e1"])
    assert binary_labels(ratings, STARS, "x").to_pylist() == [None, 1, 0, None, 1]


def test_thresholds_replace_the_lists() -> None:
    rule = LabelRule((1,), (0,), positive_from=4, negative_to=2)
    assert binary_labels(pa.array([1, 5]), rule, "x").to_pylist() == [0, 1]


def test_a_class_is_given_by_its_number_or_by_its_name() -> None:
    column = pa.array([0, 1, 0])
    by_name = LabelRule(("good",), ("bad",))
    assert binary_labels(column, by_name, "x", ("good", "bad")).to_pylist() == [1, 0, 1]
    assert binary_labels(column, LabelRule((0,), (1,)), "x", ("a", "b")).to_pylist() == [1, 0, 1]


def test_a_class_given_as_positive_and_as_negative_is_refused() -> None:
    message = refusal(pa.array([1, 0]), RULE, ("pos", "neg"))
    assert message.startswith("reviews.csv, row 1: label 1 (neg) is both positive (1, pos,")
    assert "corpus.positive" in message


def test_an_unlabelled_document_of_hugging_face_is_not_the_last_class() -> None:
    assert "row 2: label -1 is neither" in refusal(pa.array([0, -1]), RULE, ("neg", "pos"))


def test_an_unknown_label_is_named_with_its_row_and_the_labels_that_are_known() -> None:
    column = pa.chunked_array([pa.array(["pos", "neg"]), pa.array(["maybe", "pos"])])
    assert refusal(column) == (
        "reviews.csv, row 3: label 'maybe' is neither positive (1, pos, positive) "
        "nor negative (0, neg, negative); set corpus.positive and corpus.negative"
    )


def test_a_label_is_case_sensitive() -> None:
    assert "label 'Pos' is neither" in refusal(pa.array(["Pos"]))


@pytest.mark.parametrize("label", ["a\nb", "long " * 1000, "\u2028", ""])
def test_a_strange_label_makes_a_short_message_of_one_line(label: str) -> None:
    message = refusal(pa.array([label]))
    assert len(message.splitlines()) == 1
    assert len(message) < 250


def test_a_number_is_shown_as_the_rule_spells_it() -> None:
    assert "label 2 is neither" in refusal(pa.array([1.0, 2.0]))
    assert "label nan is neither" in refusal(pa.array([float("nan")]))
    assert "label 2 (mixed) is neither" in refusal(pa.array([2]), RULE, ("neg", "pos", "mixed"))


@pytest.mark.parametrize(
    "column",
    [pa.array(["pos", None, "neg"]), pa.array([1, None]), pa.array([1.0, None])],
    ids=str,
)
def test_a_missing_label_is_named_with_its_row(column: pa.Array) -> None:
    assert refusal(column) == (
        "reviews.csv, row 2: the label is missing; "
        "expected positive (1, pos, positive) or negative (0, neg, negative)"
    )


def test_a_column_of_nothing_but_nulls_is_missing_from_row_1() -> None:
    assert "row 1: the label is missing" in refusal(pa.nulls(3))
    assert "expected a finite number (corpus.positive_from = 7" in refusal(pa.nulls(3), STARS)


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array(["9", "good"]), "'good'"),
        (pa.array(["9", ""]), "''"),
        (pa.array(["9", "inf"]), "'inf'"),
        (pa.array([9.0, float("nan")]), "nan"),
        (pa.array([9.0, float("-inf")]), "-inf"),
    ],
    ids=str,
)
def test_a_rating_that_is_no_finite_number_is_refused(column: pa.Array, shown: str) -> None:
    assert refusal(column, STARS) == (
        f"reviews.csv, row 2: label {shown} is not a finite number, "
        "as corpus.positive_from = 7 and corpus.negative_to = 4 expect"
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
    assert message.startswith("reviews.csv: label 1 is listed both as positive (")
    assert "corpus.positive and corpus.negative" in message


def test_a_column_that_cannot_hold_labels_is_refused_by_its_type() -> None:
    message = refusal(pa.array([[1], [0]]))
    assert message.startswith("reviews.csv: the label column is of type list<")
    assert message.endswith("expected strings, numbers or booleans")


def test_a_label_that_is_not_utf8_is_named_with_its_row() -> None:
    column = pa.array([b"pos", b"\xff"]).view(pa.string())
    assert refusal(column) == "reviews.csv, row 2: label is not valid UTF-8; expected UTF-8 text"


def test_no_rows_are_no_labels() -> None:
    for column in (
        pa.array([], pa.string()),
        pa.chunked_array([], pa.int64()),
        pa.nulls(0),
    ):
        labels = binary_labels(column, RULE, "x")
        assert labels.type == pa.int8()
        assert len(labels) == 0
