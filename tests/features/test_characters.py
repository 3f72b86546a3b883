"""Character n-grams, compared with scikit-learn's `char_wb` and plain Python."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from pipeline.errors import CorpusError
from pipeline.features.counting import count_features
from pipeline.features.names import characters_of, name_of
from pipeline.features.vocabulary import (
    Vocabulary,
    learn_vocabulary,
    read_vocabulary,
    write_vocabulary,
)
from pipeline.kernels import hashing
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import Tokens

# Tokens of one to ten code points, of one to four bytes each, that hold what names are made of.
tokens_of_text = st.text(
    st.sampled_from([*"abcoe\"'-_␣…", "é", "好", "\U00010428", "\u02b0"]), min_size=1, max_size=10
)
documents = st.lists(tokens_of_text, max_size=8).map(" ".join)
corpora = st.lists(documents, min_size=1, max_size=6)
lengths = st.tuples(st.integers(1, 6), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))
REVIEWS = [
    "One of the best films of the year. One of the best!",
    'a "b" aaaaaaaa',
    "",
    "supercalifragilisticexpialidocious 日本の film, naïve Straße 10/10",
]


def split(corpus: list[str]) -> Tokens:
    """Take the words between white space for tokens, as `char_wb` does."""
    return Tokenizer(tokenizer="pattern", pattern=r"\S+", lowercase=False, punctuation=True)(corpus)


def names(vocabulary: Vocabulary) -> list[str]:
    return vocabulary.words.to_pylist()


def char_wb(low: int, high: int, **settings) -> CountVectorizer:
    """Return scikit-learn's counter."""
    return CountVectorizer(
        analyzer="char_wb", ngram_range=(low, high), lowercase=False, dtype=np.float32, **settings
    )


def assert_equal(found: csr_array, expected: csr_array) -> None:
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


@given(corpora, corpora, lengths, st.booleans())
@example(REVIEWS, ["the best of films"], (2, 5), False)
@example(["a bc"], ["a"], (4, 6), False)
@example(["a"], ["a"], (1, 1), True)
def test_the_counts_are_those_of_char_wb_but_for_the_space_alone(train, other, lengths, binary):
    train = [*train, "a"]
    peer = char_wb(*lengths, binary=binary).fit(train)
    vocabulary = learn_vocabulary(split(train), 0, characters=lengths)
    assert set(map(characters_of, names(vocabulary))) == set(peer.vocabulary_) - {" "}
    columns = [peer.vocabulary_[characters_of(name)] for name in names(vocabulary)]
    for corpus in (train, other):
        counts = count_features(split(corpus), vocabulary, binary)
        expected = peer.transform(corpus).toarray()[:, columns]
        np.testing.assert_array_equal(counts.toarray(), expected)


def test_characters_do_not_cross_words():
    vocabulary = learn_vocabulary(Tokenizer()(["go on"]), 0, characters=(2, 6))
    assert {characters_of(name) for name in names(vocabulary)} == {
        *[" g", "go", "o ", " go", "go ", " go "],
        *[" o", "on", "n ", " on", "on ", " on "],
    }


def test_a_token_that_is_shorter_than_the_shortest_ngram_counts_once():
    tokens = Tokenizer()(["a a of often"])
    vocabulary = learn_vocabulary(tokens, 0, characters=(5, 5))
    counts = count_features(tokens, vocabulary).data.tolist()
    found = dict(zip(map(characters_of, names(vocabulary)), counts, strict=True))
    assert found == {" a ": 2, " of ": 1, " ofte": 1, "often": 1, "ften ": 1}


# Words and characters in one vocabulary


def counts_by_name(tokens: Tokens, ngrams: int, lengths: tuple[int, int]) -> list[Counter]:
    """Count in plain Python."""
    low, high = lengths
    counted = []
    for d in range(tokens.n_documents):
        document, counts = tokens.document(d), Counter()
        for n in range(1, ngrams + 1):
            counts.update(" ".join(document[i : i + n]) for i in range(len(document) - n + 1))
        for token in document:
            padded = f" {token} "
            whole = [padded] if len(padded) < low else []
            runs = (
                padded[i : i + n] for n in range(low, high + 1) for i in range(len(padded) - n + 1)
            )
            counts.update(name_of(run) for run in [*whole, *runs] if run != " ")
        counted.append(counts)
    return counted


