"""Figures from facts: each function takes what was computed elsewhere and only draws it."""

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from mnist_lab.explanations import Moment, Wobble
from mnist_lab.grids import Table
from mnist_lab.runs import Tick
from mnist_lab.studies import Point

COLORS = ("#2f6fed", "#e8710a", "#12a594", "#b14ac4", "#d6336c", "#7a8b00", "#5b5bd6", "#a0672f")
METRICS = {"accuracy": "Accuracy", "loss": "Loss"}
DIGITS = [str(digit) for digit in range(10)]
MOST_POINTS = 300  # of a curve: more cannot be told apart on a screen
NO_TOOLBAR = {"displayModeBar": False, "displaylogo": False}


class Curve(NamedTuple):
    """One metric of one run: `x` in epochs behind, `y` its value there.

    In training that is the mean over the batches since the point before; validation is measured once an epoch.
    """

    run: str
    metric: str
    validation: bool
    x: list[float]
    y: list[float]


def curves(run: str, ticks: Iterable[Tick]) -> list[Curve]:
    """Accuracy and loss of a run in training and, where there is any, in validation."""
    ticks = _thinned(list(ticks))
    found = []
    for metric in METRICS:
        validated = [tick for tick in ticks if getattr(tick, f"val_{metric}") is not None]
        for validation, seen in ((False, ticks), (True, validated)):
            if seen:
                y = [getattr(tick, f"val_{metric}") for tick in seen] if validation else _since_last(seen, metric)
                found.append(Curve(run, metric, validation, [tick.position for tick in seen], y))
    return found


def _thinned(ticks: list[Tick]) -> list[Tick]:
    """At most about MOST_POINTS ticks, with the end of every epoch among them."""
    every = max(1, len(ticks) // MOST_POINTS)
    return [tick for place, tick in enumerate(ticks) if place % every == 0 or tick.ends_epoch]


def _since_last(ticks: list[Tick], metric: str) -> list[float]:
    """A metric over the batches since the tick before, from its means since the start of the epoch.

    The means themselves would draw a step at the start of each epoch, where they begin anew.
    """
    values = []
    for before, tick in zip([None, *ticks], ticks, strict=False):
        mean = getattr(tick, metric)
        if before and before.epoch == tick.epoch:
            total = mean * tick.step - getattr(before, metric) * before.step
            mean = total / (tick.step - before.step)
        values.append(mean)
    return values


def curves_figure(runs: dict[str, list[Curve]], height: int = 300) -> go.Figure:
    """Accuracy beside loss: a colour a run, training as a line, validation dashed with a mark at each epoch.

    Where there is one run only, the two colours tell training from validation.
    """
    figure = make_subplots(rows=1, cols=2, subplot_titles=list(METRICS.values()), horizontal_spacing=0.1)
    for color, its_curves in zip(cycle(COLORS), runs.values(), strict=False):
        for curve in its_curves:
            figure.add_trace(
                _line(curve, color, alone=len(runs) == 1), row=1, col=1 + list(METRICS).index(curve.metric)
            )
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_yaxes(rangemode="tozero", row=1, col=2)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend={"orientation": "h", "y": 1.18, "x": 0, "yanchor": "bottom"},
        hovermode="closest",
        uirevision="curves",
    )
    return figure


def _line(curve: Curve, color: str, alone: bool) -> go.Scatter:
    part = "validation" if curve.validation else "training"
    text = ".2%" if curve.metric == "accuracy" else ".4f"
    return go.Scatter(
        x=curve.x,
        y=curve.y,
        name=part if alone else f"{curve.run}, {part}",
        legendgroup=f"{curve.run} {part}",
        showlegend=curve.metric == "accuracy",
        mode="lines+markers" if curve.validation else "lines",
        line={
            "color": COLORS[1] if alone and curve.validation else color,
            "width": 2.5,
            "dash": "dot" if curve.validation else "solid",
        },
        hovertemplate=f"{curve.run}, {part}<br>epoch %{{x:.2f}}: %{{y:{text}}}<extra></extra>",
    )


def confusion_figure(matrix: NDArray[np.int64], title: str, most: int | None = None, height: int = 420) -> go.Figure:
    """A confusion matrix, int (10, 10), row the true digit: mistakes in colour, right answers in grey.

    `most` is the count that gets the strongest colour, so that several matrices can share one scale.
    """
    right = np.eye(10, dtype=bool)
    mistakes = np.where(right | (matrix == 0), np.nan, matrix)
    figure = go.Figure()
    figure.add_trace(_cells(np.where(right, 1.0, np.nan), matrix, [[0, "#9aa0ab"], [1, "#9aa0ab"]], 1, opacity=0.28))
    strongest = most or max(int(np.nan_to_num(mistakes).max()), 1)
    figure.add_trace(_cells(mistakes, matrix, [[0, "#fde3cb"], [0.35, "#f79a4b"], [1, "#b93c00"]], strongest))
    figure.update_xaxes(title_text="the network's answer", tickvals=DIGITS, side="bottom", constrain="domain")
    figure.update_yaxes(title_text="the true digit", tickvals=DIGITS, autorange="reversed", scaleanchor="x")
    figure.update_layout(title=title, height=height, margin={"l": 8, "r": 8, "t": 48, "b": 8})
    return figure


