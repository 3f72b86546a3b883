"""Vocabularies and counts, compared with scikit-learn and plain Python."""

import dataclasses
from collections import Counter
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from pipeline.errors import CorpusError
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import Vocabulary, learn_vocabulary
from pipeline.kernels import hashing
from pipeline.tokens.tokenizer import Tokenizer
from pipeline.tokens.tokens import Tokens

# In UTF-16 the last two would be in the other order; ' and the space come before the letters.
# No combining marks: the tokenizer takes them for letters, scikit-learn's `re` does not.
ALPHABET = ["a", "b", "c", "a'b", "ab", "7", "_", "é", "\uff5a", "\U00010428"]
documents = st.lists(st.sampled_from(ALPHABET), max_size=10).map(" ".join)
corpora = st.lists(documents, min_size=1, max_size=8)
lengths = st.integers(1, 4)
bounds = st.integers(1, 5) | st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 0.9, 1.0])

REVIEWS = [
    "One of the best films of the year. One of the best!",
    "It isn't the best film; it's one of the worst films I've seen this year.",
    "I can't say it wasn't fun, but I can't say that it was good.",
    "",
    "Not good. Not good at all. Not ... good ... at ... all!",
    "한국 film, naïve Strasse: the best of the worst, 10 out of 10",
]
UNSEEN = ["The worst film of the decade", "", "zzz yyy", "not at all good: not good at all, zzz"]


def tokenised(corpus: list[str]) -> Tokens:
    return Tokenizer()(corpus)


def ngrams_of(document: list[str], longest: int) -> list[str]:
    return [
        " ".join(document[i : i + n])
        for n in range(1, longest + 1)
        for i in range(len(document) - n + 1)
    ]


def names(vocabulary: Vocabulary) -> list[str]:
    return vocabulary.words.to_pylist()


def rows(counts: csr_array, vocabulary: Vocabulary) -> list[dict[str, float]]:
    """Return the counts of each document by name."""
    named = names(vocabulary)
    parts = np.split(np.arange(counts.nnz), counts.indptr[1:-1])
    return [{named[counts.indices[p]]: counts.data[p].item() for p in part} for part in parts]


def counted(corpus: list[str], vocabulary: Vocabulary, **changed) -> list[dict[str, float]]:
    return rows(count_features(tokenised(corpus), vocabulary, **changed), vocabulary)


# Against scikit-learn


def assert_equal_to_scikit_learn(train, other, ngrams, min_df, max_df, binary):
    peer = CountVectorizer(
        token_pattern=r"\w+(?:'\w+)*",
        ngram_range=(1, ngrams),
        min_df=min_df,
        max_df=max_df,
        binary=binary,
        dtype=np.float32,
    )
    try:
        peer_train = peer.fit_transform(train)
    except ValueError:  # nothing is left, or the bounds exclude each other
        with pytest.raises(CorpusError):
            learn_vocabulary(tokenised(train), ngrams, min_df, max_df)
        return
    vocabulary = learn_vocabulary(tokenised(train), ngrams, min_df, max_df)
    assert set(names(vocabulary)) == set(peer.vocabulary_)
    columns = [peer.vocabulary_[name] for name in names(vocabulary)]
    for corpus, expected in ((train, peer_train), (other, peer.transform(other))):
        counts = count_features(tokenised(corpus), vocabulary, binary)
        np.testing.assert_array_equal(counts.toarray(), expected.toarray()[:, columns])


@given(corpora, corpora, lengths, bounds, bounds, st.booleans())
@example(REVIEWS, UNSEEN, 3, 1, 1.0, False)
@example(REVIEWS, UNSEEN, 2, 2, 0.5, True)
@example(["a b", "a c"], ["a"], 1, 1, 1, False)
def test_counts_are_scikit_learns(train, other, ngrams, min_df, max_df, binary):
    assert_equal_to_scikit_learn(train, other, ngrams, min_df, max_df, binary)


