"""Keras models from a TrainConfig. Imports TensorFlow: for the training side only.

Every model takes float32 (n, 28, 28) in [0, 1], ink bright, and gives float32 (n, 10) probabilities. Scaling is a layer
inside the model, so that training and prediction cannot differ in it.
"""

from collections.abc import Callable

import keras

from mnist_lab.config import Loss, Optimizer, Scaling, TrainConfig
from mnist_lab.networks.shapes import CLASSES, KERNEL, POOL
from mnist_lab.preprocessing import SIDE

SCALINGS: dict[Scaling, Callable[[], keras.Layer]] = {
    "unit": lambda: keras.layers.Identity(name="scaling"),
    "column-l2": lambda: keras.layers.UnitNormalization(axis=1, name="scaling"),
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


def wants_one_hot(loss: Loss) -> bool:
    """Whether the labels must be one-hot vectors rather than integers."""
    return loss != "sparse-cross-entropy"


def build(config: TrainConfig, steps_per_execution: int = 1) -> keras.Model:
    """The compiled model, its weights drawn from `config.seed`."""
    keras.utils.set_random_seed(config.seed)
    image = keras.Input((SIDE, SIDE), name="image")
    features = SCALINGS[config.scaling]()(image)
    if config.network == "cnn":
        features = _convolutions(features, config)
    features = keras.layers.Flatten(name="flatten")(features)
    if config.network == "cnn" and config.dropout:
        features = keras.layers.Dropout(config.dropout, name="flatten_dropout")(features)
    for number, units in enumerate(config.units, start=1):
        features = keras.layers.Dense(units, activation=config.activation, name=f"hidden_{number}")(features)
        if config.dropout:
            features = keras.layers.Dropout(config.dropout, name=f"hidden_{number}_dropout")(features)
    probabilities = keras.layers.Dense(CLASSES, activation="softmax", name="probabilities")(features)
    model = keras.Model(image, probabilities)
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer](learning_rate=config.learning_rate),
        loss=LOSSES[config.loss](),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def _convolutions(features: keras.KerasTensor, config: TrainConfig) -> keras.KerasTensor:
    features = keras.layers.Reshape((SIDE, SIDE, 1), name="channel")(features)
    for number, filters in enumerate(config.filters, start=1):
        convolve = keras.layers.Conv2D(filters, KERNEL, activation=config.activation, name=f"convolution_{number}")
        features = keras.layers.MaxPooling2D(POOL, name=f"pooling_{number}")(convolve(features))
    return features
