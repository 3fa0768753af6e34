"""A unit traced back to the pixels: against Keras's own gradients, and what must add up. Needs TensorFlow."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.exploring.tracing import trace
from mnist_lab.exploring.units import answers_most, neuron
from mnist_lab.gradients.answers import network
from mnist_lab.gradients.attribution import inside, slopes
from mnist_lab.gradients.dreams import sums_of
from mnist_lab.networks.stages import activations, read, sums
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.training.keras_models import build, served
from mnist_lab.training.loop import export_litert
from tests.conftest import slow_but
from tests.networks.test_stages import stirred

STORE = RunStore(BUNDLED / "nowhere")
RUNS = [run.id for run in STORE.listing().runs]
CNN = {"network": "cnn", "filters": (4, 8), "convolutions": 2, "units": (20,)}
CONFIGS = {
    "relu": {"units": (20, 20, 20)},
    "curved": {"units": (20,) * 4, "activation": ("sigmoid", "gelu", "tanh", "gelu")},
    "normalized convolutions": {**CNN, "batch_normalization": True},
    "curved convolutions": {
        **CNN,
        "kernel": 4,
        "activation": ("gelu", "tanh"),
        "batch_normalization": True,
        "scaling": "standardised",
    },
    "8 x 8": {"network": "cnn", "filters": (4,), "kernel": 2, "units": (12,), "scaling": "8x8"},
}


@pytest.fixture(scope="module")
def image(digits):
    """A 3 as networks get it, float32 (1, 28, 28)."""
    return digits.x_test[2:3].astype(np.float32) / np.float32(255)


def stages_of(name):
    return read(STORE.read(name, "model.tflite"), STORE.get(name).config.scaling)


def sums_in(model: keras.Model) -> Iterator[keras.Model]:
    """What each layer gives ahead of its activation."""
    for layer in model.layers[1:]:
        bent = layer.weights and hasattr(layer, "activation")
        yield sums_of(model, layer.name) if bent else keras.Model(model.input, layer.output)


def keras_slopes(layers: list[keras.Model], z: np.ndarray, unit: int, image: np.ndarray) -> np.ndarray:
    """The slope by the pixels of a unit's largest sum, in the layer that gives the sums z, (1, ...)."""
    pixels = tf.convert_to_tensor(image)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        given = (layer(pixels, training=False) for layer in layers)
        same = next(x for x in given if x.shape == z.shape and np.allclose(x, z, rtol=1e-4, atol=1e-4))
        largest = tf.reduce_max(same[..., unit])
    return np.asarray(tape.gradient(largest, pixels))[0]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("settings", slow_but(CONFIGS.values(), CONFIGS["curved convolutions"]), ids=CONFIGS)
def test_every_layer_has_the_slopes_that_keras_finds(tmp_path, settings, image):
    config = TrainConfig(**settings)
    model = served(stirred(build(config)))
    export_litert(model, tmp_path / "model.tflite")
    stages = read((tmp_path / "model.tflite").read_bytes(), config.scaling)
    values, layers = activations(stages, image), list(sums_in(model))
    for number, stage in enumerate(stages):
        if stage.has_units:
            z = sums(stage, values[number - 1])
            assert_close(trace(stages, values, number, 3), keras_slopes(layers, z, 3, image))


@pytest.mark.parametrize("name", RUNS)
def test_the_outputs_of_every_bundled_run_have_the_slopes_that_keras_finds(name, image):
    stages, keras_side = stages_of(name), inside(network(STORE.folder.url, name), STORE.get(name).config.scaling)
    values, pixels = activations(stages, image), keras_side.pixels(image[0])
    for digit in (3, 8):
        expected = slopes(keras_side.scores, pixels[np.newaxis], digit)[0]
        assert_close(trace(stages, values, len(stages) - 1, digit), expected)


@pytest.mark.parametrize("name", ["scratch-relu-softmax", "small-cnn", "house-cnn"])
def test_of_relu_they_are_the_weights_with_which_the_pixels_are_added_up(name, image):
    stages = stages_of(name)
    exact = image.astype(float)
    values, brighter = activations(stages, exact), activations(stages, exact * (1 + 1e-7))
    for number, stage in enumerate(stages):
        for unit in range(0, stage.units, 7):
            change = neuron(stages, brighter, number, unit).sum - neuron(stages, values, number, unit).sum
            weights = trace(stages, values, number, unit)
            assert change == pytest.approx(float((weights * exact[0]).sum()) * 1e-7, rel=1e-3, abs=1e-12)


def test_of_a_filter_it_is_what_is_seen_where_it_answers_most(image):
    stages = stages_of("small-cnn")
    values = activations(stages, image)
    row, column = answers_most(sums(stages[3], values[2])[0], 5)
    seen = np.argwhere(trace(stages, values, 3, 5))
    assert (seen.min(axis=0) >= (2 * row, 2 * column)).all()
    assert (seen.max(axis=0) <= (2 * row + 7, 2 * column + 7)).all()  # 3 cells of 2 pixels each, and a filter's edges
