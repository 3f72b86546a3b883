"""Binary 1-3-grams with punctuation: the time and the memory that counting them takes.

Each side fits on train and transforms test in a process of its own, which loads its texts
first and times the work alone. The peak is of the whole process. What both counted is
compared by the counts of every review and of every column.

    python -m benchmarks.ngrams here|there TRAIN TEST

is one of those processes.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.harness import (
    Setting,
    alternate,
    is_installed,
    missing,
    python_child,
    run_child,
)
from benchmarks.results import Figure, Question, ratio

ASKS = "Binary 1-3-grams, punctuation kept: fit on train, transform test"
TARGET, MEMORY_TARGET = 20.0, 2.0
MOST_ROUNDS = 3  # CountVectorizer takes a minute
QUICK_REVIEWS = 1_500
# Words, and every other character but white space. Here, not imported: the peer's process
# shall not pay for this project's modules.
PATTERN = r"\w+(?:'\w+)*|[^\w\s\0]"


def run(setting: Setting) -> Question:
    """Let both sides work in turns."""
    if not is_installed("sklearn"):
        return Question("ngrams", ASKS, "", notes=(missing("sklearn"),))
    files = _write_texts(setting)
    sides = {side: lambda side=side: _child(side, files) for side in ("here", "there")}
    answers = alternate(sides, 1 if setting.quick else min(setting.rounds, MOST_ROUNDS))
    if len({answer["fingerprint"] for side in answers.values() for answer in side}) != 1:
        raise ValueError("the counts differ")
    settings = {
        "here": f"default threads ({os.cpu_count()}), from Arrow text",
        "there": "CountVectorizer(ngram_range=(1, 3), binary=True), from a list of str",
    }
    names = {"here": "this project", "there": "CountVectorizer"}
    time_here, time_there = (
        Figure(names[side], settings[side], tuple(a["seconds"] for a in answers[side]))
        for side in sides
    )
    peak_here, peak_there = (
        Figure(
            f"{names[side]}, peak memory",
            "of the process, its texts included",
            tuple(a["peak_bytes"] / 1e6 for a in answers[side]),
            "MB",
        )
        for side in sides
    )
    facts = answers["here"][0]
    return Question(
        "ngrams",
        ASKS,
        f"{setting.corpus.name}: {facts['reviews'][0]:,} + {facts['reviews'][1]:,} reviews, "
        f"{facts['columns']:,} columns, equal for each review and each column",
        (time_here, time_there, peak_here, peak_there),
        (
            ratio("CountVectorizer over ours, time", time_there, time_here, TARGET),
            ratio("CountVectorizer over ours, peak memory", peak_there, peak_here, MEMORY_TARGET),
        ),
    )


def _write_texts(setting: Setting) -> list[Path]:
    """Write texts in which both sides find the same tokens."""
    import pyarrow as pa
    from pyarrow import parquet

    from benchmarks.corpora import same_words

    files = []
    for part in ("train", "test"):
        texts = setting.corpus.texts(part)
        texts = same_words(texts[:QUICK_REVIEWS] if setting.quick else texts)
        files.append(setting.folder / f"ngrams-{part}.parquet")
        parquet.write_table(pa.table({"text": texts}), files[-1])
    return files


def _child(side: str, files: list[Path]) -> dict:
    return json.loads(run_child(python_child("benchmarks.ngrams", side, *files)).output)


def main() -> None:
    """Be one side: load, work, tell."""
    side, *files = sys.argv[1:]
    answer = {"here": count_here, "there": count_there}[side](*files)
    print(json.dumps(answer))


def count_here(train_file: str, test_file: str) -> dict:
    """Count with this project; return seconds, peak and a fingerprint."""
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.features.counting import count_features
    from pipeline.features.vocabulary import learn_vocabulary
    from pipeline.tokens.tokenizer import Tokenizer

    texts, test_texts = (
        parquet.read_table(file)["text"].cast(pa.large_string()).combine_chunks()
        for file in (train_file, test_file)
    )
    pa.default_memory_pool().release_unused()
    # One text through all of it, so that the compiled code is loaded before the clock starts.
    few = Tokenizer(punctuation=True)(texts[:1])
    count_features(few, learn_vocabulary(few, ngrams=3), binary=True)

    start = time.perf_counter()
    tokenizer = Tokenizer(punctuation=True)
    tokens = tokenizer(texts)
    vocabulary = learn_vocabulary(tokens, ngrams=3)
    counts = count_features(tokens, vocabulary, binary=True)
    test_counts = count_features(tokenizer(test_texts), vocabulary, binary=True)
    return answer(time.perf_counter() - start, counts, test_counts)


def count_there(train_file: str, test_file: str) -> dict:
    """Count with scikit-learn; return the same."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet
    from sklearn.feature_extraction.text import CountVectorizer

    texts, test_texts = (
        parquet.read_table(file)["text"].to_pylist() for file in (train_file, test_file)
    )
    pa.default_memory_pool().release_unused()

    start = time.perf_counter()
    vectorizer = CountVectorizer(
        token_pattern=PATTERN, ngram_range=(1, 3), binary=True, dtype=np.float32
    )
    counts = vectorizer.fit_transform(texts)
    test_counts = vectorizer.transform(test_texts)
    return answer(time.perf_counter() - start, counts, test_counts)


def answer(seconds: float, *parts) -> dict:
    """Add to the seconds the peak, and a fingerprint of the counts of each part.

    The peak is read first, because the fingerprint needs memory of its own.
    """
    import numpy as np

    # Only now, because it imports what the work does not need.
    from pipeline.stages.memory import peak_memory

    peak = peak_memory()
    digest = hashlib.sha256()
    for part in parts:
        in_review = np.diff(part.indptr).astype(np.int64)
        in_column = np.sort(np.bincount(part.indices, minlength=part.shape[1]))
        digest.update(in_review.tobytes() + in_column.tobytes())
    return {
        "seconds": seconds,
        "peak_bytes": peak,
        "fingerprint": digest.hexdigest(),
        "reviews": [part.shape[0] for part in parts],
        "columns": parts[0].shape[1],
        "nonzeros": int(parts[0].nnz),
    }


if __name__ == "__main__":
    main()
