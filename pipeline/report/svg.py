"""Draw a figure as SVG and PNG; turn the SVG into one that the page may embed."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours of the files. In the page each is a CSS variable, so that it can be dark.
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
STYLE: dict[Any, Any] = {
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
# Pixels that stay free on the left.
_MARGIN = 3


@dataclass(frozen=True)
class Plot:
    """What a figure shows, before it is drawn.

    Attributes
    ----------
    title : str
    description : str
        The figure in words, for a screen reader.
    plot : function
        Draws on the axes that it is given.
    height, left : float
        The height in inches, and the share of the width on the left of the axes.
    """

    title: str
    description: str
    plot: Callable[[Axes], None]
    height: float = 2.9
    left: float = 0.14


@dataclass(frozen=True)
class Drawn:
    """A figure in all its forms.

    Attributes
    ----------
    title, description : str
    svg, png : bytes
        The contents of the files.
    inline : str
        An `svg` element for an HTML page, without a style of its own.
    box : tuple of float
        The position of the axes in the SVG: left, top, right, bottom.
    limits : tuple of float
        The values at the left and the right end of the axes.
    """

    title: str
    description: str
    svg: bytes
    png: bytes
    inline: str
    box: tuple[float, float, float, float]
    limits: tuple[float, float]


def drawn(name: str, plan: Plot) -> Drawn:
    """Draw a figure; `name` distinguishes its elements from those of others in one page."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(4.6, plan.height))
        bottom = 0.45 / plan.height
        figure.subplots_adjust(left=plan.left, right=0.97, top=0.97, bottom=bottom)
        axes = figure.add_subplot()
        axes.set_axisbelow(True)
        plan.plot(axes)
        make_room(axes)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=160, facecolor="white", metadata={"Software": None})
        svg = _svg(figure)
        # The first thing that is drawn is the background, which the page has already.
        inline = inlined(svg.decode().replace('"fill: #ffffff"', '"fill: none"', 1), name)
    place, (width, tall) = axes.get_position(), 72 * figure.get_size_inches()
    box = (place.x0 * width, (1 - place.y1) * tall, place.x1 * width, (1 - place.y0) * tall)
    left, top, right, bottom = map(float, box)
    return Drawn(
        plan.title,
        plan.description,
        svg,
        png.getvalue(),
        inline,
        (left, top, right, bottom),
        axes.get_xlim(),
    )


def make_room(axes: Axes) -> None:
    """Move the left end of the axes until no label is cut."""
    figure, taken = axes.get_figure(root=True), axes.get_tightbbox()
    if figure is not None and taken is not None and taken.x0 < _MARGIN:
        left = axes.get_position().x0 + (_MARGIN - taken.x0) / figure.bbox.width
        figure.subplots_adjust(left=left)


def _svg(figure: Figure) -> bytes:
    file = io.BytesIO()
    metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", facecolor="white", metadata=metadata)
    return file.getvalue()


def inlined(svg: str, name: str) -> str:
    """Return a figure for an HTML page whose policy forbids inline styles.

    Styles become attributes, colours become variables, and ids get a prefix of their own.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' style="([^"]*)"', lambda match: _attributes(match[1]), svg)
    # The clip paths have ids, which must be unique among the figures of the page.
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
