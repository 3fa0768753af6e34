"""What all figures share."""

from collections.abc import Iterable
from html import escape
from typing import Any

COLORS = (
    *("#2f6fed", "#e8710a", "#12a594", "#b14ac4", "#d6336c", "#7b4f09"),
    *("#9e95ed", "#6a4695", "#ff6ab9", "#097b58", "#7b728d", "#3e2cf6"),
)
"""Each can be told from all others by everybody, also by the colour-blind, and be seen on light and on dark."""
FADED = "#b3b8c2"  # of what is beyond the colours there are: it stays in the background
DIGITS = [str(digit) for digit in range(10)]
LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"}
FIRST_LESS_SECOND = "First minus second"  # of every difference between two runs
LEGEND_PIXELS = 30
NO_TOOLBAR = {"displayModeBar": False, "displaylogo": False}


def colors(keys: Iterable[str]) -> dict[str, str]:
    """A colour for each of several runs, by what they are known by; those that come after all colours fade.

    The same runs in the same order have the same colours in every figure.
    """
    return {key: COLORS[place] if place < len(COLORS) else FADED for place, key in enumerate(keys)}


def as_typed(name: str) -> str:
    """A name for a text of a figure, where Plotly reads tags, entities and, in what it shows on hovering, %{values}."""
    return escape(name, quote=False).replace("%{", "%&#123;")


def less_in_words(what: str, names: tuple[str, str], its_color: tuple[str, str]) -> str:
    """What a figure of a difference between two runs shows, as HTML: which less which, and what the colours mean."""
    first, second = map(escape, names)
    marks = [
        f'<span style="white-space: nowrap"><b style="color: {color}" aria-hidden="true">■</b> {name} is better</span>'
        for name, color in zip((first, second), its_color, strict=True)
    ]
    return f"{escape(what)}: {first} minus {second}. {', '.join(marks)}."


def axis(title: str, **settings: Any) -> dict[str, Any]:
    """An axis of a figure whose margins are those of `layout`."""
    return {"title": {"text": title}, "automargin": False, **settings}


def layout(height: int, top: int = 8, **settings: Any) -> dict[str, Any]:
    """The layout of a figure of one chart; lengths in pixels. The legend is shown where `top` leaves room for it.

    Ticks and titles fit into the margins: to find such margins, Plotly draws a figure twice or more. Given to a figure
    as it is made, a layout takes a sixth of the time of updates afterwards.
    """
    margin = {"l": 64, "r": 8, "t": top, "b": 52}
    return {"height": height, "margin": margin, "legend": LEGEND_ABOVE, "showlegend": top > LEGEND_PIXELS, **settings}


def upright(x: float, color: str, width: float) -> dict[str, Any]:
    """A dotted line over the whole height of a figure, as one of its layout's shapes."""
    line = {"color": color, "width": width, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}
