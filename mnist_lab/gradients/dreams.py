"""The images that most excite units of a network. Imports TensorFlow: for the training side only."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from mnist_lab.exploring.findings import Array, Dreams
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.training.graph import give_way

STEPS = 40
RATE = 0.08  # of a step: how far the typical pixel moves, in [0, 1]
BLUR = 1.0  # pixels: of what a smooth dream does in each step
JITTER = 2  # pixels: how far a smooth dream is moved about, so that no single pixel counts
FADING = 0.03  # of a smooth dream's ink in each step: what is not asked for goes away


def dreams(model: keras.Model, layer: str, units: Sequence[int], smooth: bool) -> Dreams:
    """Gradient ascent from a little noise: an image for each of the units of a layer, which is named as Keras does.

    Simonyan, Vedaldi and Zisserman 2013, "Deep inside convolutional networks"; `smooth` blurs, moves and fades, after
    Yosinski et al. 2015, "Understanding neural networks through deep visualization". What is made large is a unit's
    sum before its activation; of a filter, its mean over all places.
    """
    sums = sums_of(model, layer)
    rng = np.random.default_rng(0)
    images = rng.uniform(0.0, 0.1, (len(units), SIDE, SIDE)).astype(np.float32)
    for _ in range(STEPS):
        move = rng.integers(-JITTER, JITTER + 1, 2) if smooth else np.zeros(2, int)
        step = np.roll(_ascent(sums, np.roll(images, move, (1, 2)), units), -move, (1, 2))
        asleep = ~step.any(axis=(1, 2))
        images[asleep] = _blots(rng, int(asleep.sum()))
        if smooth:
            step = gaussian_filter(step, (0, BLUR, BLUR))
            images *= 1 - FADING
        step /= np.sqrt((step**2).mean(axis=(1, 2), keepdims=True)) + 1e-12
        images = np.clip(images + RATE * step, 0.0, 1.0)
    black = excitement(sums, np.zeros((1, SIDE, SIDE), np.float32), units)[0]
    found = excitement(sums, images, units)[range(len(units)), range(len(units))]
    images[found < black] = 0.0  # some filters look for paper without ink
    found = np.maximum(found, black)
    return Dreams(images, np.stack([black, found], axis=1), np.asarray(model(images, training=False)))


def sums_of(model: keras.Model, layer: str) -> keras.Model:
    """The model that gives a layer's sums before its activation, for images (n, 28, 28)."""
    original = model.layers[-1] if layer == "outputs" else model.get_layer(layer)
    linear = original.__class__.from_config({**original.get_config(), "name": "sums", "activation": "linear"})
    sums = linear(original.input)
    linear.set_weights(original.get_weights())
    return keras.Model(model.input, sums)


def excitement(sums: keras.Model, images: Array, units: Sequence[int]) -> Array:
    """What the images do for the units, float32 (images, units)."""
    given = np.asarray(sums(images, training=False))
    return given.mean(axis=tuple(range(1, given.ndim - 1)))[:, list(units)]


def _blots(rng: np.random.Generator, count: int) -> Array:
    """Ink here and there in the middle, float32 (count, 28, 28): where no unit answers to noise, one may to this."""
    blurred = gaussian_filter(rng.normal(size=(count, SIDE, SIDE)), (0, 2.0, 2.0))
    away = np.hypot(*np.meshgrid(*[np.arange(SIDE) - SIDE / 2 + 0.5] * 2)) / (SIDE / 2)
    return np.where((blurred > blurred.mean(axis=(1, 2), keepdims=True)) & (away < 0.8), 1.0, 0.0).astype(np.float32)


def _ascent(sums: keras.Model, images: Array, units: Sequence[int]) -> Array:
    """For each image the slope of its own unit's sum by its pixels."""
    give_way()
    pixels = tf.convert_to_tensor(images)
    own = tf.stack([tf.range(len(units)), tf.constant(list(units))], axis=1)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        given = sums(pixels, training=False)
        means = tf.reduce_mean(given, axis=list(range(1, len(given.shape) - 1)))
        total = tf.reduce_sum(tf.gather_nd(means, own))
    return np.nan_to_num(np.asarray(tape.gradient(total, pixels)))
