"""Why a network answers as it does, by its gradients. Imports TensorFlow: for the training side only.

Everything here explains a score: the sum of one output before the softmax, which saturates where a model is certain.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from mnist_lab.exploring.findings import Array, Why
from mnist_lab.images.preprocessing import SIDE, FloatImage
from mnist_lab.networks.shapes import CLASSES
from mnist_lab.training.graph import give_way

WAYS = ((32, 2), (64, 2), (128, 2), (256, 2), (1024, 6))
"""Steps on the way from black, and the power by which they are finer there, where most units wake up."""
AT_ONCE = 128  # images: more spill the processor's caches
COMPLETE = 0.0075  # of the difference between the scores: then integrated gradients are good enough


class Inside(NamedTuple):
    """A network for its gradients: what is done to the pixels first, and the scores (n, 10) from there on.

    `prepare` is there only for a scaling that divides by the ink itself. Of a black image that has no gradient, and
    an image half as bright gives the same scores; so there pixels count as the network gets them.
    """

    scores: keras.Model
    prepare: keras.Model | None = None

    def pixels(self, image: FloatImage) -> FloatImage:
        """An image as its pixels count: as it is, or scaled."""
        return np.asarray(self.prepare(image[np.newaxis])[0]) if self.prepare else image


def inside(model: keras.Model, scaling: str) -> Inside:
    """Take a served model apart, as `training.train` gives it; `scaling` is its configuration's. Shares no weights."""
    scores = bare_scores(model)
    if scaling != "column-l2":
        return Inside(keras.Model(model.input, scores))
    first = next(layer for layer in model.layers if layer.name in ("channel", "flatten"))
    return Inside(keras.Model(first.input, scores), keras.Model(model.input, first.input))


def bare_scores(model: keras.Model) -> Any:
    """The sums below the model's softmax, as a tensor of its graph."""
    last = model.layers[-1]
    layer = keras.layers.Dense(CLASSES, name="scores")
    scores = layer(last.input)
    layer.set_weights(last.get_weights())
    return scores


def why(model: keras.Model, scaling: str, image: FloatImage, digit: int) -> Why:
    """All that gradients say about one image, float32 (28, 28) in [0, 1], ink bright, and one digit."""
    network = inside(model, scaling)
    pixels = network.pixels(image)
    both = np.stack([pixels, np.zeros_like(pixels)])
    scores = np.asarray(network.scores(both))[:, digit]
    return Why(
        digit=digit,
        scores=scores,
        gradient=gradient_x_input(network.scores, pixels, digit),
        integrated=integrated_gradients(network.scores, pixels, digit),
        camera=grad_cam(network.scores, pixels, digit),
    )


def gradient_x_input(scores: keras.Model, pixels: FloatImage, digit: int) -> FloatImage:
    """Each pixel times the slope of the score by it: what the network would lose without it, were it linear.

    Shrikumar et al. 2016, "Not just a black box: learning important features through propagating activation
    differences". float32 (28, 28) in units of the score.
    """
    return pixels * slopes(scores, pixels[np.newaxis], digit)[0]


def integrated_gradients(scores: keras.Model, pixels: FloatImage, digit: int) -> FloatImage:
    """Each pixel times the mean slope on the straight way from black: float32 (28, 28), in units of the score.

    Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks". The sum is what the image's score has
    over that of black; the next of WAYS is gone until that holds to COMPLETE, or to the last.
    """
    ends = np.asarray(scores(np.stack([pixels, np.zeros_like(pixels)])))[:, digit]
    found = np.zeros_like(pixels)
    for steps, power in WAYS:
        at = (np.arange(steps) + 0.5) / steps
        shares = power * at ** (power - 1) / steps  # of the way, that each step is
        points = (at**power).astype(np.float32).reshape(-1, 1, 1) * pixels
        found = pixels * np.tensordot(shares.astype(np.float32), slopes(scores, points, digit), 1)
        if abs(found.sum() - (ends[0] - ends[1])) <= COMPLETE * abs(ends[0] - ends[1]):
            break
    return found


def grad_cam(scores: keras.Model, pixels: FloatImage, digit: int) -> FloatImage:
    """Where the last convolution found what speaks for the digit: float32 (28, 28), from 0 on; 0 without convolutions.

    Selvaraju et al. 2017, "Grad-CAM": relu(sum of a_k A_k) over the maps A_k, where a_k is the mean slope of the score
    by the map's cells; enlarged to the image by bilinear interpolation.
    """
    layer = last_convolution(scores)
    if layer is None:
        return np.zeros((SIDE, SIDE), np.float32)
    maps = keras.Model(scores.input, layer.output)(pixels[np.newaxis], training=False)
    rest = keras.Model(layer.output, scores.output)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = rest(maps, training=False)[:, digit]
    importance = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))[0]
    found = np.maximum(np.asarray(maps[0]) @ np.asarray(importance), 0.0)
    return np.asarray(Image.fromarray(found).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def last_convolution(model: keras.Model) -> keras.Layer | None:
    """The layer that gives the activations of the last convolution, or None where there is no convolution."""
    layers = [layer for layer in model.layers if layer.name.startswith("convolution") and len(layer.output.shape) == 4]
    return layers[-1] if layers else None


def slopes(scores: keras.Model, pixels: Array, digit: int) -> Array:
    """How the digit's score changes with each pixel: float32 (n, 28, 28) for images of that shape."""
    parts = []
    for at in range(0, len(pixels), AT_ONCE):
        give_way()
        part = tf.convert_to_tensor(pixels[at : at + AT_ONCE])
        with tf.GradientTape() as tape:
            tape.watch(part)
            score = tf.reduce_sum(scores(part, training=False)[:, digit])
        parts.append(np.asarray(tape.gradient(score, part)))
    return np.concatenate(parts)
