"""Tables of the stages: audit, epochs, words, metrics, threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.cli.display.terminal import Figures, Text, figures, print_line, print_table
from pipeline.report.numbers import number, share

if TYPE_CHECKING:
    from pipeline.inspection.weights import Word
    from pipeline.stages.test_uses import TestUse

METRIC_NAMES = {
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "ECE",
}


def print_words(positive: Sequence[Word], negative: Sequence[Word]) -> None:
    """Print the most positive words, then the most negative ones."""
    print_table(_words_table("most positive", positive, "green"))
    print_table(_words_table("most negative", negative, "red"))


def print_found(words: Sequence[Word]) -> None:
    """Print the words that were asked for."""
    print_table(_words_table("word", words, "bold"))


def _words_table(title: str, words: Sequence[Word], style: str) -> Figures:
    table = figures("weight", "reviews", "neg", "pos", words=title)
    for word in words:
        if word.weight is None:
            table.add_row(Text.assemble((word.word, style), (" not in the vocabulary", "dim")))
        else:
            counts = (word.document_frequency, word.negative, word.positive)
            shown = ("" if count is None else f"{count:,}" for count in counts)
            table.add_row((word.word, style), f"{word.weight:+.3f}", *shown)
    return table


def print_history(
    epochs: Sequence[dict[str, Any]], minimum: dict[str, Any] | None = None, rows: int = 8
) -> None:
    """Print some epochs, always the first and the last, and what L-BFGS came to after them."""
    validated = epochs[-1]["validation_loss"] is not None
    validation = ("validation\nloss", "validation\naccuracy") if validated else ()
    table = figures("epoch", "training\nloss", "training\naccuracy", *validation)
    n = len(epochs)
    shown = sorted({round(i * (n - 1) / max(1, min(n, rows) - 1)) for i in range(min(n, rows))})
    measured = [(str(epochs[k]["number"]), epochs[k]) for k in shown]
    if minimum is not None:
        measured.append(("L-BFGS", minimum))
    for name, of in measured:
        row = [name, f"{of['loss']:.3f}", f"{of['accuracy']:.1%}"]
        if validated:
            loss, accuracy = of["validation_loss"], of["validation_accuracy"]
            row += [f"{loss:.3f}", f"{accuracy:.1%}"]
        table.add_row(*row)
    print_table(table)


def print_card(card: dict[str, Any]) -> None:
    """Print the audit of a corpus."""
    train, test = card["train"], card["test"]
    table = figures("", "training", "test")
    table.add_row("reviews", f"{train['n_reviews']:,}", f"{test['n_reviews']:,}")
    of_two = ("n_positive", "positive"), ("n_negative", "negative")
    for name in train.get("n_of_class", ()):
        table.add_row(Text(name), *(f"{of['n_of_class'][name]:,}" for of in (train, test)))
    for key, label in (
        *(() if "n_of_class" in train else of_two),
        ("n_empty", "empty"),
        ("n_exact_duplicates", "copies of an earlier review"),
        ("n_near_duplicates", "near-copies of an earlier review"),
    ):
        table.add_row(label, f"{train[key]:,}", f"{test[key]:,}")
    for key in ("minimum", "median", "mean", "maximum"):
        values = (split["words"][key] for split in (train, test))
        cells = ("undefined" if value is None else f"{value:,.0f}" for value in values)
        table.add_row(f"words, {key}", *cells)
    for key, label in (
        ("n_overlap", "copies of training reviews"),
        ("n_near_overlap", "near-copies of training reviews"),
        ("n_conflicting", "texts with both labels (in all reviews)"),
    ):
        table.add_row(label, "", f"{card[key]:,}")
    if groups := card.get("groups"):
        table.add_row("groups", f"{groups['n_train']:,}", f"{groups['n_test']:,}")
        table.add_row("groups in both sets", "", f"{groups['n_shared']:,}")
    print_table(table)


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print the metrics of a split."""
    table = figures("", "precision", "recall", "F1", "reviews")
    for name in ("negative", "positive"):
        row = metrics[name]
        shares = (share(row[key]) for key in ("precision", "recall", "f1"))
        table.add_row(name, *shares, f"{row['support']:,}")
    shares = (share(metrics[key]) for key in ("precision", "recall", "f1"))
    table.add_row("macro", *shares, f"{metrics['n']:,}")
    print_table(table)
    confusion = metrics["confusion"]
    matrix = figures("", "predicted negative", "predicted positive")
    for name, cells in (
        ("negative", ("true_negative", "false_positive")),
        ("positive", ("false_negative", "true_positive")),
    ):
        matrix.add_row(name, *(f"{confusion[cell]:,}" for cell in cells))
    print_table(matrix)
    line = Text("accuracy ").append(f"{metrics['accuracy']:.2%}", "bold")
    interval = f"{metrics['accuracy_low']:.2%} to {metrics['accuracy_high']:.2%}"
    line.append(f" ({100 * metrics['confidence']:g}% interval {interval})")
    print_line(line.append(f" at threshold {metrics['threshold']:g}"))
    if "n_groups" in metrics:
        print_line(
            f"reviews of {metrics['n_groups']:,} groups; intervals are of whole groups", style="dim"
        )
    print_table(_scores_table(metrics))


def _scores_table(metrics: dict[str, Any]) -> Figures:
    """Return the metrics of the scores, with their intervals if they were computed."""
    intervals = metrics["intervals"]
    ends = (f"{100 * metrics['confidence']:g}% interval",) if intervals else ()
    table = figures("", "value", *ends)
    for key, label in METRIC_NAMES.items():
        low, high = intervals.get(key, (None, None))
        interval = "" if low is None else f"{number(low)} to {number(high)}"
        table.add_row(label, number(metrics[key]), *([interval] if intervals else []))
    return table


def print_test_uses(uses: Sequence[TestUse]) -> None:
    """Print how often the test set was used: by evaluations, and apart from them by studies."""
    evaluations = [use for use in uses if use.by == "eval"]
    n_configs = len({use.config for use in evaluations})
    times = "once" if len(evaluations) == 1 else f"{len(evaluations)} times"
    configs = "one config" if n_configs == 1 else f"{n_configs} configs"
    line = f"this run has evaluated {configs} on the test set, {times}"
    if n_configs > 1:
        line += "; if it decides which config is kept, its accuracy is too optimistic"
    print_line(line, style="yellow" if n_configs > 1 else "dim")
    studies = Counter(use.by for use in uses if use.by != "eval")
    if studies:
        counts = ", ".join(f"{study} {n}" for study, n in studies.items())
        print_line(f"uses of the test set by studies: {counts}", style="dim")


def print_threshold(choice: dict[str, Any]) -> None:
    """Print the validation metrics at a threshold chosen for a goal, and at 0.5."""
    table = figures("threshold", "accuracy", "precision", "recall", "F1")
    for name in ("at", "at_half"):
        point = choice[name]
        shares = (share(point[key]) for key in ("accuracy", "precision", "recall", "f1"))
        table.add_row(f"{point['threshold']:.4f}", *shares)
    print_line(f"threshold for {choice['goal']}, on {choice['n']:,} validation reviews")
    print_table(table)
