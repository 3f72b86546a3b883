"""A made-up corpus of any size in many files: the same bytes for the same seed.

A file is made on its own, in batches of reviews that each have their own random numbers. So
processes share the work, memory holds one batch, and a file does not depend on how many processes
there are. Some reviews copy one of an earlier batch: half of these word for word, half with another
last word. The reviews that may be copied have random numbers of their own, so that a batch makes
those of another one again instead of keeping them.
"""

from __future__ import annotations

import functools
import itertools
import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.synthetic import BATCH, PRODUCTS, RANKS, Lengths, reviews, spell

SCHEMA = pa.schema({"text": pa.string(), "label": pa.int64()})
FORMATS = ("parquet", "jsonl")
_TRAIN, _TEST, _COPIED = 0, 1, 2  # what random numbers are for


@dataclass(frozen=True)
class Recipe:
    """How a corpus is made.

    Attributes
    ----------
    n_train, n_test : int
        Numbers of reviews.
    train_files, test_files : int
        Numbers of files. They hold whole batches, and are as equal as that allows.
    lengths : Lengths
    copies : float
        The share of reviews that copy one of an earlier batch of the training set.
    format : str
        One of `FORMATS`.
    seed : int
    """

    n_train: int
    n_test: int
    train_files: int = 1
    test_files: int = 1
    lengths: Lengths = PRODUCTS
    copies: float = 0.01
    format: str = "parquet"
    seed: int = 0


def write_files(folder: Path, recipe: Recipe, processes: int = 1) -> tuple[Path, Path]:
    """Write the files of a corpus into the folders `train` and `test`.

    Returns
    -------
    tuple of Path
        A glob for the training set and one for the test set.

    Raises
    ------
    ValueError
        If there is no such format, or a set has fewer batches than files.
    """
    if recipe.format not in FORMATS:
        raise ValueError(f"format: expected one of {', '.join(FORMATS)}, got {recipe.format!r}")
    sets = (("train", _TRAIN, recipe.n_train, recipe.train_files),)
    sets += (("test", _TEST, recipe.n_test, recipe.test_files),)
    works = []
    for name, part, n_reviews, n_files in sets:
        n_batches = -(-n_reviews // BATCH)
        if not 1 <= n_files <= n_batches:
            raise ValueError(
                f"{name}: expected 1 to {n_batches} files of whole batches, got {n_files}"
            )
        (folder / name).mkdir(parents=True)
        ends = [n_batches * k // n_files for k in range(n_files + 1)]
        for number, batches in enumerate(itertools.pairwise(ends)):
            path = folder / name / f"{number:05d}.{recipe.format}"
            works.append((path, recipe, part, range(*batches)))
    if processes == 1:
        for work in works:
            _write_file(*work)
    else:
        # A fork would copy locks that threads of Arrow hold.
        spawned = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, spawned) as pool:
            list(pool.map(_write_file, *zip(*works, strict=True)))
    return (folder / "train" / f"*.{recipe.format}", folder / "test" / f"*.{recipe.format}")


def _write_file(path: Path, recipe: Recipe, part: int, numbers: range) -> None:
    made = (batch(recipe, part, number) for number in numbers)
    if recipe.format == "parquet":
        with parquet.ParquetWriter(path, SCHEMA) as writer:
            for table in made:
                writer.write_table(table)
        return
    with path.open("w", encoding="utf-8") as file:
        for table in made:
            file.writelines(_lines(table))


def _lines(table: pa.Table) -> Iterator[str]:
    for text, label in zip(*table.to_pydict().values(), strict=True):
        yield json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"


def batch(recipe: Recipe, part: int, number: int) -> pa.Table:
    """Make one batch of a set, of which the last one may be smaller.

    Parameters
    ----------
    recipe : Recipe
    part : int
        0 for the training set, 1 for the test set.
    number : int
        From 0.
    """
    n_reviews = min(BATCH, (recipe.n_test if part else recipe.n_train) - number * BATCH)
    draw = np.random.default_rng([recipe.seed, part, number])
    # Those of whole batches only, so that each has as many reviews that may be copied.
    n_earlier = recipe.n_train // BATCH if part else number
    n_copies = round(recipe.copies * n_reviews) if n_earlier else 0
    copied = _copied(recipe, number) if part == _TRAIN and n_reviews == BATCH else None
    n_own = n_reviews - n_copies - (copied.num_rows if copied else 0)
    tables = [reviews(draw, n_own, recipe.lengths)]
    tables += [copied] if copied else []
    if n_copies:
        tables.append(_copies(draw, _copied(recipe, int(draw.integers(n_earlier))), n_copies))
    whole = pa.concat_tables(tables).cast(SCHEMA)
    return whole.take(draw.permutation(n_reviews))


@functools.lru_cache(maxsize=64)
def _copied(recipe: Recipe, number: int) -> pa.Table:
    """Return the reviews of a batch of the training set that others may copy."""
    draw = np.random.default_rng([recipe.seed, _COPIED, number])
    return reviews(draw, round(recipe.copies * BATCH), recipe.lengths)


def _copies(draw: np.random.Generator, of: pa.Table, n: int) -> pa.Table:
    """Copy `n` reviews; every second copy has another last word, which is a rare one."""
    table = of.take(np.arange(n))
    texts = table["text"].to_pylist()
    for row in range(1, n, 2):
        words = texts[row].split(" ")
        words[-1] = spell(int(draw.integers(RANKS // 2, RANKS)))
        texts[row] = " ".join(words)
    return table.set_column(0, "text", pa.array(texts, pa.string()))
