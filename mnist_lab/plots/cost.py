"""Accuracy over what it costs."""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

import plotly.graph_objects as go

from mnist_lab.comparing.cost import Cost, Point, Record, front
from mnist_lab.plots.style import COLORS, LEGEND_ABOVE

TICKS = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
GREY = "rgba(128, 128, 128, 0.8)"
FEWEST_ERRORS = 1e-4  # what a faultless run is drawn at


def cost_figure(
    points: Sequence[Point], names: Mapping[str, str], cost: Cost, records: Sequence[Record] = (), height: int = 480
) -> go.Figure:
    """Each run by its cost and its errors, on axes of factors; the runs that nothing beats are joined by a line.

    The vertical axis is labelled with accuracies, but goes by errors: from 98 % to 99 % is as far as from 99 % to
    99.5 %, since both halve the mistakes. `names` are the runs' names by their ids, which a click gets.
    """
    figure = go.Figure()
    datasets = list(dict.fromkeys(point.dataset for point in points))
    for color, dataset in zip(cycle(COLORS), datasets, strict=False):
        those = [point for point in points if point.dataset == dataset]
        name = f"{dataset}: " if len(datasets) > 1 else ""
        figure.add_trace(_front(front(those), f"{name}nothing is cheaper and better", color))
        figure.add_trace(_runs(those, names, cost, f"{name}runs", color))
    low, high = _range(points, records)
    if records:
        figure.add_trace(_published([point for point in points if point.published is not None], names))
    for record in records:
        if _errors(record.accuracy) <= high:
            _add_record(figure, record)
    figure.update_xaxes(type="log", title_text=cost.title)
    figure.update_yaxes(
        type="log",
        range=[math.log10(high), math.log10(low)],
        tickvals=[_errors(tick) for tick in TICKS],
        ticktext=[f"{100 * tick:g} %" for tick in TICKS],
        title_text="test accuracy",
    )
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend=LEGEND_ABOVE,
    )
    return figure


def _front(points: Sequence[Point], name: str, color: str) -> go.Scatter:
    return go.Scatter(
        x=[point.cost for point in points],
        y=[_errors(point.accuracy) for point in points],
        name=name,
        mode="lines",
        line={"color": color, "width": 2, "shape": "hv"},
        hoverinfo="skip",
    )


def _runs(points: Sequence[Point], names: Mapping[str, str], cost: Cost, name: str, color: str) -> go.Scatter:
    return go.Scatter(
        x=[point.cost for point in points],
        y=[_errors(point.accuracy) for point in points],
        name=name,
        mode="markers+text",
        marker={
            "color": [color if point.on_front else "rgba(128, 128, 128, 0.35)" for point in points],
            "size": 13,
            "line": {"color": color, "width": 2},
        },
        text=[names[point.run_id] if point.on_front else "" for point in points],
        textposition=[f"bottom {side}" for side in _inward(points)],
        customdata=[
            [point.run_id, names[point.run_id], cost.text.format(point.cost), point.accuracy] for point in points
        ],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[3]:.2%} right, %{customdata[2]}<extra></extra>",
    )


def _inward(points: Sequence[Point]) -> list[str]:
    """The side of each point that lies towards the middle of the axis, where its name has room."""
    costs = [point.cost for point in points]
    middle = math.sqrt(min(costs) * max(costs))
    return ["left" if cost > middle else "right" for cost in costs]


def _published(points: Sequence[Point], names: Mapping[str, str]) -> go.Scatter:
    return go.Scatter(
        x=[point.cost for point in points],
        y=[_errors(point.published or 0.0) for point in points],
        name="published for the same recipe",
        mode="markers",
        marker={"symbol": "line-ew", "size": 18, "line": {"color": GREY, "width": 3}},
        customdata=[[point.run_id, names[point.run_id], point.published] for point in points],
        hovertemplate="%{customdata[1]}: %{customdata[2]:.2%} are published<extra></extra>",
    )


def _add_record(figure: go.Figure, record: Record) -> None:
    figure.add_hline(y=_errors(record.accuracy), line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
    figure.add_annotation(
        text=f"{record.name}: {100 * record.accuracy:g} %",
        x=1,
        xref="paper",
        xanchor="right",
        y=math.log10(_errors(record.accuracy)),
        yanchor="bottom",
        font={"size": 11},
        showarrow=False,
    )


def _range(points: Sequence[Point], records: Sequence[Record]) -> tuple[float, float]:
    """The least and the greatest share of errors to be drawn: all runs, and every record that is better than they."""
    seen = [_errors(point.accuracy) for point in points]
    aims = [_errors(record.accuracy) for record in records]
    return min([*seen, *aims]) / 1.4, min(1.0, 1.4 * max(seen))


def _errors(accuracy: float) -> float:
    return max(1 - accuracy, FEWEST_ERRORS)
