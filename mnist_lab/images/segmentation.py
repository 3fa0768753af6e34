"""Several digits in one picture, taken apart and put in order from left to right."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_lab.images.preprocessing import INKED, TOUCHING, FloatImage, ink

Mask = NDArray[np.bool_]

EDGE = 2  # pixels around the ink of a digit in which its edge fades
MARGIN = 4  # blank pixels around a segment, which tell what its background is
MOST_PARTS = 60  # of a picture: more are noise
SPECK = 0.12  # of the tallest part: what is shorter and narrower is dirt
OVERLAP = 0.35  # of the narrower part's width: two that share more of it are one digit
STANDS = 0.5  # of the tallest part's height: what is lower is a part of its neighbour
NEAR = 0.35  # of the tallest part's height: a low part farther from any neighbour is a digit of its own
WIDE = 1.2  # times as wide as high: more is two digits or more that touch
NARROWEST = 0.25  # of its height: a narrower half is no digit
THIN = 0.22  # of the height: digits touch where the ink in a column is at most that


class Segment(NamedTuple):
    """One digit of several: its box as (left, top, width, height) in pixels of the image, and its ink alone.

    `image` is float32 (h, w) in [0, 1], ink bright, with a blank margin: as `prepare` takes it.
    """

    box: tuple[int, int, int, int]
    image: FloatImage


def segments(image: Any) -> list[Segment]:
    """The digits in an image of any kind that `prepare` takes, from left to right; none where there is no ink.

    Parts above each other are one digit, as are a low part and the neighbour it belongs to, such as the bar
    of a 5. Specks are left out. What is much wider than high is cut where digits seem to touch. A single digit stays
    whole.
    """
    from scipy.ndimage import label

    drawn = ink(image)
    labels, _ = label(drawn >= INKED, TOUCHING)
    masks = [cut for part in _joined(_parts(labels)) for cut in _split(np.isin(labels, part.labels))]
    width, height = image.size if isinstance(image, Image.Image) else drawn.shape[::-1]
    scale = width / drawn.shape[1], height / drawn.shape[0]  # photos are worked on scaled down
    return [_segment(drawn, mask, scale) for mask in sorted(masks, key=lambda mask: sum(_span(mask, 0)))]


class _Part(NamedTuple):
    """Connected ink that belongs together: its labels and the box around it, right and bottom not included."""

    labels: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def longest(self) -> int:
        return max(self.width, self.height)

    def gap(self, other: "_Part") -> int:
        """How many columns lie between the two; negative where they overlap."""
        return max(self.left, other.left) - min(self.right, other.right)

    def __or__(self, other: "_Part") -> "_Part":
        return _Part(
            self.labels + other.labels,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def _parts(labels: NDArray[np.int32]) -> list[_Part]:
    """The connected ink without specks, the longest MOST_PARTS at most."""
    from scipy.ndimage import find_objects

    parts = [
        _Part((number,), columns.start, rows.start, columns.stop, rows.stop)
        for number, (rows, columns) in enumerate(find_objects(labels), start=1)
    ]
    parts.sort(key=lambda part: part.longest, reverse=True)
    return [part for part in parts[:MOST_PARTS] if part.longest > SPECK * parts[0].longest]


def _joined(parts: list[_Part]) -> list[_Part]:
    """Parts put together until each is a digit, or several that touch."""
    while pair := next(_belonging(parts), None):
        parts = [part for part in parts if part not in pair] + [pair[0] | pair[1]]
    return parts


def _belonging(parts: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    """Pairs of parts that are one digit, the surest first."""
    pairs = sorted(combinations(parts, 2), key=lambda pair: pair[0].gap(pair[1]))
    for one, other in pairs:
        if -one.gap(other) > OVERLAP * min(one.width, other.width):
            yield one, other
    tallest = max((part.height for part in parts), default=0)
    for one, other in pairs:
        if min(one.height, other.height) < STANDS * tallest and one.gap(other) < NEAR * tallest:
            yield one, other


def _split(mask: Mask) -> list[Mask]:
    """A part that is much wider than high, cut at its thinnest columns; any other part alone."""
    (left, right), (top, bottom) = _span(mask, 0), _span(mask, 1)
    height = bottom - top
    if right - left <= WIDE * height:
        return [mask]
    least = round(NARROWEST * height)
    columns = mask.sum(axis=0)[left + least : right - least]
    cut = left + least + int(np.flatnonzero(columns == columns.min()).mean())
    before, after = mask.copy(), mask.copy()
    before[:, cut:], after[:, :cut] = False, False
    if columns.min() > THIN * height or any(np.ptp(_span(half, 1)) < STANDS * height for half in (before, after)):
        return [mask]
    return [*_split(before), *_split(after)]


def _segment(drawn: FloatImage, mask: Mask, scale: tuple[float, float]) -> Segment:
    from scipy.ndimage import binary_dilation

    alone = np.where(binary_dilation(mask, iterations=EDGE), drawn, 0.0).astype(np.float32)
    (left, right), (top, bottom) = _span(alone > 0, 0), _span(alone > 0, 1)
    box = left * scale[0], top * scale[1], (right - left) * scale[0], (bottom - top) * scale[1]
    x, y, width, height = map(round, box)
    return Segment((x, y, width, height), np.pad(alone[top:bottom, left:right], MARGIN))


def _span(mask: Mask, axis: int) -> tuple[int, int]:
    """From where to where, its end not included, the mask reaches: 0 along x, 1 along y."""
    inked = np.flatnonzero(mask.any(axis=axis))
    return int(inked[0]), int(inked[-1]) + 1
