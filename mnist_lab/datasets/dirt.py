"""Dirt to learn from: scribbles across a digit, blots, gaps, grain, bad light and bad sight.

None of the families is one of the corruptions that networks are tested on (`datasets.corruptions`); the nearest to one
of those are curls (to the zigzag), doubles (to motion blur) and outlines (to Canny's edges). Learning from one kind of
dirt to be tested on others follows Geirhos et al. 2018, "Generalisation in humans and deep neural networks"
(arXiv:1808.08750), who found that what is learnt about one kind says little about the next.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.settings import Dirt
from mnist_lab.images.preprocessing import SIDE, FloatImage, prepare
from mnist_lab.images.strokes import draw

Random = np.random.Generator
Points = NDArray[np.float64]  # (n, 2), x to the right, y down, in pixels

WEAKEST = 0.4  # how strong dirt is, drawn anew for each image: from this to 1
WIDTHS = (0.8, 2.8)  # of scribbles, in pixels
MOST_GRAIN = 0.35  # the standard deviation of the noise
MOST_DEFOCUS = 2.0  # the standard deviation of the blur, in pixels
DARKEST = 0.7  # of a shade, on ink of 1
LARGEST_PATCH = 10  # pixels
FARTHEST = 5  # pixels from a digit to its double


def soiled(
    images: NDArray[np.uint8], dirt: Dirt, seed: int, is_over: Callable[[], bool] = lambda: False
) -> NDArray[np.uint8]:
    """A soiled copy of each image, uint8 (n, 28, 28) in 0..255, ink bright both; the same seed gives the same copies.

    With the dirt "prepared" they are what `prepare` makes of them, as of an uploaded picture; with "raw" as they are.
    Once it `is_over`, which is asked often, the other copies stay clean.
    """
    copies = images.copy()
    for place, image in enumerate(images):
        if is_over():
            break
        dirty = soil(image.astype(np.float32) / np.float32(255), np.random.default_rng((seed, place)))
        seen = prepare(dirty) if dirt == "prepared" else dirty
        if seen is not None:
            copies[place] = np.round(seen * 255)
    return copies


def soil(image: FloatImage, random: Random) -> FloatImage:
    """The image, float32 (28, 28) in [0, 1], ink bright, after one of KINDS; which, and how strong, is drawn by lot."""
    kind = KINDS[random.integers(len(KINDS))]
    family = kind[random.integers(len(kind))]
    return np.clip(family(image, float(random.uniform(WEAKEST, 1)), random), 0, 1).astype(np.float32)


def _scribbled(image: FloatImage, strength: float, strokes: Sequence[Points], random: Random) -> FloatImage:
    """The strokes drawn over the image."""
    drawn = draw([(stroke / SIDE).astype(np.float32) for stroke in strokes], SIDE, random.uniform(*WIDTHS))
    return image + np.float32(strength / 255) * drawn


def _hairs(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """One or two smooth curves, each with four control points."""
    t = np.linspace(0, 1, 16)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    hairs = [weights @ random.uniform(-2, SIDE + 2, (4, 2)) for _ in range(random.integers(1, 3))]
    return _scribbled(image, strength, hairs, random)


def _rings(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Arcs of one or two ellipses."""
    rings = []
    for _ in range(random.integers(1, 3)):
        middle, radius = random.uniform(4, SIDE - 4, 2), random.uniform(3, 12, 2)
        angle = random.uniform(0, 2 * np.pi) + np.linspace(0, random.uniform(1.5, 2 * np.pi), 20)[:, None]
        rings.append(middle + radius * np.hstack([np.cos(angle), np.sin(angle)]))
    return _scribbled(image, strength, rings, random)


