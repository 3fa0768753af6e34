"""Keras models from a TrainConfig. Imports TensorFlow: for the training side only.

Every model takes float32 (n, 28, 28) in [0, 1], ink bright, and gives float32 (n, 10) probabilities. Scaling is a layer
inside the model, so that training and prediction cannot differ in it.
"""

from collections.abc import Callable

import keras

from mnist_lab.config import Loss, Optimizer, Scaling, Schedule, TrainConfig
from mnist_lab.networks.shapes import CLASSES, KERNEL, POOL
from mnist_lab.preprocessing import SIDE


def _column_l2(image: keras.KerasTensor) -> keras.KerasTensor:
    """Each column divided by its L2 norm, as `keras.utils.normalize(x, axis=1)`; one without ink stays 0."""
    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(image), axis=1, keepdims=True))
    return image / keras.ops.maximum(norm, 1e-6)


SCALINGS: dict[Scaling, Callable[[], Callable[[keras.KerasTensor], keras.KerasTensor]]] = {
    "unit": lambda: keras.layers.Identity(name="scaling"),
    "column-l2": lambda: _column_l2,
    "none": lambda: keras.layers.Rescaling(255.0, name="scaling"),
}

LOSSES: dict[Loss, Callable[[], keras.losses.Loss]] = {
    "sparse-cross-entropy": keras.losses.SparseCategoricalCrossentropy,
    "one-hot-cross-entropy": keras.losses.CategoricalCrossentropy,
    "mean-squared-error": keras.losses.MeanSquaredError,
}

OPTIMIZERS: dict[Optimizer, Callable[..., keras.optimizers.Optimizer]] = {
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}

WARM_UP = 0.15  # share of a training in which the cosine schedule's steps grow
FIRST_STEP = 0.04  # of the largest
MOMENTUM = 0.9  # of the moving averages: they must settle within a short training too


def _cosine(config: TrainConfig, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up in a straight line, then down along half a cosine (Loshchilov and Hutter 2017, "SGDR"; Smith 2018)."""
    warm_up = round(steps * WARM_UP)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate * FIRST_STEP,
        warmup_target=config.learning_rate,
        warmup_steps=warm_up,
        decay_steps=max(steps - warm_up, 1),
    )


SCHEDULES: dict[Schedule, Callable[[TrainConfig, int], float | keras.optimizers.schedules.LearningRateSchedule]] = {
    "constant": lambda config, steps: config.learning_rate,
    "cosine": _cosine,
}


def wants_one_hot(loss: Loss) -> bool:
    """Whether the labels must be one-hot vectors rather than integers."""
    return loss != "sparse-cross-entropy"


def build(config: TrainConfig, steps: int = 1, steps_per_execution: int = 1) -> keras.Model:
    """The compiled model, its weights drawn from `config.seed`, for a training of so many `steps` in all."""
    keras.utils.set_random_seed(config.seed)
    image = keras.Input((SIDE, SIDE), name="image")
    features = SCALINGS[config.scaling]()(image)
    if config.network == "cnn":
        features = _convolutions(features, config)
    features = keras.layers.Flatten(name="flatten")(features)
    if config.network == "cnn" and config.dropout:
        features = keras.layers.Dropout(config.dropout, name="flatten_dropout")(features)
    for number, units in enumerate(config.units, start=1):
        features = _activated(keras.layers.Dense(units, name=f"hidden_{number}"), features, config)
        if config.dropout:
            features = keras.layers.Dropout(config.dropout, name=f"hidden_{number}_dropout")(features)
    probabilities = keras.layers.Dense(CLASSES, activation="softmax", name="probabilities")(features)
    model = keras.Model(image, probabilities)
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer](learning_rate=SCHEDULES[config.schedule](config, steps)),
        loss=LOSSES[config.loss](),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def _convolutions(features: keras.KerasTensor, config: TrainConfig) -> keras.KerasTensor:
    features = keras.layers.Reshape((SIDE, SIDE, 1), name="channel")(features)
    number = 0
    for block, filters in enumerate(config.filters, start=1):
        for convolution in range(1, config.convolutions + 1):
            number += 1
            padding = "valid" if convolution == config.convolutions else "same"
            layer = keras.layers.Conv2D(filters, KERNEL, padding=padding, name=f"convolution_{number}")
            features = _activated(layer, features, config)
        features = keras.layers.MaxPooling2D(POOL, name=f"pooling_{block}")(features)
    return features


def _activated(layer: keras.Layer, features: keras.KerasTensor, config: TrainConfig) -> keras.KerasTensor:
    """What a layer makes of its input, normalized where the configuration says so, and its activation."""
    if not config.batch_normalization:
        layer.activation = keras.activations.get(config.activation)
        return layer(features)
    features = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{layer.name}_normalization")(layer(features))
    return keras.layers.Activation(config.activation, name=f"{layer.name}_activation")(features)
