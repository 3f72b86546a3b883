"""The reviews that everybody works on: IMDB where it is found, made up where it is not.

Ready files for the peers that read text hold the words that this project finds, in lower
case and without punctuation, so that every side learns from the same words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet
from scipy.sparse import csr_array

from benchmarks import synthetic
from pipeline.features.counting import count_features
from pipeline.features.vocabulary import learn_vocabulary
from pipeline.tokens.code_points import lower
from pipeline.tokens.grammar import kinds_of
from pipeline.tokens.tokenizer import Tokenizer

# What this project takes for a word in the texts of `same_words`, as peers are told; the counts are
# checked to be equal.
WORDS = r"\w+(?:'\w+)*"

QUICK_REVIEWS = 2_500
FULL_REVIEWS = 25_000


@dataclass(frozen=True)
class Corpus:
    """Reviews on disk, in two Parquet files with the columns text and label.

    Attributes
    ----------
    name : str
        To be read in a report.
    train, test : Path
    is_imdb : bool
        Whether it is all of IMDB, so that known accuracies can be asked for.
    """

    name: str
    train: Path
    test: Path
    is_imdb: bool

    def texts(self, part: str) -> pa.LargeStringArray:
        """Return the texts of `train` or `test`."""
        column = parquet.read_table(getattr(self, part), columns=["text"])["text"]
        return column.cast(pa.large_string()).combine_chunks()

    def labels(self, part: str) -> np.ndarray:
        """Return the labels of `train` or `test`: 1 is positive."""
        return parquet.read_table(getattr(self, part), columns=["label"])["label"].to_numpy()


def find_corpus(data: Path | None, folder: Path, quick: bool) -> Corpus:
    """Return IMDB where `data` holds it, and reviews made up in `folder` where not.

    Parameters
    ----------
    data : Path, optional
        With data/imdb/train.parquet and test.parquet.
    folder : Path
        Where files are written that have to be made.
    quick : bool
        Whether a part is enough.

    Raises
    ------
    FileNotFoundError
        If `data` is given and does not hold the files.
    """
    if data is None:
        n = QUICK_REVIEWS if quick else FULL_REVIEWS
        train, test = synthetic.write_corpus(folder, n, n)
        return Corpus(f"synthetic, {n:,} + {n:,} reviews, seed 0", train, test, False)
    found = [data.resolve() / "data" / "imdb" / f"{part}.parquet" for part in ("train", "test")]
    for path in found:
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; --data names a folder that holds it")
    if not quick:
        return Corpus("IMDB, 25,000 + 25,000 reviews", *found, True)
    parts = [_write_sample(path, folder / path.name) for path in found]
    return Corpus(f"IMDB, {QUICK_REVIEWS:,} + {QUICK_REVIEWS:,} of its reviews", *parts, False)


def _write_sample(source: Path, target: Path) -> Path:
    """Write a part of a Parquet file, the same rows every time."""
    table = parquet.read_table(source)
    rows = np.random.default_rng(0).permutation(table.num_rows)[:QUICK_REVIEWS]
    parquet.write_table(table.take(np.sort(rows)), target)
    return target


def same_words(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return texts in which CountVectorizer and this project find the same words.

    CountVectorizer keeps curly apostrophes apart from straight ones, and its engine, `re`, takes
    some characters for letters or white space that this project does not, such as the half of
    "8½". It knows no emoji, emoticons and scores. All characters that may make a difference become
    spaces.
    """
    strings = texts.to_pylist()
    unlike = {ord(c): " " for c in set("".join(strings)) if not _is_alike(c)}
    same = [text.translate(unlike | {0x2019: "'"}) for text in strings]
    return pa.array(same, pa.large_string())


def _is_alike(character: str) -> bool:
    if character in "./:;=<(^#*@`":
        return False
    kind = kinds_of(character, True)
    return lower(character) == character.lower() and (
        (kind == " ") == bool(re.match(r"\s", character))
        and (kind == "L" or kind.isalnum() or kind == "_") == bool(re.match(r"\w", character))
        and (kind in " L§" or character.isascii())
    )


@dataclass(frozen=True)
class Counts:
    """Unigram counts of both parts, with their labels."""

    train: csr_array
    train_labels: np.ndarray
    test: csr_array
    test_labels: np.ndarray

    def accuracy(self, weights: np.ndarray, intercept: float) -> float:
        """Return the accuracy of a linear model on the test set."""
        return float(np.mean((self.test @ weights + intercept > 0) == self.test_labels))


@functools.lru_cache(maxsize=1)
def count(corpus: Corpus) -> Counts:
    """Count a corpus with this project: lowercased words, `<br />` taken for a space."""
    tokenizer = Tokenizer(html="breaks")
    train = tokenizer(corpus.texts("train"))
    vocabulary = learn_vocabulary(train)
    return Counts(
        count_features(train, vocabulary),
        corpus.labels("train"),
        count_features(tokenizer(corpus.texts("test")), vocabulary),
        corpus.labels("test"),
    )


@dataclass(frozen=True)
class ReadyFiles:
    """One review a line, for the peers that read text; the training set is shuffled."""

    vw_train: Path
    vw_test: Path
    fasttext_train: Path
    fasttext_test: Path


@functools.lru_cache(maxsize=1)
def write_ready_files(corpus: Corpus, folder: Path) -> ReadyFiles:
    """Write a corpus as Vowpal Wabbit and fastText read it, test in the order of the corpus."""
    for part in ("train", "test"):
        labels, lines = corpus.labels(part), lines_of_words(corpus.texts(part))
        if part == "train":
            order = np.random.default_rng(0).permutation(len(labels))
            labels, lines = labels[order], lines.take(pa.array(order))
        lines = lines.to_pylist()
        with (folder / f"{part}.vw").open("w", encoding="utf-8") as file:
            file.writelines(
                f"{2 * y - 1} | {line}\n" for y, line in zip(labels, lines, strict=True)
            )
        with (folder / f"{part}.fasttext").open("w", encoding="utf-8") as file:
            file.writelines(f"__label__{y} {line}\n" for y, line in zip(labels, lines, strict=True))
    names = ("train.vw", "test.vw", "train.fasttext", "test.fasttext")
    return ReadyFiles(*(folder / name for name in names))


def lines_of_words(texts: pa.LargeStringArray) -> pa.StringArray:
    """Return the words of each text with a space between them."""
    tokens = Tokenizer(html="breaks")(texts)
    words = tokens.distinct.cast(pa.string()).take(pa.array(tokens.ids))
    offsets = pa.array(tokens.offsets.astype(np.int32))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, words), " ")
