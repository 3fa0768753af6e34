"""The canvas's strokes as Fabric.js writes them, to polylines and back."""

from collections.abc import Sequence
from typing import Any

Point = tuple[float, float]


def polylines(objects: Sequence[dict[str, Any]]) -> list[list[Point]]:
    """The strokes in the order drawn, each a list of points (x, y) in canvas pixels."""
    return [line for line in (_polyline(drawn) for drawn in objects) if line]


def pen_width(objects: Sequence[dict[str, Any]], default: float) -> float:
    """The width of the last stroke's pen in canvas pixels."""
    return float(objects[-1].get("strokeWidth", default)) if objects else default


def fabric_objects(lines: Sequence[Sequence[Point]], width: float, color: str) -> list[dict[str, Any]]:
    """Polylines as strokes that the canvas can show and undo."""
    return [
        {
            "type": "Path",
            "path": [["M", *line[0]], *(["L", *point] for point in (line[1:] or line))],
            "fill": None,
            "stroke": color,
            "strokeWidth": width,
            "strokeLineCap": "round",
            "strokeLineJoin": "round",
        }
        for line in lines
    ]


def _polyline(drawn: dict[str, Any]) -> list[Point]:
    """The end of each command of a path; its curves are as short as the mouse's steps."""
    return [(float(command[-2]), float(command[-1])) for command in drawn.get("path", []) if len(command) > 2]
