"""Several digits in one picture, taken apart and put in order from left to right."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.preprocessing import FloatImage, ink

Mask = NDArray[np.bool_]

INKED = 0.3  # less is the edge of a stroke, or noise
MARGIN = 4  # blank pixels around a segment, which tell what its background is
MOST_PARTS = 60  # of a picture: more are noise
SPECK = 0.12  # of the tallest part: what is shorter and narrower is dirt
OVERLAP = 0.35  # of the narrower part's width: two that share more of it are one digit
STANDS = 0.5  # of the tallest part's height: what is lower is a part of its neighbour
NEAR = 0.35  # of the tallest part's height: a low part farther from any neighbour is a digit of its own
WIDE = 1.3  # times as wide as high: more is two digits or more that touch
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

    Parts that stand above each other are one digit, as are a low part and the neighbour it belongs to, such as the bar
    of a 5. Specks are left out. What is much wider than high is cut where digits seem to touch. A single digit stays
    whole.
    """
    drawn = ink(image)
    masks = [cut for mask in _joined(_parts(drawn)) for cut in _split(mask)]
    width, height = image.size if hasattr(image, "size") and hasattr(image, "mode") else drawn.shape[::-1]
    scale = width / drawn.shape[1], height / drawn.shape[0]  # photos are worked on scaled down
    return [_segment(drawn, mask, scale) for mask in sorted(masks, key=lambda mask: sum(_span(mask, 0)))]


def _parts(drawn: FloatImage) -> list[Mask]:
    """The connected parts of the ink without specks, the longest MOST_PARTS at most."""
    from scipy.ndimage import find_objects, label

    labels, _ = label(drawn >= INKED, np.ones((3, 3)))
    lengths = [max(side.stop - side.start for side in box) for box in find_objects(labels)]
    longest = sorted(range(len(lengths)), key=lambda index: -lengths[index])[:MOST_PARTS]
    return [labels == index + 1 for index in longest if lengths[index] > SPECK * max(lengths)]


def _joined(parts: list[Mask]) -> list[Mask]:
    """Parts put together until each is a digit, or several that touch."""
    parts = sorted(parts, key=lambda part: _span(part, 0))
    while pair := next(_belonging(parts), None):
        one, other = pair
        parts = [part for index, part in enumerate(parts) if index not in pair] + [parts[one] | parts[other]]
    return parts


def _belonging(parts: list[Mask]) -> Iterator[tuple[int, int]]:
    """Pairs of parts that are one digit, the surest first."""
    pairs = [(one, other) for one in range(len(parts)) for other in range(one)]
    gaps = {pair: _gap(parts[pair[0]], parts[pair[1]]) for pair in pairs}
    narrower = {pair: min(_length(parts[index], 0) for index in pair) for pair in pairs}
    pairs.sort(key=lambda pair: gaps[pair])
    yield from (pair for pair in pairs if -gaps[pair] > OVERLAP * narrower[pair])
    tallest = max((_length(part, 1) for part in parts), default=0)
    for pair in pairs:
        low = min(_length(parts[index], 1) for index in pair)
        if low < STANDS * tallest and gaps[pair] < NEAR * tallest:
            yield pair


def _split(mask: Mask) -> list[Mask]:
    """A part that is much wider than high, cut at its thinnest columns; any other part alone."""
    left, right = _span(mask, 0)
    height = _length(mask, 1)
    if right - left <= WIDE * height:
        return [mask]
    least = round(NARROWEST * height)
    columns = mask.sum(axis=0)[left + least : right - least]
    cut = left + least + int(np.flatnonzero(columns == columns.min()).mean())
    before, after = mask.copy(), mask.copy()
    before[:, cut:], after[:, :cut] = False, False
    if columns.min() > THIN * height or min(_length(before, 1), _length(after, 1)) < STANDS * height:
        return [mask]
    return [*_split(before), *_split(after)]


def _segment(drawn: FloatImage, mask: Mask, scale: tuple[float, float]) -> Segment:
    from scipy.ndimage import binary_dilation

    (left, right), (top, bottom) = _span(mask, 0), _span(mask, 1)
    alone = np.where(binary_dilation(mask, iterations=2), drawn, 0.0)[top:bottom, left:right]
    box = left * scale[0], top * scale[1], (right - left) * scale[0], (bottom - top) * scale[1]
    x, y, width, height = map(round, box)
    return Segment((x, y, width, height), np.pad(alone, MARGIN).astype(np.float32))


def _span(mask: Mask, axis: int) -> tuple[int, int]:
    """From where to where, its end not included, the mask reaches: 0 along x, 1 along y."""
    inked = np.flatnonzero(mask.any(axis=axis))
    return int(inked[0]), int(inked[-1]) + 1


def _length(mask: Mask, axis: int) -> int:
    start, end = _span(mask, axis)
    return end - start


def _gap(one: Mask, other: Mask) -> int:
    """How many columns lie between two parts; negative where they overlap."""
    (left, right), (other_left, other_right) = _span(one, 0), _span(other, 0)
    return max(left, other_left) - min(right, other_right)