def _cells(
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    colors: list[list[object]],
    most: float,
    opacity: float = 1.0,
) -> go.Heatmap:
    return go.Heatmap(
        z=values,
        x=DIGITS,
        y=DIGITS,
        text=np.where(counts == 0, "", counts.astype(str)),
        texttemplate="%{text}",
        colorscale=colors,
        zmin=0,
        zmax=most,
        opacity=opacity,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate="%{text} images of a %{y} read as %{x}<extra></extra>",
    )


def search_figure(points: Sequence[Point], height: int = 260) -> go.Figure:
    """Each trial of a search by its validation accuracy, and the best so far as a line of steps."""
    figure = go.Figure()
    best = [point for point in points if point.best is not None]
    figure.add_trace(
        go.Scatter(
            x=[point.number for point in best],
            y=[point.best for point in best],
            name="best so far",
            mode="lines",
            line={"color": COLORS[0], "width": 2.5, "shape": "hv"},
            hoverinfo="skip",
        )
    )
    figure.add_trace(_trials([point for point in points if point.is_whole], "trial", "circle", COLORS[0]))
    figure.add_trace(_trials([point for point in points if not point.is_whole], "not to its end", "x", COLORS[1]))
    reached = [point.value for point in points]
    margin = max(0.01, 0.05 * (max(reached, default=1.0) - min(reached, default=0.0)))
    limits = [min(reached, default=0.0) - margin, min(1.01, max(reached, default=1.0) + margin)]
    figure.update_yaxes(tickformat=".1~%", title_text="validation accuracy", range=limits)
    figure.update_xaxes(title_text="trial", dtick=max(1, len(points) // 10))
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        legend={"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"},
    )
    return figure


def _trials(points: Sequence[Point], name: str, symbol: str, color: str) -> go.Scatter:
    return go.Scatter(
        x=[point.number for point in points],
        y=[point.value for point in points],
        text=[point.name for point in points],
        name=name,
        mode="markers",
        marker={"color": color, "size": 9, "symbol": symbol},
        hovertemplate="trial %{x}: %{y:.2%}<br>%{text}<extra></extra>",
    )


def grid_figure(table: Table) -> go.Figure:
    """The test accuracies of a grid in colour, the better the stronger."""
    heatmap = go.Heatmap(
        z=table.accuracies,
        x=table.columns,
        y=table.rows,
        texttemplate="%{z:.2%}",
        colorscale=[[0, "#eef3fd"], [1, COLORS[0]]],
        showscale=False,
        xgap=3,
        ygap=3,
        hoverongaps=False,
        hovertemplate="%{z:.2%} on the test set<extra></extra>",
    )
    figure = go.Figure(heatmap)
    figure.update_xaxes(type="category", title_text=(table.column or "").replace("_", " "))
    figure.update_yaxes(type="category", title_text=table.row.replace("_", " "), autorange="reversed")
    figure.update_layout(height=110 + 48 * len(table.rows), margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure


def wobble_figure(curves: Sequence[Wobble], digit: int, unit: str, height: int = 340) -> go.Figure:
    """How sure each model stays of a digit while the drawing is changed."""
    figure = go.Figure()
    for color, curve in zip(cycle(COLORS), curves, strict=False):
        line = {"color": color, "width": 2.5}
        figure.add_trace(go.Scatter(x=curve.x, y=curve.y, name=curve.model, mode="lines+markers", line=line))
    _style_probability(figure, f"probability of a {digit}", unit, height)
    return figure


def replay_figure(moments: Sequence[Moment], height: int = 300) -> go.Figure:
    """The probabilities as the drawing grew; only digits that mattered at some time get a line."""
    figure = go.Figure()
    answered = [moment for moment in moments if moment.probabilities is not None]
    shares = [moment.share for moment in answered]
    for digit in range(10):
        values = [float(moment.probabilities[digit]) for moment in answered if moment.probabilities is not None]
        if max(values, default=0.0) >= 0.1:
            line = {"color": COLORS[digit % len(COLORS)], "width": 2.5}
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
        legend={"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"},
        showlegend=True,
    )