@given(corpora, corpora, lengths)
@example(REVIEWS, UNSEEN, 4)
def test_unpruned_counts_are_scikit_learns(train, other, ngrams):
    assert_equal_to_scikit_learn([*train, "a"], other, ngrams, 1, 1.0, False)


# The vocabulary


def assert_in_order(vocabulary: Vocabulary) -> None:
    pairs = list(zip(names(vocabulary), vocabulary.document_frequency.tolist(), strict=True))
    assert pairs == sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


@given(corpora, lengths)
@example(REVIEWS, 3)
@example(["\U00010428 \uff5a"], 2)
def test_a_vocabulary_is_every_ngram_by_descending_frequency_then_code_points(corpus, ngrams):
    """The names are tokens with a single space between them."""
    corpus = [*corpus, "a"]
    tokens = tokenised(corpus)
    frequency = Counter(
        name for d in range(len(corpus)) for name in set(ngrams_of(tokens.document(d), ngrams))
    )
    vocabulary = learn_vocabulary(tokens, ngrams)
    expected = dict(sorted(frequency.items(), key=lambda pair: (-pair[1], pair[0])))
    assert len(vocabulary) == len(expected)
    assert names(vocabulary) == list(expected)
    assert vocabulary.document_frequency.tolist() == list(expected.values())
    assert vocabulary.document_frequency.dtype == np.int32
    assert vocabulary.words.type == pa.large_string()


@given(corpora, lengths, bounds, st.data())
def test_the_order_of_documents_changes_nothing_but_the_rows(corpus, ngrams, min_df, data):
    corpus = [*corpus, "a b a b"]
    order = data.draw(st.permutations(range(len(corpus))))
    shuffled = [corpus[d] for d in order]
    tokens, shuffled_tokens = tokenised(corpus), tokenised(shuffled)
    try:
        vocabulary = learn_vocabulary(tokens, ngrams, min_df)
    except CorpusError:
        with pytest.raises(CorpusError):
            learn_vocabulary(shuffled_tokens, ngrams, min_df)
        return
    of_shuffled = learn_vocabulary(shuffled_tokens, ngrams, min_df)
    assert names(of_shuffled) == names(vocabulary)
    np.testing.assert_array_equal(of_shuffled.document_frequency, vocabulary.document_frequency)
    counts = count_features(tokens, vocabulary).toarray()
    shuffled_counts = count_features(shuffled_tokens, of_shuffled).toarray()
    np.testing.assert_array_equal(shuffled_counts, counts[order])


@given(corpora, lengths, st.integers(1, 30))
@example(REVIEWS, 3, 5)
def test_max_features_keeps_a_prefix_of_that_order(corpus, ngrams, max_features):
    tokens = tokenised([*corpus, "a"])
    every = learn_vocabulary(tokens, ngrams)
    kept = learn_vocabulary(tokens, ngrams, max_features=max_features)
    assert names(kept) == names(every)[:max_features]
    np.testing.assert_array_equal(
        kept.document_frequency, every.document_frequency[:max_features], strict=True
    )
    part = count_features(tokens, every).toarray()[:, : len(kept)]
    np.testing.assert_array_equal(count_features(tokens, kept).toarray(), part)


