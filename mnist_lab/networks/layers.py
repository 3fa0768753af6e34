"""The layers of a served model as Keras writes them down, from a configuration, without Keras.

`networks.keras_models` is what builds them; a test holds the two to each other.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.images.preprocessing import LONGEST, SIDE
from mnist_lab.networks.shapes import CLASSES, EIGHT, POOL

Shape = tuple[int, ...]


class Layer(NamedTuple):
    """A layer that a configuration builds: its class, what its settings must contain, the shape of what it makes."""

    kind: str
    settings: dict[str, Any]
    shape: Shape


def layers(config: TrainConfig, late: bool = False) -> Iterator[Layer]:
    """The layers of a served model in their order; some labs had the pooling `late`, behind a normalization."""
    yield Layer("InputLayer", {"batch_shape": [None, SIDE, SIDE], "dtype": "float32"}, (SIDE, SIDE))
    yield from SCALINGS[config.scaling]
    shape = SCALINGS[config.scaling][-1].shape
    if config.network == "cnn":
        yield _reshape(*shape, 1)
        for layer in _convolutions(config, shape[0], late):
            yield layer
            shape = layer.shape
    shape = (prod(shape),)
    yield Layer("Flatten", IMAGES, shape)
    if config.network == "cnn":
        yield from _dropout(config.convolution_dropout, shape)
    for units, activation, dropout in config.hidden_layers:
        yield from _activated(_dense(units, activation, config), activation, config)
        yield from _dropout(dropout, (units,))
    yield Layer("Dense", {"units": CLASSES, "activation": "softmax", "use_bias": True}, (CLASSES,))


def _convolutions(config: TrainConfig, side: int, late: bool) -> Iterator[Layer]:
    activation = "linear" if config.batch_normalization else config.convolution_activation
    for filters in config.filters:
        for number in range(1, config.convolutions + 1):
            last = number == config.convolutions
            side -= config.kernel - 1 if last else 0
            settings = IMAGES | {"filters": filters, "kernel_size": [config.kernel] * 2, "strides": [1, 1], "groups": 1}
            settings |= {"padding": "valid" if last else "same", "dilation_rate": [1, 1], "use_bias": True}
            layer = Layer("Conv2D", settings | {"activation": activation}, (side, side, filters))
            side //= POOL if last else 1
            pooling = [_pooling("MaxPooling2D", POOL, (side, side, filters))] if last else []
            if pooling and not late:
                yield layer
                layer = pooling.pop()
            yield from _activated(layer, config.convolution_activation, config)
            yield from pooling


def _dense(units: int, activation: str, config: TrainConfig) -> Layer:
    fused = "linear" if config.batch_normalization else activation
    return Layer("Dense", {"units": units, "activation": fused, "use_bias": True}, (units,))


def _activated(layer: Layer, activation: str, config: TrainConfig) -> Iterator[Layer]:
    yield layer
    if config.batch_normalization:
        yield Layer("BatchNormalization", {"axis": -1, "center": True, "scale": True}, layer.shape)
        yield Layer("Activation", {"activation": activation}, layer.shape)


def _dropout(share: float, shape: Shape) -> Iterator[Layer]:
    if share:
        yield Layer("Dropout", {}, shape)


def _pooling(kind: str, side: int, shape: Shape) -> Layer:
    return Layer(kind, IMAGES | {"pool_size": [side] * 2, "strides": [side] * 2, "padding": "valid"}, shape)


def _reshape(*shape: int) -> Layer:
    return Layer("Reshape", {"target_shape": [*shape]}, shape)


IMAGES = {"data_format": "channels_last"}
EDGE = (SIDE - LONGEST) // 2
FINE = 2 * LONGEST
SCALINGS: dict[str, list[Layer]] = {
    "unit": [Layer("Identity", {}, (SIDE, SIDE))],
    "none": [Layer("Rescaling", {}, (SIDE, SIDE))],
    "standardised": [Layer("Rescaling", {}, (SIDE, SIDE))],
    "column-l2": [
        Layer("Square", {}, (SIDE, SIDE)),
        Layer("Sum", {"axis": 1, "keepdims": True}, (1, SIDE)),
        Layer("Sqrt", {}, (1, SIDE)),
        Layer("Maximum", {}, (1, SIDE)),
        Layer("TrueDivide", {}, (SIDE, SIDE)),
    ],
    "8x8": [
        _reshape(SIDE, SIDE, 1),
        Layer("Cropping2D", IMAGES | {"cropping": [[EDGE, EDGE], [EDGE, EDGE]]}, (LONGEST, LONGEST, 1)),
        Layer("UpSampling2D", IMAGES | {"size": [2, 2], "interpolation": "nearest"}, (FINE, FINE, 1)),
        _pooling("AveragePooling2D", FINE // EIGHT, (EIGHT, EIGHT, 1)),
        _reshape(EIGHT, EIGHT),
    ],
}
