"""Keras models from a TrainConfig. Imports TensorFlow: for the training side only.

A model is trained with the outputs and the loss that were asked for, and served with ten probabilities (`served`). It
takes float32 (n, 28, 28) in [0, 1], ink bright. Scaling is a layer inside the model, so that training and prediction
cannot differ in it.
"""

import random
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.settings import Initialization, Loss, Optimizer, Scaling, Schedule
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.splits import PixelStatistics, pixel_statistics
from mnist_lab.images.preprocessing import LONGEST, SIDE
from mnist_lab.networks.shapes import CLASSES, EIGHT, POOL
from mnist_lab.store.run import KERAS_MODEL

MNIST_PIXELS = PixelStatistics(0.13066, 0.30811)

exclusive = threading.RLock()
"""Held while models are made, read or forgotten, since other threads may do so at the same time: Keras draws names from
a state that all threads share."""

MOST_SEED = 10**9  # Keras's own

Seeds: TypeAlias = Callable[[], int]
"""Gives the next seed of a layer. Keras would draw it from Python's own generator, which all threads share."""

Tensor: TypeAlias = keras.KerasTensor
LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule


def _column_l2(image: Tensor, pixels: PixelStatistics) -> Tensor:
    """Each column divided by its L2 norm, as `keras.utils.normalize(x, axis=1)`; one without ink stays 0."""
    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(image), axis=1, keepdims=True))
    return image / keras.ops.maximum(norm, 1e-6)


def _standardised(image: Tensor, pixels: PixelStatistics) -> Tensor:
    spread = pixels.spread or 1.0
    return keras.layers.Rescaling(1.0 / spread, -pixels.mean / spread, name="scaling")(image)


