"""A network as it was after each epoch, from its snapshots, in NumPy alone."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.images.preprocessing import FloatImage
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.networks.shapes import count_operations
from mnist_lab.networks.stages import EPSILON, Array, Stage, activations

OPERATIONS = 3e9  # for the test images of one epoch: a fraction of a second
FEWEST, AT_ONCE = 300, 500  # images
MOST_BINS = 100  # more cannot be told apart in a small figure


class Histograms(NamedTuple):
    """How the weights of one layer are spread at each moment: `edges` (bins + 1,), `shares` (epochs, bins), float32."""

    edges: Array
    shares: Array


def stages_then(config: TrainConfig, weights: Sequence[NDArray[Any]], scaling: Stage) -> list[Stage]:
    """The stages of a network with the weights of a snapshot; `scaling` is the first stage of the finished one.

    As in `network.read`, a batch normalization is the scale and the shift of the stage before it.
    """
    rest = iter(weights)
    stages = [scaling]
    if config.network == "cnn":
        stages += _convolutions(config, rest)
    for number, layer in enumerate(config.hidden_layers, start=1):
        stage = Stage("dense", f"hidden {number}", next(rest), next(rest))
        stages.append(_activated(stage, layer.activation, config, rest))
    return [*stages, Stage("dense", "outputs", next(rest), next(rest), "softmax")]


def _convolutions(config: TrainConfig, rest: Iterator[NDArray[Any]]) -> Iterator[Stage]:
    number, activation = 0, config.convolution_activation
    for block in range(1, len(config.filters) + 1):
        for place in range(1, config.convolutions + 1):
            number += 1
            pooled = place == config.convolutions
            stage = Stage("convolution", f"convolution {number}", next(rest), next(rest), padded=not pooled)
            pooling = Stage("pooling", f"pooling {block}")
            if pooled and config.batch_normalization:
                yield from (stage, _activated(pooling, activation, config, rest))
            else:
                yield _activated(stage, activation, config, rest)
                if pooled:
                    yield pooling


def _activated(stage: Stage, activation: str, config: TrainConfig, rest: Iterator[NDArray[Any]]) -> Stage:
    if config.batch_normalization:
        gamma, beta, mean, variance = (next(rest) for _ in range(4))
        scale = gamma / np.sqrt(variance + EPSILON)
        stage = stage._replace(scale=np.asarray(scale, np.float32), shift=np.asarray(beta - mean * scale, np.float32))
    return stage._replace(activation=activation)


def told(moments: Sequence[Sequence[Stage]], image: FloatImage) -> Array:
    """What each of several networks says to one image: probabilities, float32 (moments, 10)."""
    return np.concatenate([activations(stages, image[np.newaxis])[-1] for stages in moments])


def images_scored(config: TrainConfig, most: int) -> int:
    """How many test images are asked about at each moment: fewer of a network that takes long."""
    return min(most, max(FEWEST, round(OPERATIONS / count_operations(config) / 100) * 100))


def scored(stages: Sequence[Stage], images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Evaluation:
    """The answers of a network as it was to images, uint8 (n, 28, 28)."""
    parts = [
        activations(stages, images[at : at + AT_ONCE].astype(np.float32) / np.float32(255))[-1]
        for at in range(0, len(images), AT_ONCE)
    ]
    return Evaluation(np.concatenate(parts), labels)


def histograms(moments: Sequence[Array]) -> Histograms:
    """How one layer's weights, of any shape, are spread at each of several moments, all in the same bins.

    Their number is twice the cube root of that of the weights (Rice's rule: numpy.histogram_bin_edges, "rice"), which
    for a normal distribution is about what Freedman and Diaconis ask for, and does not run away where many are zero.
    """
    reach = max(float(np.quantile(np.abs(weights), 0.999)) for weights in moments) or 1.0
    bins = min(int(np.ceil(2 * np.cbrt(moments[0].size))), MOST_BINS)
    edges = np.linspace(-reach, reach, bins + 1, dtype=np.float32)
    counts = [np.histogram(np.clip(weights, -reach, reach), edges)[0] / weights.size for weights in moments]
    return Histograms(edges, np.array(counts, np.float32))
