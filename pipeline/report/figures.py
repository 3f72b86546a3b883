"""What each figure plots, with matplotlib: words, epochs, histogram, calibration, curves.

What a figure shows is also in the page as text or as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.boundary.inert import one_line
from pipeline.report.data import ClassesData
from pipeline.report.learning_curve import curve_plots
from pipeline.report.numbers import calibration_of, counted, number, share
from pipeline.report.svg import MUTED, NEGATIVE, POSITIVE, Drawn, Plot, drawn
from pipeline.stratified import TWO_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.evaluation.curves import Curve, Histogram
    from pipeline.inspection.weights import Word
    from pipeline.report.data import ReportData

_LONGEST_LABEL = 26
# A cell of a confusion matrix that holds all of its row: black on it can be read.
_DARKEST = "#8dafe0"
# With more classes, a matrix has no room for the numbers in its cells.
_READABLE = 10


def draw(data: ReportData | ClassesData) -> dict[str, Drawn]:
    """Return all figures by name."""
    history = data.run.history
    of_form = _class_plots(data) if isinstance(data, ClassesData) else _two_class_plots(data)
    plots = {
        **of_form,
        "risk_coverage": _risk_plot(data),
        "loss": _epochs_plot("Loss by epoch", history, "loss", "cross-entropy in nats"),
        "accuracy": _epochs_plot("Accuracy by epoch", history, "accuracy", "accuracy"),
        **(curve_plots(data.run.curve) if data.run.curve else {}),
    }
    return {name: drawn(name, plot) for name, plot in plots.items()}


def _class_plots(data: ClassesData) -> dict[str, Plot]:
    """Return the plots of more than two classes."""
    metrics, names = data.run.metrics, [_short(name) for name in data.run.classes]
    cells = zip(names, metrics["confusion"], strict=True)
    text = "; ".join(f"truly {name}: {', '.join(map(str, row))}" for name, row in cells)
    return {
        "confusion": Plot(
            "Confusion matrix",
            f"A row for each true class, a column for each prediction. {text}.",
            lambda ax: _matrix(ax, names, metrics["confusion"], data.shares),
            height=0.9 + 0.45 * min(len(names), _READABLE),
            left=0.25,
        ),
        "calibration": Plot(
            "Calibration",
            "Fraction of correct predictions against the mean probability of the predicted class, "
            f"in {counted(len(metrics['calibration']), 'bin')}. On the diagonal the two are equal. "
            + calibration_of(data.run.decision),
            lambda ax: _calibration(
                ax,
                metrics["calibration"],
                "mean probability of the predicted class",
                "fraction predicted correctly",
            ),
        ),
    }


def _two_class_plots(data: ReportData) -> dict[str, Plot]:
    metrics, curves = data.run.metrics, data.curves
    negative, positive = map(_short, data.run.classes)
    return {
        "words": words_plot(data.positive, data.negative, (negative, positive)),
        "scores": Plot(
            "Probabilities of the test reviews",
            f"Histogram of the probability of being {positive}, by true label.",
            lambda ax: _histogram(ax, curves.histogram, negative, positive),
        ),
        "calibration": Plot(
            "Calibration",
            f"Fraction of {positive} reviews against the mean predicted probability, in "
            f"{counted(len(metrics['calibration']), 'bin')}. On the diagonal the two are equal. "
            + calibration_of(data.run.decision),
            lambda ax: _calibration(
                ax,
                metrics["calibration"],
                "mean predicted probability",
                f"fraction of {positive} reviews",
            ),
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


def _risk_plot(data: ReportData | ClassesData) -> Plot:
    found, chosen = data.risk_coverage, data.run.metrics.get("abstain")
    text = (
        "Share of wrong predictions (risk) against the share of the reviews that are decided "
        "(coverage), those with the highest confidence first. If all are decided it is "
        f"{share(found.curve.y[-1])}. The area under the curve is {number(found.aurc)}."
    )
    if chosen is not None:
        text += f" The bound of the model has a coverage of {share(chosen['coverage'])}."
    return Plot("Risk and coverage", text, lambda ax: _risk(ax, found.curve, chosen))


def words_plot(
    positive: Sequence[Word], negative: Sequence[Word], names: tuple[str, str] = TWO_CLASSES
) -> Plot:
    """Return the bar chart of the words with the largest weights, for two classes."""
    listed = (
        f"most {name}: " + ", ".join(f"{word.word} {word.weight:+.2f}" for word in words)
        for name, words in ((names[1], positive), (names[0], negative))
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
    ax.set_yticks(places, [_short(word.word) for word in words])
    ax.tick_params("y", length=0)
    ax.set_ylim(0.3, len(words) + 0.7)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("weight (log-odds)")


def _short(name: str) -> str:
    """Return a name on one line that is short enough for the side of a figure."""
    line = one_line(name)
    return line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1] + "\u2026"


def _matrix(
    ax: Axes,
    names: Sequence[str],
    confusion: Sequence[Sequence[int]],
    shares: Sequence[Sequence[float | None]],
) -> None:
    """Draw counts in cells that are as dark as their share of the row is large."""
    from matplotlib.colors import LinearSegmentedColormap

    shade = LinearSegmentedColormap.from_list("share", ["#ffffff", _DARKEST])
    ax.pcolormesh([[share or 0.0 for share in row] for row in shares], cmap=shade, vmin=0, vmax=1)
    for i, row in enumerate(confusion if len(names) <= _READABLE else ()):
        for j, count in enumerate(row):
            said = f"{count:,}\n{shares[i][j] or 0.0:.0%}"
            ax.text(j + 0.5, i + 0.5, said, ha="center", va="center")
    places = [k + 0.5 for k in range(len(names))]
    is_wide = max(map(len, names)) * len(names) > 40
    ax.set_xticks(places, names, rotation=30 if is_wide else 0, ha="right" if is_wide else "center")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.tick_params(length=0)
    ax.grid(visible=False)


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


def _histogram(ax: Axes, histogram: Histogram, negative: str, positive: str) -> None:
    n = len(histogram.negative)
    edges = [k / n for k in range(n + 1)]
    # The positive bars go up and negative ones down, so that neither hides the other.
    ax.stairs(histogram.positive, edges, fill=True, color=POSITIVE, label=positive)
    below = [-count for count in histogram.negative]
    ax.stairs(below, edges, fill=True, color=NEGATIVE, label=f"{negative}, downwards")
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.set_xlim(0, 1)
    ax.set(xlabel=f"probability of being {positive}", ylabel="reviews")
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    ax.legend(loc="upper left")


def _curve(ax: Axes, curve: Curve, x: str, y: str) -> None:
    ax.plot(curve.x, curve.y, color=POSITIVE)
    if y == "true positive rate":
        ax.plot([0, 1], [0, 1], ":", color=MUTED, linewidth=1)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y)


def _risk(ax: Axes, curve: Curve, chosen: dict[str, Any] | None) -> None:
    ax.plot(curve.x, curve.y, color=POSITIVE)
    if chosen is not None and chosen["accuracy"] is not None:
        at = [chosen["coverage"]], [1 - chosen["accuracy"]]
        ax.plot(*at, "o", color=NEGATIVE, label="bound of the model")
        ax.legend(loc="upper left")
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.1 * max(curve.y) + 0.01))
    ax.set(xlabel="coverage", ylabel="risk")


def _calibration(ax: Axes, bins: Sequence[dict[str, Any]], xlabel: str, ylabel: str) -> None:
    points = [(each["mean_probability"], each["share_positive"]) for each in bins if each["n"]]
    ax.plot([0, 1], [0, 1], ":", color=MUTED, linewidth=1)
    ax.plot(*zip(*points, strict=True), color=POSITIVE, marker="o", markersize=5)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.set(xlabel=xlabel, ylabel=ylabel)
