"""The activation of one neuron."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.plots.style import COLORS, set_margins


def activation_figure(
    z: NDArray[np.floating[Any]], values: NDArray[np.floating[Any]], here: tuple[float, float], height: int = 260
) -> go.Figure:
    """An activation's curve over sums z, and `here` on it: the sum and what became of it."""
    at, value = here
    figure = go.Figure(
        go.Scatter(x=z, y=values, mode="lines", line={"color": COLORS[0], "width": 2.5}, hoverinfo="skip")
    )
    for x, y in (([at, at], [0, value]), ([float(z[0]), at], [value, value])):
        dotted = {"color": COLORS[1], "width": 1.5, "dash": "dot"}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=dotted, hoverinfo="skip"))
    point = go.Scatter(
        x=[at],
        y=[value],
        mode="markers",
        marker={"color": COLORS[1], "size": 13},
        hovertemplate="sum %{x:.2f} becomes %{y:.2f}<extra></extra>",
    )
    figure.add_trace(point)
    figure.update_xaxes(title_text="the sum", zeroline=True)
    figure.update_yaxes(title_text="what it gives", zeroline=True)
    figure.update_layout(height=height, showlegend=False)
    set_margins(figure)
    return figure
