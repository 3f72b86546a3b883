"""One step of softmax regression, line by line: a column for each class, or for some of many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.boundary.inert import one_line
from pipeline.cli.display.terminal import Figures, figures, print_table
from pipeline.cli.display.trace import print_others, print_seen, signed
from pipeline.cli.output import echo

if TYPE_CHECKING:
    from pipeline.inspection.class_trace import ClassStep, ClassTerm, ClassTrace

# The decimals, the classes with a column and the characters of its head that fit into 80 columns.
_DECIMALS, _COLUMNS, _HEAD = 4, 5, 9
# The most rows of classes.
_ROWS = 12


def print_class_trace(found: ClassTrace, top: int) -> None:
    """Print a step of a model on a text: the features that tell the classes most apart."""
    step = found.step
    print_seen(found, len(step.terms), step.y)
    table = _Columns(step, top)
    before, after, rule, y = step.before, step.after, step.rule, step.y
    echo("", "score         z_k = x . w_k + b_k, the sum of the products x w_k")
    if len(before.scores) > _COLUMNS:
        echo(f"              of the true class and the {_COLUMNS - 1} most probable others")
    table.print_scores()
    highest = max(before.scores)
    echo(f"probability   p_k = e^(z_k - m) / the sum of all; the highest z is m = {highest:.4f}")
    echo("error         p_k - [k = y], where [k = y] is 1 for the true class, else 0")
    _print_classes(step, highest)
    p, loss = before.probabilities[y], f"{before.loss:.4f}"
    echo(f"loss          L = -ln p_{y} = -ln {p:.4g} = {loss}")
    penalty = f" + {rule.l2:g} w_k" if rule.l2 else ""
    echo("", f"gradient      g_k = (p_k - [k = y]) x{penalty}, and p_k - [k = y] for the intercept")
    table.print("g", [term.gradients for term in step.terms], step.errors)
    echo(f"new weights   w_k - {rule.learning_rate:g} g_k")
    table.print("new w", [term.new_weights for term in step.terms], step.new_intercepts)
    change = f"{after.loss - before.loss:+.4f}"
    echo(f"with these    p_{y} = {after.probabilities[y]:.4f}, L = {after.loss:.4f}: {change}")
    print_others(found, len(step.terms), rule.l2, step.other_weights_factor)


def _print_classes(step: ClassStep, highest: float) -> None:
    """Print the score, probability and error of each class; of many, of the most probable ones."""
    z, p, errors = step.before.scores, step.before.probabilities, step.errors
    table = figures("k", "z", "e^(z - m)", "p", "[k = y]", "error", words="class")
    shown = _chosen(step, _ROWS)
    for k in shown:
        power = f"{math.exp(z[k] - highest):.4f}"
        row = [f"{z[k]:+.4f}", power, f"{p[k]:.4f}", f"{k == step.y:d}", f"{errors[k]:+.4f}"]
        table.add_row(str(step.classes[k]), str(k), *row)
    left = [k for k in range(len(z)) if k not in shown]
    if left:
        powers = math.fsum(math.exp(z[k] - highest) for k in left)
        total = math.fsum(p[k] for k in left)
        row = ["", f"{powers:.4f}", f"{total:.4f}", "0", f"{total:+.4f}"]
        table.add_row(f"({len(left):,} other classes)", "", *row)
    print_table(table)


def _chosen(step: ClassStep, most: int) -> list[int]:
    """Return the numbers of the true class and of the most probable others, in order."""
    p = step.before.probabilities
    order = sorted(range(len(p)), key=lambda k: (k != step.y, -p[k], k))
    return sorted(order[:most])


class _Columns:
    """The tables with a row for each feature and a column for each class."""

    def __init__(self, step: ClassStep, top: int) -> None:
        self.step, self.chosen = step, _chosen(step, _COLUMNS)
        self.shown: Sequence[ClassTerm] = step.terms[:top]
        self.rest: Sequence[ClassTerm] = step.terms[top:]

    def _table(self, *more: str, words: str) -> Figures:
        return figures(*more, *(self._head(k) for k in self.chosen), words=words)

    def _head(self, k: int) -> str:
        name = one_line(str(self.step.classes[k]))
        return name if len(name) <= _HEAD else f"k = {k}"

    def _figures(self, rows: Iterable[Sequence[float]]) -> list[list[str]]:
        """Return numbers of the chosen classes, all with as many decimals."""
        chosen = [[row[k] for k in self.chosen] for row in rows]
        flat = iter(signed([value for row in chosen for value in row], _DECIMALS))
        return [[next(flat) for _ in row] for row in chosen]

    def print_scores(self) -> None:
        """Print each z_k term by term; the terms that are not shown are summed."""
        step, table = self.step, self._table("x", words="x w")
        others = [math.fsum(of_class) for of_class in zip(*self._products(self.rest), strict=True)]
        *rows, of_others, intercepts, z = self._figures(
            [
                *self._products(self.shown),
                others or [0.0] * len(step.classes),
                step.intercepts,
                step.before.scores,
            ]
        )
        for term, row in zip(self.shown, rows, strict=True):
            table.add_row(term.feature, f"{term.x:g}", *row)
        if self.rest:
            table.add_row(f"({len(self.rest):,} other features)", "", *of_others)
        table.add_row("(intercept)", "", *intercepts, end_section=True)
        bold: list[Any] = [(value, "bold") for value in z]
        table.add_row(("z", "bold"), "", *bold)
        print_table(table)

    def print(
        self, name: str, of_terms: Sequence[Sequence[float]], of_intercept: Sequence[float]
    ) -> None:
        """Print numbers of the features that are shown, and those of the intercepts."""
        table = self._table(words=name)
        *rows, last = self._figures([*of_terms[: len(self.shown)], of_intercept])
        for term, row in zip(self.shown, rows, strict=True):
            table.add_row(term.feature, *row)
        table.add_row("(intercept)", *last)
        if self.rest:
            table.add_row(f"({len(self.rest):,} other features)", *("..." for _ in self.chosen))
        print_table(table)

    @staticmethod
    def _products(terms: Sequence[ClassTerm]) -> list[tuple[float, ...]]:
        return [term.products for term in terms]
