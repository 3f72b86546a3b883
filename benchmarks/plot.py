"""The picture of a run: ratios, shares of a limit, and how time and memory grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report import TITLES, amount, target
from benchmarks.results import Claim, Question, Table, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MET, NOT_MET, SHOWN, INK, FAINT = "#2a7f62", "#c1552b", "#8b95a1", "#22272e", "#dfe3e8"
COLORS = {True: MET, False: NOT_MET, None: SHOWN}
MARKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
WIDTH, ROW, LABELS = 9.5, 0.27, 0.41  # inches, inches, share of the width
Row = tuple[str, Claim]


def draw(questions: Sequence[Question], facts: dict[str, Any], stem: Path) -> list[Path]:
    """Draw a run as SVG and PNG; return the paths.

    Parameters
    ----------
    questions : sequence of Question
    facts : dict
        Of the machine, with the date.
    stem : Path
        Of the files, without their endings.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {"font.size": 10, "svg.hashsalt": "benchmarks", "axes.edgecolor": FAINT, "text.color": INK}
    )
    machine = f"{facts['date']}, {facts['processor']}, {facts['cores']} cores."
    rows = [(question.name, claim) for question in questions for claim in question.claims]
    paths = _save(_draw_results(rows, f"{machine} {facts['corpus']}."), stem) if rows else []
    tables = [table for q in questions if q.name == "growth" for table in q.tables]
    if tables:
        paths += _save(_draw_growth(tables[0], machine), Path(f"{stem}-growth"))
    return paths


def _save(figure: Figure, stem: Path) -> list[Path]:
    paths = [Path(f"{stem}.svg"), Path(f"{stem}.png")]
    figure.savefig(paths[0], metadata={"Date": None}, facecolor="white")
    figure.savefig(paths[1], dpi=150, facecolor="white")
    return paths


def _draw_results(rows: Sequence[Row], caption: str) -> Figure:
    """Draw the ratios in one panel, and what has a limit to stay below in another."""
    from matplotlib.figure import Figure

    ratios = [row for row in rows if row[1].unit == "x"]
    limits = [row for row in rows if row[1].target is not None and not row[1].at_least]
    panels = [(part, draw) for part, draw in ((ratios, _ratios), (limits, _limits)) if part]
    heights = [_height(part) for part, _ in panels]
    total = sum(heights) + 0.75 * len(panels) + 0.55
    figure = Figure(figsize=(WIDTH, total))
    top = total - 0.4
    for (part, draw), height in zip(panels, heights, strict=True):
        box = (LABELS, (top - height) / total, 0.98 - LABELS, height / total)
        axes = figure.add_axes(box)
        places = _label_rows(axes, part)
        draw(axes, part, places)
        top -= height + 0.75
    _draw_legend(figure, 0.42 / total)
    figure.text(0.015, 0.12 / total, caption, fontsize=8, color=SHOWN)
    return figure


def _height(rows: Sequence[Row]) -> float:
    """Return the inches that rows need, with a heading for each question."""
    return ROW * (len(rows) + 1.25 * len({name for name, _ in rows}))


