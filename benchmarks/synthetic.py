"""Made-up reviews of any number, the same for the same seed.

Ranks are drawn by the law of Zipf in its two regimes (Ferrer i Cancho & Sole 2001),
p(rank) ~ 1 / ((rank + SHIFT) (1 + rank / BEND)): the exponent is one for the common words and
two for the rare, so that new words keep coming as a corpus grows, and ever more slowly.
Lengths are log-normal, those of film reviews (IMDB's median and mean) or of product reviews.
Every eighth word leans to one class and has a partner that leans to the other; a review swaps
partners as far as its own strength says, which some reviews have little of. `synthetic_files`
writes many of them, some of which copy others.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

BATCH = 2_000  # reviews made at once
SHIFT, BEND, RANKS = 3.0, 3_000.0, 4_000_000
FIRST_LEANING, LEANING = 160, 8
STRENGTH, STRENGTH_SIGMA = 0.65, 0.4
# How a token looks in the text, and how often: as it is, before a comma, at a sentence's end,
# at a paragraph's end.
LOOKS = ("{}", "{},", "{}.", "{}.<br /><br />")
LOOK_SHARES = (0.88, 0.06, 0.055, 0.005)
CONSONANTS = "t n s r l d m k p b v g f h w z sh ch st tr".split()
VOWELS = "e a o i u ea ou".split()
SYLLABLES = [*(c + v for v in VOWELS for c in CONSONANTS), "né"]


@dataclass(frozen=True)
class Lengths:
    """Words of a review: log-normal with a median and a spread, within bounds."""

    median: float
    sigma: float
    bounds: tuple[int, int]


FILMS = Lengths(174, 0.75, (10, 2_500))
# 30.14 billion tokens in 571.54 million reviews of Amazon are a mean of 52.7 (Hou et al. 2024).
# Their median is not on record; with this spread it is 32.
PRODUCTS = Lengths(32, 1.0, (3, 2_500))


def write_corpus(folder: Path, n_train: int, n_test: int, seed: int = 0) -> tuple[Path, Path]:
    """Write train.parquet and test.parquet, a batch at a time.

    Parameters
    ----------
    folder : Path
    n_train, n_test : int
        Numbers of reviews; half of them positive, in no order.
    seed : int

    Returns
    -------
    tuple of Path
        The two files, with the columns text and label.
    """
    paths = folder / "train.parquet", folder / "test.parquet"
    for part, (path, n_reviews) in enumerate(zip(paths, (n_train, n_test), strict=True)):
        schema = pa.schema({"text": pa.string(), "label": pa.int64()})
        with parquet.ParquetWriter(path, schema) as writer:
            for batch, start in enumerate(range(0, n_reviews, BATCH)):
                draw = np.random.default_rng([seed, part, batch])
                writer.write_table(reviews(draw, min(BATCH, n_reviews - start)))
    return paths


def reviews(draw: np.random.Generator, n_reviews: int, of: Lengths = FILMS) -> pa.Table:
    """Make some reviews, half of them positive.

    Parameters
    ----------
    draw : numpy.random.Generator
    n_reviews : int
    of : Lengths

    Returns
    -------
    pyarrow.Table
        With the columns text (string) and label (int64).
    """
    labels = draw.permutation(np.arange(n_reviews) % 2)
    lengths = draw.lognormal(np.log(of.median), of.sigma, n_reviews)
    lengths = lengths.clip(*of.bounds).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    ranks = lean(draw, draw_ranks(draw, int(offsets[-1])), labels.repeat(lengths), lengths)
    looks = draw.choice(len(LOOKS), len(ranks), p=LOOK_SHARES)
    begins = np.concatenate(([True], looks[:-1] >= 2))
    begins[offsets[:-1]] = True
    coded = pa.array((ranks * len(LOOKS) + looks) * 2 + begins).dictionary_encode()
    words = pa.array([appearance(code) for code in coded.dictionary.to_pylist()], pa.string())
    tokens = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), words.take(coded.indices))
    return pa.table({"text": pc.binary_join(tokens, " "), "label": labels})


@functools.cache
def _distribution() -> np.ndarray:
    """Return the distribution function of the ranks."""
    rank = np.arange(RANKS, dtype=np.float64)
    cumulative = np.cumsum(1 / ((rank + SHIFT) * (1 + rank / BEND)))
    return cumulative / cumulative[-1]


def draw_ranks(draw: np.random.Generator, n: int) -> np.ndarray:
    """Draw ranks, from 0, the most frequent."""
    return np.searchsorted(_distribution(), draw.random(n), side="right")


def lean(
    draw: np.random.Generator, ranks: np.ndarray, labels: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Swap words of the other class for their partners, more in some reviews than in others.

    The even rank of a pair leans to positive. A review of negative strength has the words
    of the class that it is not of.
    """
    strength = draw.normal(STRENGTH, STRENGTH_SIGMA, len(lengths)).repeat(lengths)
    leans = (ranks >= FIRST_LEANING) & (ranks % LEANING < 2)
    wanted = np.where(strength > 0, labels, 1 - labels)
    swap = leans & (ranks % 2 == wanted) & (draw.random(len(ranks)) < abs(strength))
    return np.where(swap, ranks ^ 1, ranks)


def appearance(code: int) -> str:
    """Spell what stands in the text for a rank, a look, and whether a sentence begins."""
    rest, begins = divmod(code, 2)
    rank, look = divmod(rest, len(LOOKS))
    word = spell(rank)
    return LOOKS[look].format(word.capitalize() if begins else word)


@functools.lru_cache(maxsize=100_000)
def spell(rank: int) -> str:
    """Return the word of a rank: the shorter the more frequent, no two the same.

    Every fiftieth has an apostrophe inside, as in don't.
    """
    name, number = "", rank + 1
    while number:
        number, digit = divmod(number - 1, len(SYLLABLES))
        name = f"{SYLLABLES[digit]}{name}"
    return f"{name}n't" if rank % 50 == 7 else name
