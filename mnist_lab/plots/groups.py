"""Grids and searches."""

from collections.abc import Sequence

import plotly.graph_objects as go

from mnist_lab.comparing.grid_tables import Table
from mnist_lab.plots.style import COLORS, LEGEND_ABOVE, as_typed
from mnist_lab.store.studies import Point


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
        legend=LEGEND_ABOVE,
    )
    return figure


def _trials(points: Sequence[Point], name: str, symbol: str, color: str) -> go.Scatter:
    return go.Scatter(
        x=[point.number for point in points],
        y=[point.value for point in points],
        text=[as_typed(point.name) for point in points],
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
