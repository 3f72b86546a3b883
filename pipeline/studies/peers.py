"""The classifiers that people compare with: those of scikit-learn and fastText, where installed.

Each is used as its own documentation shows it, with its defaults, on the texts as they are. Of the
config it takes the length of the n-grams alone. No model is made of them, and their packages are no
part of an installation.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.errors import MissingDataError
from pipeline.model.logistic import Array

# fastText draws at random; one thread makes its result the same each time.
_SEED, _THREADS = 0, 1


class Learned(NamedTuple):
    """What a peer learns from: texts, the numbers of their classes, and the longest n-grams."""

    texts: Sequence[str]
    labels: Array
    ngrams: int


def predict_as(name: str, learned: Learned, texts: Sequence[str]) -> Array:
    """Return the number of the class that a peer predicts for each text.

    Parameters
    ----------
    name : str
        A key of `PEERS`.
    learned : Learned
    texts : sequence of str

    Raises
    ------
    MissingDataError
        If its package is not installed.
    """
    package, distribution, predict = PEERS[name]
    try:
        importlib.import_module(package)
    except ImportError:
        raise MissingDataError(
            f"{distribution} is not installed; pip install {distribution}"
        ) from None
    return predict(learned, texts)


def _of_scikit_learn(vectorizer: str, module: str, classifier: str) -> Callable[..., Array]:
    def predict(learned: Learned, texts: Sequence[str]) -> Array:
        text = importlib.import_module("sklearn.feature_extraction.text")
        longest = max(1, learned.ngrams)  # 0 counts characters alone
        counter = getattr(text, vectorizer)(ngram_range=(1, longest))
        model: Any = getattr(importlib.import_module(f"sklearn.{module}"), classifier)()
        model.fit(counter.fit_transform(learned.texts), learned.labels)
        predicted: Array = model.predict(counter.transform(texts))
        return predicted

    return predict


def _fasttext(learned: Learned, texts: Sequence[str]) -> Array:
    fasttext = importlib.import_module("fasttext")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "train.txt")
        with file.open("w", encoding="utf-8") as lines:
            for text, label in zip(learned.texts, learned.labels, strict=True):
                lines.write(f"__label__{label} {_one_line(text)}\n")
        model = fasttext.train_supervised(
            str(file), wordNgrams=max(1, learned.ngrams), thread=_THREADS, seed=_SEED, verbose=0
        )
    labels, _ = model.predict([_one_line(text) for text in texts])
    return np.array([int(first.removeprefix("__label__")) for first, *_ in labels])


def _one_line(text: str) -> str:
    return " ".join(text.split())


# The name of each, its package and how that is installed, and what predicts with it.
PEERS: dict[str, tuple[str, str, Callable[[Learned, Sequence[str]], Array]]] = {
    "naive Bayes (sklearn)": (
        "sklearn",
        "scikit-learn",
        _of_scikit_learn("CountVectorizer", "naive_bayes", "MultinomialNB"),
    ),
    "TF-IDF SVM (sklearn)": (
        "sklearn",
        "scikit-learn",
        _of_scikit_learn("TfidfVectorizer", "svm", "LinearSVC"),
    ),
    "TF-IDF LR (sklearn)": (
        "sklearn",
        "scikit-learn",
        _of_scikit_learn("TfidfVectorizer", "linear_model", "LogisticRegression"),
    ),
    "fastText": ("fasttext", "fasttext", _fasttext),
}
