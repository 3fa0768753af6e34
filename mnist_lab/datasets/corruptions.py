"""What happens to digits on dirty paper, under bad light and a shaking hand: the corruptions of MNIST-C.

Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision" (arXiv:1906.02337), with most kinds of noise,
blur and weather from Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations" (arXiv:1903.12261). The code is this project's own; what it draws from is named with each. At strength 1
they are as strong as published, at 0 nothing happens, and all that is between can be had.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.augmentation import FloatImages, resample
from mnist_lab.images.preprocessing import SIDE

Random = np.random.Generator
MIDDLE = (SIDE - 1) / 2

PHOTONS = 3.0  # that a white pixel sends, on average
IMPULSES = 0.17  # share of the pixels
GLASS_BLUR, GLASS_ROUNDS = 0.7, 2  # pixels; how often pixels change places
MOTION_BLUR, MOTION_LENGTH = 3.0, 21  # pixels: the standard deviation along the way, and the longest way
MOST_TURNED = 45.0  # degrees, either way, of the way of a shaking hand
SHEAR = ROTATION = 0.4  # radians
SMALLER = 0.3  # share of the size that is lost
BRIGHTER = 0.5
SHIFT = 3.0  # pixels, both ways
STRIPE = 7  # columns on either side
FOG, FOG_DECAY, FOG_SIDE, FOG_ROUGHNESS = 3.0, 1.4, 256, 100.0
SPATTER_MEAN, SPATTER_SPREAD, SPATTER_BLUR, SPATTER_WET, SPATTER_EDGE = 0.65, 0.3, 1.0, 0.65, 1.5
SPATTER_LEAST, MUD = 0.8, 63 / 255
LINE_REACH = 2.3  # pixels on either side, over which a line fades
TOOTH = 2.0  # pixels: half the length of a tooth of the zigzag, and its height


class Corruption(NamedTuple):
    """One kind: what it is called, what it does at strength 1, and the function that does it."""

    name: str
    what: str
    apply: Callable[[FloatImages, float, Random], FloatImages]


def corrupt(images: NDArray[np.uint8] | FloatImages, name: str, strength: float = 1.0, seed: int = 0) -> FloatImages:
    """Images after one kind of corruption; the same seed gives the same ones, at every strength alike.

    uint8 (n, 28, 28) in 0..255 or float32 in [0, 1], ink bright, to float32 (n, 28, 28) in [0, 1]. `name` is one of
    CORRUPTIONS, `strength` in [0, 1].
    """
    scaled: FloatImages = images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)
    if strength <= 0:
        return scaled
    changed = CORRUPTIONS[name].apply(scaled, strength, np.random.default_rng([seed, len(name)]))
    return np.clip(changed, 0, 1).astype(np.float32)


def _shot_noise(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Poisson noise of few photons: the fewer, the stronger."""
    photons = PHOTONS / strength
    return (random.poisson(images * photons) / photons).astype(np.float32)


