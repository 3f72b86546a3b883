"""The order of n-grams and their names, compared with plain Python."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.features.ngrams import alphabet_of, frequency_order, in_alphabetical_order, names_of
from pipeline.storage import arrow

# Around the eight bytes that are compared first, with prefixes that are shared.
stems = st.sampled_from(["", "a", "film", "superbly", "superb\u00e9", "\u6620\u753b", "\U0001f3ac"])
words = st.builds(str.__add__, stems, st.text("ab\u00e9\u6620\U0001f3ac", max_size=9))


@given(st.lists(words.filter(bool), min_size=1, unique=True))
@example(["superbly", "superbl", "superblyb", "superblya", "superbly\u00e9"])
def test_the_alphabet_is_that_of_code_points(tokens):
    order = alphabet_of(arrow.strings(tokens))
    assert [tokens[k] for k in order] == sorted(tokens)


@st.composite
def ngrams(draw):
    """Return tokens in alphabetical order, and distinct n-grams of them."""
    tokens = sorted(draw(st.lists(words.filter(bool), min_size=1, unique=True)))
    token = st.integers(1, len(tokens))
    found = draw(st.lists(st.lists(token, min_size=1, max_size=3), min_size=1, unique_by=tuple))
    return tokens, found


def as_digits(found):
    return np.array([[*ngram, 0, 0][:3] for ngram in found], np.int32)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_ngrams_are_sorted_token_by_token(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)

    @given(ngrams())
    def check(of):
        _, found = of
        numbers = np.arange(len(found), dtype=np.int32)
        digits, order = in_alphabetical_order(as_digits(found), numbers)
        assert [found[k] for k in order] == sorted(found)
        np.testing.assert_array_equal(digits, as_digits(sorted(found)), strict=True)

    check()


@given(st.lists(st.integers(1, 9), min_size=1))
def test_the_frequent_come_first_and_equals_stay_in_order(frequency):
    order = frequency_order(np.array(frequency, np.int32))
    assert order.tolist() == sorted(range(len(frequency)), key=lambda k: -frequency[k])


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_a_name_is_its_tokens_with_spaces_between_them(monkeypatch, threads):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)

    @given(ngrams(), st.randoms())
    def check(of, random):
        tokens, found = of
        order = random.sample(range(len(found)), random.randint(1, len(found)))
        names = names_of(arrow.strings(tokens), as_digits(found), np.array(order, np.int32))
        names.validate(full=True)
        assert names.to_pylist() == [" ".join(tokens[t - 1] for t in found[k]) for k in order]

    check()