def _lines(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """One to three straight lines."""
    return _scribbled(image, strength, [*random.uniform(0, SIDE, (random.integers(1, 4), 2, 2))], random)


def _curls(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """A line of loops from one side to the other, as a pen is tried out (a trochoid)."""
    t = np.linspace(0, 1, 100)[:, None]
    (first, last), loops, radius = random.uniform(2, SIDE - 2, (2, 2)), random.integers(3, 9), random.uniform(1, 3.5)
    first[0], last[0] = random.uniform(0, 6), random.uniform(SIDE - 6, SIDE)
    turn = 2 * np.pi * loops * t
    return _scribbled(image, strength, [first + t * (last - first) + radius * _round(turn)], random)


def _hatching(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Parallel strokes, as something is crossed out."""
    middle, angle = random.uniform(6, SIDE - 6, 2), random.uniform(0, 2 * np.pi)
    along, across = _round(np.array([[angle]])), _round(np.array([[angle + random.uniform(0.6, 2.5)]]))
    half, apart = random.uniform(2, 8), random.uniform(2.5, 5)
    places = np.arange(random.integers(3, 8))
    ends = middle + half * np.vstack([-along, along])
    strokes = [ends + (place - places.mean()) * apart * across for place in places]
    return _scribbled(image, strength, strokes, random)


def _blots(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Up to six round spots of ink."""
    return np.maximum(image, np.float32(strength) * _spots(int(random.integers(1, 7)), random))


def _gaps(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Up to six round spots where less ink has stuck."""
    return image * (1 - np.float32(strength) * _spots(int(random.integers(2, 7)), random))


def _patch(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """A rectangle of one grey (random erasing: Zhong et al. 2020, arXiv:1708.04896)."""
    patched: FloatImage = image.copy()
    height, width = random.integers(2, 3 + round((LARGEST_PATCH - 2) * strength), 2)
    top, left = random.integers(0, SIDE - height), random.integers(0, SIDE - width)
    patched[top : top + height, left : left + width] = random.choice([0, 0, 0.5, 1])
    return patched


def _grain(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Normally distributed noise."""
    return image + np.float32(MOST_GRAIN * strength) * random.normal(size=image.shape).astype(np.float32)


def _defocus(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Blurred alike in all directions."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, MOST_DEFOCUS * strength))


def _shade(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Light that falls off from one side to the other."""
    rows, columns = np.indices(image.shape, dtype=np.float32) / (SIDE - 1) - 0.5
    angle = random.uniform(0, 2 * np.pi)
    dark = (np.sin(angle) * rows + np.cos(angle) * columns) / np.sqrt(2) + 0.5
    shaded: FloatImage = image * (1 - strength * dark / 2) + DARKEST * strength * dark
    return shaded


def _coarse(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Pixels of two or three in a row taken together."""
    size = 2 if strength < (1 + WEAKEST) / 2 else 3
    top, left = random.integers(0, size, 2)
    rows = (np.arange(SIDE) + top) // size
    columns = (np.arange(SIDE) + left) // size
    means = np.zeros((rows[-1] + 1, columns[-1] + 1), np.float32)
    counts = np.zeros_like(means)
    np.add.at(means, np.ix_(rows, columns), image)
    np.add.at(counts, np.ix_(rows, columns), 1)
    return (means / counts)[np.ix_(rows, columns)].astype(np.float32)


def _double(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Seen twice or three times, each fainter than the one before, and none sharp."""
    from scipy.ndimage import gaussian_filter

    down, right = random.integers(-FARTHEST, FARTHEST + 1, 2)
    framed, seen = np.pad(image, 2 * FARTHEST), image
    faint = np.float32(1)
    for copy in range(1, int(random.integers(2, 4))):
        top, left = 2 * FARTHEST - copy * down, 2 * FARTHEST - copy * right
        faint *= np.float32(strength * random.uniform(0.5, 1))
        seen = np.maximum(seen, faint * framed[top : top + SIDE, left : left + SIDE])
    return np.asarray(gaussian_filter(seen, random.uniform(0, 1.3)))


def _outline(image: FloatImage, strength: float, random: Random) -> FloatImage:
    """Hollow strokes: dilated, less eroded (the morphological gradient: Beucher and Lantuéjoul 1979)."""
    from scipy.ndimage import grey_dilation, grey_erosion

    inner = image if random.random() < 0.3 else grey_erosion(image, (3, 3))
    outer = image if random.random() < 0.3 else grey_dilation(image, (3, 3))
    edge: FloatImage = np.float32(1 + strength) * (outer - inner)
    return edge if edge.any() else image


SCRIBBLES = (_hairs, _rings, _lines, _curls, _hatching)
SPOILT = (_blots, _gaps, _patch, _grain, _shade)
UNSHARP = (_defocus, _coarse, _double, _outline)
KINDS = (SCRIBBLES, SCRIBBLES, SPOILT, UNSHARP)  # scribbles twice: nothing costs a network more


def _round(angles: NDArray[np.float64]) -> Points:
    """Points on a circle of radius 1, at angles, float64 (n, 1), in radians."""
    return np.hstack([np.cos(angles), np.sin(angles)])


def _spots(count: int, random: Random) -> FloatImage:
    """Round spots, float32 (28, 28), 1 in them and 0 away from them."""
    rows, columns = np.indices((SIDE, SIDE), dtype=np.float32)
    covered = np.zeros((SIDE, SIDE), np.float32)
    middles, radii = random.uniform(3, SIDE - 3, (count, 2)), random.uniform(0.5, 2.6, count)
    for (down, right), radius in zip(middles, radii, strict=True):
        np.maximum(covered, np.clip(radius + 0.5 - np.hypot(rows - down, columns - right), 0, 1), out=covered)
    return covered
