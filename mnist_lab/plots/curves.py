"""The curves of trainings."""

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from mnist_lab.comparing.learning import changes, since_last, thinned
from mnist_lab.plots.style import COLORS, FADED, LEGEND_ABOVE, as_typed, colors
from mnist_lab.store.ticks import Tick
from mnist_lab.store.validation import validations

METRICS = ("accuracy", "loss")
HALVES = ((0.0, 0.45), (0.55, 1.0))  # of a figure's width: accuracy left, loss right
SIDES = ("top center", "bottom center")  # of marks, in turn: the words of neighbours would lie over each other
ROOM_FOR_VALUES = 0.08  # of a range, above and below
ROOM_FOR_MARKS = 0.02  # of an axis, at both of its ends


class Curve(NamedTuple):
    """One metric of one run: `x` in epochs behind, `y` its value there.

    In training that is the mean over the batches since the point before; validation is measured once an epoch.
    `changes` are where a setting was changed meanwhile, and which.
    """

    run: str
    metric: str
    validation: bool
    x: list[float]
    y: list[float]
    changes: tuple[tuple[float, str], ...] = ()


def curves(run: str, ticks: Iterable[Tick]) -> list[Curve]:
    """Accuracy and loss of a run in training and, where there is any, in validation."""
    every = list(ticks)
    ticks, changed = thinned(every), tuple(changes(every, "epochs"))
    epochs = validations(ticks)
    x, ends = [tick.position for tick in ticks], [float(epoch.number) for epoch in epochs]
    found = []
    for metric in METRICS:
        told = [(at, value) for at, value in zip(x, since_last(ticks, metric), strict=True) if not isnan(value)]
        if told:
            found.append(Curve(run, metric, False, [at for at, _ in told], [value for _, value in told], changed))
        found += [Curve(run, metric, True, ends, [getattr(epoch, metric) for epoch in epochs])] if epochs else []
    return found


def curves_figure(runs: dict[str, list[Curve]], height: int = 300) -> go.Figure:
    """Accuracy and loss, side by side: a colour a run, training as a line, validation dotted with a mark at each epoch.

    Where there is one run only, the two colours tell training from validation. The axis begins at the first point, and
    closes in on what comes after the first epoch.
    """
    every = [curve for its_curves in runs.values() for curve in its_curves]
    lines = [
        _line(curve, color, alone=len(runs) == 1)
        for color, its_curves in zip(colors(runs).values(), runs.values(), strict=True)
        for curve in its_curves
    ]
    accuracies, losses = ([curve for curve in every if curve.metric == metric] for metric in METRICS)
    epochs = {"title": {"text": "epoch"}, "range": extent([curve.x for curve in every])}
    marks = [
        change_marks(curve.changes, line, in_words=len(runs) == 1, xaxis=line.xaxis, yaxis=line.yaxis)
        for curve, line in zip(every, lines, strict=True)
        if curve.changes
    ]
    return go.Figure(
        [*lines, *marks],
        {
            "xaxis": {**epochs, "domain": HALVES[0], "anchor": "y"},
            "yaxis": {"tickformat": ".2~%", "anchor": "x", "range": _accuracy_range(accuracies)},
            "xaxis2": {**epochs, "domain": HALVES[1], "anchor": "y2"},
            "yaxis2": {"rangemode": "tozero", "anchor": "x2", "range": _loss_range(losses)},
            "annotations": [_title(metric, half, every) for metric, half in zip(METRICS, HALVES, strict=True)],
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 72, "b": 8},
            "legend": {**LEGEND_ABOVE, "y": 1.24},
            "hovermode": "closest",
            "uirevision": "curves",
        },
    )


def change_marks(changes: Sequence[tuple[float, str]], line: go.Scatter, in_words: bool, **more: Any) -> go.Scatter:
    """Diamonds on a line, where a setting was changed, with what it was set to: beside them, or on hovering."""
    at, words = [x for x, _ in changes], [as_typed(what) for _, what in changes]
    return go.Scatter(
        x=at,
        y=np.interp(at, line.x, line.y),
        mode="markers+text" if in_words else "markers",
        text=words,
        textposition=[SIDES[place % len(SIDES)] for place in range(len(at))],
        marker={"symbol": "diamond", "size": 11, "color": line.line.color, "line": {"color": "white", "width": 1.5}},
        showlegend=False,
        hovertemplate="%{text}<br>from %{x:.3~g} on<extra></extra>",
        cliponaxis=False,
        **more,
    )


def _later(curves: list[Curve]) -> list[float]:
    """All values but those of first epochs, which would squeeze the others, and where each curve ends.

    None while there are hardly any others.
    """
    if not any(curve.x[-1] >= 2 for curve in curves):
        return []
    later = [y for curve in curves for x, y in zip(curve.x, curve.y, strict=True) if x >= 1]
    return [*later, *(curve.y[-1] for curve in curves)]


def _accuracy_range(curves: list[Curve]) -> list[float] | None:
    """Around a single accuracy Plotly would show some below 0 and above 1."""
    if len({value for curve in curves for value in curve.y}) < 2:
        return [0, 1]
    later = _later(curves)
    room = ROOM_FOR_VALUES * (max(later) - min(later)) if later else 0.0
    return [min(later) - room, max(later) + room] if room else None


def _loss_range(curves: list[Curve]) -> list[float] | None:
    later = _later(curves)
    return [0, (1 + ROOM_FOR_VALUES) * max(later)] if later and max(later) > 0 else None


def _title(metric: str, half: tuple[float, float], curves: Iterable[Curve]) -> dict[str, Any]:
    """Above a chart, what it shows, so that it is not mistaken for the accuracy on the test set."""
    dotted = "<br><sub>dotted: validation</sub>" if any(curve.validation for curve in curves) else ""
    place = {"x": sum(half) / 2, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom"}
    return {**place, "text": f"Training {metric}{dotted}", "font": {"size": 14}, "showarrow": False}


def extent(axis: Iterable[Sequence[float]]) -> list[float] | None:
    """The range of an axis from the first of all points to the last, with room for its mark; None for a single one."""
    every = [value for values in axis for value in values]
    low, high = min(every, default=0.0), max(every, default=0.0)
    room = ROOM_FOR_MARKS * (high - low)
    return [max(low - room, 0.0), high + room] if high > low else None


def _line(curve: Curve, color: str, alone: bool) -> go.Scatter:
    part = "validation" if curve.validation else "training"
    text = ".2%" if curve.metric == "accuracy" else ".4f"
    half = "" if curve.metric == METRICS[0] else "2"
    return go.Scatter(
        x=np.asarray(curve.x),
        y=np.asarray(curve.y),
        xaxis=f"x{half}",
        yaxis=f"y{half}",
        name=part if alone else as_typed(curve.run),
        legendgroup=part if alone else curve.run,
        showlegend=curve.metric == METRICS[0] and (alone or not curve.validation),
        mode="lines+markers" if curve.validation or len(curve.x) == 1 else "lines",
        zorder=-1 if color == FADED else 0,
        line={
            "color": COLORS[1] if alone and curve.validation else color,
            "width": 1.5 if color == FADED else 2.5,
            "dash": "dot" if curve.validation else "solid",
        },
        hovertemplate=f"{as_typed(curve.run)}, {part}<br>epoch %{{x:.2f}}: %{{y:{text}}}<extra></extra>",
    )
