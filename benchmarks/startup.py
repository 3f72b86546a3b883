"""Cold starts: the wait for one review, for help, and for the first run ever."""

from __future__ import annotations

import sys

from benchmarks import jobs
from benchmarks.harness import ROOT, Setting, alternate, is_installed, missing, run_child
from benchmarks.results import Claim, Figure, Question, ratio

ASKS = "Cold starts: one review, help, and compiling on the first run ever"
PREDICT_TARGET, HELP_TARGET, COMPILE_TARGET = 2.0, 0.25, 8.0
REVIEW = "What a wonderful film, I'd see it again\n"
PREDICT, SKLEARN = "sentiment predict", "scikit-learn, pickled pipeline"
HELP, BARE, COMPILE = "sentiment --help", "python -c pass", "sentiment compile --force"


def run(setting: Setting) -> Question:
    """Start everything in turns."""
    folder = jobs.trained_run(setting)
    commands = {
        PREDICT: [*jobs.sentiment(), "predict", folder],
        HELP: [*jobs.sentiment(), "--help"],
        BARE: [sys.executable, "-c", "pass"],
    }
    settings = {PREDICT: "one review on standard input", HELP: "", BARE: "a bare interpreter"}
    notes = []
    if is_installed("sklearn"):
        script = ROOT / "benchmarks" / "peers" / "sklearn_predict.py"
        commands[SKLEARN] = [sys.executable, script, jobs.trained_sklearn(setting)]
        settings[SKLEARN] = "unpickle, then predict_proba of one review"
    else:
        notes.append(missing("sklearn"))
    times = alternate(
        {name: lambda name=name: run_child(commands[name], REVIEW).seconds for name in commands},
        setting.rounds,
    )
    figures = {name: Figure(name, settings[name], times[name]) for name in commands}
    over_bare = tuple(h - b for h, b in zip(times[HELP], times[BARE], strict=True))
    claims = [Claim("--help, over a bare interpreter", over_bare, HELP_TARGET, False, "s")]
    if SKLEARN in figures:
        both = figures[SKLEARN], figures[PREDICT]
        claims.insert(0, ratio("scikit-learn over ours, one review, time", *both, PREDICT_TARGET))
    compiling = compile_kernels(1 if setting.quick else min(setting.rounds, 3))
    figures[COMPILE] = compiling
    claims.append(Claim("compile all kernels", compiling.values, COMPILE_TARGET, False, "s"))
    inputs = f"one review; a model of {setting.corpus.name}"
    return Question(
        "startup", ASKS, inputs, tuple(figures.values()), tuple(claims), (), tuple(notes)
    )


def compile_kernels(rounds: int) -> Figure:
    """Time the process that compiles every kernel from scratch."""
    command = [*jobs.sentiment(), "compile", "--force"]
    values = tuple(run_child(command).seconds for _ in range(rounds))
    return Figure(COMPILE, "the whole process, its imports included", values)
