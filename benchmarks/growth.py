"""The growth of time and memory with the corpus.

`sentiment eval` on made-up reviews, in a process of its own, at sizes that each are four times
the last. New words keep coming as they do in real text. Anonymous memory is what the process
holds; the total counts mapped files too, which the system may drop.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from pyarrow import parquet

from benchmarks import jobs, synthetic
from benchmarks.corpora import Corpus
from benchmarks.harness import Setting, show_progress
from benchmarks.results import Claim, Figure, Question, Table

ASKS = "Growth of time and memory with the corpus"
EXPONENT_TARGET = 1.05
BASE, QUICK_BASE = 4_000, 500
STEPS, QUICK_STEPS = (1, 4, 16, 64), (1, 4, 16)
TEST_SHARE = 4  # a test review to so many training reviews
LEAST_GROWTH = 20e6  # bytes; less of it says nothing
HEADER = ("corpus", "reviews", "text MB", "words", "s", "anonymous MB", "total MB")


@dataclass(frozen=True)
class Point:
    """One size: the corpus, and what the whole job took."""

    step: int
    reviews: int
    text_bytes: int
    words: int
    seconds: tuple[float, ...]
    peak_anonymous: int
    peak_bytes: int


def run(setting: Setting) -> Question:
    """Measure every size, one after the other, and fit the exponent."""
    jobs.trained_run(setting)  # compiles, and caches what was compiled
    base = QUICK_BASE if setting.quick else BASE
    steps = QUICK_STEPS if setting.quick else STEPS
    points = [_measure(setting, step, base) for step in steps]
    rows = tuple(
        (
            f"x{p.step}",
            p.reviews,
            round(p.text_bytes / 1e6, 1),
            p.words,
            round(float(np.median(p.seconds)), 2),
            round(p.peak_anonymous / 1e6),
            round(p.peak_bytes / 1e6),
        )
        for p in points
    )
    return Question(
        "growth",
        ASKS,
        f"synthetic, {points[0].reviews:,} to {points[-1].reviews:,} reviews, "
        f"a test review to {TEST_SHARE} of train; settings of configs/imdb.toml",
        tuple(
            Figure(f"x{p.step}", f"sentiment eval, {p.reviews:,} reviews", p.seconds)
            for p in points
        ),
        _claims(points),
        (Table("Growth", HEADER, rows),),
        ("Start-up counts in the small sizes; the last step shows it least.",),
    )


def _measure(setting: Setting, step: int, base: int) -> Point:
    """Make a corpus, do the whole job on it, and delete both."""
    folder = setting.folder / f"growth-{step}"
    folder.mkdir()
    show_progress(f"making {step * base:,} reviews")
    n_test = step * base // TEST_SHARE
    corpus = Corpus("", *synthetic.write_corpus(folder, step * base, n_test), False)
    config = jobs.write_config(corpus, folder / "config.toml")
    rounds = 1 if setting.quick else max(1, min(setting.rounds, 3))
    children = []
    for number in range(rounds):
        show_progress(f"x{step}, round {number + 1} of {rounds}")
        shutil.rmtree(folder / "run", ignore_errors=True)
        children.append(jobs.whole_job(config, folder / "run"))
    words = len((folder / "run" / "features" / "vocabulary.txt").read_bytes().splitlines()) - 1
    point = Point(
        step,
        step * base + n_test,
        text_bytes(corpus.train) + text_bytes(corpus.test),
        words,
        tuple(child.seconds for child in children),
        max(child.peak_anonymous for child in children),
        max(child.peak_bytes for child in children),
    )
    shutil.rmtree(folder)
    show_progress("")
    return point


def text_bytes(path: Path) -> int:
    """Return the bytes of a Parquet file's texts, a part of it in memory at a time."""
    with parquet.ParquetFile(path) as file:
        batches = file.iter_batches(columns=["text"])
        return sum(pc.sum(pc.binary_length(batch["text"])).as_py() for batch in batches)


def _claims(points: list[Point]) -> tuple[Claim, ...]:
    """Compare time with reviews, and memory with words, over all sizes and the last step."""
    reviews = [p.reviews for p in points]
    times = [float(np.median(p.seconds)) for p in points]
    claims = [
        Claim("time exponent, all sizes", (exponent(reviews, times),), EXPONENT_TARGET, False, ""),
        Claim(
            "time exponent, last step",
            (exponent(reviews[-2:], times[-2:]),),
            EXPONENT_TARGET,
            False,
            "",
        ),
    ]
    # What the smallest corpus needs is mostly Python and libraries; what counts is the rest.
    words = [p.words - points[0].words for p in points[-2:]]
    memory = [p.peak_anonymous - points[0].peak_anonymous for p in points[-2:]]
    if min(memory) > LEAST_GROWTH:
        beyond = exponent(words, memory)
        text = "memory against words, exponent, last step"
        claims.append(Claim(text, (beyond,), EXPONENT_TARGET, False, ""))
    return tuple(claims)


def exponent(sizes: list[float], values: list[float]) -> float:
    """Return the slope of log value over log size, by least squares."""
    slope, _ = np.polyfit(list(map(math.log, sizes)), list(map(math.log, values)), 1)
    return float(slope)
