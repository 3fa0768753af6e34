"""What models make of one drawing."""

from collections.abc import Sequence
from itertools import cycle

import plotly.graph_objects as go

from mnist_lab.exploring.replay import Moment
from mnist_lab.exploring.sensitivity import Wobble
from mnist_lab.plots.style import COLORS, LEGEND_ABOVE, as_typed


def wobble_figure(curves: Sequence[Wobble], digit: int, unit: str, height: int = 340) -> go.Figure:
    """How sure each model stays of a digit while the drawing is changed."""
    figure = go.Figure()
    for color, curve in zip(cycle(COLORS), curves, strict=False):
        line = {"color": color, "width": 2.5}
        figure.add_trace(go.Scatter(x=curve.x, y=curve.y, name=as_typed(curve.model), mode="lines+markers", line=line))
    _style_probability(figure, f"probability of a {digit}", unit, height)
    figure.update_layout(hoverlabel={"namelength": -1})  # a cut might be inside of an entity
    return figure


def replay_figure(moments: Sequence[Moment], height: int = 300) -> go.Figure:
    """The probabilities as the drawing grew; only digits that mattered at some time get a line."""
    figure = go.Figure()
    answered = [moment for moment in moments if moment.probabilities is not None]
    shares = [moment.share for moment in answered]
    for digit in range(10):
        values = [float(moment.probabilities[digit]) for moment in answered if moment.probabilities is not None]
        if max(values, default=0.0) >= 0.1:
            line = {"color": COLORS[digit], "width": 2.5}
            figure.add_trace(go.Scatter(x=shares, y=values, name=str(digit), mode="lines", line=line))
    _style_probability(figure, "probability", "share of the ink that is drawn", height)
    figure.update_xaxes(tickformat=".0%")
    return figure


def _style_probability(figure: go.Figure, y: str, x: str, height: int) -> None:
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", title_text=y)
    figure.update_xaxes(title_text=x)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend=LEGEND_ABOVE,
        showlegend=True,
    )
