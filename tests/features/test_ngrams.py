"""The order of n-grams and their names, compared with plain Python."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.features.levels import find_ngrams
from pipeline.features.ngrams import (
    alphabet_of,
    frequency_order,
    in_alphabetical_order,
    names_of,
    read_levels,
)
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer

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


documents = st.lists(st.sampled_from(["b", "ab", "a", "\u00e9"]), min_size=1, max_size=9)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_the_ngrams_of_a_corpus_are_read_token_by_token_with_their_frequencies(
    monkeypatch, threads
):
    monkeypatch.setenv("SENTIMENT_THREADS", threads)

    @given(st.lists(documents, min_size=1, max_size=6), *[st.integers(1, 4)] * 3)
    def check(corpus, longest, low, high):
        tokens = Tokenizer()([" ".join(document) for document in corpus])
        alphabet = alphabet_of(tokens.distinct)
        ranks = np.argsort(alphabet).astype(np.int32)
        levels = find_ngrams(tokens, longest, low)
        digits, frequency = read_levels(levels, alphabet, ranks, range(low, high))
        holders = Counter(ngram for document in corpus for ngram in ngrams_of(document, longest))
        expected = {ngram: n for ngram, n in sorted(holders.items()) if low <= n < high}
        spelled = [None, *sorted(tokens.distinct.to_pylist())]
        found = [tuple(spelled[digit] for digit in row if digit) for row in digits.tolist()]
        assert found == list(expected)
        assert frequency.tolist() == list(expected.values())

    check()


def ngrams_of(document, longest):
    """Return the distinct n-grams of a document as tuples."""
    return {
        tuple(document[i : i + n])
        for n in range(1, longest + 1)
        for i in range(len(document) - n + 1)
    }


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
