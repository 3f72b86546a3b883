"""What each figure plots, with matplotlib: words, epochs, histogram, calibration, curves.

What a figure shows is also in the page as text or as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.boundary.inert import one_line
from pipeline.report.numbers import counted, number
from pipeline.report.svg import MUTED, NEGATIVE, POSITIVE, Drawn, Plot, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.evaluation.curves import Curve, Histogram
    from pipeline.inspection.weights import Word
    from pipeline.report.data import ReportData

_LONGEST_LABEL = 26


def draw(data: ReportData) -> dict[str, Drawn]:
    """Return all figures by name."""
    history = data.run.history
    plots = {
        "words": words_plot(data.positive, data.negative),
        "loss": _epochs_plot("Loss by epoch", history, "loss", "cross-entropy in nats"),
        "accuracy": _epochs_plot("Accuracy by epoch", history, "accuracy", "accuracy"),
        **_decision_plots(data),
    }
    return {name: drawn(name, plot) for name, plot in plots.items()}


def _decision_plots(data: ReportData) -> dict[str, Plot]:
    metrics, curves = data.run.metrics, data.curves
    return {
        "scores": Plot(
            "Probabilities of the test reviews",
            "Histogram of the probability of being positive, by true label.",
            lambda ax: _histogram(ax, curves.histogram),
        ),
        "calibration": Plot(
            "Calibration",
            "Fraction of positive reviews against the mean predicted probability, in "
            f"{counted(len(metrics['calibration']), 'bin')}. On the diagonal the two are equal.",
            lambda ax: _calibration(ax, metrics["calibration"]),
        ),
        "roc": Plot(
            "ROC curve",
            "True positive rate against false positive rate over all thresholds. The area is "
            f"{number(metrics['roc_auc'])}.",
            lambda ax: _curve(ax, curves.roc, "false positive rate", "true positive rate"),
        ),
        "precision_recall": Plot(
            "Precision-recall curve",
            "Precision against recall over all thresholds. The average precision is "
            f"{number(metrics['average_precision'])}.",
            lambda ax: _curve(ax, curves.precision_recall, "recall", "precision"),
        ),
    }


def words_plot(positive: Sequence[Word], negative: Sequence[Word]) -> Plot:
    """Return the bar chart of the words with the largest weights."""
    listed = (
        f"most {name}: " + ", ".join(f"{word.word} {word.weight:+.2f}" for word in words)
        for name, words in (("positive", positive), ("negative", negative))
    )
    return Plot(
        "Largest weights",
        f"Bar chart; {'; '.join(listed)}.",
        lambda ax: _bars(ax, [*positive, *reversed(negative)]),
        height=0.6 + 0.2 * (len(positive) + len(negative)),
        left=0.36,
    )


def _bars(ax: Axes, words: Sequence[Word]) -> None:
    weights = [word.weight or 0.0 for word in words]
    places = range(len(words), 0, -1)
    ax.barh(places, weights, 0.7, color=[POSITIVE if w > 0 else NEGATIVE for w in weights])
    names = (one_line(word.word) for word in words)
    labels = [name if len(name) <= _LONGEST_LABEL else name[:25] + "\u2026" for name in names]
    ax.set_yticks(places, labels)
    ax.tick_params("y", length=0)
    ax.set_ylim(0.3, len(words) + 0.7)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("weight (log-odds)")


def _epochs_plot(title: str, history: Sequence[dict[str, Any]], key: str, label: str) -> Plot:
    first, last = history[0], history[-1]
    text = f"Line chart; on the training set from {first[key]:.3f} to {last[key]:.3f}"
    if last[f"validation_{key}"] is not None:
        start, end = first[f"validation_{key}"], last[f"validation_{key}"]
        text += f", on the validation set from {start:.3f} to {end:.3f}"
    text += f", over {counted(len(history), 'epoch')}."
    return Plot(title, text, lambda ax: _epochs(ax, history, key, label))


def _epochs(ax: Axes, history: Sequence[dict[str, Any]], key: str, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch["number"] for epoch in history]
    training = [epoch[key] for epoch in history]
    ax.plot(numbers, training, color=POSITIVE, marker="o", label="training set")
    validation = [epoch[f"validation_{key}"] for epoch in history]
    if validation[-1] is not None:
        ax.plot(numbers, validation, "--", color=NEGATIVE, marker="s", label="validation set")
    for line in ax.lines:
        line.set_markersize(4)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    ax.set(xlabel="epoch", ylabel=label)
    ax.legend()


def _histogram(ax: Axes, histogram: Histogram) -> None:
    n = len(histogram.negative)
    edges = [k / n for k in range(n + 1)]
    # Positive bars go up and negative ones down, so that neither hides the other.
    ax.stairs(histogram.positive, edges, fill=True, color=POSITIVE, label="positive")
    below = [-count for count in histogram.negative]
    ax.stairs(below, edges, fill=True, color=NEGATIVE, label="negative, downwards")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.set_xlim(0, 1)
    ax.set(xlabel="probability of being positive", ylabel="reviews")
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    ax.legend(loc="upper left")


def _curve(ax: Axes, curve: Curve, x: str, y: str) -> None:
    ax.plot(curve.x, curve.y, color=POSITIVE)
    if y == "true positive rate":
        ax.plot([0, 1], [0, 1], ":", color=MUTED, linewidth=1)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)


def _calibration(ax: Axes, bins: Sequence[dict[str, Any]]) -> None:
    points = [(each["mean_probability"], each["share_positive"]) for each in bins if each["n"]]
    ax.plot([0, 1], [0, 1], ":", color=MUTED, linewidth=1)
    ax.plot(*zip(*points, strict=True), color=POSITIVE, marker="o", markersize=5)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.set(xlabel="mean predicted probability", ylabel="fraction of positive reviews")
