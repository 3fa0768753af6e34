"""What would change a network's mind: the smallest stroke of ink, added or taken away, that flips its answer.

Everything is computed from probabilities alone, so it works for every model there is.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mnist_lab.exploring.findings import Array
from mnist_lab.images.preprocessing import SIDE, STROKE_WIDTH, FloatImage
from mnist_lab.inference.predictor import Prediction, Predictor

LENGTHS = (0.0, 2.0, 4.0, 7.0, 10.0, 14.0)  # pixels: a dot first
ANGLES = 8  # from 0 to 180 degrees
EDGE, GRID = 4, 2  # pixels: how near to the edge strokes have their middle, and how far apart
LEAST = 0.5  # pixels of ink: a stroke that changes less is none


class Flip(NamedTuple):
    """A stroke that flips the answer: the image with it, float32 (28, 28), how much ink changes, the new answer.

    `change` is in pixels of full ink, positive where ink is added, negative where it is taken away.
    """

    image: FloatImage
    change: float
    prediction: Prediction


def flip(image: FloatImage, predictor: Predictor, add: bool) -> Flip | None:
    """The smallest straight stroke, as wide as those that people draw, that flips the answer; None where none does.

    `image` is float32 (28, 28) in [0, 1], ink bright. The stroke is looked for on a grid, the shortest length first,
    and of strokes of a length the one that changes least ink is taken.
    """
    digit = predictor.predict(image).digit
    for strokes in _by_length():
        images = np.maximum(image, strokes) if add else np.minimum(image, 1 - strokes)
        ink = np.abs(images - image).sum(axis=(1, 2))
        images, ink = images[ink >= LEAST], ink[ink >= LEAST]
        if not len(images):
            continue
        probabilities = predictor.probabilities(images)
        flipped = np.flatnonzero(probabilities.argmax(axis=1) != digit)
        if len(flipped):
            best = flipped[ink[flipped].argmin()]
            return Flip(images[best], float(ink[best]) * (1 if add else -1), Prediction(probabilities[best]))
    return None


def _by_length() -> Iterator[Array]:
    for length in LENGTHS:
        yield strokes(length)


@lru_cache(maxsize=len(LENGTHS))
def strokes(length: float) -> Array:
    """All strokes of a length, in pixels: float32 (n, 28, 28) in [0, 1], with smooth edges."""
    middles = np.arange(EDGE, SIDE - EDGE + 1, GRID) - 0.5
    angles = np.pi * np.arange(ANGLES if length else 1) / ANGLES
    x, y, angle = (part.ravel()[:, None, None] for part in np.meshgrid(middles, middles, angles))
    columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
    distance = np.hypot(np.maximum(np.abs(along) - length / 2, 0), across)
    return np.clip(STROKE_WIDTH / 2 + 0.5 - distance, 0, 1).astype(np.float32)