def _eight_by_eight(image: Tensor, pixels: PixelStatistics) -> Tensor:
    """The middle 20 x 20, where the digit is, averaged to 8 x 8: each pixel the mean of 2.5 x 2.5."""
    image = keras.layers.Reshape((SIDE, SIDE, 1), name="scaling_channel")(image)
    image = keras.layers.Cropping2D((SIDE - LONGEST) // 2, name="scaling_middle")(image)
    image = keras.layers.UpSampling2D(2, name="scaling_halves")(image)
    image = keras.layers.AveragePooling2D(2 * LONGEST // EIGHT, name="scaling_mean")(image)
    return keras.layers.Reshape((EIGHT, EIGHT), name="scaling")(image)


SCALINGS: dict[Scaling, Callable[[Tensor, PixelStatistics], Tensor]] = {
    "unit": lambda image, pixels: keras.layers.Identity(name="scaling")(image),
    "column-l2": _column_l2,
    "none": lambda image, pixels: keras.layers.Rescaling(255.0, name="scaling")(image),
    "standardised": _standardised,
    "8x8": _eight_by_eight,
}


@keras.saving.register_keras_serializable("mnist_lab")
class QuadraticCost(keras.losses.Loss):  # type: ignore[misc, unused-ignore]
    """Half the sum of the squared errors: the textbook's cost, of which one output's share is p - y."""

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One cost for each image."""
        return keras.ops.sum(keras.ops.square(y_pred - keras.ops.cast(y_true, y_pred.dtype)), axis=-1) / 2


LOSSES: dict[Loss, Callable[[bool], keras.losses.Loss]] = {
    "sparse-cross-entropy": lambda logits: keras.losses.SparseCategoricalCrossentropy(from_logits=logits),
    "one-hot-cross-entropy": lambda logits: keras.losses.CategoricalCrossentropy(from_logits=logits),
    "mean-squared-error": lambda logits: keras.losses.MeanSquaredError(),
    "quadratic-cost": lambda logits: QuadraticCost(),
}

OPTIMIZERS: dict[Optimizer, Callable[[TrainConfig, LearningRate], keras.optimizers.Optimizer]] = {
    "adam": lambda config, rate: keras.optimizers.Adam(rate),
    "adamw": lambda config, rate: keras.optimizers.AdamW(rate, weight_decay=config.weight_decay),
    "rmsprop": lambda config, rate: keras.optimizers.RMSprop(rate),
    "sgd": lambda config, rate: keras.optimizers.SGD(rate, momentum=config.momentum, nesterov=config.nesterov),
}

INITIALIZATIONS: dict[Initialization, Callable[[Seeds], dict[str, Any]]] = {
    "glorot-uniform": lambda seeds: {"kernel_initializer": keras.initializers.GlorotUniform(seeds())},
    "he-normal": lambda seeds: {"kernel_initializer": keras.initializers.HeNormal(seeds())},
    "normal": lambda seeds: {
        "kernel_initializer": keras.initializers.RandomNormal(stddev=1.0, seed=seeds()),
        "bias_initializer": keras.initializers.RandomNormal(stddev=1.0, seed=seeds()),
    },
    "zeros": lambda seeds: {"kernel_initializer": "zeros"},
}

WARM_UP = 0.15  # share of a training in which the steps of the cosine and the warm-up schedule grow
FIRST_STEP = 0.04  # of the largest
MOMENTUM = 0.9  # of the moving averages: they must settle within a short training too


def _cosine(rate: float, steps: int) -> LearningRate:
    """Up in a straight line, then down along half a cosine (Loshchilov and Hutter 2017, "SGDR"; Smith 2018)."""
    warm_up = round(steps * WARM_UP)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=rate * FIRST_STEP,
        warmup_target=rate,
        warmup_steps=warm_up,
        decay_steps=max(steps - warm_up, 1),
    )


def _step(rate: float, steps: int) -> LearningRate:
    """A tenth after half of the steps, a hundredth after three quarters (He et al. 2016, "ResNet")."""
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [max(steps // 2, 1), max(steps * 3 // 4, 2)], [rate, rate / 10, rate / 100]
    )


def _warm_up(rate: float, steps: int) -> LearningRate:
    """Up in a straight line, then constant: Keras's polynomial decay, upwards."""
    return keras.optimizers.schedules.PolynomialDecay(rate * FIRST_STEP, max(round(steps * WARM_UP), 1), rate)


SCHEDULES: dict[Schedule, Callable[[float, int], LearningRate]] = {
    "constant": lambda rate, steps: rate,
    "cosine": _cosine,
    "step": _step,
    "warm-up": _warm_up,
}


def wants_one_hot(loss: Loss) -> bool:
    """Whether the labels must be one-hot vectors rather than integers."""
    return loss != "sparse-cross-entropy"


def build(config: TrainConfig, steps: int = 1, pixels: PixelStatistics = MNIST_PIXELS) -> keras.Model:
    """The compiled model, its weights drawn from `config.seed`, for a training of so many `steps` in all.

    `pixels` are those of the images to train on; the standardised scaling needs them. The regularization and the loss
    together are `model.compute_loss`.
    """
    with exclusive:
        model = _layers(config, pixels, partial(random.Random(config.seed).randint, 1, MOST_SEED))
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer](config, SCHEDULES[config.schedule](config.learning_rate, steps)),
        loss=LOSSES[config.loss](config.output == "logits"),
        metrics=["accuracy"],
    )
    return model


def _layers(config: TrainConfig, pixels: PixelStatistics, seeds: Seeds) -> keras.Model:
    image = keras.Input((SIDE, SIDE), name="image")
    features = SCALINGS[config.scaling](image, pixels)
    if config.network == "cnn":
        features = _convolutions(features, config, seeds)
    features = keras.layers.Flatten(name="flatten")(features)
    if config.network == "cnn" and config.convolution_dropout:
        features = keras.layers.Dropout(config.convolution_dropout, seed=seeds(), name="flatten_dropout")(features)
    for number, (units, activation, dropout) in enumerate(config.hidden_layers, start=1):
        layer = keras.layers.Dense(units, name=f"hidden_{number}", **_weights(config, seeds))
        features = _activated(layer, features, activation, config.batch_normalization)
        if dropout:
            features = keras.layers.Dropout(dropout, seed=seeds(), name=f"hidden_{number}_dropout")(features)
    last = "linear" if config.output == "logits" else config.output
    outputs = keras.layers.Dense(CLASSES, activation=last, name="outputs", **_weights(config, seeds))(features)
    return keras.Model(image, outputs)


