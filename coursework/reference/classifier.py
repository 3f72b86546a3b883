"""The whole classifier, made of the functions of the assignment. Nothing is to be done here.

`python -m assignment.classifier` trains on data/train.jsonl and measures on
data/validation.jsonl.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .counts import count_ngrams
from .metrics import metrics
from .sgd import lazy_epoch

LABELS = {"negative": 0, "positive": 1}


def tokenize(text: str) -> list[str]:
    """Return the words of a text in lower case; an apostrophe does not split a word."""
    return re.findall(r"\w+(?:'\w+)*", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


def learn_vocabulary(texts: list[str]) -> dict[str, int]:
    """Return the column of each word of the texts, in alphabetical order."""
    words = {word for text in texts for word in count_ngrams(tokenize(text), 1)}
    return {word: column for column, word in enumerate(sorted(words))}


def count_rows(
    texts: list[str], vocabulary: dict[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sparse counts of texts: (starts, columns, values), as `lazy_epoch` takes them."""
    starts, columns, values = [0], [], []
    for text in texts:
        counts = count_ngrams(tokenize(text), 1)
        known = sorted((vocabulary[word], n) for word, n in counts.items() if word in vocabulary)
        columns += [column for column, _ in known]
        values += [n for _, n in known]
        starts.append(len(columns))
    return np.array(starts), np.array(columns, int), np.array(values, float)


def fit(
    train_texts: list[str],
    train_y: np.ndarray,
    orders: np.ndarray,
    learning_rate: float,
    l2: float,
) -> tuple[dict[str, int], np.ndarray, float]:
    """Learn from texts, visiting them in each of the orders; return the vocabulary, w and b."""
    vocabulary = learn_vocabulary(train_texts)
    rows = count_rows(train_texts, vocabulary)
    w, b = np.zeros(len(vocabulary)), 0.0
    for order in orders:
        w, b = lazy_epoch(rows, train_y, order, w, b, learning_rate, l2)
    return vocabulary, w, b


def predict(texts: list[str], vocabulary: dict[str, int], w: np.ndarray, b: float) -> np.ndarray:
    """Return the predicted label of each text."""
    starts, columns, values = count_rows(texts, vocabulary)
    documents = [slice(*ends) for ends in pairwise(starts)]
    z = np.array([values[at] @ w[columns[at]] + b for at in documents])
    return np.where(z > 0, LABELS["positive"], LABELS["negative"])


def fit_predict(
    train_texts: list[str],
    train_y: np.ndarray,
    texts: list[str],
    orders: np.ndarray,
    learning_rate: float,
    l2: float,
) -> np.ndarray:
    """Learn from the training texts as `fit` does, and return the predicted labels of others."""
    return predict(texts, *fit(train_texts, train_y, orders, learning_rate, l2))


def read_reviews(path: Path) -> tuple[list[str], np.ndarray]:
    """Return the texts and labels of a file with one JSON object a line."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row["text"] for row in rows], np.array([LABELS[row["label"]] for row in rows])


def measure(folder: Path, **changes: float) -> dict[str, float]:
    """Train on a folder's reviews; return the metrics on its validation reviews, w . w and b.

    The settings are those of the folder, but for the changes: `l2=0.0` trains without a penalty.
    """
    settings = json.loads((folder / "settings.json").read_text("utf-8")) | changes
    train_texts, train_y = read_reviews(folder / "train.jsonl")
    texts, y = read_reviews(folder / "validation.jsonl")
    shuffle = np.random.default_rng(0)
    orders = np.array([shuffle.permutation(len(train_y)) for _ in range(settings["epochs"])])
    learned = fit(train_texts, train_y, orders, settings["learning_rate"], settings["l2"])
    _, w, b = learned
    return metrics(y, predict(texts, *learned)) | {"w . w": float(w @ w), "b": float(b)}


def main() -> None:
    """Train, and print what `measure` returns."""
    for name, value in measure(Path(__file__).parent.parent / "data").items():
        print(f"{name:<10}{value:.6f}")


if __name__ == "__main__":
    main()
