"""The split: the same share of each class, drawn with a seed, and nothing lost."""

import pyarrow as pa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline.corpus import batches
from pipeline.corpus.columns import TABLE_SCHEMA
from pipeline.corpus.split import draw_test
from pipeline.errors import CorpusError
from pipeline.storage import arrow

labels = st.lists(st.integers(0, 1), min_size=4, max_size=60)
fractions = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**32)


def table(labels: list[int], n_chunks: int = 1) -> pa.Table:
    """Number the rows in their texts, so that no two are equal."""
    texts = [f"review {row}" for row in range(len(labels))]
    whole = pa.table({"text": texts, "label": labels}, schema=TABLE_SCHEMA)
    size = -(-len(labels) // n_chunks)
    return pa.concat_tables([whole.slice(start, size) for start in range(0, len(labels), size)])


def split(reviews: pa.Table, fraction: float, seed: int) -> tuple[pa.Table, pa.Table]:
    """Write the two sets, as the stage does."""
    in_test = draw_test(arrow.values(reviews["label"]), fraction, seed)
    train, test = (
        pa.Table.from_batches(
            batches.rebatch(batches.select(reviews.to_batches(), part), 1 << 20), reviews.schema
        )
        for part in (~in_test, in_test)
    )
    return train, test


def rows(part: pa.Table) -> list[int]:
    return [int(text.removeprefix("review ")) for text in part["text"].to_pylist()]


def can_be_split(labels: list[int], fraction: float) -> bool:
    sizes = [labels.count(label) for label in (0, 1)]
    return all(size == 0 or 0 < round(fraction * size) < size for size in sizes)


@given(labels, fractions, seeds, st.integers(1, 4))
def test_every_row_is_in_one_set_in_its_order_with_its_label(
    labels: list[int], fraction: float, seed: int, n_chunks: int
) -> None:
    assume(can_be_split(labels, fraction))
    train, test = split(table(labels, n_chunks), fraction, seed)
    assert sorted(rows(train) + rows(test)) == list(range(len(labels)))
    for part in (train, test):
        assert rows(part) == sorted(rows(part))
        assert part["label"].to_pylist() == [labels[row] for row in rows(part)]
        assert part.schema == TABLE_SCHEMA
        assert part["text"].num_chunks == 1


@given(labels, fractions, seeds)
@example([0] * 5, 0.3, 0)  # 1.5 reviews: the float 0.3 is a little less than three tenths
def test_each_class_has_its_share_in_test_to_half_a_review(
    labels: list[int], fraction: float, seed: int
) -> None:
    assume(can_be_split(labels, fraction))
    _, test = split(table(labels), fraction, seed)
    for label in (0, 1):
        share = fraction * labels.count(label)
        assert abs(test["label"].to_pylist().count(label) - share) <= 0.5


@given(labels, fractions, seeds)
def test_the_seed_decides(labels: list[int], fraction: float, seed: int) -> None:
    assume(can_be_split(labels, fraction))
    first, again = (split(table(labels), fraction, seed) for _ in range(2))
    assert (rows(first[0]), rows(first[1])) == (rows(again[0]), rows(again[1]))


def test_another_seed_draws_another_test_set() -> None:
    reviews = table([0, 1] * 100)
    drawn = {tuple(rows(split(reviews, 0.2, seed)[1])) for seed in range(20)}
    assert len(drawn) == 20


def test_every_review_has_the_same_odds_of_being_in_test() -> None:
    """2,000 draws of a fifth: 400 each, of standard deviation 17.9; 90 is five of them."""
    reviews = table([0] * 10 + [1] * 5)
    counts = [0] * 15
    for seed in range(2000):
        for row in rows(split(reviews, 0.2, seed)[1]):
            counts[row] += 1
    assert all(abs(count - 400) < 90 for count in counts)


@given(labels, fractions, seeds)
def test_a_class_too_small_for_both_sets_is_named(
    labels: list[int], fraction: float, seed: int
) -> None:
    assume(not can_be_split(labels, fraction))
    with pytest.raises(CorpusError) as caught:
        split(table(labels), fraction, seed)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert f"test_fraction = {fraction:g}" in message


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (2, "(2 in all); expected some in both, as with corpus.test_fraction = 0.5"),
        (1, "(1 in all); expected some in both, and so at least two of each class"),
    ],
)
def test_the_message_says_which_class_how_many_and_what_helps(n, said) -> None:
    with pytest.raises(CorpusError) as caught:
        split(table([1] * 10 + [0] * n), 0.2, 0)
    assert str(caught.value) == (
        "corpus.test_fraction = 0.2 leaves one set without a negative review " + said
    )
