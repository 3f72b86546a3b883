"""The figure of what mattered in a search: the mean score of each value of each setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.svg import MUTED, NEGATIVE, POSITIVE, Drawn, Plot, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The height of a row, in inches.
_ROW = 0.17


@dataclass(frozen=True)
class EffectRows:
    """A setting, the share of the differences that it explains, and a row for each value.

    Attributes
    ----------
    name : str
    share : float
    rows : sequence of (str, float, float, float)
        A value, and the mean score of the trials with it, with the ends of its interval.
    """

    name: str
    share: float
    rows: Sequence[tuple[str, float, float, float]]


def effects_figure(effects: Sequence[EffectRows], label: str, middle: float) -> Drawn:
    """Draw the mean score of each value, and a line at the mean of all.

    Parameters
    ----------
    effects : sequence of EffectRows
    label : str
        What the score is.
    middle : float
        The mean of all trials.
    """
    n_rows = sum(len(effect.rows) + 1 for effect in effects)
    text = "; ".join(f"{effect.name} explains {effect.share:.0%}" for effect in effects)
    plot = Plot(
        "What mattered",
        f"The mean {label} of the trials with each value of each setting. {text}.",
        lambda ax: _draw(ax, effects, label, middle),
        height=0.6 + _ROW * n_rows,
        left=0.3,
    )
    return drawn("effects", plot)


def _draw(ax: Axes, effects: Sequence[EffectRows], label: str, middle: float) -> None:
    ax.axvline(middle, color=MUTED, linewidth=0.8)
    place, ticks, names = 0.0, [], []
    for number, effect in enumerate(effects):
        colour = NEGATIVE if number % 2 else POSITIVE
        ticks.append(place)
        names.append(f"{effect.name}  {effect.share:.0%}")
        for value, mean, low, high in effect.rows:
            place += 1
            if low == low:
                ax.plot([low, high], [place, place], color=colour, linewidth=1.2)
            ax.plot([mean], [place], "o", color=colour, markersize=4)
            ticks.append(place)
            names.append(value)
        place += 1
    ax.set_yticks(ticks, names)
    ax.set_ylim(place - 0.4, -0.7)
    ax.tick_params("y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(f"mean {label} of the first round")
