"""Metrics and words of more than two classes as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.cli.display.abstaining import print_abstaining
from pipeline.cli.display.tables import print_metrics
from pipeline.cli.display.terminal import Text, figures, print_line, print_table
from pipeline.report.numbers import number, share

if TYPE_CHECKING:
    from pipeline.inspection.class_weights import ClassWord, WordWeights

_NAMES = {
    "roc_auc": "ROC-AUC, each class against the rest",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error (ECE)",
    "ratings.mean_absolute_error": "mean absolute error",
    "ratings.quadratic_kappa": "quadratic-weighted kappa",
}


def print_evaluation(metrics: dict[str, Any]) -> None:
    """Print the metrics of a split, of two classes or of more, and of what abstaining leaves."""
    if "of_class" in metrics:
        print_class_metrics(metrics)
    else:
        print_metrics(metrics)
    if "abstain" in metrics:
        print_abstaining(metrics["abstain"], "review", metrics["confidence"])


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


def print_class_words(found: Mapping[Any, Sequence[ClassWord]]) -> None:
    """Print the words that speak for each class."""
    for label, words in found.items():
        table = figures("weight", "reviews", "of class", words=f"for {label}")
        for word in words:
            in_class = "" if word.in_class is None else f"{word.in_class:,}"
            row = f"{word.weight:+.3f}", f"{word.document_frequency:,}", in_class
            table.add_row((word.word, "bold"), *row)
        print_table(table)


def print_word_weights(words: Sequence[WordWeights]) -> None:
    """Print the words that were asked for: a table of the classes for each."""
    for word in words:
        if word.weights is None:
            print_line(Text.assemble((word.word, "bold"), (" not in the vocabulary", "dim")))
            continue
        table = figures("weight", "reviews", words=word.word)
        for label, weight in word.weights.items():
            count = "" if word.frequency is None else f"{word.frequency[label]:,}"
            table.add_row(str(label), f"{weight:+.3f}", count)
        table.add_row("all classes", "", f"{word.document_frequency:,}")
        print_table(table)