def by_name(counts: csr_array, vocabulary: Vocabulary) -> list[dict[str, float]]:
    named = names(vocabulary)
    rows = np.split(np.arange(counts.nnz), counts.indptr[1:-1])
    return [{named[counts.indices[p]]: counts.data[p].item() for p in row} for row in rows]


@given(corpora, st.integers(0, 3), lengths)
@example(REVIEWS, 2, (2, 5))
def test_words_and_characters_share_one_order(corpus, ngrams, lengths):
    """By descending document frequency; on ties characters first, then by code points."""
    tokens = split([*corpus, "a"])
    expected = counts_by_name(tokens, ngrams, lengths)
    frequency = Counter(name for counts in expected for name in counts)
    vocabulary = learn_vocabulary(tokens, ngrams, characters=lengths)
    assert names(vocabulary) == sorted(frequency, key=lambda name: (-frequency[name], name))
    assert vocabulary.document_frequency.tolist() == [frequency[name] for name in names(vocabulary)]
    assert by_name(count_features(tokens, vocabulary), vocabulary) == expected
    binary = count_features(tokens, vocabulary, binary=True)
    assert by_name(binary, vocabulary) == [dict.fromkeys(counts, 1) for counts in expected]


@given(corpora, st.integers(0, 2), lengths, st.integers(1, 4), st.integers(1, 4), st.integers(0, 9))
def test_bounds_and_the_number_of_features_hold_for_both_kinds(
    corpus, ngrams, lengths, min_df, max_df, max_features
):
    tokens = split([*corpus, "a", "a b"])
    every = learn_vocabulary(tokens, ngrams, characters=lengths)
    frequency = every.document_frequency
    kept = np.flatnonzero((frequency >= min_df) & (frequency <= max_df))
    kept = kept[:max_features] if max_features else kept
    arguments = ngrams, min_df, max_df, max_features, lengths
    if not len(kept):
        with pytest.raises(CorpusError, match=r"features\.m(in|ax)_df"):
            learn_vocabulary(tokens, *arguments)
        return
    found = learn_vocabulary(tokens, *arguments)
    assert found.words.equals(every.words.take(arrow.numbers(kept)))
    np.testing.assert_array_equal(found.document_frequency, frequency[kept], strict=True)
    part = count_features(tokens, every).toarray()[:, kept]
    np.testing.assert_array_equal(count_features(tokens, found).toarray(), part)


@given(corpora, st.integers(0, 2), lengths, st.data())
def test_a_vocabulary_is_the_same_after_it_is_read_from_its_file(
    tmp_path_factory, corpus, ngrams, lengths, data
):
    """Even a part of one, which may lack n-grams of some lengths."""
    tokens = split([*corpus, "a"])
    learned = learn_vocabulary(tokens, ngrams, characters=lengths)
    columns = st.lists(st.integers(0, len(learned) - 1), min_size=1, unique=True).map(sorted)
    kept = np.array(data.draw(columns))
    file = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    part = Vocabulary(learned.words.take(arrow.numbers(kept)), learned.document_frequency[kept])
    write_vocabulary(file, part)
    read = read_vocabulary(file)
    assert read.words.equals(part.words)
    expected = count_features(tokens, learned).toarray()[:, kept]
    np.testing.assert_array_equal(count_features(tokens, read).toarray(), expected)


@given(st.lists(tokens_of_text, min_size=1, max_size=3), tokens_of_text, st.integers(0, 3))
def test_a_name_is_of_characters_or_of_words_and_can_be_read_back(words, token, padding):
    characters = ("", " ")[padding & 1] + token + ("", " ")[padding >> 1]
    assert characters_of(name_of(characters)) == characters
    assert characters_of(" ".join(words)) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ngrams": 0}, "ngrams: expected at least 1, or characters"),
        ({"ngrams": -1, "characters": (2, 3)}, "ngrams: expected at least 0"),
        ({"characters": (0, 3)}, "characters: expected 1 <= low <= high"),
        ({"characters": (3, 2)}, "characters: expected 1 <= low <= high"),
    ],
)
def test_lengths_that_leave_nothing_to_count_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        learn_vocabulary(Tokenizer()(["a"]), **settings)