def _impulse_noise(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Salt and pepper."""
    drawn, share = random.random(images.shape, dtype=np.float32), IMPULSES * strength
    return np.where(drawn < share / 2, 1, np.where(drawn > 1 - share / 2, 0, images))


def _glass_blur(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Blurred, pixels swapped with a neighbour, and blurred again."""
    mixed = _blurred(images, GLASS_BLUR * strength).reshape(len(images), -1)
    places = [row * SIDE + column for row in range(SIDE - 1, 1, -1) for column in range(SIDE - 1, 1, -1)] * GLASS_ROUNDS
    shape, every = (len(places), len(images)), np.arange(len(images))
    back = random.integers(0, 2, shape) * SIDE + random.integers(0, 2, shape)  # a row, a column, both or neither
    back[random.random(shape) > strength / 2] = 0
    for here, there in zip(places, np.array(places)[:, None] - back, strict=True):
        mixed[:, here], mixed[every, there] = mixed[every, there], mixed[:, here].copy()
    return _blurred(mixed.reshape(images.shape), GLASS_BLUR * strength)


def _motion_blur(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Each pixel the mean of those on a way to one side, weighted by half a Gaussian, as ImageMagick has it."""
    angle = np.radians(random.uniform(-MOST_TURNED, MOST_TURNED, len(images)))
    steps = np.arange(MOTION_LENGTH)
    weights = np.exp(-(steps**2) / (2 * (MOTION_BLUR * strength) ** 2))
    rows, columns = np.indices((SIDE, SIDE))
    every, total = np.arange(len(images))[:, None, None], np.zeros_like(images)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        down, right = (np.round(step * part).astype(int)[:, None, None] for part in (np.sin(angle), np.cos(angle)))
        away = (rows + down).clip(0, SIDE - 1), (columns + right).clip(0, SIDE - 1)
        total += np.float32(weight) * images[every, *away]
    return total


def _shear(images: FloatImages, strength: float, random: Random) -> FloatImages:
    angle = SHEAR * strength * _either_way(len(images), random)
    rows, columns = _grid()
    return resample(images, np.cos(angle) * rows + MIDDLE, columns - np.sin(angle) * rows + MIDDLE)


def _scale(images: FloatImages, strength: float, random: Random) -> FloatImages:
    larger: FloatImages = np.full((len(images), 1, 1), 1 / (1 - SMALLER * strength), dtype=np.float32)
    rows, columns = _grid()
    return resample(images, rows * larger + MIDDLE, columns * larger + MIDDLE)


def _rotate(images: FloatImages, strength: float, random: Random) -> FloatImages:
    angle = ROTATION * strength * _either_way(len(images), random)
    rows, columns = _grid()
    cosine, sine = np.cos(angle), np.sin(angle)
    return resample(images, sine * columns + cosine * rows + MIDDLE, cosine * columns - sine * rows + MIDDLE)


def _translate(images: FloatImages, strength: float, random: Random) -> FloatImages:
    shift, (rows, columns) = np.float32(SHIFT * strength), _grid()
    down, right = (shift * _either_way(len(images), random) + np.float32(MIDDLE) for _ in range(2))
    return resample(images, rows + down, columns + right)


def _brightness(images: FloatImages, strength: float, random: Random) -> FloatImages:
    return images + np.float32(BRIGHTER * strength)


def _stripe(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """The outer columns inverted."""
    wide, changed = round(STRIPE * strength), images.copy()
    for side in (slice(None, wide), slice(SIDE - wide, None)):
        changed[:, :, side] = 1 - images[:, :, side]
    return changed


def _fog(images: FloatImages, strength: float, random: Random) -> FloatImages:
    amount, brightest = np.float32(FOG * strength), images.max(axis=(1, 2), keepdims=True)
    fogged: FloatImages = (images + amount * _clouds(len(images), int(random.integers(2**31)))) * brightest
    return fogged / (brightest + amount)


def _spatter(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Drops of mud."""
    liquid = _blurred(random.normal(SPATTER_MEAN, SPATTER_SPREAD, images.shape).astype(np.float32), SPATTER_BLUR)
    drops = _blurred((liquid > SPATTER_WET).astype(np.float32), SPATTER_EDGE)
    drops = np.where(drops < SPATTER_LEAST, 0, drops * np.float32(strength))
    return images * (1 - drops) + np.float32(MUD) * drops


def _dotted_line(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """A line through the image from its left edge to its right one, two columns of every four."""
    lines = np.stack([_line(0, first, SIDE - 1, last) for first, last in random.integers(0, 27, (len(images), 2))])
    return images + np.float32(strength) * lines * (np.arange(SIDE) % 4 >= 2)


def _zigzag(images: FloatImages, strength: float, random: Random) -> FloatImages:
    changed = images.copy()
    firsts, climbs = random.integers(0, 27, len(images)), random.integers(-5, 5, len(images))
    for image, first, climb in zip(changed, firsts, climbs, strict=True):
        slope = np.arctan2(climb, 23)
        teeth = int(23 / np.cos(slope) / TOOTH - 1) // 2 + 1
        along = np.concatenate([[0], TOOTH * (2 * np.arange(teeth) + 1)])
        across = np.concatenate([[0], TOOTH * (-1.0) ** np.arange(teeth)])
        columns = 2 + np.cos(slope) * along - np.sin(slope) * across
        rows = first + np.sin(slope) * along + np.cos(slope) * across
        ends = np.stack([columns, rows], axis=1)
        drawn = sum(_line(*one, *other) for one, other in pairwise(ends))
        image += np.float32(strength) * np.minimum(drawn, 1)
    return changed


def _canny_edges(images: FloatImages, strength: float, random: Random) -> FloatImages:
    """Nothing but edges (Canny 1986, IEEE Transactions on Pattern Analysis and Machine Intelligence 8:679)."""
    from skimage.feature import canny

    edges = np.stack([canny(image.astype(np.float64)) for image in images]).astype(np.float32)
    return images + np.float32(strength) * (edges - images)


CORRUPTIONS: dict[str, Corruption] = {
    one.name: one
    for one in (
        Corruption("shot noise", "as few photons as in the dark", _shot_noise),
        Corruption("impulse noise", f"{IMPULSES:.0%} of the pixels black or white", _impulse_noise),
        Corruption("glass blur", "seen through frosted glass", _glass_blur),
        Corruption("motion blur", "photographed with a shaking hand", _motion_blur),
        Corruption("shear", f"slanted by {np.degrees(SHEAR):.0f} degrees", _shear),
        Corruption("scale", f"smaller by {SMALLER:.0%}", _scale),
        Corruption("rotate", f"turned by {np.degrees(ROTATION):.0f} degrees", _rotate),
        Corruption("brightness", "grey where it was black", _brightness),
        Corruption("translate", f"{SHIFT:.0f} pixels away from the middle, both ways", _translate),
        Corruption("stripe", f"the outer {STRIPE} columns on both sides inverted", _stripe),
        Corruption("fog", "clouds in front of it", _fog),
        Corruption("spatter", "drops of mud on it", _spatter),
        Corruption("dotted line", "a dotted line across it", _dotted_line),
        Corruption("zigzag", "a zigzag across it", _zigzag),
        Corruption("canny edges", "only its edges are left", _canny_edges),
    )
}


def _blurred(images: FloatImages, sigma: float) -> FloatImages:
    from scipy.ndimage import gaussian_filter

    blurred: FloatImages = gaussian_filter(images, (0, sigma, sigma), mode="nearest")
    return blurred


def _either_way(count: int, random: Random) -> FloatImages:
    """-1 or 1 for each image, float32 (n, 1, 1)."""
    return random.choice(np.array([-1, 1], np.float32), (count, 1, 1))


def _grid() -> tuple[FloatImages, FloatImages]:
    """The rows and columns of all pixels, from the middle; each float32 (28, 28)."""
    rows, columns = np.indices((SIDE, SIDE), dtype=np.float32) - np.float32(MIDDLE)
    return rows, columns


def _line(left: float, first: float, right: float, last: float) -> FloatImages:
    """A line from (left, first) to (right, last), (x, y) in pixels, that fades to either side; float32 (28, 28)."""
    rows, columns = np.indices((SIDE, SIDE), dtype=np.float32)
    if right == left:
        return np.zeros_like(rows)
    slope = (last - first) / (right - left)
    away = np.clip(np.abs(rows - first - slope * (columns - left)) / LINE_REACH, 0, 1 - 1e-6)
    inside = (columns >= np.floor(left)) & (columns < np.ceil(right))
    line: FloatImages = np.clip(np.log(1 - away) + 1, 0, 1) * inside
    return line.astype(np.float32)


@lru_cache(maxsize=32)
def _clouds(count: int, seed: int) -> FloatImages:
    """Parts of clouds, float32 (count, 28, 28) in [0, 1].

    They are corners of plasma fractals of FOG_SIDE pixels (the diamond-square algorithm: Fournier et al. 1982).
    """
    random = np.random.default_rng(seed)
    heights, wobble, step = np.zeros((count, FOG_SIDE, FOG_SIDE), np.float32), FOG_ROUGHNESS, FOG_SIDE

    def wobbled(total: FloatImages) -> FloatImages:
        return total / 4 + np.float32(wobble**2) * random.uniform(-1, 1, total.shape).astype(np.float32)

    while step >= 2:
        half = step // 2
        corners = heights[:, ::step, ::step]
        total = corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, half::step] = wobbled(total + np.roll(total, -1, axis=2))
        centres = heights[:, half::step, half::step]
        beside = centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=2)
        heights[:, ::step, half::step] = wobbled(beside)
        above = centres + np.roll(centres, 1, axis=2) + corners + np.roll(corners, -1, axis=1)
        heights[:, half::step, ::step] = wobbled(above)
        step, wobble = half, wobble / FOG_DECAY
    heights -= heights.min(axis=(1, 2), keepdims=True)
    return heights[:, :SIDE, :SIDE] / heights.max(axis=(1, 2), keepdims=True)
