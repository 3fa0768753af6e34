"""One unit of a network: what comes into it, what it is for, and which images excite it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.formatting import MINUS, adding_up, decimal
from mnist_lab.networks.stages import Array, Stage, activate, activations, padding, sums

IMAGES = 500  # at a time


class Neuron(NamedTuple):
    """The sum that one unit makes of one image: `sum` = Σ inputs x weights + bias, `value` = its activation of that.

    Inputs and weights are float32 in the shape in which the stage before gives them: (28, 28), (units,) or
    (h, w, channels); of a filter only the window that it looks through at `place` (row, column), (k, k, channels).
    A dense unit has no place.
    """

    inputs: Array
    weights: Array
    bias: float
    sum: float
    value: float
    place: tuple[int, ...] = ()

    @property
    def products(self) -> Array:
        """Inputs times weights, in their shape."""
        return self.inputs * self.weights

    @property
    def in_numbers(self) -> list[str]:
        """The sum as it is written down, "2.54", "- 0.03", "= 2.51", "→ 2.51": it adds up as it is shown."""
        products, bias = adding_up((float(self.products.sum()), self.bias), self.sum)
        sign = MINUS if bias < 0 else "+"
        return [decimal(products), f"{sign} {decimal(abs(bias))}", f"= {decimal(self.sum)}", f"→ {decimal(self.value)}"]


class Strongest(NamedTuple):
    """The images that excite each unit of a stage most: their places, int (units, count), and how much, float32."""

    places: NDArray[np.intp]
    values: Array


def neuron(stages: Sequence[Stage], values: Sequence[Array], number: int, unit: int) -> Neuron:
    """The sum of a unit of stage `number`, from the `values` that the stages give for one image, (1, ...) each.

    A filter is looked at where its sum is largest. `values` end with those of the stage, or go on.
    """
    stage, inputs = stages[number], values[number - 1][0]
    sums_here = sums(stage, values[number - 1])[0]
    place = answers_most(sums_here, unit)
    weights = stage.weights[..., unit]
    if stage.kind == "convolution":
        inputs = window(stage, inputs, *place)
    inputs = inputs.reshape(inputs.shape if inputs.size == weights.size else weights.shape)
    return Neuron(
        inputs=inputs,
        weights=weights.reshape(inputs.shape),
        bias=float(stage.biases[unit]),
        sum=float(sums_here[*place, unit]),
        value=float(values[number][0][*place, unit]),
        place=place,
    )


def answers_most(z: Array, unit: int) -> tuple[int, ...]:
    """The row and column of the largest sum of a filter, of sums (h, w, filters); () of a dense stage's (units,)."""
    here = z[..., unit]
    return tuple(int(place) for place in np.unravel_index(here.argmax(), here.shape))


def window(stage: Stage, inputs: Array, row: int, column: int) -> Array:
    """What a filter of a convolution sees of an image, (h, w) or (h, w, channels), at one place: (k, k, channels)."""
    inputs = inputs if inputs.ndim == 3 else inputs[..., np.newaxis]
    side = stage.weights.shape[0]
    inputs = np.pad(inputs, (padding(stage), padding(stage), (0, 0)))
    return inputs[row : row + side, column : column + side]


def effect(stages: Sequence[Stage], values: Sequence[Array], number: int, unit: int) -> Array:
    """What a unit of stage `number` does to the ten sums before the outputs: float32 (10,), with it less without.

    Without it means that it gives 0, everywhere. The mean over the ten is taken away, since softmax does not see it.
    """
    without = values[number].copy()
    without[..., unit] = 0
    with_it, without_it = (_last_sums(stages[number + 1 :], x)[0] for x in (values[number], without))
    difference = with_it - without_it
    return difference - difference.mean()


def _last_sums(stages: Sequence[Stage], x: Array) -> Array:
    *between, last = stages
    for stage in between:
        x = activate(stage, sums(stage, x))
    return sums(last, x)


def strongest(stages: Sequence[Stage], images: NDArray[np.uint8], number: int, count: int = 8) -> Strongest:
    """The `count` of the images, uint8 (n, 28, 28), that excite each unit of stage `number` most, the most first.

    A filter is as excited as it is where it answers most strongly.
    """
    units = stages[number].units
    places, values = np.empty((units, 0), np.intp), np.empty((units, 0), np.float32)
    for start in range(0, len(images), IMAGES):
        block = images[start : start + IMAGES].astype(np.float32) / np.float32(255)
        found = activations(stages[: number + 1], block)[-1]
        found = found.reshape(len(block), -1, units).max(axis=1).T
        here = np.broadcast_to(np.arange(start, start + len(block)), found.shape)
        values, places = np.hstack([values, found]), np.hstack([places, here])
        best = np.argpartition(values, -min(count, values.shape[1]), axis=1)[:, -count:]
        values, places = np.take_along_axis(values, best, 1), np.take_along_axis(places, best, 1)
    order = np.argsort(-values, axis=1)
    return Strongest(np.take_along_axis(places, order, 1), np.take_along_axis(values, order, 1))


def curve(stage: Stage, neuron: Neuron, others: Array | None = None, points: int = 121) -> tuple[Array, Array]:
    """The activation around a neuron's sum: sums z and what they would become, float32 (points,).

    Of softmax the nine `others` sums stay as they are.
    """
    reach = max(4.0, 1.3 * abs(neuron.sum))
    z = np.linspace(-reach, reach, points, dtype=np.float32)
    if stage.activation == "softmax" and others is not None:
        rest = np.tile(others, (points, 1))
        return z, activate(stage, np.column_stack([z, rest]))[:, 0]
    return z, activate(stage, z)
