"""A unit traced back to the pixels: what each of them adds to its sum, through all layers below, for one image."""

from collections.abc import Callable, Sequence

import numpy as np

from mnist_lab.exploring.units import answers_most
from mnist_lab.images.preprocessing import LONGEST, SIDE
from mnist_lab.networks.scratch import ACTIVATIONS
from mnist_lab.networks.shapes import EIGHT, POOL
from mnist_lab.networks.stages import Array, Kind, Stage, padding, sums


def trace(stages: Sequence[Stage], values: Sequence[Array], number: int, unit: int) -> Array:
    """The slope of a unit's sum, before its activation, by each pixel of an image: float32 (28, 28).

    `values` are what the stages give for the image, (1, ...) each; they end with those below stage `number`, or go on.
    A filter's sum is the one where it answers most. In a network of ReLU these are the weights with which this image's
    pixels are added up: the slopes times the pixels make the sum, but for what biases add. Where the scaling divides
    by the ink itself, pixels count as the network gets them: of an empty column there is no slope.
    """
    slopes = _of_unit(stages[number], values[number - 1], unit)
    for below in reversed(range(number)):
        slopes = BACK[stages[below + 1].kind](stages[below + 1], values[below][0], slopes)
        slopes = _through_activation(stages[below], values, below, slopes)
    scaling = stages[0].scaling
    return (UNSCALED[scaling](slopes) if scaling in UNSCALED else slopes).astype(np.float32)


def _of_unit(stage: Stage, inputs: Array, unit: int) -> Array:
    """1 at the unit, of a filter where it answers most, and 0 elsewhere: the slopes of its sum by the stage's sums."""
    z = sums(stage, inputs)[0]
    slopes = np.zeros_like(z)
    slopes[(*answers_most(z, unit), unit)] = 1
    return slopes * stage.scale


def _through_activation(stage: Stage, values: Sequence[Array], number: int, slopes: Array) -> Array:
    a = values[number][0]
    z = sums(stage, values[number - 1])[0] if number else a
    return slopes * ACTIVATIONS[stage.activation].slope(z, a) * stage.scale


def _convolve(stage: Stage, x: Array, slopes: Array) -> Array:
    """Every sum gives its slope to what its window saw."""
    height, width = slopes.shape[:2]
    kernel, channels = stage.weights.shape[1:3]
    before = padding(stage)[0]
    found = np.zeros((height + kernel - 1, width + kernel - 1, channels), slopes.dtype)
    for row, column in np.ndindex(kernel, kernel):
        found[row : row + height, column : column + width] += slopes @ stage.weights[row, column].T
    return found[before : before + x.shape[0], before : before + x.shape[1]].reshape(x.shape)


def _pool(stage: Stage, x: Array, slopes: Array) -> Array:
    """The largest of each block gets the slope; of several that are as large the first does, as in Keras."""
    height, width, channels = slopes.shape
    blocks = x[: height * POOL, : width * POOL].reshape(height, POOL, width, POOL, channels).swapaxes(1, 2)
    first = blocks.reshape(height, width, POOL**2, channels).argmax(axis=2)[:, :, np.newaxis]
    given = np.where(np.arange(POOL**2)[:, np.newaxis] == first, slopes[:, :, np.newaxis], 0)
    found = np.zeros_like(x)
    found[: height * POOL, : width * POOL] = (
        given.reshape(blocks.shape).swapaxes(1, 2).reshape(height * POOL, width * POOL, channels)
    )
    return found


def _dense(stage: Stage, x: Array, slopes: Array) -> Array:
    return (stage.weights @ slopes).reshape(x.shape)


def _eight_by_eight(slopes: Array) -> Array:
    """The mean of 2.5 x 2.5 pixels each, the other way round."""
    edge, fine = (SIDE - LONGEST) // 2, 2 * LONGEST // EIGHT
    halves = slopes.repeat(fine, axis=0).repeat(fine, axis=1) / fine**2
    return np.pad(halves.reshape(LONGEST, 2, LONGEST, 2).sum(axis=(1, 3)), edge)


BACK: dict[Kind, Callable[[Stage, Array, Array], Array]] = {
    "convolution": _convolve,
    "pooling": _pool,
    "dense": _dense,
}
UNSCALED: dict[str, Callable[[Array], Array]] = {"8x8": _eight_by_eight}
