"""New images from old ones: each digit a little turned, slanted, scaled, shifted, bent and drawn with another pen.

Only numpy, and whole batches at once: a batch of 128 takes a fraction of the time that a network trains on it.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_lab.images.preprocessing import SIDE

FloatImages = NDArray[np.float32]

TURN = 10.0  # degrees, either way
SLANT = 0.15  # a shear: pixels to the side for each pixel up
SCALE = 0.1  # smaller or larger by up to this share, each way by itself
SHIFT = 1.5  # pixels
BEND = 0.9  # standard deviation, in pixels, of the coarse displacements that bend strokes
BEND_GRID = 5
PEN = 0.5  # how far towards one pixel wider or narrower strokes go


def augment(images: NDArray[np.uint8], random: np.random.Generator) -> FloatImages:
    """A new variant of each image: uint8 (n, 28, 28) in 0..255 to float32 (n, 28, 28) in [0, 1], ink bright both."""
    inked = images.astype(np.float32) / np.float32(255)
    return resample(change_pen(inked, random), *displacements(len(images), random))


def change_pen(images: FloatImages, random: np.random.Generator) -> FloatImages:
    """Each image part of the way to strokes a pixel wider or narrower: float32 (n, 28, 28) in [0, 1] to the same.

    Wider and narrower are the grey dilation and erosion with a cross of three pixels (Serra 1982, "Image Analysis and
    Mathematical Morphology").
    """
    amount = random.uniform(-PEN, PEN, (len(images), 1, 1)).astype(np.float32)
    one = np.float32(1)
    extreme: FloatImages = np.where(amount < 0, one - _dilate(one - images), _dilate(images))
    return images + np.abs(amount) * (extreme - images)


def displacements(count: int, random: np.random.Generator) -> tuple[FloatImages, FloatImages]:
    """Where each pixel of a new image comes from: two of float32 (n, 28, 28), rows and columns of the old one.

    A random affine map (LeCun et al. 1998, section III) and, on top of it, a smooth random displacement, interpolated
    from a coarse grid of normally distributed ones (Ronneberger et al. 2015, "U-Net", section 3.1).
    """
    turn, slant, down, right = (_either_way(count, bound, random) for bound in (TURN, SLANT, SHIFT, SHIFT))
    height, width = (np.exp(_either_way(count, SCALE, random)) for _ in range(2))
    angle, middle = np.radians(turn), np.float32((SIDE - 1) / 2)
    y, x = np.indices((SIDE, SIDE), dtype=np.float32) - middle
    rows = (np.cos(angle) * y - np.sin(angle) * x) * height
    columns = (np.sin(angle) * y + np.cos(angle) * x) * width + slant * y
    bends = random.normal(0.0, BEND, (2, count, BEND_GRID, BEND_GRID)).astype(np.float32)
    vertical, horizontal = _interpolation() @ bends @ _interpolation().T
    return rows + middle + down + vertical, columns + middle + right + horizontal


def resample(images: FloatImages, rows: FloatImages, columns: FloatImages) -> FloatImages:
    """Each image looked up at fractional (rows, columns), bilinear, 0 outside; all float32 (n, 28, 28)."""
    framed = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    side = framed.shape[1]
    rows, columns = np.clip(rows + 1, 0, SIDE + 1), np.clip(columns + 1, 0, SIDE + 1)
    top, left = np.floor(rows), np.floor(columns)
    down, right = rows - top, columns - left
    image = np.arange(len(images), dtype=np.int32)[:, None, None]
    first = (image * side + top.astype(np.int32)) * side + left.astype(np.int32)
    pixels = framed.ravel()
    upper = pixels[first] * (1 - right) + pixels[first + 1] * right
    lower = pixels[first + side] * (1 - right) + pixels[first + side + 1] * right
    return upper * (1 - down) + lower * down


def _either_way(count: int, bound: float, random: np.random.Generator) -> FloatImages:
    """float32 (n, 1, 1): one number for each image, uniform from -bound to bound."""
    return random.uniform(-bound, bound, (count, 1, 1)).astype(np.float32)


def _dilate(images: FloatImages) -> FloatImages:
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    inner = framed[:, 1:-1, 1:-1]
    vertical = np.maximum(framed[:, :-2, 1:-1], framed[:, 2:, 1:-1])
    horizontal = np.maximum(framed[:, 1:-1, :-2], framed[:, 1:-1, 2:])
    return np.maximum(np.maximum(vertical, horizontal), inner)


@lru_cache(maxsize=1)
def _interpolation() -> FloatImages:
    """float32 (28, 5): the weight of each point of the coarse grid in each row of an image, by a cubic B-spline."""
    at = np.linspace(0, BEND_GRID - 1, SIDE)[:, None]
    away = np.abs(at - np.arange(BEND_GRID))
    near, far = 2 / 3 - away**2 + away**3 / 2, np.clip(2 - away, 0, None) ** 3 / 6
    weights = np.where(away < 1, near, far)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
