"""How a network learns: the range test, gradients, weights, and what it says from epoch to epoch."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mnist_lab.exploring.findings import Array, GradientNorms, Sweep
from mnist_lab.exploring.history import Histograms
from mnist_lab.exploring.learning_rates import smoothed
from mnist_lab.plots.style import COLORS, as_typed, axis, layout, upright


def sweep_figure(sweep: Sweep, suggestion: float | None, height: int = 320) -> go.Figure:
    """The loss over the learning rate: each batch as a point, their course as a line, the suggestion marked."""
    seen = "rate %{x:.2g}<br>loss %{y:.3f}<extra></extra>"
    dots, line = {"color": COLORS[0], "size": 5, "opacity": 0.35}, {"color": COLORS[0], "width": 3}
    course = smoothed(sweep)
    traces = [
        go.Scatter(x=sweep.rates, y=sweep.losses, mode="markers", marker=dots, hovertemplate=seen),
        go.Scatter(x=sweep.rates, y=course, mode="lines", line=line, hovertemplate=seen),
    ]
    highest = 1.15 * float(max(course[0], course.min()) * 1.4)
    return go.Figure(
        traces,
        layout(
            height,
            xaxis=axis("learning rate", type="log", dtick=1, exponentformat="power"),
            yaxis=axis("loss of a batch", range=[0, highest]),
            shapes=[upright(suggestion, COLORS[1], 3)] if suggestion else [],
        ),
    )


def norms_figure(found: GradientNorms, height: int = 300) -> go.Figure:
    """The norm of the gradient by each layer's weights, over the epochs."""
    traces = [
        go.Scatter(
            x=found.epochs,
            y=np.maximum(found.norms[:, place], 1e-12),
            name=as_typed(layer.replace("_", " ")),
            mode="lines+markers",
            line={"color": COLORS[place % len(COLORS)], "width": 2.5},
        )
        for place, layer in enumerate(found.layers)
    ]
    lengths = axis("length of the gradient", type="log", dtick=1, exponentformat="power")
    return go.Figure(traces, layout(height, top=40, xaxis=axis("epoch"), yaxis=lengths))


def histograms_figure(found: Histograms, epochs: Sequence[int], height: int = 300) -> go.Figure:
    """How the weights of a layer are spread, a line for each epoch, the later the stronger."""
    middles = (found.edges[1:] + found.edges[:-1]) / 2
    traces = []
    for place, (epoch, shares) in enumerate(zip(epochs, found.shares, strict=True)):
        last = place == len(epochs) - 1
        strength = 1.0 if last else 0.15 + 0.6 * place / len(epochs)
        traces.append(
            go.Scatter(
                x=middles,
                y=shares,
                name="before training" if epoch == 0 else f"epoch {epoch}",
                mode="lines",
                line={"color": COLORS[1] if epoch == 0 else COLORS[0], "width": 3 if last else 1.5},
                opacity=max(strength, 0.9 * (epoch == 0)),
            )
        )
    share = axis("share of the weights", tickformat=".0%", rangemode="tozero")
    return go.Figure(traces, layout(height, xaxis=axis("weight"), yaxis=share, hovermode="closest"))


def told_figure(told: Array, epochs: Sequence[int], now: int, height: int = 260) -> go.Figure:
    """What a network said to one image from epoch to epoch, probabilities (epochs, 10); `now` is an epoch."""
    traces = [
        go.Scatter(
            x=list(epochs),
            y=told[:, digit],
            name=str(digit),
            mode="lines+markers",
            line={"color": COLORS[digit], "width": 2.5},
        )
        for digit in range(10)
        if told[:, digit].max() >= 0.1  # the others would lie on the axis
    ]
    probability = axis("probability", range=[-0.03, 1.05], tickformat=".0%")
    here = upright(now, "#8a8f98", 2)
    return go.Figure(traces, layout(height, top=36, xaxis=axis("epoch"), yaxis=probability, shapes=[here]))
