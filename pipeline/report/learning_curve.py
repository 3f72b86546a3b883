"""What the figures of a learning curve plot: a metric against the number of training reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.report.numbers import number, share
from pipeline.report.svg import MUTED, POSITIVE, Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TITLES = {"accuracy": "Accuracy", "log_loss": "Log loss", "ece": "Calibration error (ECE)"}


def curve_plots(curve: dict[str, Any]) -> dict[str, Plot]:
    """Return the plots of accuracy, log loss and ECE, given the `curve.json` of a study.

    That of the accuracy goes on to where it is extrapolated.
    """
    return {f"curve_{metric}": _plot(curve, metric) for metric in _TITLES}


def answer_of(helps: bool | None) -> str:
    """Return if more reviews would help, given what `Extrapolation.helps` says.

    >>> answer_of(None)
    'the curve cannot tell if more reviews would help'
    """
    if helps is None:
        return "the curve cannot tell if more reviews would help"
    return f"more reviews would {'' if helps else 'hardly '}help"


def forecast_of(curve: dict[str, Any]) -> str:
    """Return what is predicted for more reviews, and its intervals, given a `curve.json`.

    >>> ends = {"value": 0.909, "low": 0.905, "high": 0.916}
    >>> gain = {"value": 0.0071, "low": 0.005, "high": 0.0096}
    >>> beyond = {"now": 25_000, "then": 50_000, "accuracy_now": {"value": 0.902}}
    >>> beyond |= {"accuracy_then": ends, "gain": gain}
    >>> forecast_of({"confidence": 0.95, "extrapolation": beyond})
    'From 25,000 to 50,000 reviews, the accuracy would go from 90.2% to 90.9% (95% interval 90.5 \
to 91.6): a gain of 0.7 points (95% interval 0.5 to 1.0).'
    """
    beyond, interval = curve["extrapolation"], f"{100 * curve['confidence']:g}% interval"
    then, gain = (
        {end: f"{100 * value:.1f}" for end, value in beyond[of].items()}
        for of in ("accuracy_then", "gain")
    )
    return (
        f"From {beyond['now']:,} to {beyond['then']:,} reviews, the accuracy would go from "
        f"{beyond['accuracy_now']['value']:.1%} to {then['value']}% ({interval} {then['low']} to "
        f"{then['high']}): a gain of {gain['value']} points ({interval} {gain['low']} to "
        f"{gain['high']})."
    )


def _plot(curve: dict[str, Any], metric: str) -> Plot:
    points, written = curve["points"], number if metric != "accuracy" else share
    listed = ", ".join(f"{written(p[metric]['value'])} with {p['size']:,}" for p in points)
    text = (
        f"{_TITLES[metric]} against the number of training reviews, on reviews that the models did "
        f"not learn from, with the {100 * curve['confidence']:g}% interval: {listed}."
    )
    beyond = curve["extrapolation"] if metric == "accuracy" else None
    if beyond is not None:
        predicted = share(beyond["accuracy_then"]["value"])
        text += f" Dashed, by a power law: {predicted} with {beyond['then']:,}."
    return Plot(
        f"{_TITLES[metric]} by training size",
        text,
        lambda ax: _draw(ax, points, metric, beyond),
    )


def _draw(
    ax: Axes, points: Sequence[dict[str, Any]], metric: str, beyond: dict[str, Any] | None
) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    sizes = [point["size"] for point in points]
    if beyond is not None:
        _draw_law(ax, beyond, sizes[-1])
    value, *ends = ([point[metric][of] for point in points] for of in ("value", "low", "high"))
    reach = [[abs(v - end) for v, end in zip(value, of, strict=True)] for of in ends]
    line: dict[str, Any] = {"markersize": 4, "linewidth": 1.2, "capsize": 2}
    ax.errorbar(sizes, value, reach, fmt="o" if beyond else "o-", color=POSITIVE, **line)
    ax.set_xscale("log")
    ax.set_xticks(_ticks(sizes[0], beyond["then"] if beyond else sizes[-1]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    if metric == "accuracy":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    else:
        ax.set_ylim(bottom=0)
    title = _TITLES[metric]
    ax.set(xlabel="reviews learned from", ylabel=title[0].lower() + title[1:])


def _draw_law(ax: Axes, beyond: dict[str, Any], largest: int) -> None:
    """Draw the fitted law: dashed, with its interval, beyond the largest size."""
    along = list(zip(beyond["sizes"], beyond["accuracy"], strict=True))
    for is_beyond, style in ((False, "-"), (True, "--")):
        part = [(n, each) for n, each in along if (n >= largest) is is_beyond]
        sizes, value = [n for n, _ in part], [each["value"] for _, each in part]
        ax.plot(sizes, value, style, color=POSITIVE, linewidth=1.2)
        if is_beyond:
            low, high = ([each[of] for _, each in part] for of in ("low", "high"))
            ax.fill_between(sizes, low, high, color=POSITIVE, alpha=0.15, linewidth=0)
    ax.axvline(beyond["now"], color=MUTED, linewidth=0.8, linestyle=":")


def _ticks(first: float, last: float) -> list[int]:
    """Return 1, 2 and 5 times the powers of ten between two numbers; if many, 1 and 3 times."""
    steps = (1, 2, 5) if last / first < 60 else (1, 3)
    return [m * 10**k for k in range(10) for m in steps if first <= m * 10**k <= last]
