"""What all figures share."""

import plotly.graph_objects as go

COLORS = ("#2f6fed", "#e8710a", "#12a594", "#b14ac4", "#d6336c", "#7a8b00", "#5b5bd6", "#a0672f")
DIGITS = [str(digit) for digit in range(10)]
LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"}
NO_TOOLBAR = {"displayModeBar": False, "displaylogo": False}
DIGIT_COLORS = (*COLORS, "#00a3d9", "#6b7280")


def set_margins(figure: go.Figure, left: int = 64, right: int = 8, top: int = 8, bottom: int = 52) -> None:
    """Margins in pixels that ticks and titles fit into: to find such margins, Plotly draws a figure twice or more."""
    figure.update_layout(margin={"l": left, "r": right, "t": top, "b": bottom})
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
