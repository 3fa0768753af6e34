"""Digits drawn as a person might, and how alike two prepared images are."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

# A digit as strokes in a box of 100 x 100.
STROKES = {
    0: [[(50, 5), (25, 20), (15, 50), (25, 80), (50, 95), (75, 80), (85, 50), (75, 20), (50, 5)]],
    1: [[(50, 5), (50, 95)]],
    2: [[(20, 25), (35, 8), (60, 5), (78, 18), (78, 35), (60, 55), (40, 72), (18, 93), (85, 93)]],
    7: [[(15, 8), (85, 8), (40, 95)]],
}


def draw(digit: int, size: int = 280, box: tuple[int, int, int] | None = None, width: int = 20) -> Image.Image:
    """White ink on black, without anti-aliasing, in the square `box` of (left, top, side); default: the middle."""
    left, top, side = box or (size // 4, size // 4, size // 2)
    canvas = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(canvas)
    for stroke in STROKES[digit]:
        points = [(left + x * side / 100, top + y * side / 100) for x, y in stroke]
        pen.line(points, fill=255, width=width, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return canvas


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two prepared images, a little blurred, apart from the pixel by which centring may round.

    The same digit drawn anew stays above 0.85, another digit below 0.65.
    """
    one, other = gaussian_filter(one, 1.0), gaussian_filter(other, 1.0)
    shifted = (np.roll(one, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1))
    return max(float(np.corrcoef(image.ravel(), other.ravel())[0, 1]) for image in shifted)