def _label_rows(axes: Axes, rows: Sequence[Row]) -> list[float]:
    """Write headings and labels on the left; return where the rows are."""
    y, previous, places = -0.25, "", []
    for name, _ in rows:
        if name != previous:
            y += 0.25
            axes.annotate(
                TITLES[name],
                (0, y),
                (-8, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="center",
                weight="bold",
            )
            y, previous = y + 1, name
        places.append(y)
        y += 1
    axes.set_ylim(y - 0.5, -0.5)
    axes.set_yticks(places, [claim.text for _, claim in rows])
    axes.tick_params(axis="both", length=0, labelsize=9, labelcolor=INK)
    axes.tick_params(axis="y", pad=8)
    axes.grid(axis="x", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return places


def _ratios(axes: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    """Draw a bar for each ratio, from 1, on a log scale; a tick marks the target."""
    axes.set_xscale("log")
    for y, (_, claim) in zip(places, rows, strict=True):
        axes.barh(y, claim.median - 1, left=1, height=0.62, color=COLORS[claim.met])
        low, high = spread(claim.values)
        axes.plot([low, high], [y, y], color=INK, linewidth=1)
        if claim.target is not None:
            axes.plot([claim.target] * 2, [y - 0.43, y + 0.43], color=INK, linewidth=2.2)
        _write_amount(axes, max(high, claim.target or 1, 1), y, claim)
    lows = [min(claim.values) for _, claim in rows]
    highs = [max(*claim.values, claim.target or 1) for _, claim in rows]
    left, right = min(0.7, min(lows) * 0.8), max(highs) * 5
    axes.set_xlim(left, right)
    axes.minorticks_off()
    marks = [mark for mark in MARKS if left <= mark <= right]
    axes.set_xticks(marks, [f"{mark:g}x" for mark in marks])
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_title("Ratios of one run: the more, the better for this project", **_HEADING)


def _limits(axes: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    """Draw how much of its limit each result takes."""
    for y, (_, claim) in zip(places, rows, strict=True):
        low, high = (value / claim.target for value in spread(claim.values))
        axes.barh(y, claim.median / claim.target, height=0.62, color=COLORS[claim.met])
        axes.plot([low, high], [y, y], color=INK, linewidth=1)
        axes.plot([1, 1], [y - 0.43, y + 0.43], color=INK, linewidth=2.2)
        _write_amount(axes, max(1, high) + 0.01, y, claim)
    axes.set_xlim(0, 1.6 * max(1, *(claim.median / claim.target for _, claim in rows)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_title("Shares of a limit: the less, the better", **_HEADING)


_HEADING: dict[str, Any] = {"loc": "left", "weight": "bold", "fontsize": 11, "pad": 8}


def _write_amount(axes: Axes, x: float, y: float, claim: Claim) -> None:
    """Write a result and its target on the right of everything that is drawn of it."""
    wanted = f"   {target(claim)}" if claim.target is not None else ""
    place = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "fontsize": 9}
    number = axes.annotate(amount(claim), (x, y), weight="bold", **place)
    axes.annotate(wanted, (1, 0.5), xycoords=number, va="center", fontsize=8, color=SHOWN)


def _draw_legend(figure: Figure, y: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Patch(color=MET, label="target met"),
        Patch(color=NOT_MET, label="not met"),
        Patch(color=SHOWN, label="no target"),
        Line2D([], [], color=INK, linestyle="", marker="|", ms=11, mew=2.2, label="target"),
        Line2D([], [], color=INK, linewidth=1, label="lowest to highest round"),
    ]
    figure.legend(
        handles=handles,
        ncols=5,
        frameon=False,
        fontsize=8,
        loc="center left",
        bbox_to_anchor=(LABELS - 0.015, y),
        columnspacing=1.4,
        handlelength=1.2,
    )


def _draw_growth(table: Table, caption: str) -> Figure:
    """Draw seconds and memory over the number of reviews."""
    from matplotlib.figure import Figure

    columns = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    reviews = columns["reviews"]
    figure = Figure(figsize=(WIDTH, 3.9), layout="constrained")
    time, memory = figure.subplots(1, 2)
    time.plot(reviews, columns["s"], "o-", color=MET, label="sentiment eval")
    in_proportion = [columns["s"][-1] * n / reviews[-1] for n in reviews]
    time.plot(reviews, in_proportion, ":", color=INK, label="in proportion to the reviews")
    time.set_title("Seconds", **_HEADING)
    for label, key, style in (
        ("peak memory, total", "total MB", {"color": NOT_MET}),
        ("peak memory, anonymous", "anonymous MB", {"color": MET}),
        ("text of the corpus", "text MB", {"color": SHOWN}),
    ):
        memory.plot(reviews, columns[key], "o-", label=label, **style)
    memory.set_title("MB", **_HEADING)
    for axes in (time, memory):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(reviews, [f"{n:,}" for n in reviews])
        axes.minorticks_off()
        low, high = axes.get_ylim()
        marks = [d * 10.0**p for p in range(-3, 6) for d in (1, 2, 5)]
        axes.set_yticks([m for m in marks if low <= m <= high])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        axes.set_xlabel("reviews")
        axes.legend(frameon=False, fontsize=8.5)
        axes.tick_params(length=0, labelsize=9)
        axes.grid(color=FAINT, linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(caption, fontsize=8, color=SHOWN, x=0.01, ha="left")
    return figure
