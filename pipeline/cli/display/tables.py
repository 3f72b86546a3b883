"""Results as tables on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.inspection.weights import Word
    from pipeline.stages import TestUse


def results() -> Console:
    """Return standard output, never so narrow that a table would leave out figures."""
    return Console(highlight=False, width=max(52, Console().width))


def figures(*columns: str) -> Table:
    """Return a table whose columns are figures, flush right; one without a name is of words."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    return table


def print_words(positive: Sequence[Word], negative: Sequence[Word]) -> None:
    """Print the most positive and the most negative words, side by side if there is room."""
    console = results()
    tables = [
        _words_table("most positive", positive, "green"),
        _words_table("most negative", negative, "red"),
    ]
    if console.width >= 100:
        grid = Table.grid(padding=(0, 4))
        grid.add_row(*tables)
        console.print(grid)
    else:
        for table in tables:
            console.print(table)


def print_found(words: Sequence[Word]) -> None:
    """Print words that were asked for."""
    results().print(_words_table("word", words, "bold"))


def _words_table(title: str, words: Sequence[Word], style: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(title, style=style, overflow="fold", min_width=16)
    for column in ("weight", "reviews", "neg", "pos"):
        table.add_column(column, justify="right", no_wrap=True)
    for word in words:
        if word.weight is None:
            table.add_row(Text.assemble(word.word, (" not in the vocabulary", "not bold dim")))
        else:
            counts = (word.document_frequency, word.negative, word.positive)
            shown = ("" if count is None else f"{count:,}" for count in counts)
            table.add_row(Text(word.word), f"{word.weight:+.3f}", *shown)
    return table


def print_history(epochs: Sequence[dict[str, Any]], rows: int = 8) -> None:
    """Print what epochs came to; of many epochs, some, and always the first and the last."""
    held_out = epochs[-1]["validation_loss"] is not None
    table = figures("epoch", "loss", "accuracy", *(("held out", "accuracy") if held_out else ()))
    n = len(epochs)
    for k in sorted({round(i * (n - 1) / max(1, min(n, rows) - 1)) for i in range(min(n, rows))}):
        epoch = epochs[k]
        row = [str(epoch["number"]), f"{epoch['loss']:.3f}", f"{epoch['accuracy']:.1%}"]
        if held_out:
            loss, accuracy = epoch["validation_loss"], epoch["validation_accuracy"]
            row += [f"{loss:.3f}", f"{accuracy:.1%}"]
        table.add_row(*row)
    results().print(table)


def print_card(card: dict[str, Any]) -> None:
    """Print the audit of a corpus."""
    train, test = card["train"], card["test"]
    table = figures("", "train", "test")
    for key, label in (
        ("n_reviews", "reviews"),
        ("n_positive", "positive"),
        ("n_negative", "negative"),
        ("n_empty", "empty"),
        ("n_exact_duplicates", "repeats of an earlier review"),
        ("n_near_duplicates", "near-repeats"),
    ):
        table.add_row(label, f"{train[key]:,}", f"{test[key]:,}")
    for key in ("minimum", "median", "mean", "maximum"):
        table.add_row(
            f"words, {key}", *(_words_count(part["words"][key]) for part in (train, test))
        )
    for key, label in (
        ("n_overlap", "copies of train reviews"),
        ("n_near_overlap", "near-copies of train reviews"),
        ("n_conflicting", "texts with both labels (anywhere)"),
    ):
        table.add_row(label, "", f"{card[key]:,}")
    results().print(table)


def _words_count(value: float | None) -> str:
    return "undefined" if value is None else f"{value:,.0f}"


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print the metrics of a split."""
    console = results()
    table = figures("", "precision", "recall", "f1", "reviews")
    for name in ("negative", "positive"):
        row = metrics[name]
        shares = (_share(row[key]) for key in ("precision", "recall", "f1"))
        table.add_row(name, *shares, f"{row['support']:,}")
    shares = (_share(metrics[key]) for key in ("precision", "recall", "f1"))
    table.add_row("macro", *shares, f"{metrics['n']:,}")
    console.print(table)
    confusion = metrics["confusion"]
    matrix = figures("", "called negative", "called positive")
    for name, cells in (
        ("negative", ("true_negative", "false_positive")),
        ("positive", ("false_negative", "true_positive")),
    ):
        matrix.add_row(name, *(f"{confusion[cell]:,}" for cell in cells))
    console.print(matrix)
    console.print(
        f"accuracy [bold]{metrics['accuracy']:.2%}[/bold] "
        f"({100 * metrics['confidence']:g}% interval {metrics['accuracy_low']:.2%} "
        f"to {metrics['accuracy_high']:.2%}) at threshold {metrics['threshold']:g}"
    )
    console.print(_metrics_table(metrics))


def _metrics_table(metrics: dict[str, Any]) -> Table:
    """Return what follows from the scores, with intervals where they were computed."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    intervals = metrics["intervals"]
    head = (
        ("", "value", f"{100 * metrics['confidence']:g}% interval") if intervals else ("", "value")
    )
    for column in head:
        table.add_column(column, justify="right" if column else "left")
    for key, label in (
        ("roc_auc", "ROC-AUC"),
        ("average_precision", "average precision"),
        ("log_loss", "log loss"),
        ("brier", "Brier score"),
        ("ece", "calibration error"),
    ):
        low, high = intervals.get(key, (None, None))
        ends = "" if low is None else f"{_number(low)} to {_number(high)}"
        table.add_row(label, _number(metrics[key]), *([ends] if intervals else []))
    return table


def print_test_uses(uses: Sequence[TestUse]) -> None:
    """Print how often the test part was scored, and by how many configs."""
    n_configs = len({use.config for use in uses})
    times = "once" if len(uses) == 1 else f"{len(uses)} times"
    configs = "one config" if n_configs == 1 else f"{n_configs} configs"
    line = f"the test part of this run has been scored {times}, with {configs}"
    if n_configs > 1:
        line += "; to choose among configs by it makes its accuracy too hopeful"
    results().print(line, style="yellow" if n_configs > 1 else "dim")


def print_threshold(choice: dict[str, Any]) -> None:
    """Print the validation metrics at a threshold chosen for a goal, and at 0.5."""
    table = figures("threshold", "accuracy", "precision", "recall", "f1")
    for name in ("at", "at_half"):
        point = choice[name]
        shares = (_share(point[key]) for key in ("accuracy", "precision", "recall", "f1"))
        table.add_row(f"{point['threshold']:.4f}", *shares)
    console = results()
    console.print(f"threshold for {choice['goal']}, on {choice['n']:,} validation reviews")
    console.print(table)


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
