"""How little it takes to change a model's mind: its answers while a drawing is moved, turned, thickened."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image

from mnist_lab.images.preprocessing import MIDDLE, SIDE, STROKE_WIDTH, FloatImage
from mnist_lab.inference.predictor import Predictor

FINENESS = 4  # strokes are thickened in quarters of a pixel


class Wobble(NamedTuple):
    """One model's probability of a digit, `y` in [0, 1], over how far the drawing was changed, `x` in the unit."""

    model: str
    x: list[float]
    y: list[float]


class Change(NamedTuple):
    """A way to change a prepared image: what its amounts are called, which are tried, and what one does."""

    unit: str
    amounts: tuple[float, ...]
    apply: Callable[[FloatImage, float], FloatImage]


def wobble(image: FloatImage, predictors: Mapping[str, Predictor], digit: int, kind: str) -> list[Wobble]:
    """How sure each model stays of `digit` while the drawing is changed in one way of CHANGES, a curve a model.

    `image` is float32 (28, 28) in [0, 1], ink bright: what `prepare` made of the drawing. It is this image that is
    changed, since preparing a changed drawing would centre it and redraw its strokes, and so undo the change.
    """
    change = CHANGES[kind]
    images = np.stack([change.apply(image, amount) for amount in change.amounts])
    return [
        Wobble(name, list(change.amounts), predictor.probabilities(images)[:, digit].tolist())
        for name, predictor in predictors.items()
    ]


def shift(image: FloatImage, right: float, down: float = 0.0) -> FloatImage:
    """The image moved by whole pixels; what leaves the field is gone."""
    moved = np.zeros_like(image)
    x, y = round(right), round(down)
    kept = image[max(-y, 0) : SIDE - max(y, 0), max(-x, 0) : SIDE - max(x, 0)]
    moved[max(y, 0) : max(y, 0) + kept.shape[0], max(x, 0) : max(x, 0) + kept.shape[1]] = kept
    return moved


def rotate(image: FloatImage, degrees: float) -> FloatImage:
    """The image turned around its centre of mass, clockwise."""
    middle = (MIDDLE + 0.5, MIDDLE + 0.5)
    turned = Image.fromarray(image).rotate(-degrees, Image.Resampling.BICUBIC, center=middle)
    return np.clip(np.asarray(turned, dtype=np.float32), 0.0, 1.0)


def thicken(image: FloatImage, factor: float) -> FloatImage:
    """The image with its strokes `factor` times as wide, thinner below 1: a dilation or an erosion with a disc.

    Prepared strokes are STROKE_WIDTH wide, so half of what is added or taken lies on each of their sides.
    """
    from scipy.ndimage import grey_dilation, grey_erosion

    radius = abs(factor - 1.0) * STROKE_WIDTH / 2 * FINENESS
    reach = np.arange(-int(radius), int(radius) + 1)
    disc = np.hypot(*np.meshgrid(reach, reach)) <= radius
    fine = np.kron(image, np.ones((FINENESS, FINENESS), dtype=np.float32))
    changed = (grey_dilation if factor > 1.0 else grey_erosion)(fine, footprint=disc, mode="constant")
    return changed.reshape(SIDE, FINENESS, SIDE, FINENESS).mean(axis=(1, 3), dtype=np.float32)


CHANGES: dict[str, Change] = {
    "shift": Change("pixels to the right", tuple(map(float, range(-6, 7))), shift),
    "shift down": Change("pixels down", tuple(map(float, range(-6, 7))), lambda image, down: shift(image, 0.0, down)),
    "rotate": Change("degrees clockwise", tuple(map(float, range(-45, 46, 5))), rotate),
    "thicken": Change("times as wide", (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0), thicken),
}
