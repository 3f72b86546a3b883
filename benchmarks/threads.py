"""What a second thread brings to tokenising and counting, with the same result.

It also shows what two threads of plain arithmetic reach on this machine: hashing, which
needs no memory to speak of and lets other threads run. A table shows each step with its processor
time, and two halves of the texts that share nothing. If the processor time of two threads is above
that of one, the memory or the work itself is the limit: the most that two threads can reach is the
processor time of one over half that of two.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pyarrow as pa

from benchmarks.harness import Setting, alternate, alternate_timed, threads
from benchmarks.results import Claim, Figure, Question, Table, ratio
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import learn_vocabulary
from pipeline.parallel import Workspace
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
    steps, bound = by_step(texts, setting.rounds)
    return Question(
        "threads",
        ASKS,
        inputs,
        figures,
        (
            ratio("one thread over two, time", figures[0], figures[1], TARGET),
            ratio("the same for plain arithmetic", figures[2], figures[3]),
            Claim("the most that the processor time of two threads allows", bound),
        ),
        (steps,),
        ("The results of one thread and of two are the same bytes.",),
    )


def count(texts: pa.LargeStringArray, n_threads: int) -> tuple:
    """Tokenise and count."""
    with threads(n_threads):
        tokens = Tokenizer()(texts)
        vocabulary = learn_vocabulary(tokens)
        return tokens, vocabulary, count_features(tokens, vocabulary)


class Spent(NamedTuple):
    """Seconds from start to end, and seconds of processors."""

    seconds: float
    cpu: float


def by_step(texts: pa.LargeStringArray, rounds: int) -> tuple[Table, tuple[float, ...]]:
    """Time each step with one thread and with two, and halves of the texts without the other.

    Returns
    -------
    table : Table
        Medians.
    bound : tuple of float
        Of each round: the processor time of one thread over half that of two.
    """
    halves = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    workspaces = [Workspace() for _ in halves]
    tokenizer, pool = Tokenizer(), ThreadPoolExecutor(2)

    def tokenise_halves(n_at_once: int) -> None:
        parts = list(zip(halves, workspaces, strict=True))[:n_at_once]
        list(pool.map(lambda part: tokenizer.block(*part), parts))

    tokenise_halves(2)  # touches their memory
    spent = alternate(
        {
            "one": lambda: spent_on_steps(texts, 1),
            "two": lambda: spent_on_steps(texts, 2),
            "half": lambda: spent_on(lambda: tokenise_halves(1))[1],
            "halves": lambda: spent_on(lambda: tokenise_halves(2))[1],
        },
        rounds,
    )
    bound = tuple(
        sum(step.cpu for step in one.values()) / (sum(step.cpu for step in two.values()) / 2)
        for one, two in zip(spent["one"], spent["two"], strict=True)
    )
    rows = [
        (f"{step}, {name} thread{'s' * (name == 'two')}", *medians([r[step] for r in spent[name]]))
        for step in spent["one"][0]
        for name in ("one", "two")
    ]
    rows.append(("tokenise the first half, memory ready", *medians(spent["half"])))
    rows.append(("both halves at once, nothing shared", *medians(spent["halves"])))
    return Table("Steps, in seconds", ("step", "time", "processor time"), tuple(rows)), bound


def spent_on_steps(texts: pa.LargeStringArray, n_threads: int) -> dict[str, Spent]:
    """Tokenise and count, and say what each step took."""
    with threads(n_threads):
        tokens, tokenising = spent_on(lambda: Tokenizer()(texts))
        vocabulary, learning = spent_on(lambda: learn_vocabulary(tokens))
        _, counting = spent_on(lambda: count_features(tokens, vocabulary))
    return {"tokenise": tokenising, "learn the vocabulary": learning, "count": counting}


def spent_on(work: Callable[[], Any]) -> tuple[Any, Spent]:
    """Return the result of a call, and what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - start, time.process_time() - cpu)


def medians(rounds: list[Spent] | tuple[Spent, ...]) -> tuple[float, float]:
    """Return the median of the seconds and that of the processor time."""
    seconds, cpu = (round(statistics.median(values), 4) for values in zip(*rounds, strict=True))
    return seconds, cpu


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
