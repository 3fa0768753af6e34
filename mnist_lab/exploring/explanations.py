"""Why a model answers as it does: where it looks, how little it takes to change its mind, and when it made it up.

Everything here is computed from a model's probabilities alone, so it works for every model there is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_lab.datasets import pens
from mnist_lab.images.preprocessing import MIDDLE, SIDE, STROKE_WIDTH, FloatImage, ink, prepare
from mnist_lab.inference.predictor import Prediction, Predictor

PATCH = 5
LEAST = 1e-12  # probabilities below this are not told apart
FINENESS = 4  # strokes are thickened in quarters of a pixel


class Occlusion(NamedTuple):
    """What each part of an image does for one digit: float32 (28, 28), in log-odds.

    Positive where the ink speaks for the digit, negative where it speaks against it, 0 far from all ink.
    """

    importance: FloatImage
    digit: int


def occlusion(image: FloatImage, predictor: Predictor, digit: int | None = None, patch: int = PATCH) -> Occlusion:
    """How far the log-odds of `digit`, or of the answer, fall when the patch around each pixel is blanked.

    Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks". `image` is float32 (28, 28) in
    [0, 1], ink bright; `patch` is odd, in pixels. Log-odds, since the probability of a sure answer hardly moves.
    """
    reach = patch // 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(image, reach), (patch, patch))
    rows, columns = np.nonzero(around.any(axis=(2, 3)))  # elsewhere blanking changes nothing
    images = np.repeat(image[np.newaxis], len(rows) + 1, axis=0)
    for blanked, row, column in zip(images[1:], rows, columns, strict=True):
        blanked[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1] = 0.0
    probabilities = predictor.probabilities(images)
    shown = int(probabilities[0].argmax()) if digit is None else digit
    odds = log_odds(probabilities, shown)
    importance = np.zeros((SIDE, SIDE), dtype=np.float32)
    importance[rows, columns] = odds[0] - odds[1:]
    return Occlusion(importance, shown)


def log_odds(probabilities: NDArray[np.float32], digit: int) -> NDArray[np.float32]:
    """ln p / (1 - p) of a digit, float32 (n,), for probabilities (n, 10); exact where p is next to 1."""
    others = np.delete(probabilities, digit, axis=1).sum(axis=1)
    return np.log(np.maximum(probabilities[:, digit], LEAST)) - np.log(np.maximum(others, LEAST))


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


class Moment(NamedTuple):
    """A drawing on its way: the share of its ink that is drawn, and float32 (10,), or None while nothing is."""

    share: float
    probabilities: NDArray[np.float32] | None


def replay(frames: Sequence[NDArray[np.uint8]], predictor: Predictor) -> list[Moment]:
    """What a model makes of a drawing as it grows; the last frame is the whole one, and its ink counts as 1."""
    prepared = [prepare(frame) for frame in frames]
    amounts = [float(ink(frame).sum()) for frame in frames]
    inked = [image for image in prepared if image is not None]
    answers = iter(predictor.probabilities(np.stack(inked)) if inked else ())
    return [
        Moment(amount / max(amounts[-1], 1e-6), None if image is None else next(answers))
        for amount, image in zip(amounts, prepared, strict=True)
    ]


def decided(moments: Sequence[Moment]) -> int | None:
    """The index of the first moment from which the answer stays the last one; None where there is no last answer."""
    answers = [None if moment.probabilities is None else Prediction(moment.probabilities).digit for moment in moments]
    if not answers or answers[-1] is None:
        return None
    others = [index for index, answer in enumerate(answers) if answer != answers[-1]]
    return others[-1] + 1 if others else 0


def growth(
    strokes: Sequence[Sequence[tuple[float, float]]],
    steps: int = 24,
    side: int = pens.SIDE,
    pen_width: float = pens.PEN_WIDTH,
) -> Iterator[NDArray[np.uint8]]:
    """The drawing as it grew, `steps` times: uint8 (side, side) in 0..255, ink bright, the last one whole.

    `strokes` are points (x, y) in canvas pixels, in the order drawn. The pen moves as fast everywhere; between strokes
    it takes no time.
    """
    lines = [np.asarray(stroke, dtype=np.float32).reshape(-1, 2) for stroke in strokes if len(stroke)]
    total = sum(_length(line) for line in lines)
    for step in range(1, steps + 1):
        drawn = lines if step == steps else _until(lines, total * step / steps)
        yield pens.draw([line / np.float32(side) for line in drawn], side, pen_width)


def _length(line: pens.Stroke) -> float:
    return 1.0 + float(np.hypot(*np.diff(line, axis=0).T).sum())  # setting the pen down counts as a pixel


def _until(lines: Sequence[pens.Stroke], length: float) -> list[pens.Stroke]:
    """The strokes as far as the pen has come after `length` pixels."""
    drawn = []
    for line in lines:
        if length <= 0.0:
            break
        behind = np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
        here = min(max(length - 1.0, 0.0), float(behind[-1]))
        tip = [np.interp(here, behind, line[:, axis]) for axis in (0, 1)]
        drawn.append(np.concatenate([line[behind < here], [tip]]).astype(np.float32))
        length -= _length(line)
    return drawn
