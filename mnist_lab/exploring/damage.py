"""What is left of a network when units are switched off, weights are rounded, or noise is added to them.

The weights are changed inside a copy of `model.tflite`, so the damaged network answers by the same code, as quickly.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mnist_lab.config.damage import FULL, Damage
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.shapes import count_operations
from mnist_lab.networks.stages import Array, Stage, read

SECONDS = 0.1  # that an accuracy may take, for the answer to follow a slider
DENSE, CONVOLUTIONS = 8e10, 6e10  # operations a second, about, on one core
FEWEST = 200  # images


class Left(NamedTuple):
    """What is left of a network: it answers, its file, and its accuracy in [0, 1] on so many images."""

    predictor: Predictor
    content: bytes
    accuracy: float
    images: int


def left_over(content: bytes, config: TrainConfig, damage: Damage, dataset: Dataset) -> Left:
    """A damaged copy of a `model.tflite`, measured on the dataset's test images or, where that takes long, on some."""
    copy = damaged(content, config.scaling, damage)
    predictor, part = Predictor(copy), sample(config, len(dataset.y_test))
    right = predictor.probabilities(dataset.x_test[part]).argmax(axis=1) == dataset.y_test[part]
    return Left(predictor, copy, float(right.mean()), len(right))


def damaged(content: bytes, scaling: str, damage: Damage, seed: int = 0) -> bytes:
    """A damaged copy of a `model.tflite` whose scaling is of that name.

    The same seed switches off the same units first and adds the same noise, only more of it. The ten outputs are never
    switched off.
    """
    copy = bytearray(content)
    stages = [stage for stage in read(copy, scaling) if stage.has_units]
    for number, stage in enumerate(stages):
        if damage.layer in (None, stage.name):
            rng = np.random.default_rng([seed, number])
            noise = rng.standard_normal(stage.weights.shape, np.float32) * stage.weights.std()
            stage.weights[...] = rounded(stage.weights + noise * np.float32(damage.noise), damage.bits)
    for number, (stage, after) in enumerate(pairwise(stages)):
        if damage.layer in (None, stage.name):
            order = np.random.default_rng([seed, number, 1]).permutation(stage.units)
            _ignore(after, order[: round(damage.off * stage.units)], stage.units)
    return bytes(copy)


def rounded(weights: Array, bits: int) -> Array:
    """Weights rounded to 2 ** bits - 1 values, as far apart everywhere; of one bit only the sign stays.

    One bit: the sign times the mean magnitude (Rastegari et al. 2016, "XNOR-Net", section 3.1).
    """
    if bits >= FULL:
        return weights
    if bits == 1:
        return np.sign(weights) * np.abs(weights).mean()
    step = max(float(np.abs(weights).max()), 1e-9) / (2 ** (bits - 1) - 1)
    return np.round(weights / step).astype(np.float32) * np.float32(step)


def changed(stages: Sequence[Stage], damage: Damage) -> list[int]:
    """The numbers of the stages whose weights show the damage, at most two: of each kind the first.

    What rounding and noise do is in the layer's own weights. A unit that is off has the weights it had, and it is the
    layer after it that gives it none.
    """
    layers = [number for number, stage in enumerate(stages) if stage.has_units]
    hurt = [number for number in layers if damage.layer in (None, stages[number].name)]
    after = [layers[place + 1] for place, number in enumerate(layers[:-1]) if number in hurt]
    own = damage.bits < FULL or damage.noise > 0
    return sorted({*(hurt[:1] if own else []), *(after[:1] if damage.off else [])})


def _ignore(stage: Stage, units: Sequence[int] | np.ndarray, before: int) -> None:
    """Give no weight any more to these of the units of the layer before, which had so many."""
    if stage.kind == "convolution":
        stage.weights[:, :, units] = 0
    else:  # maps arrive flat, the number of the map changing fastest
        stage.weights.T.reshape(stage.units, -1, before)[..., units] = 0


def sample(config: TrainConfig, images: int) -> slice:
    """Which of so many test images to measure an accuracy on, so that it takes about SECONDS: all, or every few."""
    rate = CONVOLUTIONS if config.network == "cnn" else DENSE
    affordable = max(SECONDS * rate / count_operations(config), FEWEST)
    return slice(None, None, max(1, round(images / affordable)))
