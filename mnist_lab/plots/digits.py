"""Scores of each digit."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.comparing.formatting import decimal
from mnist_lab.plots.style import DIGITS, LEGEND_ABOVE, as_typed

APART = 0.13  # of the room of a digit: how far the points of two runs stand apart
MOST_APART = 0.7  # the same for the first and the last of many


def scores_figure(
    scores: Mapping[str, NDArray[np.float64]], title: str, colors: Mapping[str, str], height: int = 340
) -> go.Figure:
    """A score of the ten digits, float64 (10,) in [0, 1], as points for each run, by name, as its colour is."""
    room = min(APART * (len(scores) - 1), MOST_APART)
    offsets = np.linspace(-room / 2, room / 2, len(scores))
    figure = go.Figure()
    for offset, (name, values) in zip(offsets, scores.items(), strict=True):
        figure.add_trace(
            go.Scatter(
                x=np.arange(10) + offset,
                y=values,
                name=as_typed(name),
                mode="markers",
                customdata=DIGITS,
                marker={"size": 12 if len(scores) < 5 else 8, "color": colors[name]},
                hovertemplate=f"{as_typed(name)}: %{{y:.2%}} for the %{{customdata}}<extra></extra>",
            )
        )
    figure.update_yaxes(tickformat=".1%", title_text=title)
    figure.update_layout(legend=LEGEND_ABOVE)
    return _by_digit(figure, height)


def less_figure(less: NDArray[np.float64], title: str, its_color: tuple[str, str], height: int = 220) -> go.Figure:
    """A score of the first of two runs less that of the second, float64 (10,) in [-1, 1], and the colours of both.

    A bar has the colour of the run that is better: the one with the higher score.
    """
    points = 100 * less
    first, second = its_color
    figure = go.Figure(
        go.Bar(
            x=np.arange(10),
            y=points,
            text=[decimal(value, plus=True) for value in points],
            textposition="outside",
            cliponaxis=False,
            marker={"color": np.where(less < 0, second, first)},
            hovertemplate="%{x}: %{text} points<extra></extra>",
        )
    )
    figure.update_yaxes(title_text=title)
    return _by_digit(figure, height)


def _by_digit(figure: go.Figure, height: int) -> go.Figure:
    figure.update_xaxes(title_text="digit", tickvals=list(range(10)), range=[-0.5, 9.5], showgrid=False)
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 32, "b": 8})
    return figure
