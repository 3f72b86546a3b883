"""The table of distinct tokens: numbers by first appearance, and searches that change nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.storage import arrow
from pipeline.tokens.distinct import DistinctTokens

# Around eight bytes, where the key of a token is no longer its bytes, and beyond sixteen.
TOKEN = st.text("abé😀", min_size=1, max_size=18)
TOKENS = st.lists(TOKEN, unique=True)


@given(st.lists(TOKENS))
def test_tokens_are_numbered_in_order_of_first_appearance(lists: list[list[str]]) -> None:
    table, expected = DistinctTokens(), {}
    for tokens in lists:
        numbers = table.add(DistinctTokens.of(arrow.strings(tokens)))
        assert numbers.tolist() == [expected.setdefault(t, len(expected)) for t in tokens]
    assert table.spelled().to_pylist() == list(expected)


@given(TOKENS, TOKENS)
def test_a_token_is_found_by_its_spelling_or_not_at_all(known: list[str], asked: list[str]) -> None:
    table = DistinctTokens.of(arrow.strings(known))
    expected = [known.index(token) if token in known else -1 for token in asked]
    assert table.find(arrow.strings(asked)).tolist() == expected
    assert table.find_all(DistinctTokens.of(arrow.strings(asked))).tolist() == expected
    assert table.spelled().to_pylist() == known


@pytest.mark.parametrize("length", [6, 30])
def test_several_threads_may_search_at_a_time(length: int) -> None:
    tokens = [f"{k:0{length}}" for k in range(20_000)]
    table = DistinctTokens.of(arrow.strings(tokens[::2]))
    asked = arrow.strings(tokens)
    expected = [k // 2 if k % 2 == 0 else -1 for k in range(len(tokens))]
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: table.find(asked), range(20)):
            assert found.tolist() == expected


def test_the_kernels_mean_the_same_without_numba(uncompiled: None) -> None:
    known, asked = ["a", "c", "b" * 8, "b" * 9, "b" * 17], ["b" * 17, "b" * 16, "a", "b" * 9, "c"]
    table = DistinctTokens.of(arrow.strings(known[:2]))
    assert table.add(DistinctTokens.of(arrow.strings(known))).tolist() == [0, 1, 2, 3, 4]
    assert table.find(arrow.strings(asked)).tolist() == [4, -1, 0, 3, 1]
    assert table.spelled().to_pylist() == known
