"""What settings do to the accuracy: how much each matters, one at a time, and all at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.comparing.importance import Importances
from mnist_lab.comparing.settings import MEANINGLESS, Axis, said_number
from mnist_lab.plots.style import COLORS, FADED, as_typed

FEW = 8  # values that can each have a tick
WORST_TO_BEST = [[0, COLORS[1]], [0.5, COLORS[3]], [1, COLORS[0]]]


def importance_figure(importances: Importances) -> go.Figure:
    """A bar for each setting, with whiskers from which to which share nine of ten resamples of the runs go."""
    found = importances.found[::-1]
    shares = np.array([one.share for one in found])
    low, high = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
    bars = go.Bar(
        x=shares,
        y=[said_together(one.fields) for one in found],
        orientation="h",
        marker={"color": COLORS[0], "opacity": 0.85},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": np.maximum(high - shares, 0),
            "arrayminus": np.maximum(shares - low, 0),
            "color": "gray",
            "thickness": 2,
        },
        customdata=[[one.runs, one.low, one.high] for one in found],
        hovertemplate="%{x:.0%}, probably %{customdata[1]:.0%} to %{customdata[2]:.0%}; "
        "from %{customdata[0]} runs<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(tickformat=".0%", range=[0, 1.02], title_text="share of the differences in accuracy")
    figure.update_yaxes(automargin=True)
    figure.update_layout(height=90 + 38 * len(found), margin={"l": 8, "r": 8, "t": 8, "b": 8}, bargap=0.35)
    return figure


def said_together(fields: Sequence[str]) -> str:
    """Settings that only change together, in words: "units and dropout"."""
    *first, last = [field.replace("_", " ") for field in fields]
    return f"{', '.join(first)} and {last}" if first else last


def slice_figure(
    axis: Axis,
    groups: Sequence[Sequence[int]],
    accuracies: Sequence[float],
    names: Mapping[str, str],
    its_color: Mapping[str, str],
    height: int = 270,
) -> go.Figure:
    """One setting and the accuracy of runs that differ in it alone, which are joined by a line.

    `groups` are places of such runs in `axis`, `accuracies`, and `names` and `its_color`, which are by the runs' ids.
    """
    y, ids, labels = np.asarray(accuracies), list(names), list(names.values())
    shown = sorted({place for group in groups for place in group})
    lines = [
        go.Scatter(
            x=_along(axis, group),
            y=y[list(group)],
            mode="lines",
            line={"color": FADED, "width": 2},
            hoverinfo="skip",
        )
        for group in groups
    ]
    dots = go.Scatter(
        x=_along(axis, shown),
        y=y[shown],
        mode="markers",
        marker={"color": [its_color[ids[place]] for place in shown], "size": 11, "opacity": 0.85},
        customdata=[[ids[place], as_typed(labels[place]), axis.word(place)] for place in shown],
        hovertemplate=f"<b>%{{customdata[1]}}</b><br>{axis.title} %{{customdata[2]}}: %{{y:.2%}}<extra></extra>",
    )
    figure = go.Figure([*lines, dots])
    values = np.unique(axis.values[shown])
    if not axis.is_number:
        figure.update_xaxes(type="category", categoryorder="array", categoryarray=axis.words)
    elif len(values) <= FEW:
        figure.update_xaxes(tickvals=values, ticktext=[said_number(value) for value in values])
    if axis.is_log:
        figure.update_xaxes(type="log")
    figure.update_xaxes(title_text=axis.title)
    figure.update_yaxes(tickformat=".2~%", range=_limits(y[shown]))
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=False)
    return figure


def parallel_figure(axes: Sequence[Axis], accuracies: Sequence[float], height: int = 380) -> go.Figure:
    """Every run as a line through its settings to its accuracy; drag along an axis to keep the lines that cross it."""
    y = np.asarray(accuracies)
    dimensions = [*map(_dimension, axes), {"label": "test accuracy", "values": y, "tickformat": ".1~%"}]
    line = {"color": y, "colorscale": WORST_TO_BEST}
    figure = go.Figure(go.Parcoords(dimensions=dimensions, line=line, labelfont={"size": 13}))
    figure.update_layout(height=height, margin={"l": 70, "r": 50, "t": 60, "b": 24})
    return figure


def _along(axis: Axis, places: Sequence[int]) -> Any:
    return axis.values[list(places)] if axis.is_number else [axis.word(place) for place in places]


def _limits(y: NDArray[np.float64]) -> list[float]:
    margin = max(0.002, 0.08 * float(np.ptp(y)))
    return [float(y.min()) - margin, min(1.0, float(y.max())) + margin]


def _dimension(axis: Axis) -> dict[str, Any]:
    """An axis of parallel coordinates; a few values are spread evenly, what does not apply lies below all others."""
    values = np.unique(axis.values[axis.is_meant])
    if len(values) <= FEW or not axis.is_number:
        places = np.searchsorted(values, axis.values).astype(float)
        words = [said_number(value) for value in values] if axis.is_number else [axis.words[int(v)] for v in values]
        ticks = np.arange(len(values), dtype=float)
    else:
        places = np.log10(axis.values) if axis.is_log else axis.values
        ticks = np.linspace(np.nanmin(places), np.nanmax(places), 5)
        words = [f"{10**tick if axis.is_log else tick:.3g}" for tick in ticks]
    below = ticks[0] - (ticks[-1] - ticks[0]) / max(len(ticks) - 1, 1)
    some_are_meaningless = not axis.is_meant.all()
    return {
        "label": axis.title,
        "values": np.where(axis.is_meant, places, below),
        "tickvals": [*([below] if some_are_meaningless else []), *ticks],
        "ticktext": [*([MEANINGLESS] if some_are_meaningless else []), *words],
    }
