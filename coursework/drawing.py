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

    def divisor(self, n: int) -> int:
        """Return what l2 is divided by in this course, for a training set of n documents."""
        return n if "penalty" in self.course.others else 1

    def scores(self) -> Inputs:
        """Return inputs of `sigmoid`."""
        z = self.numbers(self.size(3, 30)) * 3
        return {"z": np.round(z, 1) if self.small else z}

    def far_scores(self) -> Inputs:
        """Return inputs of `sigmoid` at which exp overflows."""
        size = np.array([1000.0, 800.0]) if self.small else self.rng.uniform(750, 5000, 4)
        return {"z": np.concatenate([size, -size, [0.0]])}

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

    def far_problem(self) -> Inputs:
        """Return inputs of `cost` with two documents, whose scores are far on the wrong side."""
        X, w = np.diag([1000.0, 1000.0]), np.array([1.0, -1.0])
        return self.problem() | {"X": X, "y": np.array([self.course.negative, 1]), "w": w}

    def class_scores(self) -> Inputs:
        """Return inputs of `softmax`."""
        z = self.numbers(self.size(2, 12), self.size(3, 6)) * 3
        return {"z": np.round(z, 1) if self.small else z}

    def far_class_scores(self) -> Inputs:
        """Return inputs of `softmax` at which exp overflows, or all powers are 0."""
        far = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1002.0]])
        shift = 0.0 if self.small else self.rng.uniform(-200, 200, (2, 1))
        return {"z": far + shift}

    def class_problem(self) -> Inputs:
        """Return inputs of `softmax_cost` and `softmax_gradient`: three classes or more."""
        n, d, n_classes = self.size(4, 20), self.size(2, 8), self.size(3, 6)
        y = self.rng.integers(0, n_classes, n)
        y[:3] = self.rng.permutation(n_classes)[:3]
        return {
            "X": self.counts(n, d),
            "y": y,
            "W": self.numbers(n_classes, d),
            "b": self.numbers(n_classes),
            "l2": self.rate(),
        }

    def far_class_problem(self) -> Inputs:
        """Return inputs of `softmax_cost` with two documents, far on the side of a wrong class."""
        X, W = np.diag([1000.0, 1000.0]), np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]])
        return {"X": X, "y": np.array([1, 2]), "W": W, "b": self.numbers(3), "l2": self.rate()}

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
        """Return inputs of `lazy_epoch`: up to 5 words of each document, none of one."""
        n, d = n or self.size(3, 20), d or self.size(5, 60)
        lengths = self.rng.integers(1, 4 if self.small else 6, n)
        lengths[self.rng.integers(n)] = 0
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

    def repeats(self) -> Inputs:
        """Return inputs of `lazy_epoch` whose order has repeats, and another length than y."""
        return self.epoch(n_steps=5)

    def long_epoch(self) -> Inputs:
        """Return inputs of `lazy_epoch` with so many steps that the scale would reach 0.

        A step shrinks the weights to a hundredth.
        """
        inputs = self.epoch(n_steps=200)
        return inputs | {"learning_rate": 0.5, "l2": 1.98 * self.divisor(len(inputs["y"]))}

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

    def none_predicted(self) -> Inputs:
        """Return inputs of `metrics` with nothing predicted positive: precision is NaN."""
        inputs = self.predictions()
        return inputs | {"predicted": np.full_like(inputs["y"], self.course.negative)}

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
        orders = [self.rng.integers(0, n_train, n_train + 20) for _ in range(5)]
        return {
            "train_texts": texts[:n_train],
            "train_y": y[:n_train],
            "texts": texts[n_train:],
            "orders": np.array(orders),
            "learning_rate": self.rate(),
            "l2": 0.01 * self.divisor(n_train),
        }

    def long_reviews(self) -> Inputs:
        """Return inputs of `fit` with orders and a penalty as `long_epoch` has them."""
        inputs = self.reviews()
        n = len(inputs["train_y"])
        settings = {"learning_rate": 0.5, "l2": 1.98 * self.divisor(n)}
        return inputs | settings | {"orders": self.rng.integers(0, n, (2, 200))}
