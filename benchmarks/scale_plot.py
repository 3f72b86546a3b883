"""The picture of a growing corpus: seconds and anonymous memory over the number of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.plot import FAINT, INK, MET, NOT_MET, SHOWN
from benchmarks.scale_points import STAGES, Point, by_mode, fit, typical

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEGABYTE = 1e6
STYLES = {"one file": (MET, "o-"), "many files": (NOT_MET, "s--"), "two workers": (INK, "^:")}
OF_STAGES = ("#1b6ca8", "#2a7f62", "#8a6d3b", "#c1552b", "#7b4fa3", "#8b95a1")
_TITLE: dict[str, Any] = {"loc": "left", "weight": "bold", "fontsize": 11, "pad": 8}


def draw(points: Sequence[Point], facts: dict[str, Any], stem: Path) -> list[Path]:
    """Draw runs as SVG and PNG; return the paths.

    Parameters
    ----------
    points : sequence of Point
    facts : dict
        Of the machine, with the date.
    stem : Path
        Of the files, without their endings.
    """
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(
        {"font.size": 10, "svg.hashsalt": "growth", "axes.edgecolor": FAINT, "text.color": INK}
    )
    figure = Figure(figsize=(9.5, 7.4), layout="constrained")
    (time, memory), (of_time, of_memory) = figure.subplots(2, 2)
    for mode, of_mode in by_mode(points).items():
        color, style = STYLES[mode]
        reviews = [point.reviews for point in of_mode]
        seconds = [point.seconds for point in of_mode]
        grown = fit(of_mode, lambda point: point.seconds)
        label = f"{mode}: exponent {grown.over_all:.2f}" if grown else mode
        time.plot(reviews, seconds, style, color=color, label=label)
        peaks = [point.peak_anonymous_sum / MEGABYTE for point in of_mode]
        memory.plot(reviews, peaks, style, color=color, label=mode)
    time.set_title("Seconds of all stages", **_TITLE)
    memory.axhline(2_000, color=SHOWN, linewidth=1)
    memory.annotate("2 GB", (1, 2_000), (-4, 3), ("axes fraction", "data"), "offset points",
                    ha="right", fontsize=8.5, color=SHOWN)  # fmt: skip
    memory.set_title("Peak anonymous memory of all processes, MB", **_TITLE)
    of_mode = typical(points)
    mode = of_mode[0].mode
    for name, color in zip(STAGES, OF_STAGES, strict=True):
        reviews = [point.reviews for point in of_mode]
        stages = [point.stage(name) for point in of_mode]
        of_time.plot(reviews, [stage.seconds for stage in stages], "o-", color=color, label=name)
        peaks = [stage.peak_anonymous / MEGABYTE for stage in stages]
        of_memory.plot(reviews, peaks, "o-", color=color, label=name)
    of_time.set_title(f"Seconds of each stage, {mode}", **_TITLE)
    of_memory.set_title(f"Memory of each stage, {mode}, MB", **_TITLE)
    for axes in (time, memory, of_time, of_memory):
        _finish(axes, sorted({point.reviews for point in points}))
    machine = f"{facts['date']}, {facts['processor']}, {facts['cores']} cores; made-up reviews"
    figure.supxlabel(machine, fontsize=8, color=SHOWN, x=0.01, ha="left")
    paths = [Path(f"{stem}.svg"), Path(f"{stem}.png")]
    figure.savefig(paths[0], metadata={"Date": None}, facecolor="white")
    figure.savefig(paths[1], dpi=150, facecolor="white")
    return paths


def _finish(axes: Axes, reviews: Sequence[int]) -> None:
    """Set both axes to logarithms, with marks that are read at once."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(reviews, [_short(n) for n in reviews])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    high *= (high / low) ** 0.45  # room for the legend
    axes.set_ylim(low, high)
    steps = (1, 2, 5) if high / low > 30 else (1, 1.5, 2, 3, 5, 7)
    marks = [step * 10.0**p for p in range(-3, 7) for step in steps]
    axes.set_yticks([mark for mark in marks if low <= mark <= high])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.set_xlabel("reviews")
    columns = 1 + (len(axes.get_legend_handles_labels()[0]) > len(STYLES))
    axes.legend(frameon=False, fontsize=8.5, loc="upper left", ncols=columns)
    axes.tick_params(length=0, labelsize=9)
    axes.grid(color=FAINT, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)


def _short(n: int) -> str:
    """Write a number of reviews shortly: 300,000 as 300k, 4,000,000 as 4M."""
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n / 1e3:g}k"