def pixels_for(config: TrainConfig, images: NDArray[np.uint8]) -> PixelStatistics:
    """The statistics that `build` needs of the images to train on: counted where the scaling asks for them only."""
    return pixel_statistics(images) if config.scaling == "standardised" else MNIST_PIXELS


def served(model: keras.Model) -> keras.Model:
    """The model as it answers: ten probabilities, no matter which outputs it was trained with; it shares the weights.

    Logits become probabilities by softmax. So do the sums below sigmoid outputs: a sigmoid's s says yes with odds
    s / (1 - s), and of ten independent answers, given that just one digit is right, each has its odds' share. That is
    softmax, it keeps the order, and Keras's cross-entropies train a sigmoid output as just that.
    """
    last = model.layers[-1]
    if last.activation is keras.activations.softmax:
        return model
    probabilities = keras.layers.Dense(CLASSES, activation="softmax", name="probabilities")
    answering = keras.Model(model.input, probabilities(last.input))
    probabilities.set_weights(last.get_weights())
    return answering


def features(model: keras.Model, images: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the first dense layer gets of images (n, 28, 28), float32 in [0, 1] or uint8: scaled and flat, float32."""
    flat = keras.Model(model.input, model.get_layer("flatten").output)
    full = 255.0 if images.dtype == np.uint8 else 1.0
    parts = np.array_split(images, len(images) // 4096 + 1)
    return np.concatenate([np.asarray(flat(part.astype(np.float32) / np.float32(full))) for part in parts])


def set_dense(model: keras.Model, layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
    """Give the dense layers these weights (inputs, units) and biases (units,), first to last."""
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    for layer, pair in zip(dense, layers, strict=True):
        layer.set_weights(list(pair))


def without_optimizer(content: bytes) -> bytes:
    """A `model.keras` without what its optimizer keeps for each weight, and without its loss."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS_MODEL
        path.write_bytes(content)
        keras.models.load_model(path, compile=False).save(path)
        return path.read_bytes()


def _weights(config: TrainConfig, seeds: Seeds) -> dict[str, Any]:
    regularizer = keras.regularizers.L2(config.l2) if config.l2 else None
    return {"kernel_regularizer": regularizer, **INITIALIZATIONS[config.initialization](seeds)}


def _convolutions(features: Tensor, config: TrainConfig, seeds: Seeds) -> Tensor:
    features = keras.layers.Reshape((*features.shape[1:], 1), name="channel")(features)
    number = 0
    for block, filters in enumerate(config.filters, start=1):
        for convolution in range(1, config.convolutions + 1):
            number += 1
            last = convolution == config.convolutions
            padding, name = "valid" if last else "same", f"convolution_{number}"
            layer = keras.layers.Conv2D(filters, config.kernel, padding=padding, name=name, **_weights(config, seeds))
            pooling = keras.layers.MaxPooling2D(POOL, name=f"pooling_{block}") if last else None
            features = _activated(layer, features, config.convolution_activation, config.batch_normalization, pooling)
    return features


def _activated(
    layer: keras.Layer, features: Tensor, activation: str, normalized: bool, pooling: keras.Layer | None = None
) -> Tensor:
    """What a layer makes of its input, pooled, normalized where the configuration says so, and its activation.

    Pooling comes before the normalization, which then has a quarter of the numbers to go through.
    """
    if not normalized:
        layer.activation = keras.activations.get(activation)
        return pooling(layer(features)) if pooling else layer(features)
    features = pooling(layer(features)) if pooling else layer(features)
    features = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{layer.name}_normalization")(features)
    return keras.layers.Activation(activation, name=f"{layer.name}_activation")(features)