@given(corpora, lengths)
@example(REVIEWS, 3)
def test_the_document_frequency_is_the_number_of_rows_that_hold_a_feature(corpus, ngrams):
    tokens = tokenised([*corpus, "a"])
    vocabulary = learn_vocabulary(tokens, ngrams)
    held = count_features(tokens, vocabulary, binary=True).toarray()
    assert set(np.unique(held)) <= {0, 1}
    np.testing.assert_array_equal(held.sum(axis=0), vocabulary.document_frequency)
    np.testing.assert_array_equal(held, count_features(tokens, vocabulary).toarray() > 0)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ({}, "a b c d"),
        ({"min_df": 2}, "a b c"),
        ({"min_df": 4}, "a"),
        ({"min_df": 0.5}, "a b c"),
        ({"min_df": 0.51}, "a b"),
        ({"min_df": 1.0}, "a"),
        ({"max_df": 0.75}, "b c d"),
        ({"max_df": 3}, "b c d"),
        ({"max_df": 1}, "d"),
        ({"min_df": 2, "max_df": 0.5}, "c"),
        ({"max_features": 2}, "a b"),
        ({"max_df": 3, "max_features": 2}, "b c"),
        ({"max_features": 9}, "a b c d"),
    ],
)
def test_bounds_are_included_numbers_if_int_and_fractions_if_float(bounds, kept):
    vocabulary = learn_vocabulary(tokenised(["a b c d d d", "a b c", "a b", "a"]), **bounds)
    assert names(vocabulary) == kept.split()


@given(st.integers(1, 150), st.integers(0, 100), st.integers(0, 100))
@example(100, 7, 29)
def test_a_fraction_is_the_decimal_that_was_written(n, low, high):
    """Not its product with the number of documents: 0.07 * 100 is above 7, 0.29 * 100 below 29."""
    tokens = tokenised([" ".join(f"w{k}" for k in range(d + 1)) for d in range(n)])
    expected = [
        f"w{n - frequency}"
        for frequency in range(n, 0, -1)
        if Fraction(low, 100) <= Fraction(frequency, n) <= Fraction(high, 100)
    ]
    if expected:
        assert names(learn_vocabulary(tokens, 1, low / 100, high / 100)) == expected
    else:
        with pytest.raises(CorpusError, match=r"features\.m(in|ax)_df"):
            learn_vocabulary(tokens, 1, low / 100, high / 100)


@pytest.mark.parametrize("n", [3, 7, 49, 1000])
def test_a_fraction_that_was_computed_includes_its_bound(n):
    tokens = tokenised(["a b", *["a"] * (n - 1)])
    assert names(learn_vocabulary(tokens, 1, max_df=1 / n)) == ["b"]
    assert names(learn_vocabulary(tokens, 1, min_df=1 / n)) == ["a", "b"]


@pytest.mark.parametrize(
    ("corpus", "bounds", "frequencies", "helps"),
    [
        (["a b", "c d"], {"min_df": 2}, "at least 2", "lower features.min_df"),
        (["a b", "c d"], {"min_df": 0.9}, "at least 2", "lower features.min_df"),
        (["a b", "c d"], {"min_df": 1000}, "at least 1,000", "lower features.min_df"),
        (["a", "a"], {"max_df": 0.4}, "at most 0", "raise features.max_df"),
        (
            ["a", "a b"],
            {"min_df": 2, "max_df": 1},
            "at least 2 and at most 1",
            "lower features.min_df or raise features.max_df",
        ),
    ],
)
def test_a_vocabulary_of_nothing_is_an_error_that_names_the_bound(
    corpus, bounds, frequencies, helps
):
    with pytest.raises(CorpusError) as raised:
        learn_vocabulary(tokenised(corpus), **bounds)
    assert str(raised.value) == (
        f"features: no n-gram occurs in {frequencies} of the 2 training reviews; {helps}"
    )


@pytest.mark.parametrize("corpus", [["", "..."], []])
def test_a_corpus_without_a_token_is_an_error_that_does_not_blame_the_bounds(corpus):
    with pytest.raises(CorpusError, match=r"holds a token; see the \[tokens\] settings"):
        learn_vocabulary(tokenised(corpus))


# Counts


