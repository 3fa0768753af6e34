"""How a network learns: the range test, gradients, weights, and what it says from epoch to epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mnist_lab.exploring.findings import Array, GradientNorms, Sweep
from mnist_lab.exploring.past import Histograms
from mnist_lab.exploring.rates import smoothed
from mnist_lab.plots.style import COLORS, LEGEND_ABOVE, set_margins


def sweep_figure(sweep: Sweep, suggestion: float | None, height: int = 320) -> go.Figure:
    """The loss over the learning rate: each batch as a point, their course as a line, the suggestion marked."""
    figure = go.Figure()
    seen = "rate %{x:.2g}<br>loss %{y:.3f}<extra></extra>"
    dots = {"color": COLORS[0], "size": 5, "opacity": 0.35}
    figure.add_trace(go.Scatter(x=sweep.rates, y=sweep.losses, mode="markers", marker=dots, hovertemplate=seen))
    course, line = smoothed(sweep), {"color": COLORS[0], "width": 3}
    figure.add_trace(go.Scatter(x=sweep.rates, y=course, mode="lines", line=line, hovertemplate=seen))
    if suggestion:
        figure.add_vline(x=suggestion, line={"color": COLORS[1], "width": 3, "dash": "dot"})
    figure.update_xaxes(type="log", title_text="learning rate", dtick=1, exponentformat="power")
    figure.update_yaxes(title_text="loss of a batch", range=[0, 1.15 * float(max(course[0], course.min()) * 1.4)])
    figure.update_layout(height=height, showlegend=False)
    set_margins(figure)
    return figure


def norms_figure(found: GradientNorms, height: int = 300) -> go.Figure:
    """The norm of the gradient by each layer's weights, over the epochs."""
    figure = go.Figure()
    for place, layer in enumerate(found.layers):
        line = {"color": COLORS[place % len(COLORS)], "width": 2.5}
        values = np.maximum(found.norms[:, place], 1e-12)
        figure.add_trace(
            go.Scatter(x=found.epochs, y=values, name=layer.replace("_", " "), mode="lines+markers", line=line)
        )
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(type="log", dtick=1, title_text="length of the gradient", exponentformat="power")
    figure.update_layout(
        height=height,
        legend=LEGEND_ABOVE,
        showlegend=True,
    )
    set_margins(figure, top=40)
    return figure


def histograms_figure(found: Histograms, epochs: Sequence[int], height: int = 300) -> go.Figure:
    """How the weights of a layer are spread, a line for each epoch, the later the stronger."""
    figure = go.Figure()
    middles = (found.edges[1:] + found.edges[:-1]) / 2
    for place, (epoch, shares) in enumerate(zip(epochs, found.shares, strict=True)):
        last = place == len(epochs) - 1
        strength = 1.0 if last else 0.15 + 0.6 * place / len(epochs)
        name = "before training" if epoch == 0 else f"epoch {epoch}"
        line = {"color": COLORS[1] if epoch == 0 else COLORS[0], "width": 3 if last else 1.5}
        figure.add_trace(
            go.Scatter(
                x=middles, y=shares, name=name, mode="lines", line=line, opacity=max(strength, 0.9 * (epoch == 0))
            )
        )
    figure.update_xaxes(title_text="weight")
    figure.update_yaxes(title_text="share of the weights", tickformat=".0%", rangemode="tozero")
    figure.update_layout(height=height, showlegend=False, hovermode="closest")
    set_margins(figure)
    return figure


def told_figure(told: Array, epochs: Sequence[int], now: int, height: int = 260) -> go.Figure:
    """What a network said to one image from epoch to epoch, probabilities (epochs, 10); `now` is an epoch."""
    figure = go.Figure()
    for digit in range(10):
        values = told[:, digit]
        if values.max() >= 0.1:  # the others would lie on the axis
            dash = "solid" if digit < len(COLORS) else "dash"
            line = {"color": COLORS[digit % len(COLORS)], "width": 2.5, "dash": dash}
            figure.add_trace(go.Scatter(x=list(epochs), y=values, name=str(digit), mode="lines+markers", line=line))
    figure.add_vline(x=now, line={"color": "#8a8f98", "width": 2, "dash": "dot"})
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", title_text="probability")
    figure.update_layout(
        height=height,
        legend=LEGEND_ABOVE,
        showlegend=True,
    )
    set_margins(figure, top=36)
    return figure
