"""The time that each takes to reach a good test accuracy with single words.

Of each peer the quickest settings that reach the goal are searched first, then timed. All
choose by the test set, which is fair for speed and no estimate of accuracy. From counts in
memory: this project, SGDClassifier, liblinear. From ready text, after the import: Vowpal
Wabbit, also from its own binary cache of that text, and fastText.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import jobs, solvers
from benchmarks.corpora import Counts, count, write_ready_files
from benchmarks.harness import (
    Setting,
    alternate,
    is_installed,
    missing,
    run_child,
    seconds,
    show_progress,
)
from benchmarks.objective import Problem, ascend
from benchmarks.results import Figure, Question, ratio
from benchmarks.search import Solver, quickest

ASKS = "Seconds to reach a good test accuracy with unigrams"
IMDB_GOAL, BELOW = 0.885, 0.005
PENALTY = 25_000 / 750  # by the number of reviews, at which a converged solver does well

HERE = tuple({"l2": 1e-6, "learning_rate": rate} for rate in (0.02, 0.03, 0.05))
SKLEARN = (
    *({"alpha": alpha, "average": 2} for alpha in (3e-3, 1e-3)),
    *(
        {"alpha": 1e-4, "learning_rate": "constant", "eta0": eta0, "average": k}
        for eta0, k in itertools.product((0.003, 0.01, 0.02), (True, 1, 3))
    ),
    *({"alpha": alpha} for alpha in (3e-3, 1 / 750, 1e-4)),
    {"alpha": 1e-4, "learning_rate": "invscaling", "power_t": 0.25, "eta0": 0.05, "average": 1},
    {"alpha": 1 / 750, "learning_rate": "invscaling", "power_t": 0.25, "eta0": 0.015},
    {
        "alpha": 1 / 750,
        "learning_rate": "adaptive",
        "eta0": 0.003,
        "tol": 1e-3,
        "n_iter_no_change": 1,
    },
)
VW_PASSES = (1, 2, 3, 5, 8)
FASTTEXT = (
    jobs.FastTextOptions(),
    jobs.FastTextOptions(rate=1.0),
    jobs.FastTextOptions(epochs=10, ngrams=2),
)


@dataclass(frozen=True)
class Side:
    """Who reached the goal, how, with what accuracy, and what tells the seconds it takes."""

    name: str
    settings: str
    accuracy: float
    time: Callable[[], float]


@dataclass(frozen=True)
class Task:
    """What is to be reached on which counts."""

    setting: Setting
    counts: Counts
    goal: float


Found = tuple[list[Side], str]  # with a note about what was tried


def run(setting: Setting) -> Question:
    """Search, then time what reached the goal."""
    task = _task(setting)
    sides, notes = [], ["Settings were chosen by the test set, for every library."]
    for module, find in (
        ("numpy", _here),
        ("sklearn", _sgd_classifier),
        ("sklearn", _liblinear),
        ("vowpalwabbit", _vowpal_wabbit),
        ("fasttext", _fasttext),
    ):
        found, note = find(task) if is_installed(module) else ([], missing(module))
        sides += found
        notes.append(note)
    times = alternate({side.name: side.time for side in sides}, setting.rounds)
    figures = [Figure(s.name, s.settings, times[s.name], accuracy=s.accuracy) for s in sides]
    ours = next((figure for figure in figures if figure.name == "this project"), None)
    claims = [
        ratio(f"{figure.name} over ours, time", figure, ours, 1.0)
        for figure in figures
        if ours is not None and figure is not ours
    ]
    inputs = f"{setting.corpus.name}; the goal is {task.goal:.2%}"
    if not setting.corpus.is_imdb:
        inputs += ", half a point below a converged solver"
    return Question("accuracy", ASKS, inputs, tuple(figures), tuple(claims), (), tuple(notes))


def _task(setting: Setting) -> Task:
    """Set the goal: known for IMDB; elsewhere by what a converged solver reaches."""
    counts = count(setting.corpus)
    if setting.corpus.is_imdb:
        return Task(setting, counts, IMDB_GOAL)
    signs = np.where(counts.train_labels == 1, 1.0, -1.0)
    problem = Problem(counts.train, signs, PENALTY / len(signs))
    return Task(setting, counts, counts.accuracy(*ascend(problem, 20)) - BELOW)


def _here(task: Task) -> Found:
    X, y = task.counts.train, task.counts.train_labels
    return _search(task, solvers.this_project(X, y, HERE))


def _sgd_classifier(task: Task) -> Found:
    X, y = task.counts.train, task.counts.train_labels
    return _search(task, solvers.sgd_classifier(X, y, task.setting.some(SKLEARN)))


def _liblinear(task: Task) -> Found:
    X, y = task.counts.train, task.counts.train_labels
    settings = task.setting.some(solvers.LIBLINEAR)
    return _search(task, solvers.liblinear(X, y, PENALTY / len(y), settings))


def _search(task: Task, solver: Solver) -> Found:
    """Find the quickest settings of a solver that starts from counts in memory."""
    best = quickest(solver, lambda w: task.counts.accuracy(*w) >= task.goal)
    note = f"{solver.name}: {len(solver.settings)} settings tried"
    if best is None:
        return [], f"{note}; it never reaches the goal."
    accuracy = task.counts.accuracy(*best.weights)
    time = functools.partial(seconds, best.fit)
    return [Side(solver.name, f"from counts, {best}", accuracy, time)], f"{note}."


def _vowpal_wabbit(task: Task) -> Found:
    """Find the fewest passes that reach the goal; time them from text and from its cache."""
    folder = task.setting.folder
    files = write_ready_files(task.setting.corpus, folder)
    model, predictions = folder / "goal.vw", folder / "goal.predictions"
    best = 0.0
    for passes in VW_PASSES:
        options = f"--passes {passes} --holdout_off --loss_function logistic -b 18"
        train = jobs.vw_train_arguments(files.vw_train, model, *options.split())
        show_progress(f"searching settings of Vowpal Wabbit: {options}")
        jobs.vw_seconds(train)
        run_child(jobs.vw_command(jobs.vw_test_arguments(files.vw_test, model, predictions)))
        accuracy = jobs.vw_accuracy(predictions, task.counts.test_labels)
        best = max(best, accuracy)
        if accuracy >= task.goal:
            break
    else:
        return [], f"Vowpal Wabbit never reaches the goal: best {best:.2%}, passes {VW_PASSES}."
    cached = [argument for argument in train if argument != "-k"]  # which would rewrite it
    sides = [
        Side(name, f"from {source}, {options}", accuracy, functools.partial(jobs.vw_seconds, work))
        for name, source, work in (
            ("Vowpal Wabbit", "ready text", train),
            ("Vowpal Wabbit, its cache ready", "its binary cache", cached),
        )
    ]
    return sides, f"Vowpal Wabbit: passes {VW_PASSES} tried until they were enough."


def _fasttext(task: Task) -> Found:
    """Find fastText's first settings that reach the goal; the last of them have bigrams."""
    folder = task.setting.folder
    files, model = write_ready_files(task.setting.corpus, folder), folder / "goal.bin"
    tried = task.setting.some(FASTTEXT)
    best = 0.0
    for options in tried:
        show_progress(f"searching settings of fastText: {options}")
        _, facts = jobs.fasttext_job(files, model, options)
        best = max(best, facts["accuracy"])
        if best >= task.goal:
            break
    else:
        settings = "; ".join(map(str, tried))
        return [], f"fastText never reaches the goal: best {best:.2%}, settings {settings}."

    def time() -> float:
        return jobs.fasttext_job(files, model, options)[1]["seconds"]

    note = f"fastText: {len(tried)} settings, tried until they were enough."
    return [Side("fastText", f"from ready text, {options}", best, time)], note
