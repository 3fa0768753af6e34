"""How steep the loss was along a training. Imports TensorFlow: for the training side only."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_lab.config.settings import Loss
from mnist_lab.datasets.splits import Split
from mnist_lab.exploring.findings import GradientNorms
from mnist_lab.networks.shapes import CLASSES
from mnist_lab.training.graph import give_way
from mnist_lab.training.keras_models import wants_one_hot

IMAGES = 512  # of those that were learnt from

Moments = Sequence[tuple[int, Sequence[NDArray[Any]]]]


def gradient_norms(model: keras.Model, loss: Loss, parts: Split, moments: Moments) -> GradientNorms:
    """The norms of the loss's gradient by each layer's weights, at moments: an epoch and the weights after it.

    `model` is the one that is trained (`keras_models.build`). Nothing is dropped out and all moments see the same
    images, so that only the weights make a difference.
    """
    images = tf.constant(parts.x_train[:IMAGES].astype(np.float32) / np.float32(255))
    labels = tf.constant(parts.y_train[:IMAGES].astype(np.int32))
    targets = tf.one_hot(labels, CLASSES) if wants_one_hot(loss) else labels
    found = list(_found(model, images, targets, moments))
    epochs, losses, norms = zip(*found, strict=True)
    names = tuple(dict.fromkeys(_layer_of(variable) for variable in model.trainable_variables))
    return GradientNorms(np.array(epochs), names, np.array(norms, np.float32), np.array(losses, np.float32))


def _found(
    model: keras.Model, images: tf.Tensor, targets: tf.Tensor, moments: Moments
) -> Iterator[tuple[int, float, list[float]]]:
    variables = model.trainable_variables
    for epoch, weights in moments:
        give_way()
        model.set_weights(list(weights))
        with tf.GradientTape() as tape:
            loss = model.compute_loss(y=targets, y_pred=model(images, training=False))
        gradients = tape.gradient(loss, variables)
        by_layer = itertools.groupby(zip(variables, gradients, strict=True), lambda pair: _layer_of(pair[0]))
        yield epoch, float(loss), [float(tf.linalg.global_norm([one for _, one in own])) for _, own in by_layer]


def _layer_of(variable: keras.Variable) -> str:
    """A batch normalization counts as part of its layer."""
    return str(variable.path).split("/")[0].removesuffix("_normalization")
