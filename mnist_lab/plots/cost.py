"""Accuracy over what it costs."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import plotly.graph_objects as go

from mnist_lab.comparing.cost import Cost, Point, Record, front
from mnist_lab.plots.labels import FONT, GAP, LINE, Box, Offset, Room, around, place, shortened
from mnist_lab.plots.style import as_typed, axis, colors, layout

TICKS = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
GREY = "rgba(128, 128, 128, 0.8)"
HOLLOW = "rgba(128, 128, 128, 0.15)"
SYMBOLS = ("circle", "diamond", "square")  # of datasets
FEWEST_ERRORS = 1e-4  # what a faultless run is drawn at
LEAST_COST = 1e-3  # what one is drawn at that cost nothing
MARK, DASH = 13, 18  # pixels
RADIUS = 1.3 * MARK / 2 + 1.5  # of the widest symbol, the diamond, with its outline
HALF_DASH = 0.7 * DASH  # Plotly draws this symbol longer than its size
MARGIN = Box(64, 40, 12, 52)  # around the axes
ROOM = 1.25  # on each side of the points, as a factor
ANCHORS = {1: "left", 0: "center", -1: "right"}
ALONG = 8  # places along the line of a record that its name can have


class Frame(NamedTuple):
    """The pixels of a figure of one width, and the logarithms at the ends of its axes: least cost, fewest errors."""

    area: Box
    costs: tuple[float, float]
    errors: tuple[float, float]

    def x(self, cost: float) -> float:
        """Where a cost is, from the left."""
        low, high = self.costs
        return self.area.left + (math.log10(cost) - low) / (high - low) * (self.area.right - self.area.left)

    def y(self, errors: float) -> float:
        """Where a share of errors is, from the top."""
        low, high = self.errors
        return self.area.top + (math.log10(errors) - low) / (high - low) * (self.area.bottom - self.area.top)


def cost_figure(
    points: Sequence[Point],
    names: Mapping[str, str],
    cost: Cost,
    records: Sequence[Record] = (),
    widths: Sequence[int] = (1000,),
    height: int = 480,
) -> go.Figure:
    """Each run by its cost and its errors, on axes of factors; the runs that nothing beats are joined by a line.

    The vertical axis is labelled with accuracies, but goes by errors: from 98 % to 99 % is as far as from 99 % to
    99.5 %, since both halve the mistakes. `names` are the runs' names by their ids, which a click gets, in the order in
    which they have their colours. Every name that has room at all of the `widths`, in pixels, stands beside its point.
    """
    frames = [_frame(points, records, one, height) for one in widths]
    (least, most), (fewest, many) = frames[0].costs, frames[0].errors
    seen = [record for record in records if math.log10(_errors(record.accuracy)) <= many]
    traces = [_front(front(points)), *_runs(points, names, cost)]
    if any(point.published is not None for point in points) and records:
        traces.append(_published([point for point in points if point.published is not None], names))
    ticks = {"tickvals": [_errors(tick) for tick in TICKS], "ticktext": [f"{100 * tick:g} %" for tick in TICKS]}
    rooms = [Room(frame.area, _taken(frame, points, seen, bool(records))) for frame in frames]
    return go.Figure(
        traces,
        layout(
            height,
            xaxis=axis(cost.title, type="log", range=[least, most], showgrid=False),
            yaxis=axis("test accuracy", type="log", range=[many, fewest], showgrid=False, **ticks),
            shapes=[_line(record) for record in seen],
            annotations=[*_names(points, names, frames, rooms), *_records(seen, frames, rooms)],
        )
        | {"margin": {"l": MARGIN.left, "r": MARGIN.right, "t": MARGIN.top, "b": MARGIN.bottom}},
    )


def _frame(points: Sequence[Point], records: Sequence[Record], wide: int, height: int) -> Frame:
    """The axes hold all runs, and every record that is better than they."""
    costs = [_cost(point) for point in points]
    seen = [_errors(point.accuracy) for point in points]
    aims = [_errors(record.accuracy) for record in records]
    area = Box(MARGIN.left, MARGIN.top, wide - MARGIN.right, height - MARGIN.bottom)
    low, high = min([*seen, *aims]) / 1.4, min(1.0, 1.4 * max(seen))
    return Frame(
        area,
        (math.log10(min(costs) / ROOM), math.log10(max(costs) * ROOM)),
        (math.log10(low), math.log10(max(high, 2 * low))),
    )


def _front(points: Sequence[Point]) -> go.Scatter:
    """A line of steps through the points that nothing beats, broken between datasets."""
    x: list[float | None] = []
    y: list[float | None] = []
    for dataset in dict.fromkeys(point.dataset for point in points):
        those = [point for point in points if point.dataset == dataset]
        x += [*map(_cost, those), None]
        y += [*(_errors(point.accuracy) for point in those), None]
    line = {"color": GREY, "width": 2, "shape": "hv"}
    return go.Scatter(x=x, y=y, name="nothing is cheaper and better", mode="lines", line=line, hoverinfo="skip")


def _runs(points: Sequence[Point], names: Mapping[str, str], cost: Cost) -> list[go.Scatter]:
    """The runs of each dataset, those of a dataset with the same symbol, filled where nothing beats them."""
    its_color, traces = colors(names), []
    shown = {run_id: as_typed(name) for run_id, name in names.items()}
    for dataset, symbol in zip(_datasets(points), SYMBOLS, strict=False):
        those = [point for point in points if point.dataset == dataset]
        outlines = [its_color[point.run_id] for point in those]
        fills = [its_color[point.run_id] if point.on_front else HOLLOW for point in those]
        traces.append(
            go.Scatter(
                x=list(map(_cost, those)),
                y=[_errors(point.accuracy) for point in those],
                name=f"runs on {dataset}",
                mode="markers",
                marker={"color": fills, "symbol": symbol, "size": MARK, "line": {"color": outlines, "width": 2}},
                customdata=[
                    [point.run_id, shown[point.run_id], cost.text.format(point.cost), point.accuracy] for point in those
                ],
                hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[3]:.2%} right, %{customdata[2]}<extra></extra>",
            )
        )
    return traces


def _published(points: Sequence[Point], names: Mapping[str, str]) -> go.Scatter:
    return go.Scatter(
        x=list(map(_cost, points)),
        y=[_errors(point.published or 0.0) for point in points],
        name="published for the same recipe",
        mode="markers",
        marker={"symbol": "line-ew", "size": DASH, "line": {"color": GREY, "width": 3}},
        customdata=[[point.run_id, as_typed(names[point.run_id]), point.published] for point in points],
        hovertemplate="%{customdata[1]}: %{customdata[2]:.2%} are published<extra></extra>",
    )


def _line(record: Record) -> dict[str, Any]:
    y, line = _errors(record.accuracy), {"color": GREY, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line, "layer": "below"}


def _taken(frame: Frame, points: Sequence[Point], records: Sequence[Record], published: bool) -> list[Box]:
    """What no name may lie on: marks, the steps of the front, what is published, and the lines of records."""

    def at(point: Point) -> tuple[float, float]:
        return frame.x(_cost(point)), frame.y(_errors(point.accuracy))

    taken = [_around(*at(point), RADIUS, RADIUS) for point in points]
    for record in records:
        y = frame.y(_errors(record.accuracy))
        taken.append(Box(frame.area.left, y - 1, frame.area.right, y + 1))
    for point in points:
        if published and point.published is not None:
            taken.append(_around(frame.x(_cost(point)), frame.y(_errors(point.published)), HALF_DASH, 2))
    for dataset in _datasets(points):
        steps = pairwise(at(point) for point in front(points) if point.dataset == dataset)
        for (x, y), (next_x, next_y) in steps:
            taken.append(Box(x, y - 1, next_x, y + 1))
            taken.append(Box(next_x - 1, min(y, next_y), next_x + 1, max(y, next_y)))
    return taken


def _names(
    points: Sequence[Point], names: Mapping[str, str], frames: Sequence[Frame], rooms: Sequence[Room]
) -> list[dict[str, Any]]:
    """The names that have room, those of the front first, then the best ones."""
    found = []
    for point in sorted(points, key=lambda point: (not point.on_front, -point.accuracy)):
        text = shortened(names[point.run_id])
        x, y = _cost(point), _errors(point.accuracy)
        offset = place(text, [(frame.x(x), frame.y(y)) for frame in frames], rooms, around(RADIUS))
        if offset:
            found.append(_written(text, math.log10(x), math.log10(y), offset))
    return found


def _records(records: Sequence[Record], frames: Sequence[Frame], rooms: Sequence[Room]) -> list[dict[str, Any]]:
    """What is published, each above or below its line, as far to the right as there is room."""
    found = []
    offsets = [Offset(0, end * (LINE / 2 + GAP / 2), -1) for end in (-1, 1)]
    for record in records:
        text, y = f"{record.name}: {100 * record.accuracy:g} %", _errors(record.accuracy)
        for share in (1 - step / ALONG for step in range(ALONG)):
            at = [(frame.area.left + share * (frame.area.right - frame.area.left), frame.y(y)) for frame in frames]
            if offset := place(text, at, rooms, offsets):
                found.append(_written(text, share, math.log10(y), offset, xref="paper"))
                break
    return found


def _written(text: str, x: float, y: float, offset: Offset, **more: Any) -> dict[str, Any]:
    at = {"x": x, "y": y, "xshift": offset.x, "yshift": -offset.y, "xanchor": ANCHORS[offset.side], "yanchor": "middle"}
    return {"text": as_typed(text), **at, "showarrow": False, "borderpad": 0, "font": {"size": FONT}, **more}


def _around(x: float, y: float, half_width: float, half_height: float) -> Box:
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def _datasets(points: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(point.dataset for point in points))


def _cost(point: Point) -> float:
    return max(point.cost, LEAST_COST)


def _errors(accuracy: float) -> float:
    return max(1 - accuracy, FEWEST_ERRORS)
