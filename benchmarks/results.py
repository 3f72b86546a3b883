"""What a question gives back: figures, the claims made of them, and tables.

All of it is data. `report` and `plot` draw it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, in every round.

    Attributes
    ----------
    name : str
        Who did what.
    settings : str
        How: the options that were given.
    values : tuple of float
        One of each round.
    unit : str
        Of the values: s, MB, or reviews/s.
    accuracy : float, optional
        Accuracy on the test set, between 0 and 1, if the work made a model.
    """

    name: str
    settings: str
    values: tuple[float, ...]
    unit: str = "s"
    accuracy: float | None = None

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)


@dataclass(frozen=True)
class Claim:
    """A figure against a target.

    Attributes
    ----------
    text : str
        What is compared, to be read after the question's name.
    values : tuple of float
        One of each round; a ratio is made of two values of one round.
    target : float, optional
        None where a comparison is only shown.
    at_least : bool
        Whether the median is to reach the target from above, or to stay below it.
    unit : str
        `x` for a ratio.
    """

    text: str
    values: tuple[float, ...]
    target: float | None = None
    at_least: bool = True
    unit: str = "x"

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        if self.target is None:
            return None
        return self.median >= self.target if self.at_least else self.median <= self.target


@dataclass(frozen=True)
class Table:
    """Numbers that belong together, such as those of a growing corpus."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[float | str, ...], ...]


@dataclass(frozen=True)
class Question:
    """The answer to one question.

    Attributes
    ----------
    name : str
        That of its module.
    asks : str
        The question, in one line.
    inputs : str
        What was worked on.
    """

    name: str
    asks: str
    inputs: str
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    failed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON can hold it, with medians and whether targets are met."""
        facts = asdict(self)
        for figure, entry in zip(self.figures, facts["figures"], strict=True):
            entry["median"] = figure.median
        for claim, entry in zip(self.claims, facts["claims"], strict=True):
            entry |= {"median": claim.median, "met": claim.met}
        return facts


def ratio(
    text: str, over: Figure, under: Figure, target: float | None = None, at_least: bool = True
) -> Claim:
    """Divide two figures round by round.

    Parameters
    ----------
    text : str
    over, under : Figure
        Of the same number of rounds, measured in alternation.
    target : float, optional
    at_least : bool
    """
    values = tuple(a / b for a, b in zip(over.values, under.values, strict=True))
    return Claim(text, values, target, at_least)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the smallest and the largest value."""
    return min(values), max(values)
