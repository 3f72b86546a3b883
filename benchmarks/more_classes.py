"""More than two classes, compared with the literature and scikit-learn: SST-5, airline tweets.

The settings stand here and not in configs/, because no revision of these data can be checked: they
are files that a reader has. `benchmarks.reproduce` runs them and writes docs/results.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import (
    MissingError,
    is_installed,
    missing,
    python_child,
    run_child,
    show_progress,
)

FIVE = "classes = { 0 = 0, 1 = 1, 2 = 2, 3 = 3, 4 = 4 }"
NAMES = {"accuracy": "accuracy", "f1": "macro F1"}
THREE = 'classes = { negative = "negative", neutral = "neutral", positive = "positive" }'


@dataclass(frozen=True)
class Task:
    """Data, the settings that were chosen on their training set, and what is to be reached.

    Attributes
    ----------
    title : str
    files : tuple of str
        Those of the training and of the test set, in data/; without the second, a fifth of each
        class is the test set.
    settings : str
        The config from `classes` on.
    metric : {"accuracy", "f1"}
        What the target is about.
    target : float, optional
        In percent; without it, what scikit-learn reaches in the same run.
    published : str
        The best published figure of a bag of words, and its source.
    peer : dict
        The options of scikit-learn, chosen in the same way: see `peers.sklearn_classes`.
    """

    title: str
    files: tuple[str, ...]
    settings: str
    metric: str
    target: float | None
    published: str
    peer: dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Result of a task, in percent: here each with the ends of its 95% interval; scikit-learn's."""

    accuracy: Sequence[float]
    f1: Sequence[float]
    peer_accuracy: float
    peer_f1: float


TASKS = {
    "sst5": Task(
        "SST-5, sentences of film reviews",
        ("sst5/train.parquet", "sst5/test.parquet"),
        f"""{FIVE}
[tokens]
punctuation = true
mark_negation = true
[features]
ngrams = 2
characters = [3, 5]
binary = true
unit_length = true
[train]
ratio = "documents"
learning_rate = 0.3
epochs = 4
""",
        "accuracy",
        41.9,
        "accuracy 41.9 (bigram naive Bayes; Socher et al. 2013, table 1)",
        {"vectorizer": "tfidf", "ngrams": 2, "C": 1.0, "class_weight": None},
    ),
    "airline": Task(
        "Tweets to airlines",
        ("airline/tweets.parquet",),
        f"""{THREE}
[tokens]
tweets = true
punctuation = true
[features]
ngrams = 2
binary = true
[train]
ratio = "documents"
class_weight = "balanced"
epochs = 10
learning_rate = 0.05
""",
        "f1",
        None,
        "",
        {"vectorizer": "tfidf", "ngrams": 2, "C": 10.0, "class_weight": "balanced"},
    ),
}


def write_config(name: str, data: Path | None, folder: Path) -> Path:
    """Write the config of a task into a folder.

    Raises
    ------
    MissingError
        If its files or scikit-learn are not there.
    """
    task = TASKS[name]
    if not is_installed("sklearn"):
        raise MissingError(missing("sklearn"))
    if data is None:
        raise MissingError("its files are where SENTIMENT_DATA points, which is unset")
    files = [data.resolve() / "data" / file for file in task.files]
    if absent := [str(file) for file in files if not file.is_file()]:
        raise MissingError(f"no {' and no '.join(absent)}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    sets = {key: str(file) for key, file in zip(("train", "test"), files, strict=False)}
    # With the peer's options, so that the row is computed again when they change.
    lines = [
        f"# scikit-learn: {json.dumps(task.peer)}",
        "[corpus]",
        'source = "files"',
        *(f"{key} = {json.dumps(file)}" for key, file in sets.items()),
        task.settings,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def measure(name: str, run: Path, evaluate: Callable[[Path], object]) -> Measured:
    """Evaluate a task into an empty run, once; then let scikit-learn do it on the same split."""
    show_progress(name)
    evaluate(run)
    metrics = json.loads((run / "eval" / "metrics.json").read_text())["test"]
    sets = [run / "corpus" / f"{part}.arrow" for part in ("train", "test")]
    show_progress(f"{name}, scikit-learn")
    options = json.dumps(TASKS[name].peer)
    child = run_child(python_child("benchmarks.peers.sklearn_classes", *sets, options))
    peer = json.loads(child.output)
    accuracy = metrics["accuracy"], metrics["accuracy_low"], metrics["accuracy_high"]
    f1 = metrics["f1"], *metrics["intervals"]["f1"]
    percent = [tuple(100 * value for value in values) for values in (accuracy, f1)]
    return Measured(percent[0], percent[1], 100 * peer["accuracy"], 100 * peer["f1"])


def target_of(task: Task, measured: Measured) -> float:
    """Return what a task must reach, in percent."""
    peer = {"accuracy": measured.peer_accuracy, "f1": measured.peer_f1}
    return peer[task.metric] if task.target is None else task.target


def is_met(name: str, measured: Measured) -> bool:
    """Return True if a task reaches its target."""
    task = TASKS[name]
    reached: float = getattr(measured, task.metric)[0]
    return round(reached, 9) >= round(target_of(task, measured), 9)


def table(found: dict[str, Measured]) -> Iterator[str]:
    """Yield the lines of the table of more than two classes."""
    yield "| data | published | accuracy | macro F1 | scikit-learn | target | |"
    yield "|---|---|---|---|---|---|---|"
    for name, task in TASKS.items():
        measured = found.get(name)
        if measured is None:
            continue
        ours = (
            f"**{value:.2f}** ({low:.2f} to {high:.2f})"
            for value, low, high in (measured.accuracy, measured.f1)
        )
        target = f"{NAMES[task.metric]} {target_of(task, measured):.2f}"
        yield (
            f"| {task.title} (`{name}`) | {task.published} | {' | '.join(ours)} "
            f"| accuracy {measured.peer_accuracy:.2f}, macro F1 {measured.peer_f1:.2f} "
            f"| {target} | {'met' if is_met(name, measured) else '**not met**'} |"
        )
