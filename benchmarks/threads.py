"""What a second thread brings to tokenising and counting, with the same result.

It also shows what two threads of plain arithmetic reach on this machine: hashing, which
needs no memory to speak of and lets other threads run.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from benchmarks.harness import Setting, alternate_timed, threads
from benchmarks.results import Figure, Question, ratio
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import learn_vocabulary
from pipeline.tokens.tokenizer import Tokenizer

ASKS = "Two threads compared with one, tokenising and counting"
TARGET = 1.6
BLOCK, BLOCKS = b"\0" * (1 << 20), 800


def run(setting: Setting) -> Question:
    """Compare the bytes, then time one thread and two."""
    texts = setting.corpus.texts("train")
    inputs = f"{setting.corpus.name}: train, {texts.nbytes / 1e6:.0f} MB of text"
    if (os.cpu_count() or 1) < 2:
        return Question("threads", ASKS, inputs, notes=("This machine has one core.",))
    count(texts[:1], 1)  # compiles, or loads what was compiled before
    if digest(texts, 1) != digest(texts, 2):
        raise ValueError("two threads give other bytes than one")
    names = ("one thread", "two threads", "arithmetic, one thread", "arithmetic, two threads")
    times = alternate_timed(
        {
            names[0]: lambda: count(texts, 1),
            names[1]: lambda: count(texts, 2),
            names[2]: lambda: hash_blocks(1),
            names[3]: lambda: hash_blocks(2),
        },
        setting.rounds,
    )
    settings = (
        *(f"Tokenizer, learn_vocabulary, count_features; SENTIMENT_THREADS={n}" for n in (1, 2)),
        *(f"SHA-256 of {BLOCKS} MB, a block of 1 MB at a time" for _ in (1, 2)),
    )
    figures = tuple(Figure(name, s, times[name]) for name, s in zip(names, settings, strict=True))
    return Question(
        "threads",
        ASKS,
        inputs,
        figures,
        (
            ratio("one thread over two, time", figures[0], figures[1], TARGET),
            ratio("the same for plain arithmetic", figures[2], figures[3]),
        ),
        (),
        ("The results of one thread and of two are the same bytes.",),
    )


def count(texts: pa.LargeStringArray, n_threads: int) -> tuple:
    """Tokenise and count."""
    with threads(n_threads):
        tokens = Tokenizer()(texts)
        vocabulary = learn_vocabulary(tokens)
        return tokens, vocabulary, count_features(tokens, vocabulary)


def digest(texts: pa.LargeStringArray, n_threads: int) -> str:
    """Return a digest of every array that comes of the work."""
    tokens, vocabulary, counts = count(texts, n_threads)
    found = hashlib.sha256()
    arrays = (
        tokens.ids,
        tokens.offsets,
        vocabulary.document_frequency,
        counts.data,
        counts.indices,
        counts.indptr,
    )
    for array in arrays:
        found.update(array.tobytes())
    for strings in (tokens.distinct, vocabulary.words):
        found.update("\n".join(strings.to_pylist()).encode())
    return found.hexdigest()


def hash_blocks(n_threads: int) -> None:
    """Hash the same number of blocks, shared out among threads."""

    def work(n_blocks: int) -> None:
        found = hashlib.sha256()
        for _ in range(n_blocks):
            found.update(BLOCK)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, [BLOCKS // n_threads] * n_threads))
