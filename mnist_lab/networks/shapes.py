"""The layers of a network counted without building it, so that the web process needs no TensorFlow for it."""

from typing import NamedTuple

from mnist_lab.config import TrainConfig
from mnist_lab.preprocessing import SIDE

CLASSES = 10
KERNEL = 3
POOL = 2


class LayerShape(NamedTuple):
    """One layer that shapes its input: what it is, what comes out (without the batch), its trainable parameters."""

    kind: str
    output_shape: tuple[int, ...]
    parameters: int


def layer_shapes(config: TrainConfig) -> list[LayerShape]:
    """The layers from the image to the ten probabilities; what only scales or drops is left out."""
    layers = []
    side, channels = SIDE, 1
    for filters in config.filters if config.network == "cnn" else ():
        side -= KERNEL - 1
        layers.append(LayerShape("Conv2D", (side, side, filters), (KERNEL**2 * channels + 1) * filters))
        side //= POOL
        layers.append(LayerShape("MaxPooling2D", (side, side, filters), 0))
        channels = filters
    width = side * side * channels
    layers.append(LayerShape("Flatten", (width,), 0))
    for units in (*config.units, CLASSES):
        layers.append(LayerShape("Dense", (units,), (width + 1) * units))
        width = units
    return layers


def count_parameters(config: TrainConfig) -> int:
    """Trainable parameters of the whole network."""
    return sum(layer.parameters for layer in layer_shapes(config))
