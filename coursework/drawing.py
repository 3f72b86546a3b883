"""Random inputs for each function: small and round for examples, of any size for hidden tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursework.variants import Course

Inputs = dict[str, Any]


class Draw:
    """Draws inputs.

    Parameters
    ----------
    rng : numpy.random.Generator
    course : Course
        Has the labels.
    small : bool
        Draw few and round numbers, which a person can calculate with.
    """

    def __init__(self, rng: np.random.Generator, course: Course, small: bool = False) -> None:
        self.rng, self.course, self.small = rng, course, small

    def size(self, low: int, high: int) -> int:
        """Return a number of documents or words; the lowest if small."""
        return low if self.small else int(self.rng.integers(low, high + 1))

    def numbers(self, *shape: int) -> np.ndarray:
        """Return weights or scores: tenths if small."""
        drawn = self.rng.normal(size=shape)
        return np.round(drawn, 1) + 0.0 if self.small else drawn

    def counts(self, *shape: int) -> np.ndarray:
        """Return counts of words, as floats."""
        return self.rng.integers(0, 4, shape).astype(float)

    def labels(self, n: int) -> np.ndarray:
        """Return labels, both of them if n > 1."""
        y = np.where(self.rng.random(n) < 0.5, self.course.negative, 1)
        if n > 1:
            y[self.rng.permutation(n)[:2]] = self.course.negative, 1
        return y

    def rate(self) -> float:
        """Return a learning rate or a strength of the penalty."""
        return float(self.rng.choice([0.05, 0.1, 0.2, 0.5]))

    def scores(self) -> Inputs:
        """Return inputs of `sigmoid`."""
        z = self.numbers(self.size(3, 30)) * 3
        return {"z": np.round(z, 1) if self.small else z}

    def problem(self) -> Inputs:
        """Return inputs of `cost` and `gradient`."""
        n, d = self.size(3, 20), self.size(2, 12)
        return {
            "X": self.counts(n, d),
            "y": self.labels(n),
            "w": self.numbers(d),
            "b": float(self.numbers(1)[0]),
            "l2": self.rate(),
        }

    def step(self) -> Inputs:
        """Return inputs of `sgd_step`; n is for the courses whose penalty needs it."""
        d = self.size(2, 12)
        return {
            "x": self.counts(d),
            "y": int(self.labels(1)[0]),
            "w": self.numbers(d),
            "b": float(self.numbers(1)[0]),
            "learning_rate": self.rate(),
            "l2": self.rate(),
            "n": self.size(4, 50),
        }

    def epoch(self, n: int = 0, d: int = 0, n_steps: int = 0) -> Inputs:
        """Return inputs of `lazy_epoch`: up to 5 words of each document, each once."""
        n, d = n or self.size(3, 20), d or self.size(5, 60)
        lengths = self.rng.integers(1, 4 if self.small else 6, n)
        # A choice without replacement takes time in proportion to what is chosen from.
        columns = [np.sort(self.rng.choice(min(d, 200), k, replace=False)) for k in lengths]
        return {
            "rows": (
                np.concatenate([[0], np.cumsum(lengths)]),
                np.concatenate(columns),
                self.rng.integers(1, 4, lengths.sum()).astype(float),
            ),
            "y": self.labels(n),
            "order": self.rng.integers(0, n, n_steps) if n_steps else self.rng.permutation(n),
            "w": self.numbers(d),
            "b": float(self.numbers(1)[0]),
            "learning_rate": self.rate() / 5,
            "l2": self.rate(),
        }

    def tokens(self, n_tokens: int = 0, n_distinct: int = 6) -> Inputs:
        """Return inputs of `count_ngrams`."""
        words = self.words(n_distinct)
        n_tokens = n_tokens or self.size(5, 40)
        chosen = self.rng.integers(0, n_distinct, n_tokens)
        return {"tokens": [words[k] for k in chosen], "n": int(self.rng.integers(2, 4))}

    def predictions(self) -> Inputs:
        """Return inputs of `metrics`."""
        n = self.size(6, 40)
        return {"y": self.labels(n), "predicted": self.labels(n)}

    def words(self, n: int) -> list[str]:
        """Return n distinct words: of a short list if small, invented otherwise."""
        if self.small:
            known = np.array(["good", "very", "film", "not", "dull", "plot", "what", "again"])
            return [str(word) for word in self.rng.permutation(known)[:n]]
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
        words: set[str] = set()
        while len(words) < n:
            words.add("".join(self.rng.choice(letters, 7)))
        return sorted(words)

    def reviews(self) -> Inputs:
        """Return inputs of `fit_predict`: reviews of invented words that lean to one side."""
        words, n_train, n = np.array(self.words(40)), 60, 30
        lean = self.rng.normal(size=len(words))
        chosen = self.rng.integers(0, len(words), (n_train + n, 8))
        texts = [" ".join(words[row]) for row in chosen]
        y = np.where(lean[chosen].sum(axis=1) > 0, 1, self.course.negative)
        orders = [self.rng.permutation(n_train) for _ in range(5)]
        return {
            "train_texts": texts[:n_train],
            "train_y": y[:n_train],
            "texts": texts[n_train:],
            "orders": np.array(orders),
            "learning_rate": self.rate(),
            "l2": 0.01,
        }
