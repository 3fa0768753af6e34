"""The layers of a network counted without building it, so that the web process needs no TensorFlow for it."""

from typing import NamedTuple

from mnist_lab.config import TrainConfig
from mnist_lab.preprocessing import SIDE

CLASSES = 10
KERNEL = 3
POOL = 2
NORMALIZATION = 4  # parameters of a batch normalization for each channel


class LayerShape(NamedTuple):
    """One layer that shapes its input: what it is, what comes out (without the batch), its parameters.

    Those of its batch normalization are among them: four for each channel, as Keras counts, two of them trained.
    """

    kind: str
    output_shape: tuple[int, ...]
    parameters: int


def layer_shapes(config: TrainConfig) -> list[LayerShape]:
    """The layers from the image to the ten probabilities; what only scales or drops is left out."""
    layers = []
    normalization = NORMALIZATION if config.batch_normalization else 0
    side, channels = SIDE, 1
    for filters in config.filters if config.network == "cnn" else ():
        for convolution in range(1, config.convolutions + 1):
            side -= KERNEL - 1 if convolution == config.convolutions else 0
            parameters = (KERNEL**2 * channels + 1) * filters + normalization * filters
            layers.append(LayerShape("Conv2D", (side, side, filters), parameters))
            channels = filters
        side //= POOL
        layers.append(LayerShape("MaxPooling2D", (side, side, filters), 0))
    width = side * side * channels
    layers.append(LayerShape("Flatten", (width,), 0))
    for units in config.units:
        layers.append(LayerShape("Dense", (units,), (width + 1) * units + normalization * units))
        width = units
    return [*layers, LayerShape("Dense", (CLASSES,), (width + 1) * CLASSES)]


def count_parameters(config: TrainConfig) -> int:
    """Parameters of the whole network."""
    return sum(layer.parameters for layer in layer_shapes(config))
