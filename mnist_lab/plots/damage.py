"""What damage costs."""

from collections.abc import Mapping

import plotly.graph_objects as go

from mnist_lab.plots.style import COLORS, axis, layout, upright


def course_figure(accuracies: Mapping[float, float], now: float, words: str, in_bits: bool) -> go.Figure:
    """The accuracy in [0, 1] by the amount of damage, in its order: a share, or how many bits are left of a weight.

    A line marks the amount that there is `now`.
    """
    values = list(accuracies)
    shown = [str(value) for value in values] if in_bits else values
    said = "%{x}" if in_bits else "%{x:.0%}"
    trace = go.Scatter(
        x=shown,
        y=list(accuracies.values()),
        mode="lines+markers",
        line={"color": COLORS[0], "width": 2.5},
        marker={"size": [13 if value == now else 6 for value in values]},
        hovertemplate=f"{words}: {said}<br>%{{y:.1%}} read right<extra></extra>",
    )
    scale = {"type": "category"} if in_bits else {"tickformat": ".0%"}
    return go.Figure(
        trace,
        layout(
            height=230,
            xaxis=axis(words, **scale),
            yaxis=axis("accuracy", range=[-0.03, 1.03], tickformat=".0%", dtick=0.25),
            shapes=[upright(values.index(now) if in_bits else now, COLORS[1], 3)],
        ),
    )
