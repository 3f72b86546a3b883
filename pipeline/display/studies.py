"""What studies came to, as tables on standard output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from pipeline.display.tables import figures, results

if TYPE_CHECKING:
    from pipeline.studies.crossval import CrossValidation
    from pipeline.studies.tune import Tuning

# Rows of a table of trials.
_SHOWN = 20


def print_cross_validation(result: CrossValidation) -> None:
    """Print the folds, and what they come to together."""
    console = results()
    chosen = any(fold.chosen for fold in result.folds)
    table = figures("fold", "reviews", "accuracy", *(["chosen"] if chosen else []))
    for fold in result.folds:
        row = [str(fold.number), f"{fold.n:,}", f"{fold.accuracy:.2%}"]
        table.add_row(*row, *([_values(fold.chosen)] if chosen else []))
    console.print(table)
    pooled = result.pooled
    console.print(
        f"accuracy [bold]{result.mean:.2%}[/bold], mean of {len(result.folds)} folds, "
        f"standard deviation {result.deviation:.2%}"
    )
    console.print(
        f"of all {pooled.n:,} reviews {pooled.accuracy:.2%} ({pooled.confidence:.0%} interval "
        f"{pooled.accuracy_low:.2%} to {pooled.accuracy_high:.2%})"
    )


def print_tuning(result: Tuning, best: Path) -> None:
    """Print the trials, the best first, and where the config is."""
    console = results()
    keys = [key.split(".")[1] for key in result.tried[0].values]
    table = figures("accuracy", "+-", "log loss", *keys)
    for tried in result.tried[:_SHOWN]:
        spread = f"{_deviation(tried.accuracies):.2%}" if len(tried.accuracies) > 1 else ""
        cells = (escape(_value(value)) for value in tried.values.values())
        table.add_row(f"{tried.accuracy:.2%}", spread, f"{tried.log_loss:.4f}", *cells)
    console.print(table)
    if len(result.tried) > _SHOWN:
        console.print(f"and {len(result.tried) - _SHOWN} more trials", style="dim")
    console.print(f"the config with the best of them is {escape(str(best))}")


def _deviation(values: tuple[float, ...]) -> float:
    import statistics

    return statistics.stdev(values)


def _values(values: dict[str, Any]) -> str:
    pairs = (f"{key.split('.')[1]}={_value(value)}" for key, value in values.items())
    return escape(", ".join(pairs))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
