"""A million reviews to predictions as whole processes, from ready text to a file of predictions.

The training and the test set are written again and again, one review a line: words in lower case,
which is all that Vowpal Wabbit and fastText read. fastText is called from Python, which is as fast
as its command `predict-prob`.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from benchmarks import jobs
from benchmarks.corpora import lines_of_words, write_ready_files
from benchmarks.harness import (
    ROOT,
    SAMPLE_EVERY,
    Child,
    Setting,
    alternate,
    is_installed,
    missing,
    run_child,
)
from benchmarks.results import Claim, Figure, Question, ratio

ASKS = "A million reviews: text to predictions as whole processes"
REVIEWS, QUICK_REVIEWS = 1_000_000, 20_000
TARGET, MEMORY_TARGET = 1.0, 400.0
HERE, VW, FASTTEXT = "this project", "Vowpal Wabbit", "fastText"
MEMORY = "this project, peak memory"
SETTINGS = {
    HERE: "sentiment predict RUN FILE, default threads",
    VW: "python -m vowpalwabbit -t --link logistic",
    FASTTEXT: "predict with probabilities, 10,000 lines at a time",
    MEMORY: "the largest resident size",
}


def run(setting: Setting) -> Question:
    """Predict in turns."""
    n_reviews = QUICK_REVIEWS if setting.quick else REVIEWS
    text = write_lines(setting, "", n_reviews)
    commands = {HERE: [*jobs.sentiment(), "predict", jobs.trained_run(setting), text]}
    notes = []
    for name, package, command in (
        (VW, "vowpalwabbit", _vowpal_wabbit),
        (FASTTEXT, "fasttext", _fasttext),
    ):
        if is_installed(package):
            commands[name] = command(setting, text, n_reviews)
        else:
            notes.append(missing(package))
    children = alternate(
        {name: lambda name=name: _measured(name, commands[name]) for name in commands},
        setting.rounds,
    )
    figures = {
        name: Figure(
            name,
            SETTINGS[name],
            tuple(n_reviews / child.seconds for child in children[name]),
            "reviews/s",
        )
        for name in commands
    }
    megabytes = tuple(child.peak_bytes / 1e6 for child in children[HERE])
    claims = [
        ratio(f"ours over {name}, reviews/s", figures[HERE], figures[name], TARGET)
        for name in (VW, FASTTEXT)
        if name in figures
    ]
    claims.append(Claim("our peak memory", megabytes, MEMORY_TARGET, False, "MB"))
    figures[MEMORY] = Figure(MEMORY, SETTINGS[MEMORY], megabytes, "MB")
    inputs = f"{setting.corpus.name}, {n_reviews:,} lines, {text.stat().st_size / 1e6:,.0f} MB"
    return Question(
        "million", ASKS, inputs, tuple(figures.values()), tuple(claims), (), tuple(notes)
    )


def write_lines(setting: Setting, prefix: str, n_reviews: int) -> Path:
    """Write so many reviews, each behind `prefix`: those of both sets, again and again."""
    path = setting.folder / f"million{'-prefixed' if prefix else ''}.txt"
    texts = (lines_of_words(setting.corpus.texts(part)) for part in ("train", "test"))
    lines = [f"{prefix}{line}\n" for part in texts for line in part.to_pylist()]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(itertools.islice(itertools.cycle(lines), n_reviews))
    return path


def _measured(name: str, command: list[str | Path]) -> Child:
    # Only one side's memory is a claim, and to look at it costs a little.
    return run_child(command, sample_every=SAMPLE_EVERY if name == HERE else 0.0)


def _vowpal_wabbit(setting: Setting, _: Path, n_reviews: int) -> list[str | Path]:
    """Train once; return the command that predicts."""
    files = write_ready_files(setting.corpus, setting.folder)
    model, predictions = setting.folder / "million.vw", setting.folder / "million.predictions"
    run_child(jobs.vw_command(jobs.vw_train_arguments(files.vw_train, model, *jobs.VW_TRAIN)))
    text = write_lines(setting, "| ", n_reviews)
    return jobs.vw_command(
        ["-t", "-i", model, "-d", text, "-p", predictions, "--link", "logistic", "--quiet"]
    )


def _fasttext(setting: Setting, text: Path, _: int) -> list[str | Path]:
    """Train once; return the command that predicts."""
    files = write_ready_files(setting.corpus, setting.folder)
    model = setting.folder / "million.fasttext"
    jobs.fasttext_job(files, model, jobs.FastTextOptions())
    return [sys.executable, ROOT / "benchmarks" / "peers" / "fasttext_predict.py", model, text]
