"""Many images as points of a plane."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.plots.style import COLORS

DIGIT_COLORS = (*COLORS, "#00a3d9", "#6b7280")
RIGHT, WRONG = "#9aa0ab", "#e8210a"


class Points(NamedTuple):
    """Test images in a plane: float (n, 2), which images they are, and their digits by label and by answer."""

    flat: NDArray[np.float32]
    images: NDArray[np.intp]
    labels: NDArray[np.uint8]
    answers: NDArray[np.uint8]


def map_figure(
    points: Points, color: str, star: NDArray[np.float32], near: NDArray[np.intp], height: int = 560
) -> go.Figure:
    """The points coloured by `label`, `answer` or `mistake`; a star, (2,), and rings around the points `near` it."""
    figure = go.Figure()
    for name, shade, part in _groups(points, color):
        figure.add_trace(_dots(points, np.flatnonzero(part), name, shade))
    ring = {"symbol": "circle-open", "size": 13, "color": COLORS[1], "line": {"width": 2}}
    figure.add_trace(_marks(points.flat[near], ring, "its nearest"))
    shape = {"symbol": "star", "size": 24, "color": "#ffd43b", "line": {"width": 1.5, "color": "#1b1d22"}}
    figure.add_trace(_marks(star[np.newaxis], shape, "your image"))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="lasso",
        legend={"orientation": "h", "y": -0.01, "x": 0, "yanchor": "top", "itemsizing": "constant"},
        uirevision="map",
    )
    return figure


def selected_images(points: Points, color: str, selected: Iterable[Mapping[str, Any]]) -> list[int]:
    """Which images somebody selected in that figure: of the points that Plotly reports, those that are images."""
    groups = [np.flatnonzero(part) for _, _, part in _groups(points, color)]
    dots = [point for point in selected if point["curve_number"] < len(groups)]
    return [int(points.images[groups[dot["curve_number"]][dot["point_index"]]]) for dot in dots]


def _groups(points: Points, color: str) -> list[tuple[str, str, NDArray[np.bool_]]]:
    if color == "mistake":
        wrong = points.labels != points.answers
        return [("right", RIGHT, ~wrong), ("mistake", WRONG, wrong)]
    digits = points.labels if color == "label" else points.answers
    return [(str(digit), DIGIT_COLORS[digit], digits == digit) for digit in range(10)]


def _dots(points: Points, which: NDArray[np.intp], name: str, shade: str) -> go.Scattergl:
    words = np.column_stack([points.images[which], points.labels[which], points.answers[which]])
    return go.Scattergl(
        x=points.flat[which, 0],
        y=points.flat[which, 1],
        customdata=words,
        name=name,
        mode="markers",
        marker={"size": 5, "color": shade, "opacity": 0.65},
        hovertemplate="test image %{customdata[0]}: a %{customdata[1]}, read as %{customdata[2]}<extra></extra>",
    )


def _marks(places: NDArray[np.float32], marker: dict[str, Any], name: str) -> go.Scattergl:
    return go.Scattergl(x=places[:, 0], y=places[:, 1], name=name, mode="markers", marker=marker, hoverinfo="skip")