@given(corpora, corpora, lengths, st.booleans())
@example(REVIEWS, UNSEEN, 3, False)
@example(["a"], ["", ""], 1, False)
def test_counts_are_canonical_csr_of_float32_and_int32(train, other, ngrams, binary):
    train = [*train, "a"]
    vocabulary = learn_vocabulary(tokenised(train), ngrams)
    for corpus in (train, other, []):
        counts = count_features(tokenised(corpus), vocabulary, binary)
        assert isinstance(counts, csr_array)
        assert counts.shape == (len(corpus), len(vocabulary))
        assert counts.data.dtype == np.float32
        assert counts.indices.dtype == counts.indptr.dtype == np.int32
        assert counts.nnz == len(counts.data) == len(counts.indices) == counts.indptr[-1]
        assert (counts.data > 0).all()
        # Computed, not read from the flags that were set.
        anew = csr_array((counts.data, counts.indices, counts.indptr), counts.shape)
        assert anew.has_sorted_indices
        assert anew.has_canonical_format
        assert counts.has_sorted_indices
        assert counts.has_canonical_format


@given(corpora, corpora, lengths, st.booleans(), st.data())
def test_any_choice_of_features_gives_those_columns_of_all_counts(
    train, other, ngrams, binary, data
):
    """An n-gram is counted whether or not the shorter ones in it are features."""
    vocabulary = learn_vocabulary(tokenised([*train, "a b"]), ngrams)
    columns = st.sampled_from(range(len(vocabulary)))
    chosen = data.draw(st.lists(columns, unique=True, min_size=1))
    part = Vocabulary(vocabulary.words.take(chosen), vocabulary.document_frequency[chosen])
    for corpus in (train, other):
        every = count_features(tokenised(corpus), vocabulary, binary).toarray()
        counts = count_features(tokenised(corpus), part, binary)
        np.testing.assert_array_equal(counts.toarray(), every[:, chosen])


@given(corpora, lengths, st.data())
def test_a_slice_of_a_vocabulary_is_a_vocabulary(corpus, ngrams, data):
    vocabulary = learn_vocabulary(tokenised([*corpus, "a b"]), ngrams)
    start = data.draw(st.integers(0, len(vocabulary) - 1))
    stop = data.draw(st.integers(start + 1, len(vocabulary)))
    part = Vocabulary(
        vocabulary.words.slice(start, stop - start), vocabulary.document_frequency[start:stop]
    )
    every = count_features(tokenised(corpus), vocabulary).toarray()
    counts = count_features(tokenised(corpus), part).toarray()
    np.testing.assert_array_equal(counts, every[:, start:stop])


def test_an_ngram_whose_prefix_is_too_frequent_is_counted():
    corpus = ["not good", "not bad", "so good", "not good not good"]
    vocabulary = learn_vocabulary(tokenised(corpus), 2, min_df=2, max_df=2)
    assert names(vocabulary) == ["not good"]
    assert counted(corpus, vocabulary) == [{"not good": 1}, {}, {}, {"not good": 2}]


def test_an_ngram_whose_last_token_is_too_rare_is_counted():
    corpus = ["a b", "a b"]
    vocabulary = learn_vocabulary(tokenised(corpus), 2, max_features=2)
    assert names(vocabulary) == ["a", "a b"]
    assert counted(["a b b"], vocabulary) == [{"a": 1, "a b": 1}]


def test_ngrams_do_not_span_documents():
    apart, together = tokenised(["x a", "", "b y"]), tokenised(["x a b y"])
    assert "a b" not in names(learn_vocabulary(apart, 3))
    vocabulary = learn_vocabulary(together, 3)
    assert rows(count_features(apart, vocabulary), vocabulary) == [
        {"a": 1, "x": 1, "x a": 1},
        {},
        {"b": 1, "b y": 1, "y": 1},
    ]


def test_ngrams_do_not_jump_over_unknown_tokens():
    vocabulary = learn_vocabulary(tokenised(["a b c"]), 3)
    assert counted(["a zzz b c", "zzz a b zzz c", "a zzz c"], vocabulary) == [
        {"a": 1, "b": 1, "b c": 1, "c": 1},
        {"a": 1, "a b": 1, "b": 1, "c": 1},
        {"a": 1, "c": 1},
    ]


