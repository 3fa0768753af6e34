"""Strokes of a pen, and how they look on the page's canvas."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Stroke = NDArray[np.float32]
"""The pen's (x, y), float32 (n, 2), in [0, 1] of the canvas, x to the right, y down."""

CANVAS_SIDE = 280  # of the page's canvas, in pixels
PEN_WIDTH = 20.0  # the page's default pen, in pixels of the canvas
PEN_WIDTHS = (8.0, 40.0)
FINENESS = 4  # pixels are drawn in 4 x 4 parts, which makes the strokes' edges smooth


def draw(strokes: Sequence[Stroke], side: int = CANVAS_SIDE, pen_width: float = PEN_WIDTH) -> NDArray[np.uint8]:
    """Strokes as the browser's canvas draws them: polylines with round caps and joins and smooth edges.

    `strokes` hold (x, y) in [0, 1] of the canvas; `pen_width` is in pixels of it. Returns uint8 (side, side) in
    0..255, ink bright; what lies outside the canvas is cut off.
    """
    canvas = Image.new("L", (side * FINENESS, side * FINENESS))
    pencil = ImageDraw.Draw(canvas)
    width = pen_width * FINENESS
    for stroke in strokes:
        points = [(float(x), float(y)) for x, y in stroke * (side * FINENESS)]
        pencil.line(points, fill=255, width=round(width))
        for x, y in points:
            pencil.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(canvas.reduce(FINENESS))


def resized(strokes: Sequence[Stroke], longest: float, middle: tuple[float, float] = (0.5, 0.5)) -> tuple[Stroke, ...]:
    """The strokes scaled until their longest side is `longest` of the canvas, the middle of their box at `middle`."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = longest / max(float((high - low).max()), 1e-6)
    return tuple((stroke - (low + high) / 2) * scale + np.array(middle, dtype=np.float32) for stroke in strokes)
