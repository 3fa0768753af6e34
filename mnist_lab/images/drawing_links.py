"""A drawing as a short text that fits into a link, and back.

The text is one character for the format's version and then, in base64url without padding, the zlib-compressed numbers:
ten times the pen's width, and for each stroke how many points it has and the steps from point to point in half canvas
pixels. Numbers are written in seven bits a byte, the lowest first; steps are zigzagged: 0, -1, 1, -2, 2.
"""

import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import ImageError

Point = tuple[float, float]
Line = NDArray[np.float64]

VERSION = "1"
FINENESS = 2  # steps to a canvas pixel
TOLERANCE = 0.25  # pixels: a point that lies no farther from the line through its neighbours is left out
MOST_TEXT = 8192
MOST_STROKES = 200
MOST_POINTS = 5000
MOST_BYTES = 8 * MOST_POINTS  # once unpacked
FARTHEST = 4096  # pixels; what lies farther out was not drawn by a person
PEN_WIDTHS = (1.0, 100.0)
DAMAGED = "The link holds no drawing that can be read; it may have been cut off. Copy the whole link and try again."
TOO_LONG = "The drawing is too large for a link."


def encode(strokes: Sequence[Sequence[Point]], pen_width: float) -> str:
    """The text for strokes, points (x, y) in canvas pixels, in their order, and the pen's width in the same pixels.

    Points are rounded to half pixels, and those that lie on the line through others are left out. Raises ImageError
    for a drawing over the bounds above, or without a stroke.
    """
    lines = [np.asarray(stroke, dtype=np.float64).reshape(-1, 2) for stroke in strokes if len(stroke)]
    _check([simplify(line) for line in lines], pen_width, TOO_LONG)
    numbers, here = [round(pen_width * 10)], np.zeros(2, dtype=np.int64)
    for line in lines:
        points = np.rint(simplify(line) * FINENESS).astype(np.int64)
        steps = np.diff(points, axis=0, prepend=here[np.newaxis]).ravel()
        numbers += [len(points), *np.where(steps < 0, -2 * steps - 1, 2 * steps).tolist()]
        here = points[-1]
    packed = zlib.compress(bytes(byte for number in numbers for byte in _bytes(number)), 9)
    text = VERSION + urlsafe_b64encode(packed).decode().rstrip("=")
    if len(text) > MOST_TEXT:
        raise ImageError(TOO_LONG)
    return text


def decode(text: str) -> tuple[list[list[Point]], float]:
    """The strokes, points (x, y) in canvas pixels, and the pen's width that `encode` was given.

    Raises ImageError for a text that is cut off, altered, of another version, or that holds more than `encode` writes.
    """
    if not text or len(text) > MOST_TEXT:
        raise ImageError(DAMAGED)
    if text[0] != VERSION:
        raise ImageError("The link was made by another version of the lab and cannot be read here.")
    try:
        first, *numbers = _numbers(_unpacked(text[1:]))
        lines = list(_lines(numbers))
    except (ValueError, zlib.error) as error:
        raise ImageError(DAMAGED) from error
    _check(lines, first / 10, DAMAGED)
    return [[(float(x), float(y)) for x, y in line] for line in lines], first / 10


def _lines(numbers: list[int]) -> Iterator[Line]:
    place, here = 0, np.zeros(2)
    while place < len(numbers):
        end = place + 1 + 2 * numbers[place]
        steps = np.array(numbers[place + 1 : end], dtype=np.float64).reshape(-1, 2)
        if not 0 < len(steps) == numbers[place]:
            raise ValueError("a stroke without points, or cut off")
        line = here + np.cumsum(np.where(steps % 2, -(steps + 1) / 2, steps / 2), axis=0)
        yield line / FINENESS
        place, here = end, line[-1]


def simplify(line: Line, tolerance: float = TOLERANCE) -> Line:
    """The points of a polyline, float64 (n, 2), without which it would be off by more than `tolerance`.

    Ramer 1972 and Douglas and Peucker 1973: the ends stay, and so does the farthest point from the line between two
    that stay, if it is farther than `tolerance`.
    """
    kept = np.zeros(len(line), dtype=bool)
    kept[[0, -1]] = True
    parts = [(0, len(line) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        distances = _distances(line[first + 1 : last], line[first], line[last])
        farthest = first + 1 + int(distances.argmax())
        if distances.max() > tolerance:
            kept[farthest] = True
            parts += [(first, farthest), (farthest, last)]
    return line[kept]


def _distances(points: Line, start: Line, end: Line) -> Line:
    """How far points lie from the line between two others, its ends included."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0.0, 1.0) if length else np.zeros(len(points))
    return np.hypot(*(points - start - share[:, np.newaxis] * along).T)


def _check(lines: Sequence[Line], pen_width: float, message: str) -> None:
    inside = all(np.abs(line).max() <= FARTHEST for line in lines)  # not of NaN either
    few = 1 <= len(lines) <= MOST_STROKES and sum(len(line) for line in lines) <= MOST_POINTS
    if not inside or not few or not PEN_WIDTHS[0] <= pen_width <= PEN_WIDTHS[1]:
        raise ImageError(message)


def _unpacked(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("no base64url")
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), MOST_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("cut off, or far larger than a drawing")
    return content


def _bytes(number: int) -> Iterator[int]:
    while number >= 128:
        yield number & 127 | 128
        number >>= 7
    yield number


def _numbers(content: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in content:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0
        elif shift > 28:
            raise ValueError("no number of a drawing is that large")
    if shift:
        raise ValueError("cut off")
