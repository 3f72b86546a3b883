"""Unigram counts in one thread, compared with scikit-learn's CountVectorizer.

Both get the same texts in memory and count the same tokens. The counts are compared entry
by entry before any time is told.
"""

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from benchmarks.corpora import WORDS, same_words
from benchmarks.harness import Setting, alternate_timed, is_installed, missing, threads
from benchmarks.results import Figure, Question, ratio
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import Vocabulary, learn_vocabulary
from pipeline.tokens.tokenizer import Tokenizer

ASKS = "Unigram counts of the training reviews, one thread, text in memory"
TARGET = 12.0


def run(setting: Setting) -> Question:
    """Compare the counts, then time both."""
    if not is_installed("sklearn"):
        return Question("counting", ASKS, "", notes=(missing("sklearn"),))
    texts = same_words(setting.corpus.texts("train"))
    strings = texts.to_pylist()
    with threads(1):
        vocabulary, counts = count_here(texts)  # compiles, or loads what was compiled before
        check_equal(vocabulary, counts, strings)
        times = alternate_timed(
            {
                "this project": lambda: count_here(texts),
                "CountVectorizer": lambda: vectorizer().fit_transform(strings),
            },
            setting.rounds,
        )
    here = Figure("this project", "SENTIMENT_THREADS=1, from Arrow text", times["this project"])
    there = Figure(
        "CountVectorizer.fit_transform",
        f"token_pattern={WORDS!r}, dtype=float32, from a list of str",
        times["CountVectorizer"],
    )
    return Question(
        "counting",
        ASKS,
        f"{setting.corpus.name}: train, {texts.nbytes / 1e6:.0f} MB of text; "
        f"{counts.shape[1]:,} columns, {counts.nnz:,} non-zeros, every one equal",
        (here, there),
        (ratio("CountVectorizer over ours, time", there, here, TARGET),),
    )


def count_here(texts: pa.LargeStringArray) -> tuple[Vocabulary, csr_array]:
    """Count with this project."""
    tokens = Tokenizer()(texts)
    vocabulary = learn_vocabulary(tokens)
    return vocabulary, count_features(tokens, vocabulary)


def vectorizer():
    """Return scikit-learn's counter with this project's meaning of a word."""
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(token_pattern=WORDS, dtype=np.float32)


def check_equal(vocabulary: Vocabulary, counts: csr_array, strings: list[str]) -> None:
    """Stop where a single count differs."""
    peer = vectorizer()
    expected = peer.fit_transform(strings)
    columns = [peer.vocabulary_[word] for word in vocabulary.words.to_pylist()]
    if expected.shape != counts.shape or abs(expected[:, columns] - counts).sum() != 0:
        raise ValueError("the counts differ")
