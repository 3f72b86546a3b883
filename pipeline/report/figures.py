"""The figures of a report, drawn by matplotlib: as SVG and PNG files, and for the page.

Each is narrow enough for a phone. What a figure says is also in the page as text or as a
table; its `description` is what a screen reader reads out.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.evaluation.curves import Curve, Histogram
    from pipeline.inspection.weights import Word
    from pipeline.report.data import ReportFacts

# Colours of the files; in the page a variable stands for each, so that it can be dark.
POSITIVE, NEGATIVE = "#1b5fc1", "#b3430e"
INK, MUTED, GRID = "#24292f", "#656d76", "#d8dee4"
_VARIABLES = {
    POSITIVE: "var(--positive)",
    NEGATIVE: "var(--negative)",
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    "#000000": "var(--ink)",
}
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.unicode_minus": False,
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "sentiment",
    "text.color": INK,
    "text.parse_math": False,  # a word may be a dollar sign
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}
_LONGEST_LABEL = 26
# Pixels that stay free on the left.
_MARGIN = 3


@dataclass(frozen=True)
class Drawn:
    """A figure in all its forms.

    Attributes
    ----------
    title, description : str
    svg, png : bytes
        As files.
    inline : str
        As a part of an HTML page, without a style of its own.
    box : tuple of float
        Where the axes stand in the SVG: left, top, right, bottom.
    """

    title: str
    description: str
    svg: bytes
    png: bytes
    inline: str
    box: tuple[float, float, float, float]


def draw(facts: ReportFacts) -> dict[str, Drawn]:
    """Draw all figures for which there are data."""
    from matplotlib import rc_context

    shown = facts.curves
    plans: dict[str, tuple[str, str, Callable[[Axes], None]]] = {
        "words": (
            "The words that count most",
            _words_in_words(facts.positive, facts.negative),
            lambda ax: _words(ax, facts.positive, facts.negative),
        ),
        "loss": (
            "Loss by epoch",
            _epochs_in_words(facts.run.history, "loss"),
            lambda ax: _epochs(ax, facts.run.history, "loss", "cross-entropy, nats"),
        ),
        "accuracy": (
            "Accuracy by epoch",
            _epochs_in_words(facts.run.history, "accuracy"),
            lambda ax: _epochs(ax, facts.run.history, "accuracy", "accuracy"),
        ),
        "scores": (
            "Probabilities of the test reviews",
            "Histogram of the probability of being positive, by true class.",
            lambda ax: _histogram(ax, shown.histogram),
        ),
        "roc": (
            "ROC",
            "True positive rate against false positive rate over all thresholds; the area is "
            f"{_number(facts.run.metrics['roc_auc'])}.",
            lambda ax: _curve(ax, shown.roc, "false positive rate", "true positive rate"),
        ),
        "precision_recall": (
            "Precision and recall",
            "Precision against recall over all thresholds; average precision is "
            f"{_number(facts.run.metrics['average_precision'])}.",
            lambda ax: _curve(ax, shown.precision_recall, "recall", "precision"),
        ),
        "calibration": (
            "Calibration",
            "Share of positive reviews against their mean probability, in "
            f"{len(facts.run.metrics['calibration'])} bins; on the diagonal the probability "
            "means what it says.",
            lambda ax: _calibration(ax, facts.run.metrics["calibration"]),
        ),
    }
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        return {name: _drawn(name, *plan, facts) for name, plan in plans.items()}


def _drawn(
    name: str, title: str, description: str, plan: Callable[[Axes], None], facts: ReportFacts
) -> Drawn:
    from matplotlib.figure import Figure

    height, left = 2.9, 0.14
    if name == "words":
        height = 0.6 + 0.2 * (len(facts.positive) + len(facts.negative))
        left = 0.36
    figure = Figure(figsize=(4.6, height))
    figure.subplots_adjust(left=left, right=0.97, top=0.97, bottom=0.45 / height)
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    plan(axes)
    make_room(axes)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    svg = _svg(figure, "white")
    place, (width, tall) = axes.get_position(), 72 * figure.get_size_inches()
    box = (place.x0 * width, (1 - place.y1) * tall, place.x1 * width, (1 - place.y0) * tall)
    left, top, right, bottom = map(float, box)
    inline = inlined(_svg(figure, "none").decode(), name)
    return Drawn(title, description, svg, png.getvalue(), inline, (left, top, right, bottom))


def make_room(axes: Axes) -> None:
    """Move the left end of the axes until no label is cut."""
    figure, taken = axes.get_figure(root=True), axes.get_tightbbox()
    if figure is not None and taken is not None and taken.x0 < _MARGIN:
        left = axes.get_position().x0 + (_MARGIN - taken.x0) / figure.bbox.width
        figure.subplots_adjust(left=left)


def _svg(figure: Figure, background: str) -> bytes:
    file = io.BytesIO()
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", facecolor=background, metadata=metadata)
    return file.getvalue()


def inlined(svg: str, name: str) -> str:
    """Return a figure as HTML can hold it under a policy that forbids inline styles.

    Styles become attributes, colours variables, and names differ from those of other figures.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' style="([^"]*)"', lambda match: _attributes(match[1]), svg)
    # The outlines of the axes are referred to by name, and the page has several figures.
    svg = re.sub(r' id="([^"]*)"', rf' id="{name}-\1"', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\1{name}-", svg)
    svg = re.sub(
        r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg
    )
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"{variable}"')
    return re.sub(r"\n\s*", "\n", svg).strip()


def _attributes(style: str) -> str:
    """Return a style as presentation attributes."""
    attributes = []
    for part in style.split("; "):
        key, _, value = part.partition(":")
        if key == "font":  # "10px 'DejaVu Sans', ..."; the page has its own family
            size = re.search(r"([\d.]+)px", value)
            key, value = "font-size", size[1] if size else "9"
        attributes.append(f' {key.strip()}="{value.strip()}"')
    return "".join(attributes)


def _words(ax: Axes, positive: Sequence[Word], negative: Sequence[Word]) -> None:
    words = [*positive, *reversed(negative)]
    weights = [word.weight or 0.0 for word in words]
    places = range(len(words), 0, -1)
    ax.barh(places, weights, 0.7, color=[POSITIVE if w > 0 else NEGATIVE for w in weights])
    labels = [w.word if len(w.word) <= _LONGEST_LABEL else w.word[:25] + "…" for w in words]
    ax.set_yticks(places, labels)
    ax.tick_params("y", length=0)
    ax.set_ylim(0.3, len(words) + 0.7)
    ax.axvline(0, color=MUTED, linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("weight: log-odds of one occurrence")


def _words_in_words(positive: Sequence[Word], negative: Sequence[Word]) -> str:
    parts = [
        f"most {name}: " + ", ".join(f"{word.word} {word.weight:+.2f}" for word in words)
        for name, words in (("positive", positive), ("negative", negative))
    ]
    return f"Bar chart; {'; '.join(parts)}."


def _epochs(ax: Axes, history: Sequence[dict[str, Any]], key: str, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch["number"] for epoch in history]
    ax.plot(numbers, [epoch[key] for epoch in history], color=POSITIVE, marker="o", label="train")
    held_out = [epoch[f"validation_{key}"] for epoch in history]
    if held_out[-1] is not None:
        ax.plot(numbers, held_out, "--", color=NEGATIVE, marker="s", label="validation")
    for line in ax.lines:
        line.set_markersize(4)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    ax.set(xlabel="epoch", ylabel=label)
    ax.legend()


def _epochs_in_words(history: Sequence[dict[str, Any]], key: str) -> str:
    first, last = history[0], history[-1]
    text = f"Line chart; on train from {first[key]:.3f} to {last[key]:.3f}"
    if last[f"validation_{key}"] is not None:
        text += (
            f", on validation from {first[f'validation_{key}']:.3f} "
            f"to {last[f'validation_{key}']:.3f}"
        )
    return f"{text} over {len(history)} epochs."


def _histogram(ax: Axes, found: Histogram) -> None:
    n = len(found.negative)
    edges = [k / n for k in range(n + 1)]
    # One goes up and the other down, so that neither hides the other.
    ax.stairs(found.positive, edges, fill=True, color=POSITIVE, label="positive")
    below = [-count for count in found.negative]
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
    ax.plot([0, 1], [0, 1], ":", color=MUTED, linewidth=1)
    points = [(found["mean_probability"], found["share_positive"]) for found in bins if found["n"]]
    ax.plot(*zip(*points, strict=True), color=POSITIVE, marker="o", markersize=5)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    ax.set(xlabel="mean probability of a bin", ylabel="share of positive reviews")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
