"""The metrics of more than two classes as tables."""

from __future__ import annotations

from typing import Any

from pipeline.cli.display.terminal import Text, figures, print_line, print_table
from pipeline.report.numbers import number, share

_NAMES = {
    "roc_auc": "ROC-AUC, each class against the rest",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error (ECE)",
    "ratings.mean_absolute_error": "mean absolute error",
    "ratings.quadratic_kappa": "quadratic-weighted kappa",
}


def print_class_metrics(metrics: dict[str, Any]) -> None:
    """Print the metrics of a split: of each class, the confusion matrix, and of all."""
    classes, of_class = metrics["classes"], metrics["of_class"]
    table = figures("", "precision", "recall", "F1", "ROC-AUC", "reviews")
    for name in classes:
        shares = (share(of_class[name][key]) for key in ("precision", "recall", "f1"))
        auc = number(metrics["roc_auc_of_class"][name])
        table.add_row(name, *shares, auc, f"{of_class[name]['support']:,}")
    shares = (share(metrics[key]) for key in ("precision", "recall", "f1"))
    table.add_row("macro", *shares, number(metrics["roc_auc"]), f"{metrics['n']:,}")
    print_table(table)
    matrix = figures("true class, and predicted:", *classes)
    for name, row in zip(classes, metrics["confusion"], strict=True):
        matrix.add_row(name, *(f"{cell:,}" for cell in row))
    print_table(matrix)
    accuracy = Text("accuracy ").append(f"{metrics['accuracy']:.2%}", "bold")
    print_line(
        accuracy.append(
            f" ({100 * metrics['confidence']:g}% interval {metrics['accuracy_low']:.2%} "
            f"to {metrics['accuracy_high']:.2%})"
        )
    )
    if "n_groups" in metrics:
        print_line(
            f"reviews of {metrics['n_groups']:,} groups; intervals are of whole groups", style="dim"
        )
    intervals = metrics["intervals"]
    ends = (f"{100 * metrics['confidence']:g}% interval",) if intervals else ()
    table = figures("", "value", *ends)
    values = metrics | {f"ratings.{key}": v for key, v in metrics.get("ratings", {}).items()}
    for key, label in _NAMES.items():
        if key in values:
            low, high = intervals.get(key, (None, None))
            interval = "" if low is None else f"{number(low)} to {number(high)}"
            table.add_row(label, number(values[key]), *([interval] if intervals else []))
    print_table(table)
