"""The corpus of a course: bundled reviews for students, others withheld, and the accuracy band.

The band is measured with the pipeline itself: the textbook config, trained on the same counts in
as many random orders as there are seeds. The same course has the same band, to the last review.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from scipy.sparse import csr_array

import pipeline
from coursework.trial import Reviews
from coursework.variants import Course
from pipeline.config.loading import load_config
from pipeline.stratified import draw_by_class
from pipeline.training.estimator import SGDLogisticRegression

SAMPLE = Path(pipeline.__file__).parent / "corpus" / "sample"
CONFIG = Path(__file__).parents[1] / "configs" / "textbook.toml"
N_DOMAINS, WITHHELD, VALIDATION = 20, 0.2, 0.1
SEEDS = range(20)

Rows = list[dict[str, str]]


def split_reviews(course: Course) -> dict[str, Rows]:
    """Return the rows of "train", "validation" and "withheld", of the domains of a course."""
    lines = [
        line
        for name in ("train", "test")
        for line in (SAMPLE / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    rows: Rows = [json.loads(line) for line in lines]
    draw = course.generator("reviews")
    domains = sorted({row["domain"] for row in rows})
    chosen = set(draw.permutation(domains)[:N_DOMAINS].tolist())
    rows = [row for row in rows if row["domain"] in chosen]
    rows = [rows[i] for i in draw.permutation(len(rows))]
    withheld, rows = _drawn(rows, WITHHELD, draw)
    validation, train = _drawn(rows, VALIDATION / (1 - WITHHELD), draw)
    return {"train": train, "validation": validation, "withheld": withheld}


def _drawn(rows: Rows, fraction: float, draw: np.random.Generator) -> tuple[Rows, Rows]:
    labels = np.array([row["label"] == "positive" for row in rows], int)
    drawn = draw_by_class(labels, fraction, draw, "the fraction of withheld reviews")
    return (
        [row for row, inside in zip(rows, drawn, strict=True) if inside],
        [row for row, inside in zip(rows, drawn, strict=True) if not inside],
    )


def textbook_settings(course: Course, n_train: int) -> dict[str, Any]:
    """Return the settings of the textbook config, with l2 as the course counts it."""
    train = load_config(CONFIG).train
    scale = n_train if "penalty" in course.others else 1
    return {"learning_rate": train.learning_rate, "l2": train.l2 * scale, "epochs": train.epochs}


def measure_band(course: Course, splits: dict[str, Rows], classifier: ModuleType) -> Reviews:
    """Return the reviews of a course with the accuracies that the pipeline reaches on them.

    Parameters
    ----------
    course : Course
    splits : dict of rows
        As from `split_reviews`.
    classifier : module
        Of the course's solution; counts the words.
    """
    texts = {name: [row["text"] for row in rows] for name, rows in splits.items()}
    y = {
        name: np.array([classifier.LABELS[row["label"]] for row in rows])
        for name, rows in splits.items()
    }
    vocabulary = classifier.learn_vocabulary(texts["train"])
    X = {
        name: _matrix(classifier.count_rows(texts[name], vocabulary), len(vocabulary))
        for name in ("train", "withheld")
    }
    train = load_config(CONFIG).train
    accuracies = []
    for seed in SEEDS:
        model = SGDLogisticRegression(
            l2=train.l2,
            epochs=train.epochs,
            learning_rate=train.learning_rate,
            schedule=train.schedule,
            seed=seed,
        )
        predicted = model.fit(X["train"], y["train"]).predict(X["withheld"])
        accuracies.append(float((predicted == y["withheld"]).mean()))
    return Reviews(
        train_texts=texts["train"],
        train_y=y["train"],
        withheld_texts=texts["withheld"],
        withheld_y=y["withheld"],
        settings=textbook_settings(course, len(y["train"])),
        band=(min(accuracies), max(accuracies)),
        seeds=list(SEEDS),
    )


def _matrix(rows: tuple[np.ndarray, np.ndarray, np.ndarray], d: int) -> csr_array:
    starts, columns, values = rows
    return csr_array((values.astype(np.float32), columns, starts), shape=(len(starts) - 1, d))
