"""The whole job: the time and the memory that it takes.

A cold process each, compiled code cached: from reviews on disk to a model, metrics and
weights on disk. This project and scikit-learn start from the same Parquet files. Vowpal Wabbit
and fastText start from text that was made ready for them: words, lower case, shuffled.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import jobs
from benchmarks.corpora import write_ready_files
from benchmarks.harness import (
    SAMPLE_EVERY,
    Child,
    Setting,
    alternate,
    is_installed,
    missing,
    run_child,
)
from benchmarks.results import Claim, Figure, Question, ratio

ASKS = "The whole job, cold process: reviews on disk to model, metrics and weights on disk"
TARGET, VW_TARGET, MEMORY_TARGET = 5.0, 1.0, 2.0
VW_FROM_PARQUET = "Vowpal Wabbit from Parquet"


@dataclass(frozen=True)
class Done:
    """Result of a whole job."""

    seconds: float
    peak_bytes: int
    accuracy: float


@dataclass(frozen=True)
class Side:
    """Who does the job, and how."""

    name: str
    settings: str
    work: Callable[[], Done]


def run(setting: Setting) -> Question:
    """Let all do the job in turns."""
    jobs.trained_run(setting)  # compiles, and caches what was compiled
    sides = [_here(setting)]
    notes = []
    for module, *of_peer in (
        ("sklearn", _sklearn),
        ("vowpalwabbit", _vowpal_wabbit, _vowpal_wabbit_from_parquet),
        ("fasttext", _fasttext),
    ):
        if is_installed(module):
            sides += [side(setting) for side in of_peer]
        else:
            notes.append(missing(module))
    done = alternate({side.name: side.work for side in sides}, setting.rounds)
    times = [_times(side, done[side.name]) for side in sides]
    peaks = [_peaks(side, done[side.name]) for side in sides]
    if is_installed("vowpalwabbit"):
        start = jobs.vw_command(["--version"])
        took = sum(run_child(start).seconds for _ in range(2))
        notes.append(
            f"Vowpal Wabbit's two processes start by way of Python: {took:.2f} s of its time."
        )
    return Question(
        "whole_job",
        ASKS,
        setting.corpus.name,
        (*times, *peaks),
        _claims({side.name: i for i, side in enumerate(sides)}, times, peaks),
        (),
        tuple(notes),
    )


def _times(side: Side, done: tuple[Done, ...]) -> Figure:
    values = tuple(d.seconds for d in done)
    return Figure(side.name, side.settings, values, accuracy=done[0].accuracy)


def _peaks(side: Side, done: tuple[Done, ...]) -> Figure:
    values = tuple(d.peak_bytes / 1e6 for d in done)
    return Figure(f"{side.name}, peak memory", "largest of its processes", values, "MB")


def _claims(at: dict[str, int], times: list[Figure], peaks: list[Figure]) -> tuple[Claim, ...]:
    claims = []
    targets = {
        "scikit-learn": TARGET,
        "Vowpal Wabbit": VW_TARGET,
        VW_FROM_PARQUET: VW_TARGET,
        "fastText": None,
    }
    for name, target in targets.items():
        if name in at:
            claims.append(ratio(f"{name} over ours, time", times[at[name]], times[0], target))
    if "scikit-learn" in at:
        peak = peaks[at["scikit-learn"]]
        claims.append(ratio("scikit-learn over ours, peak memory", peak, peaks[0], MEMORY_TARGET))
    return tuple(claims)


def _here(setting: Setting) -> Side:
    config = jobs.write_config(setting.corpus, setting.folder / "whole.toml")
    folder = setting.folder / "whole-run"

    def work() -> Done:
        shutil.rmtree(folder, ignore_errors=True)
        child = jobs.whole_job(config, folder)
        return _done(child, json.loads((folder / "eval" / "metrics.json").read_text())["test"])

    settings = "sentiment eval --force, settings of configs/imdb.toml, eval.resamples=0"
    return Side("this project", settings, work)


def _sklearn(setting: Setting) -> Side:
    folder = setting.folder / "whole-sklearn"

    def work() -> Done:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        child = jobs.sklearn_job(setting.corpus, folder)
        return _done(child, json.loads((folder / "metrics.json").read_text()))

    settings = "peers/sklearn_job.py: CountVectorizer, SGDClassifier averaged, 8 epochs"
    return Side("scikit-learn", settings, work)


def _vowpal_wabbit(setting: Setting) -> Side:
    files = write_ready_files(setting.corpus, setting.folder)
    settings = f"train {' '.join(jobs.VW_TRAIN)}; then test; ready text"

    def work() -> Done:
        return _vw_done(files.vw_train, files.vw_test, setting)

    return Side("Vowpal Wabbit", settings, work)


def _vowpal_wabbit_from_parquet(setting: Setting) -> Side:
    folder = setting.folder / "whole-vw"
    folder.mkdir(exist_ok=True)

    def work() -> Done:
        converted = jobs.vw_text(setting.corpus, folder)
        return _vw_done(folder / "train.vw", folder / "test.vw", setting, converted)

    settings = "peers/vowpal_wabbit_text.py: the same files as the others; then as before"
    return Side(VW_FROM_PARQUET, settings, work)


def _vw_done(train: Path, test: Path, setting: Setting, *before: Child) -> Done:
    """Train and test with Vowpal Wabbit, after some other processes."""
    model, predictions = setting.folder / "whole.vw", setting.folder / "whole.predictions"
    _remove(model, predictions)
    arguments = (
        jobs.vw_train_arguments(train, model, *jobs.VW_TRAIN),
        jobs.vw_test_arguments(test, model, predictions),
    )
    processes = [
        *before,
        *(run_child(jobs.vw_command(each), sample_every=SAMPLE_EVERY) for each in arguments),
    ]
    return Done(
        sum(process.seconds for process in processes),
        max(process.peak_bytes for process in processes),
        jobs.vw_accuracy(predictions, setting.corpus.labels("test")),
    )


def _fasttext(setting: Setting) -> Side:
    files = write_ready_files(setting.corpus, setting.folder)
    model, options = setting.folder / "whole.bin", jobs.FastTextOptions()

    def work() -> Done:
        _remove(model)
        return _done(*jobs.fasttext_job(files, model, options))

    return Side("fastText", f"{options}; ready text", work)


def _done(child: Child, metrics: dict) -> Done:
    return Done(child.seconds, child.peak_bytes, metrics["accuracy"])


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
