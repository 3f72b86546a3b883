"""A learning curve: its points, and whether more reviews would help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.display.terminal import Text, figures, print_line, print_table
from pipeline.evaluation.learning_curve import FARTHEST, LEAST_SIZES
from pipeline.report.learning_curve import answer_of

if TYPE_CHECKING:
    from pipeline.evaluation.learning_curve import Extrapolation
    from pipeline.evaluation.over_folds import Measured
    from pipeline.studies.curve import LearningCurve


def print_curve(result: LearningCurve, folder: Path) -> None:
    """Print a row for each size, what a power law predicts, and where the figures are."""
    interval = f"{100 * result.confidence:g}% interval"
    table = figures("reviews", "models", "accuracy", interval, "log loss", "ECE")
    for point in result.points:
        accuracy = point.accuracy
        row = (f"{accuracy.value:.2%}", _ends(accuracy), f"{point.log_loss.value:.4f}")
        table.add_row(f"{point.size:,}", str(point.n_models), *row, f"{point.ece.value:.4f}")
    print_table(table)
    print_line(
        f"each on {result.n_folds} folds of the training set, by models that did not learn from "
        "the fold",
        style="dim",
    )
    if result.extrapolation is None:
        print_line(f"nothing is predicted for more reviews: {_why_not(result)}")
    else:
        _print_extrapolation(result.extrapolation, interval)
    print_line(f"the figures are in {folder}")


def _why_not(result: LearningCurve) -> str:
    """Return why nothing is predicted."""
    if len(result.points) < LEAST_SIZES:
        return f"that needs {LEAST_SIZES} sizes; --sizes chooses them"
    largest = result.points[-1].size
    if FARTHEST * largest <= result.n:
        return "all sizes are too small"
    return f"at {largest:,}, the accuracy is not clearly above that of the majority class"


def _print_extrapolation(found: Extrapolation, interval: str) -> None:
    now, then, gain = found.accuracy_now, found.accuracy_then, found.gain
    print_line(
        Text(f"{found.now:,} -> {found.then:,} reviews: accuracy {now.value:.1%} -> ")
        .append(f"{then.value:.1%}", "bold")
        .append(f" ({interval} {_ends(then, 1)})")
    )
    points = f"{100 * gain.value:+.1f} points"
    print_line(
        Text(answer_of(found.helps), "bold").append(
            f": {points} ({interval} {100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        )
    )


def _ends(measured: Measured, digits: int = 2) -> str:
    return f"{measured.low:.{digits}%} to {measured.high:.{digits}%}"