def test_ngrams_do_not_jump_over_pruned_tokens():
    corpus = ["a of b", "a b", "a b", "of", "of"]
    vocabulary = learn_vocabulary(tokenised(corpus), 2, min_df=2, max_df=0.5)
    assert names(vocabulary) == ["a b"]
    assert counted(corpus, vocabulary) == [{}, {"a b": 1}, {"a b": 1}, {}, {}]


def test_overlapping_ngrams_all_count():
    vocabulary = learn_vocabulary(tokenised(["a a a"]), 3)
    assert counted(["a a a a"], vocabulary) == [{"a": 4, "a a": 3, "a a a": 2}]
    assert counted(["a a a a"], vocabulary, binary=True) == [{"a": 1, "a a": 1, "a a a": 1}]


def test_documents_without_known_tokens_are_empty_rows():
    vocabulary = learn_vocabulary(tokenised(["a b"]), 2)
    assert counted(["", "zzz", "...", "b", "zzz yyy zzz", ""], vocabulary) == [
        *[{}, {}, {}, {"b": 1}, {}, {}],
    ]


def test_a_split_has_its_own_token_numbers():
    vocabulary = learn_vocabulary(tokenised(["good film", "bad film"]), 2)
    assert counted(["film film bad", "a bad film"], vocabulary) == [
        {"film": 2, "bad": 1},
        {"film": 1, "bad": 1, "bad film": 1},
    ]


# Many n-grams, and the kernels as plain Python


def random_corpus(n_documents: int, n_tokens: int, n_types: int) -> list[str]:
    """Return documents of very different lengths whose tokens follow Zipf's law."""
    random = np.random.default_rng(0)
    ids = np.minimum(random.zipf(1.3, n_tokens), n_types)
    cuts = np.sort(random.integers(0, n_tokens, n_documents - 1))
    return [" ".join(f"w{k}" for k in part) for part in np.split(ids, cuts)]


def assert_counts_are_those_of_a_counter(corpus: list[str], ngrams: int) -> None:
    expected = [Counter(ngrams_of(text.split(), ngrams)) for text in corpus]
    frequency = Counter(name for counts in expected for name in counts)
    vocabulary = learn_vocabulary(tokenised(corpus), ngrams)
    assert_in_order(vocabulary)
    found = zip(names(vocabulary), vocabulary.document_frequency.tolist(), strict=True)
    assert dict(found) == frequency
    assert counted(corpus, vocabulary) == expected


@pytest.mark.parametrize(
    ("corpus", "ngrams"),
    [
        pytest.param(random_corpus(200, 20_000, 5_000), 1, id="tokens"),
        pytest.param(random_corpus(200, 20_000, 5_000), 3, id="many documents"),
        pytest.param(["a b", *random_corpus(3, 40_000, 9_000)], 2, id="long documents"),
        pytest.param([" ".join(f"w{n}" for n in range(30_000)), "w0 w1"], 2, id="no repetition"),
        pytest.param(["a " * 20_000 + "b"], 5, id="nothing but repetition"),
    ],
)
def test_size_changes_nothing(corpus, ngrams):
    assert_counts_are_those_of_a_counter(corpus, ngrams)


@pytest.mark.slow
def test_a_quarter_of_a_million_columns_are_counted():
    """So many that the sorted columns of a row have wide gaps."""
    assert_counts_are_those_of_a_counter(random_corpus(50, 300_000, 100_000), 3)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_the_kernels_mean_the_same_without_numba(uncompiled, ngrams, binary):
    assert_equal_to_scikit_learn(REVIEWS, UNSEEN, ngrams, 1, 1.0, binary)
    assert_equal_to_scikit_learn(REVIEWS, UNSEEN, ngrams, 2, 0.5, binary)


