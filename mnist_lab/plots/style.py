"""What all figures share."""

from typing import Any

COLORS = ("#2f6fed", "#e8710a", "#12a594", "#b14ac4", "#d6336c", "#7a8b00", "#5b5bd6", "#a0672f")
DIGITS = [str(digit) for digit in range(10)]
LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"}
LEGEND_PIXELS = 30
NO_TOOLBAR = {"displayModeBar": False, "displaylogo": False}
DIGIT_COLORS = (*COLORS, "#00a3d9", "#6b7280")


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
