"""The commands that do the whole job, here and with each peer; and what they leave behind."""

from __future__ import annotations

import functools
import json
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpora import Corpus, ReadyFiles
from benchmarks.harness import ROOT, SAMPLE_EVERY, Child, Setting, python_child, run_child
from pipeline.config.toml import to_toml

VW_TRAIN = ("--passes", "5", "--loss_function", "logistic", "-b", "18")


def sentiment() -> list[str | Path]:
    """Return this project's command: the installed one, or its module where it is not."""
    script = Path(sys.executable).with_name("sentiment")
    return [script] if script.exists() else [sys.executable, "-m", "pipeline"]


def write_config(corpus: Corpus, path: Path) -> Path:
    """Write configs/imdb.toml with the files of a corpus for its source."""
    config: dict[str, Any] = tomllib.loads((ROOT / "configs" / "imdb.toml").read_text())
    files = {"source": "files", "train": str(corpus.train), "test": str(corpus.test)}
    path.write_text(to_toml({**config, "corpus": files}))
    return path


def whole_job(config: Path, run: Path) -> Child:
    """Do the whole job with this project, from scratch, in an empty folder.

    Without the intervals of the metrics, because no peer computes them.
    """
    options = ["--force", "--quiet", "--set", "eval.resamples=0"]
    command = [*sentiment(), "eval", config, *options, "--run", run]
    return run_child(command, sample_every=SAMPLE_EVERY)


def sklearn_job(corpus: Corpus, folder: Path) -> Child:
    """Do all of it with scikit-learn."""
    script = ROOT / "benchmarks" / "peers" / "sklearn_job.py"
    command = [sys.executable, script, corpus.train, corpus.test, folder]
    return run_child(command, sample_every=SAMPLE_EVERY)


@functools.lru_cache(maxsize=1)
def trained_run(setting: Setting) -> Path:
    """Return the run folder of a whole job; it is done once."""
    run = setting.folder / "trained-run"
    whole_job(write_config(setting.corpus, setting.folder / "trained.toml"), run)
    return run


@functools.lru_cache(maxsize=1)
def trained_sklearn(setting: Setting) -> Path:
    """Return the pickled pipeline of scikit-learn's whole job; it is done once."""
    folder = setting.folder / "trained-sklearn"
    folder.mkdir()
    sklearn_job(setting.corpus, folder)
    return folder / "model.pickle"


def vw_text(corpus: Corpus, folder: Path) -> Child:
    """Write `train.vw` and `test.vw` from the Parquet files of a corpus, in another process."""
    script = ROOT / "benchmarks" / "peers" / "vowpal_wabbit_text.py"
    command = [sys.executable, script, corpus.train, corpus.test, folder]
    return run_child(command, sample_every=SAMPLE_EVERY)


def vw_train_arguments(train: Path, model: Path, *options: str) -> list[str | Path]:
    """Return Vowpal Wabbit's command to train, which rewrites its cache."""
    cache = model.with_suffix(".cache")
    data = ["-d", train, "-k", "--cache_file", cache, "-f", model]
    return [*data, *options, "--quiet"]


def vw_test_arguments(test: Path, model: Path, predictions: Path) -> list[str | Path]:
    """Return Vowpal Wabbit's command to score the test set."""
    return ["-t", "-i", model, "-d", test, "-p", predictions, "--quiet"]


def vw_command(arguments: list[str | Path]) -> list[str | Path]:
    """Return the command for Vowpal Wabbit as it is installed from the registry."""
    return [sys.executable, "-m", "vowpalwabbit", *arguments]


def vw_seconds(arguments: list[str | Path]) -> float:
    """Run Vowpal Wabbit in a process of its own and time it there, after its import."""
    return float(run_child(python_child("benchmarks.peers.vowpal_wabbit", *arguments)).output)


def vw_accuracy(predictions: Path, labels: np.ndarray) -> float:
    """Return the share of predictions on the right side of 0."""
    scores = np.loadtxt(predictions)
    return float(np.mean((scores > 0) == labels))


@dataclass(frozen=True)
class FastTextOptions:
    """The options of fastText's documentation for text classification."""

    epochs: int = 5
    rate: float = 0.5
    ngrams: int = 1

    def __str__(self) -> str:
        threads = os.cpu_count()
        return (
            f"epoch={self.epochs}, lr={self.rate}, wordNgrams={self.ngrams}, thread={threads}, "
            "otherwise its defaults"
        )


def fasttext_job(
    files: ReadyFiles, model: Path, options: FastTextOptions
) -> tuple[Child, dict[str, Any]]:
    """Train and test fastText; return the process and what it says of itself."""
    arguments = [options.epochs, options.rate, options.ngrams, os.cpu_count()]
    script = ROOT / "benchmarks" / "peers" / "fasttext_job.py"
    paths = [files.fasttext_train, files.fasttext_test, model]
    command = [sys.executable, script, *paths, *map(str, arguments)]
    child = run_child(command, sample_every=SAMPLE_EVERY)
    return child, json.loads(child.output.splitlines()[-1])