# Size, threads, and the kernels as plain Python


def random_corpus(n_documents: int, n_tokens: int) -> list[str]:
    random = np.random.default_rng(0)
    sizes = random.integers(1, 12, n_tokens)
    letters = random.choice([*"aaaabcdeé好"], int(sizes.sum()))
    found = ["".join(part) for part in np.split(letters, np.cumsum(sizes)[:-1])]
    cuts = np.sort(random.integers(0, n_tokens, n_documents - 1))
    return [" ".join(part) for part in np.split(np.array(found), cuts)]


@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("ngrams", [0, 2])
def test_blocks_and_threads_change_nothing(monkeypatch, size, threads, ngrams):
    tokens = split(random_corpus(30, 3_000))
    vocabulary = learn_vocabulary(tokens, ngrams, characters=(2, 4))
    counts = count_features(tokens, vocabulary, unit_length=True)
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    monkeypatch.setattr("pipeline.features.counting.BLOCK", size)
    again = learn_vocabulary(tokens, ngrams, characters=(2, 4))
    assert again.words.equals(vocabulary.words)
    np.testing.assert_array_equal(again.document_frequency, vocabulary.document_frequency)
    assert_equal(count_features(tokens, again, unit_length=True), counts)


@pytest.mark.parametrize(
    "corpus",
    [
        pytest.param(random_corpus(50, 20_000), id="many tokens"),
        pytest.param(["a " * 20_000 + "b"], id="nothing but repetition"),
        pytest.param(["b" * 300_000, "ab" * 10_000], id="long tokens"),
    ],
)
def test_size_changes_nothing(corpus):
    tokens = split(corpus)
    vocabulary = learn_vocabulary(tokens, 1, characters=(2, 5))
    expected = counts_by_name(tokens, 1, (2, 5))
    assert by_name(count_features(tokens, vocabulary), vocabulary) == expected


def test_the_table_grows_with_distinct_ngrams():
    """Ten thousand tokens whose characters nearly all differ."""
    random = np.random.default_rng(0)
    codes = random.integers(0x4E00, 0x9FFF, (10_000, 8))
    corpus = [" ".join("".join(map(chr, row)) for row in codes)]
    tokens = split(corpus)
    vocabulary = learn_vocabulary(tokens, 0, characters=(3, 7))
    assert len(vocabulary) > 200_000
    assert by_name(count_features(tokens, vocabulary), vocabulary) == counts_by_name(
        tokens, 0, (3, 7)
    )


def test_several_threads_may_count_with_one_vocabulary():
    """A search for n-grams only reads the table, even for ones of more than eight bytes."""
    corpus = random_corpus(400, 8_000)
    learned = learn_vocabulary(split(corpus), 1, min_df=2, characters=(3, 9))
    vocabulary = Vocabulary(learned.words, learned.document_frequency)
    parts = [split(corpus[k::8]) for k in range(8)]
    expected = [count_features(part, learned) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda part: count_features(part, vocabulary), parts * 4)
        for counts, alone in zip(found, expected * 4, strict=True):
            assert_equal(counts, alone)


def test_the_kernels_mean_the_same_without_numba(uncompiled):
    tokens = split(REVIEWS)
    for ngrams in (0, 2):
        vocabulary = learn_vocabulary(tokens, ngrams, characters=(1, 9))
        expected = counts_by_name(tokens, ngrams, (1, 9))
        assert by_name(count_features(tokens, vocabulary), vocabulary) == expected


def test_ngrams_are_distinguished_even_if_all_hashes_are_equal(uncompiled, monkeypatch):
    monkeypatch.setattr(hashing, "MULTIPLIER", hashing.ZERO)
    tokens = split(["abcdefghi cdefghijk 好好好好 éé"])
    vocabulary = learn_vocabulary(tokens, 0, characters=(2, 9))
    expected = counts_by_name(tokens, 0, (2, 9))
    assert by_name(count_features(tokens, vocabulary), vocabulary) == expected
