"""The reviews that the lesson learns from, as rows of word counts.

`configs/textbook.toml` says which they are and how their words are counted. The run lies in
build/lesson and is computed once.
"""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.config.loading import find_config, load_config
from pipeline.stages.listener import Listener
from pipeline.stages.read_run import read_labels
from pipeline.stages.runner import run_stages
from pipeline.storage.counts import read_counts
from pipeline.storage.run import Run

ROOT = Path(__file__).resolve().parents[2]


class Counted(NamedTuple):
    """Word counts of some reviews, shape (N, d), and their labels of 0 and 1, shape (N,)."""

    X: np.ndarray
    y: np.ndarray


@functools.cache
def run_of(name, last="train", *overrides):
    """Return the folder of a run of a bundled config, up to date to the stage `last`."""
    path = ROOT / "build" / "lesson" / "-".join([name, *overrides]).replace("/", "-")
    config = load_config(find_config(Path(name)).path, overrides)
    run_stages(config, Run(path), last, Listener())
    return path


def sparse(path, part):
    """Return counts as a sparse matrix, and labels, of the `train` or the `test` set of a run."""
    run = Run(path)
    counts = read_counts(run.shards(f"features/{part}.safetensors"))
    return Counted(counts, read_labels(run, part).astype(np.int64))


def words_of(path):
    """Return the words of a run, in the order of its columns."""
    from pipeline.features.vocabulary import read_vocabulary

    return read_vocabulary(path / "features" / "vocabulary.txt").words.to_pylist()


def textbook():
    """Return the training set, the test set and the words of `configs/textbook.toml`."""
    path = run_of("textbook")
    dense = [
        Counted(X.toarray().astype(float), y)
        for X, y in (sparse(path, "train"), sparse(path, "test"))
    ]
    return *dense, words_of(path)
