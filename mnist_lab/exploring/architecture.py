"""The layers of a network in plain words and numbers."""

from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import zip_longest
from math import prod
from typing import NamedTuple

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import LayerShape, layer_shapes

Shape = tuple[int, ...]


class Row(NamedTuple):
    """One layer: its shape and counts, its shares of all parameters and of all operations in [0, 1], and its formula.

    `words` says what it does and how its parameters and operations are counted, with the numbers of this network.
    """

    layer: LayerShape
    name: str
    parameters: float
    work: float
    words: str


def rows(config: TrainConfig) -> list[Row]:
    """The layers of a configuration from the image to the ten outputs."""
    layers = layer_shapes(config)
    parameters = sum(layer.parameters for layer in layers)
    operations = sum(layer.operations for layer in layers)
    names, activations = _names(layers), _activations(config, layers)
    before: Shape = layers[0].output_shape
    found = []
    for layer, name, activation in zip(layers, names, activations, strict=True):
        words = WORDS[layer.kind](config, layer, before)
        if activation:
            words += f" Then {activation}."
        found.append(Row(layer, name, layer.parameters / parameters, layer.operations / operations, words))
        before = layer.output_shape
    return found


def side_by_side(first: TrainConfig, second: TrainConfig) -> list[tuple[Row | None, Row | None]]:
    """The layers of two networks, those of the same kind beside each other as far as their order lets them."""
    one, two = rows(first), rows(second)
    kinds, its_kinds = ([row.layer.kind for row in network] for network in (one, two))
    found: list[tuple[Row | None, Row | None]] = []
    for _, start, stop, its_start, its_stop in SequenceMatcher(None, kinds, its_kinds, autojunk=False).get_opcodes():
        found += zip_longest(one[start:stop], two[its_start:its_stop])
    return found


def times(shape: Shape) -> str:
    """A shape in words: 13 x 13 x 48."""
    return " x ".join(f"{size:,}" for size in shape)


def _image(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    height, width = layer.output_shape
    return f"{times(layer.output_shape)} = {height * width} numbers from 0, no ink, to 1, full ink."


def _smaller(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    return f"The middle of the image is averaged to {times(layer.output_shape)} pixels. Nothing is learned here."


def _convolution(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    height, width, filters = layer.output_shape
    channels = before[2] if len(before) == 3 else 1
    weights = config.kernel**2 * channels
    through = f"a window of {config.kernel} x {config.kernel}" + (f" of all {channels} maps" if channels > 1 else "")
    return (
        f"Each of {filters} filters looks through {through} at {height} x {width} places: there it adds up {weights:,} "
        "products of a pixel and a weight, and a bias. "
        f"Parameters: ({weights:,} + 1) x {filters} = {layer.parameters:,}. "
        f"Operations: 2 x {weights:,} x {filters} x {height} x {width} = {layer.operations:,}."
    )


def _pooling(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    return (
        f"Of each 2 x 2 only the largest stays: {times(before)} become {times(layer.output_shape)}. Nothing to learn."
    )


def _flatten(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    return f"{times(before)} = {layer.output_shape[0]:,} numbers, now in one row."


def _dense(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    inputs, units = prod(before), layer.output_shape[0]
    return (
        f"Each of {units:,} units weighs all {inputs:,} numbers, adds them up, and adds a bias. Parameters: "
        f"({inputs:,} + 1) x {units:,} = {layer.parameters:,}. Operations: 2 x {inputs:,} x {units:,} = "
        f"{layer.operations:,}."
    )


def _normalization(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    channels = layer.output_shape[-1]
    return (
        "Brings what comes in to mean 0 and spread 1, as measured in training, then stretches and shifts it: "
        f"4 x {channels:,} = {layer.parameters:,} parameters."
    )


def _dropout(config: TrainConfig, layer: LayerShape, before: Shape) -> str:
    return "In training, some of these numbers are switched off at random. When the network answers, all are on."


WORDS: dict[str, Callable[[TrainConfig, LayerShape, Shape], str]] = {
    "InputLayer": _image,
    "AveragePooling2D": _smaller,
    "Conv2D": _convolution,
    "MaxPooling2D": _pooling,
    "BatchNormalization": _normalization,
    "Flatten": _flatten,
    "Dropout": _dropout,
    "Dense": _dense,
}
NAMES = {
    "InputLayer": "image",
    "AveragePooling2D": "scaling",
    "Conv2D": "convolution",
    "MaxPooling2D": "pooling",
    "BatchNormalization": "normalization",
    "Flatten": "flat",
    "Dropout": "dropout",
    "Dense": "hidden",
}


def _names(layers: list[LayerShape]) -> list[str]:
    """What the layers are called on the page: numbered where there are several of a kind that are drawn."""
    counts: dict[str, int] = {}
    found = []
    for layer in layers[:-1]:
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        numbered = layer.kind in ("Conv2D", "MaxPooling2D", "Dense")
        found.append(f"{NAMES[layer.kind]} {counts[layer.kind]}" if numbered else NAMES[layer.kind])
    return [*found, "outputs"]


def _activations(config: TrainConfig, layers: list[LayerShape]) -> list[str]:
    """The activation that belongs to each layer, or nothing."""
    dense = iter([*(layer.activation for layer in config.hidden_layers), "softmax"])
    found = []
    for layer in layers:
        activation: str = config.convolution_activation if layer.kind == "Conv2D" else "linear"
        if layer.kind == "Dense":
            activation = next(dense)
        found.append("" if activation == "linear" else activation)
    return found