def test_the_kernels_grow_their_arrays_without_numba(uncompiled):
    corpus = ["a b", *random_corpus(20, 1_500, 300)]
    assert_counts_are_those_of_a_counter(corpus, 3)


@pytest.mark.parametrize("threads", ["1", "2", "3", "7"])
@pytest.mark.parametrize(("ngrams", "size"), [(1, 1000), (3, 1), (3, 7), (3, 1000)])
def test_blocks_partitions_and_threads_change_nothing(monkeypatch, ngrams, size, threads):
    tokens = tokenised(random_corpus(30, 3_000, 300))
    vocabulary = learn_vocabulary(tokens, ngrams)
    counts = count_features(tokens, vocabulary)
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    for name in ("features.levels.PARTITION", "features.counting.BLOCK"):
        monkeypatch.setattr(f"pipeline.{name}", size)
    again = learn_vocabulary(tokens, ngrams)
    assert again.words.equals(vocabulary.words)
    np.testing.assert_array_equal(again.document_frequency, vocabulary.document_frequency)
    found = count_features(tokens, again)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(counts, name), strict=True)


@pytest.mark.parametrize("min_df", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 40, 500])
def test_a_corpus_in_parts_has_the_vocabulary_of_the_whole(monkeypatch, tmp_path, size, min_df):
    """The parts may hold a single document; their work arrays are in memory or in files."""
    tokens = tokenised([*random_corpus(30, 3_000, 300), "", "a", ""])
    whole = learn_vocabulary(tokens, 3, min_df)
    monkeypatch.setattr("pipeline.features.levels.PART", size)
    for folder in (None, tmp_path):
        parts = learn_vocabulary(dataclasses.replace(tokens, folder=folder), 3, min_df)
        assert parts.words.equals(whole.words)
        np.testing.assert_array_equal(parts.document_frequency, whole.document_frequency)
    assert not list(tmp_path.iterdir())


@given(corpora, lengths, st.integers(1, 3), st.integers(1, 6))
@example(REVIEWS, 3, 2, 1)
def test_the_ngrams_of_parts_are_those_of_scikit_learn(corpus, ngrams, min_df, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.features.levels.PART", size)
        assert_equal_to_scikit_learn(corpus, corpus, ngrams, min_df, 1.0, False)


def test_parts_are_merged_without_numba(uncompiled, monkeypatch):
    monkeypatch.setattr("pipeline.features.levels.PART", 50)
    assert_counts_are_those_of_a_counter(["a b", *random_corpus(5, 150, 30)], 3)


def test_a_vocabulary_that_was_learned_counts_as_one_read_from_its_words():
    corpus = random_corpus(30, 3_000, 300)
    learned = learn_vocabulary(tokenised(corpus), 3, max_df=0.5, max_features=500)
    read = Vocabulary(learned.words, learned.document_frequency)
    assert counted(corpus, read) == counted(corpus, learned)


def test_ngrams_are_distinguished_even_if_all_hashes_are_equal(uncompiled, monkeypatch):
    monkeypatch.setattr(hashing, "MULTIPLIER", hashing.ZERO)
    assert_counts_are_those_of_a_counter(["a b", *random_corpus(5, 150, 30)], 3)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
def test_unit_length_divides_each_document_by_its_length(binary, threads, monkeypatch):
    """As scikit-learn's `normalize` does; a document without features stays empty."""
    from sklearn.preprocessing import normalize

    monkeypatch.setenv("SENTIMENT_THREADS", str(threads))
    texts = ["a b b c", "", "zzz", "c c c c a", "b"] * 7
    tokens = Tokenizer()(texts)
    vocabulary = learn_vocabulary(Tokenizer()(["a b c", "b c"]), 2)
    counts = count_features(tokens, vocabulary, binary)
    found = count_features(tokens, vocabulary, binary, unit_length=True)
    assert found.toarray() == pytest.approx(normalize(counts).toarray(), rel=1e-6)
    assert found.dtype == np.float32
