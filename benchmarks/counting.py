"""Time unigram counts, here and with CountVectorizer of scikit-learn.

Both get the same texts in memory, count the same tokens in one thread, and take
turns in one process. The counts are compared entry by entry before any time is told.

    python benchmarks/counting.py [--rounds N]

The texts are the 25,000 IMDB training reviews where SENTIMENT_DATA points to a folder
that has data/imdb/train.parquet, and the bundled reviews ten times over where not.
"""

import argparse
import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import regex
from pyarrow import json, parquet
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

import pipeline
from pipeline.features import Vocabulary, count_features, learn_vocabulary
from pipeline.tokens import WORDS, Tokenizer


def main() -> None:
    """Compare the counts, time both in turn, print seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    texts, name = load_texts()
    strings = texts.to_pylist()
    print(f"{name}: {len(texts):,} texts, {texts.nbytes / 1e6:.0f} MB")

    vocabulary, counts = count_here(texts)  # compiles, or loads what was compiled before
    check_equal(vocabulary, counts, strings)
    print(f"equal counts: {counts.shape[1]:,} columns, {counts.nnz:,} non-zeros")

    here, there = [], []
    for _ in range(rounds):
        here.append(seconds(count_here, texts))
        there.append(seconds(vectorizer().fit_transform, strings))
    for label, times in (("this project", here), ("CountVectorizer", there)):
        spread = f"{min(times):.3f} to {max(times):.3f}"
        print(f"{label:<16} median {statistics.median(times):.3f} s  ({spread})")
    ratios = [b / a for a, b in zip(here, there, strict=True)]
    print(
        f"ratio            median {statistics.median(ratios):.1f}   "
        f"({min(ratios):.1f} to {max(ratios):.1f})"
    )


def load_texts() -> tuple[pa.LargeStringArray, str]:
    """Return texts in which both find the same words.

    CountVectorizer keeps curly apostrophes apart from straight ones, and its engine, `re`,
    takes some characters for letters that NLTK's does not, such as the half of "8½".
    """
    data = Path(os.environ.get("SENTIMENT_DATA", "")) / "data/imdb/train.parquet"
    if data.exists():
        texts, name = parquet.read_table(data)["text"].to_pylist(), "IMDB train"
    else:
        sample = Path(pipeline.__file__).parent / "corpus/sample/train.jsonl"
        texts = json.read_json(sample)["text"].to_pylist() * 10
        name = "bundled reviews, ten times"
    characters = set("".join(texts))
    unlike = {
        ord(c): " " for c in characters if bool(re.match(r"\w", c)) != bool(regex.match(r"\w", c))
    }
    same = [text.translate(unlike | {0x2019: "'"}) for text in texts]
    return pa.array(same, pa.large_string()), name


def count_here(texts: pa.LargeStringArray) -> tuple[Vocabulary, csr_array]:
    """Count with this project."""
    tokens = Tokenizer()(texts)
    vocabulary = learn_vocabulary(tokens)
    return vocabulary, count_features(tokens, vocabulary)


def vectorizer() -> CountVectorizer:
    """Return scikit-learn's counter with this project's meaning of a word."""
    return CountVectorizer(token_pattern=WORDS, dtype=np.float32)


def check_equal(vocabulary: Vocabulary, counts: csr_array, strings: list[str]) -> None:
    """Stop where a single count differs."""
    peer = vectorizer()
    expected = peer.fit_transform(strings)
    columns = [peer.vocabulary_[word] for word in vocabulary.words.to_pylist()]
    if expected.shape != counts.shape or abs(expected[:, columns] - counts).sum() != 0:
        raise SystemExit("the counts differ")


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Time one call."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
