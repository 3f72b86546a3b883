"""What `--seed COURSE` changes: four conventions, on which books and courses differ.

The reference in `coursework/reference` follows one choice of each. The other choice is a list of
replacements in its text, so that the solution of a course is a file to read like the reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

REFERENCE = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Convention:
    """One thing that courses do in two ways.

    Attributes
    ----------
    name : str
    here, other : str
        The choice of the reference, and the other one, as the README of a handout says it.
    edits : dict from module to pairs of str
        What turns the reference into the other choice. Each text must be in the module.
    """

    name: str
    here: str
    other: str
    edits: Mapping[str, tuple[tuple[str, str], ...]]


LABELS = Convention(
    name="labels",
    here=(
        "The label of a positive review is 1, that of a negative one 0. In `softmax.py`, it is the "
        "number of the class, from 0."
    ),
    other=(
        "The label of a positive review is 1, that of a negative one -1. In `softmax.py`, it is "
        "the number of the class, from 0."
    ),
    edits={
        "logistic": (
            ("label y is 0 or 1", "label y is -1 or 1"),
            ("array of 0 and 1", "array of -1 and 1"),
            ("log(1 + exp(z)) - y z", "log(1 + exp(-y z))"),
            ("np.logaddexp(0.0, z) - y * z", "np.logaddexp(0.0, -y * z)"),
            ("sigmoid(X @ w + b) - y", "sigmoid(X @ w + b) - (y + 1) / 2"),
        ),
        "sgd": (
            ("y : 0 or 1", "y : -1 or 1"),
            ("array of 0 and 1", "array of -1 and 1"),
            ("(x @ w + b)) - y", "(x @ w + b)) - (y + 1) / 2"),
            ("- y[i]", "- (y[i] + 1) / 2"),
        ),
        "metrics": (
            ("array of 0 and 1", "array of -1 and 1"),
            ("[1, 1, 0, 0]", "[1, 1, -1, -1]"),
            ("[1, 0, 0, 0]", "[1, -1, -1, -1]"),
        ),
        "classifier": (('"negative": 0', '"negative": -1'),),
    },
)
SIGN = Convention(
    name="sign",
    here="`gradient` and `softmax_gradient` return the gradient, which a step subtracts.",
    other=(
        "`descent_direction` and `softmax_descent_direction` return minus the gradient, which a "
        "step adds."
    ),
    edits={
        "logistic": (
            ("def gradient(", "def descent_direction("),
            ("Return the gradient of the cost J:", "Return minus the gradient of the cost J:"),
            ("Gradient descent subtracts it", "Gradient descent adds it"),
            ("return by_w, by_b", "return -by_w, -by_b"),
        ),
        "softmax": (
            ("def softmax_gradient(", "def softmax_descent_direction("),
            ("Return the gradient of the cost J:", "Return minus the gradient of the cost J:"),
            ("Gradient descent subtracts it", "Gradient descent adds it"),
            ("return by_W, by_b", "return -by_W, -by_b"),
        ),
    },
)
PENALTY = Convention(
    name="penalty",
    here=(
        "The penalty is (l2 / 2) sum_j w_j^2, whatever the size of the training set. Many books "
        "write λ for l2. The intercept b is not penalised."
    ),
    other=(
        "The penalty is (l2 / (2n)) sum_j w_j^2, for a training set of n documents. Many books "
        "write λ for l2. The intercept b is not penalised."
    ),
    edits={
        "logistic": (
            ("(l2 / 2) sum_j", "(l2 / (2n)) sum_j"),
            ("l2 / 2 * (w @ w)", "l2 / (2 * len(y)) * (w @ w)"),
            ("+ l2 * w", "+ l2 / len(y) * w"),
        ),
        "softmax": (
            ("(l2 / 2) sum_kj", "(l2 / (2n)) sum_kj"),
            ("l2 / 2 * (W * W)", "l2 / (2 * len(y)) * (W * W)"),
            ("+ l2 * W", "+ l2 / len(y) * W"),
        ),
        "sgd": (
            (
                "b: float, learning_rate: float, l2: float\n",
                "b: float, learning_rate: float, l2: float, n: int\n",
            ),
            ("(l2 / 2) sum_j w_j^2.", "(l2 / (2n)) sum_j w_j^2."),
            (
                'penalty, >= 0.\n    """',
                'penalty, >= 0.\n    n : int\n        Documents in the training set.\n    """',
            ),
            ("error * x + l2 * w", "error * x + l2 / n * w"),
            ("1.0 - learning_rate * l2", "1.0 - learning_rate * l2 / len(y)"),
            (
                "learning_rate * l2 is less than 1.",
                "learning_rate * l2 / n is less than 1. Here n is\n"
                "        len(y), however long `order` is.",
            ),
        ),
    },
)
JOINER = Convention(
    name="joiner",
    here='An n-gram is written with a space between its tokens: "very good".',
    other='An n-gram is written with an underscore between its tokens: "very_good".',
    edits={
        "counts": (
            ('" "', '"_"'),
            ("very very", "very_very"),
            ("very good", "very_good"),
        ),
    },
)
CONVENTIONS = (LABELS, SIGN, PENALTY, JOINER)


@dataclass(frozen=True)
class Course:
    """What a course has of its own.

    Attributes
    ----------
    seed : str
        "" is the course of the repository: its conventions, and its worked numbers.
    others : frozenset of str
        The conventions in which it differs from the reference.
    """

    seed: str = ""
    others: frozenset[str] = field(default_factory=frozenset)

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a generator for a purpose; the same seed and purpose draw the same."""
        digest = hashlib.sha256(f"{self.seed}\n{purpose}".encode()).digest()
        return np.random.default_rng(list(digest))

    @property
    def negative(self) -> int:
        """The label of a negative review."""
        return -1 if "labels" in self.others else 0

    @property
    def sign(self) -> int:
        """1 if the course asks for the gradient, -1 if for minus the gradient."""
        return -1 if "sign" in self.others else 1

    def name(self, function: str) -> str:
        """Return the name that the course gives a function of the reference."""
        return function if self.sign > 0 else function.replace("gradient", "descent_direction")

    def conventions(self) -> list[str]:
        """Return a sentence for each convention."""
        return [each.other if each.name in self.others else each.here for each in CONVENTIONS]


def course(seed: str = "") -> Course:
    """Return the course of a seed; without a seed, that of the reference.

    Labels or penalty differ from the reference in every course with a seed, so that its cost,
    gradient and steps do.

    Examples
    --------
    >>> course().others
    frozenset()
    >>> bool(course("any seed").others & {"labels", "penalty"})
    True
    """
    if not seed:
        return Course()
    bits = Course(seed).generator("conventions").integers(0, 2, 4).astype(bool)
    others = {each.name for each, bit in zip(CONVENTIONS, bits, strict=True) if bit}
    if not others & {"labels", "penalty"}:
        others.add("labels" if bits[1] else "penalty")
    return Course(seed, frozenset(others))


def solution(of: Course) -> dict[str, str]:
    """Return the text of each module of the solved assignment of a course."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted(REFERENCE.glob("*.py"))}
    for convention in CONVENTIONS:
        if convention.name in of.others:
            for module, edits in convention.edits.items():
                for old, new in edits:
                    if old not in texts[module]:
                        raise ValueError(f"reference/{module}.py has no {old!r} to replace")
                    texts[module] = texts[module].replace(old, new)
    return texts
