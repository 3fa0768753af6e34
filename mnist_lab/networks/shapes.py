"""The layers of a network counted without building it, so that the web process needs no TensorFlow for it."""

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from mnist_lab.config.settings import Optimizer
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.images.preprocessing import SIDE

CLASSES = 10
POOL = 2
EIGHT = 8  # the side of scikit-learn's digits
NORMALIZATION = 4  # parameters of a batch normalization for each channel, two of them trained
FLOAT = 4  # bytes
SLOTS: dict[Optimizer, int] = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}  # numbers kept for each parameter


class LayerShape(NamedTuple):
    """One layer, by Keras's name for its kind: what comes out (without the batch), its parameters.

    `operations` are the multiplications and additions that it takes for one image: for a sum of n products and a bias
    2n, for the largest of n numbers n - 1. Those of activations are left out.
    """

    kind: str
    output_shape: tuple[int, ...]
    parameters: int = 0
    operations: int = 0


def layer_shapes(config: TrainConfig) -> list[LayerShape]:
    """The layers from the image to the ten outputs, in their order; what only scales is left out."""
    side = EIGHT if config.scaling == "8x8" else SIDE
    layers = [LayerShape("InputLayer", (SIDE, SIDE))]
    if config.scaling == "8x8":
        layers.append(LayerShape("AveragePooling2D", (EIGHT, EIGHT)))
    shape: tuple[int, ...] = (side, side)
    if config.network == "cnn":
        layers += _convolutions(config, side)
        shape = layers[-1].output_shape
    width = prod(shape)
    layers.append(LayerShape("Flatten", (width,)))
    if config.network == "cnn":
        layers += _dropout(config.convolution_dropout, (width,))
    for units, _, dropout in config.hidden_layers:
        layers += [_dense(width, units), *_normalization(config, (units,)), *_dropout(dropout, (units,))]
        width = units
    return [*layers, _dense(width, CLASSES)]


def count_parameters(config: TrainConfig) -> int:
    return sum(layer.parameters for layer in layer_shapes(config))


def count_operations(config: TrainConfig) -> int:
    """Floating-point operations to predict one image."""
    return sum(layer.operations for layer in layer_shapes(config))


def training_memory(config: TrainConfig) -> int:
    """About the bytes that a step of training holds: weights, gradients, the optimizer's numbers, a batch's values."""
    layers = layer_shapes(config)
    values = sum(prod(layer.output_shape) for layer in layers)
    return FLOAT * (count_parameters(config) * (2 + SLOTS[config.optimizer]) + 2 * config.batch_size * values)


def _convolutions(config: TrainConfig, side: int) -> Iterator[LayerShape]:
    channels = 1
    for filters in config.filters:
        for convolution in range(1, config.convolutions + 1):
            side -= config.kernel - 1 if convolution == config.convolutions else 0
            weights = config.kernel**2 * channels * filters
            yield LayerShape("Conv2D", (side, side, filters), weights + filters, 2 * weights * side**2)
            if convolution == config.convolutions:
                side //= POOL
                yield LayerShape("MaxPooling2D", (side, side, filters), operations=(POOL**2 - 1) * side**2 * filters)
            yield from _normalization(config, (side, side, filters))
            channels = filters


def _dense(width: int, units: int) -> LayerShape:
    return LayerShape("Dense", (units,), (width + 1) * units, 2 * width * units)


def _normalization(config: TrainConfig, shape: tuple[int, ...]) -> Iterator[LayerShape]:
    if config.batch_normalization:
        yield LayerShape("BatchNormalization", shape, NORMALIZATION * shape[-1], 2 * prod(shape))


def _dropout(share: float, shape: tuple[int, ...]) -> Iterator[LayerShape]:
    if share:
        yield LayerShape("Dropout", shape)
