"""The activation of one neuron."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.plots.style import COLORS, axis, layout


def activation_figure(
    z: NDArray[np.floating[Any]], values: NDArray[np.floating[Any]], here: tuple[float, float], height: int = 260
) -> go.Figure:
    """An activation's curve over sums z, and `here` on it: the sum and what became of it."""
    at, value = here
    curve = go.Scatter(x=z, y=values, mode="lines", line={"color": COLORS[0], "width": 2.5}, hoverinfo="skip")
    dotted = {"color": COLORS[1], "width": 1.5, "dash": "dot"}
    down, across = (
        go.Scatter(x=x, y=y, mode="lines", line=dotted, hoverinfo="skip")
        for x, y in (([at, at], [0, value]), ([float(z[0]), at], [value, value]))
    )
    point = go.Scatter(
        x=[at],
        y=[value],
        mode="markers",
        marker={"color": COLORS[1], "size": 13},
        hovertemplate="sum %{x:.2f} becomes %{y:.2f}<extra></extra>",
    )
    sums, gives = axis("the sum", zeroline=True), axis("what it gives", zeroline=True)
    return go.Figure([curve, down, across, point], layout(height, xaxis=sums, yaxis=gives))
