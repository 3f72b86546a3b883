"""Character n-grams of 2 to 5 code points: the time and the memory that counting them takes.

Each side learns the vocabulary of the training reviews and counts it, in a process of its own, as
in `benchmarks.ngrams`. The texts are the words of the reviews with spaces between them, so that
both sides pad the same words. What both counted is compared by the counts of every review and of
every column.

    python -m benchmarks.characters here|there TRAIN

is one of those processes.
"""

import json
import os
import sys
import time
from pathlib import Path

from benchmarks.harness import Setting, alternate, is_installed, missing, python_child, run_child
from benchmarks.ngrams import QUICK_REVIEWS, answer
from benchmarks.results import Figure, Question, ratio

ASKS = "Character n-grams of 2 to 5: learn the vocabulary of train, and count it"
TARGET = 10.0
LENGTHS = (2, 5)


def run(setting: Setting) -> Question:
    """Let both sides work in turns; once, because CountVectorizer takes minutes."""
    if not is_installed("sklearn"):
        return Question("characters", ASKS, "", notes=(missing("sklearn"),))
    file = _write_words(setting)
    sides = {side: lambda side=side: _child(side, file) for side in ("here", "there")}
    answers = {side: found for side, (found,) in alternate(sides, 1).items()}
    if answers["here"]["fingerprint"] != answers["there"]["fingerprint"]:
        raise ValueError("the counts differ")
    named = {
        "here": ("this project", f"default threads ({os.cpu_count()}), from Arrow text"),
        "there": (
            "CountVectorizer",
            'CountVectorizer(analyzer="char_wb", ngram_range=(2, 5)), from a list of str',
        ),
    }
    time_here, time_there = (Figure(*named[s], (answers[s]["seconds"],)) for s in sides)
    peak_here, peak_there = (
        Figure(
            f"{named[side][0]}, peak memory",
            "of the process, its texts included",
            (answers[side]["peak_bytes"] / 1e6,),
            "MB",
        )
        for side in sides
    )
    facts = answers["here"]
    return Question(
        "characters",
        ASKS,
        f"{setting.corpus.name}: {facts['reviews'][0]:,} reviews, {facts['columns']:,} columns, "
        f"{facts['nonzeros']:,} non-zeros, equal for each review and each column",
        (time_here, time_there, peak_here, peak_there),
        (
            ratio("CountVectorizer over ours, time", time_there, time_here, TARGET),
            ratio("CountVectorizer over ours, peak memory", peak_there, peak_here),
        ),
    )


def _write_words(setting: Setting) -> Path:
    """Write the words of each review, with spaces between them."""
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.tokens.tokenizer import Tokenizer

    texts = setting.corpus.texts("train")
    tokens = Tokenizer()(texts[:QUICK_REVIEWS] if setting.quick else texts)
    words = [" ".join(tokens.document(d)) for d in range(tokens.n_documents)]
    file = setting.folder / "characters.parquet"
    parquet.write_table(pa.table({"text": words}), file)
    return file


def _child(side: str, file: Path) -> dict:
    return json.loads(run_child(python_child("benchmarks.characters", side, file)).output)


def main() -> None:
    """Be one side: load, work, tell."""
    side, file = sys.argv[1:]
    found = {"here": count_here, "there": count_there}[side](file)
    print(json.dumps(found))


def count_here(file: str) -> dict:
    """Count with this project; return seconds, peak and a fingerprint."""
    import pyarrow as pa
    from pyarrow import parquet

    from pipeline.features.counting import count_features
    from pipeline.features.vocabulary import learn_vocabulary
    from pipeline.tokens.tokenizer import Tokenizer

    texts = parquet.read_table(file)["text"].cast(pa.large_string()).combine_chunks()
    pa.default_memory_pool().release_unused()
    # One text through all of it, so that the compiled code is loaded before the clock starts.
    few = Tokenizer()(texts[:1])
    count_features(few, learn_vocabulary(few, 0, characters=LENGTHS))

    start = time.perf_counter()
    tokens = Tokenizer()(texts)
    vocabulary = learn_vocabulary(tokens, 0, characters=LENGTHS)
    counts = count_features(tokens, vocabulary)
    return answer(time.perf_counter() - start, counts)


def count_there(file: str) -> dict:
    """Count with scikit-learn; return the same."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet
    from sklearn.feature_extraction.text import CountVectorizer

    texts = parquet.read_table(file)["text"].to_pylist()
    pa.default_memory_pool().release_unused()

    start = time.perf_counter()
    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=LENGTHS, dtype=np.float32)
    counts = vectorizer.fit_transform(texts)
    return answer(time.perf_counter() - start, counts)


if __name__ == "__main__":
    main()
