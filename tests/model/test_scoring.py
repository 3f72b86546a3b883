"""Scores without counts between: the same sums, for any blocks, and how many tokens were known."""

import functools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.vocabulary import Vocabulary, learn_vocabulary
from pipeline.model import scoring
from pipeline.model.logistic import LogisticRegression
from pipeline.model.text_classifier import TextClassifier
from pipeline.storage import arrow
from pipeline.tokens.tokenizer import Tokenizer

WORDS = ["film", "a", "awful", "superb", "don't", "a long word of more than eight bytes".split()[0]]
WORDS += ["incomprehensibilities", "déjà", "film awful", "a superb film", "never"]
TEXTS = st.lists(st.lists(st.sampled_from([*"xyz", *WORDS, "incomprehensible", ""])).map(" ".join))


@functools.cache
def model(n_words: int, seed: int = 0, **settings: bool) -> TextClassifier:
    """Return a model with random weights, of which some are far from each other."""
    words = list(dict.fromkeys(WORDS))[:n_words]
    random = np.random.default_rng(seed)
    weights = random.normal(size=len(words)) * 10.0 ** random.integers(-8, 9, len(words))
    vocabulary = Vocabulary(arrow.strings(words), np.arange(len(words), 0, -1, dtype=np.int32))
    binary = settings.pop("binary", False)
    return TextClassifier(
        Tokenizer(**settings), vocabulary, binary, LogisticRegression.of(weights, random.normal())
    )


UNIGRAMS, NGRAMS = 7, 10


def documents_of(texts: list[str]) -> list[list[str]]:
    """Return the tokens of each text."""
    tokens = Tokenizer()(texts)
    return [tokens.document(k) for k in range(len(texts))]


@given(TEXTS, st.integers(0, 99))
def test_a_sum_over_tokens_is_the_counts_times_the_weights(texts: list[str], seed: int) -> None:
    """Rounding is in another order: bound by 1e-12 of the sum of the absolute terms."""
    fitted = model(UNIGRAMS, seed)
    assert fitted.vocabulary.is_unigram
    counts = fitted.count(texts)
    expected = counts @ fitted.weights + fitted.intercept
    terms = counts @ np.abs(fitted.weights) + abs(fitted.intercept)
    assert (np.abs(fitted.decision_function(texts) - expected) <= 1e-12 * terms).all()


@given(TEXTS, st.booleans(), st.booleans())
def test_ngrams_are_scored_by_their_counts(texts: list[str], binary: bool, marked: bool) -> None:
    fitted = model(NGRAMS, binary=binary, mark_negation=marked)
    assert not fitted.vocabulary.is_unigram
    expected = fitted.count(texts) @ fitted.weights + fitted.intercept
    np.testing.assert_allclose(fitted.decision_function(texts), expected, rtol=1e-12)


@pytest.mark.parametrize("n_words", [UNIGRAMS, NGRAMS])
@pytest.mark.parametrize("binary", [False, True])
@given(texts=TEXTS)
def test_tokens_that_occur_in_a_feature_are_known(n_words, binary, texts) -> None:
    fitted = model(n_words, binary=binary)
    known = {token for word in fitted.vocabulary.words.to_pylist() for token in word.split()}
    found = fitted.scores(texts)
    documents = documents_of(texts)
    assert found.n_tokens.tolist() == [len(document) for document in documents]
    assert found.n_known.tolist() == [sum(t in known for t in document) for document in documents]
    without = np.diff(fitted.count(texts).indptr) == 0
    assert ((found.n_features == 0) == without).all()
    assert (found.scores[without] == fitted.intercept).all()


@functools.cache
def model_of_characters(ngrams: int) -> TextClassifier:
    vocabulary = learn_vocabulary(Tokenizer()(WORDS), ngrams, characters=(2, 3))
    weights = np.random.default_rng(0).normal(size=len(vocabulary))
    return TextClassifier(Tokenizer(), vocabulary, False, LogisticRegression.of(weights, 0.5))


@pytest.mark.parametrize("ngrams", [0, 1])
@given(texts=TEXTS)
def test_characters_are_scored_by_their_counts(ngrams, texts) -> None:
    fitted = model_of_characters(ngrams)
    assert not fitted.vocabulary.is_unigram
    found = fitted.scores(texts)
    expected = fitted.count(texts) @ fitted.weights + 0.5
    np.testing.assert_allclose(found.scores, expected, rtol=1e-12)
    documents = documents_of(texts)
    tokens = sorted({token for document in documents for token in document})
    is_known = dict(zip(tokens, np.diff(fitted.count(tokens).indptr) > 0, strict=True))
    assert found.n_known.tolist() == [sum(map(is_known.get, document)) for document in documents]


@pytest.mark.parametrize("n_words", [UNIGRAMS, NGRAMS])
@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_blocks_and_threads_do_not_change_a_bit(monkeypatch, n_words, threads) -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice([*WORDS, "x"], 30)) for _ in range(200)]
    fitted = model(n_words)
    expected = np.concatenate([fitted.decision_function([text]) for text in texts])
    monkeypatch.setenv("SENTIMENT_THREADS", threads)
    monkeypatch.setattr(scoring, "BLOCK", 1_000)
    chunked = pa.chunked_array([arrow.strings(texts[:70]), arrow.strings(texts[70:])])
    for given_texts in (texts, chunked):
        assert fitted.decision_function(given_texts).tobytes() == expected.tobytes()


@pytest.mark.parametrize("n_words", [UNIGRAMS, NGRAMS])
def test_a_scorer_forgets_a_block_before_the_next(n_words) -> None:
    score = scoring.scorer(model(n_words))
    first = score(arrow.strings(["film film", "superb"]))
    score(arrow.strings(["awful film", "a", "never"]))
    again = score(arrow.strings(["film film", "superb"]))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("n_words", [UNIGRAMS, NGRAMS])
def test_the_kernels_mean_the_same_without_numba(n_words, request) -> None:
    texts = ["a superb film", "", "awful, x awful", "incomprehensibilities"]
    expected = model(n_words).scores(texts)
    request.getfixturevalue("uncompiled")
    for one, other in zip(model(n_words).scores(texts), expected, strict=True):
        np.testing.assert_array_equal(one, other)
