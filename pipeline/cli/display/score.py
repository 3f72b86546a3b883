"""The metrics of a model on a file, and of the slices of a column, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.boundary import inert
from pipeline.cli.display.classes import print_evaluation
from pipeline.cli.display.terminal import figures, print_line, print_table
from pipeline.cli.options import as_options
from pipeline.studies.slices import FEW

if TYPE_CHECKING:
    from pipeline.studies.score import FileScore
    from pipeline.studies.slices import Slice

# Rows of the table of slices.
_SLICES = 20
# Classes whose shares are columns.
_CLASSES = 6
# Characters of a value.
_LONGEST = 40


def print_score(found: FileScore, name: str) -> None:
    """Print the metrics, the slices, and what was read."""
    print_evaluation(found.to_dict()["metrics"])
    if found.by is not None:
        _print_slices(found.slices, found.by, found.metrics.confidence)
    tally, n = found.rows, found.metrics.n
    line = f"{name}: {tally.n_rows:,} rows, {n:,} scored"
    if tally.left_out:
        reasons = ", ".join(f"{why}: {count:,}" for why, count in tally.left_out.most_common())
        line += f", {tally.left_out.total():,} left out ({as_options(reasons)})"
    print_line(line)
    usual = found.usual_unknown
    in_test = "" if usual is None else f"; {usual:.1%} in the test set of the run"
    print_line(f"unknown tokens {found.share_unknown:.1%}{in_test}", style="dim")


def _in_a_cell(value: str) -> str:
    """Return a value on one line, cut where it is long."""
    line = " ".join(value.split())
    return (line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}...") or "(empty)"


def _print_slices(slices: tuple[Slice, ...], by: str, confidence: float) -> None:
    """Print the largest slices, with the small ones marked."""
    classes = tuple(slices[0].shares)
    ends = f"{100 * confidence:g}% interval"
    columns = ("reviews", "accuracy", ends, *_columns(classes), "")
    table = figures(*columns, words=by)
    for each in slices[:_SLICES]:
        table.add_row(
            "(missing)" if each.value is None else _in_a_cell(each.value),
            f"{each.n:,}",
            f"{each.accuracy:.2%}",
            f"{each.low:.1%} to {each.high:.1%}",
            *_cells(each),
            "few" if each.is_small else "",
        )
    print_table(table)
    if len(slices) > _SLICES:
        print_line(f"and {len(slices) - _SLICES:,} smaller slices; --json has all", style="dim")
    if len(classes) > 2:
        of_class = "the share of a class by label, and by the model"
        line = of_class if _columns(classes) else f"--json has {of_class}"
        print_line(line, style="dim")
    if any(each.is_small for each in slices):
        print_line(f"few: fewer than {FEW} reviews, which say little", style="dim")


def _columns(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the heads of the columns of shares; none if there are too many classes to show."""
    if len(classes) == 2:
        return "positive", "predicted\npositive"
    return tuple(map(inert.name, classes)) if len(classes) <= _CLASSES else ()


def _cells(each: Slice) -> list[str]:
    """Return the shares of a slice, as `_columns` names them."""
    pairs = list(zip(each.shares.values(), each.predicted_shares.values(), strict=True))
    if len(pairs) == 2:
        return [f"{share:.1%}" for share in pairs[1]]
    return [f"{a:.0%}, {b:.0%}" for a, b in pairs] if len(pairs) <= _CLASSES else []
