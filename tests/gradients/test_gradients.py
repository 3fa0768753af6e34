"""What gradients say, against what is written out here and what must add up. Needs TensorFlow."""

import io
import zipfile

import h5py
import numpy as np
import pytest
from PIL import Image

from mnist_lab.config.train_config import parse
from mnist_lab.datasets.splits import split
from mnist_lab.errors import ConfigError
from mnist_lab.exploring.learning_rates import suggest
from mnist_lab.gradients.answers import network, rebuilt
from mnist_lab.gradients.attribution import inside, why
from mnist_lab.gradients.dreams import dreams, excitement, sums_of
from mnist_lab.gradients.norms import gradient_norms
from mnist_lab.gradients.range_test import sweep
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.training.contract import Contract
from mnist_lab.training.keras_models import build, served
from mnist_lab.training.loop import train
from tests.conftest import slow_but

STORE = RunStore(BUNDLED / "nowhere")
RUNS = [run.id for run in STORE.listing().runs]


@pytest.fixture(scope="module")
def images(digits):
    return digits.x_test[:4].astype(np.float32) / 255


def model_of(run_id):
    return network(STORE.folder.url, run_id)


@pytest.mark.parametrize("run_id", RUNS)
def test_integrated_gradients_add_up_to_what_the_score_has_over_a_black_images(run_id, images):
    model, scaling = model_of(run_id), STORE.get(run_id).config.scaling
    for image in images:
        answer = int(np.asarray(model(image[None])).argmax())
        found = why(model, scaling, image, answer)
        assert found.missing < 0.01
        assert found.integrated.shape == found.gradient.shape == (SIDE, SIDE)


def test_of_a_linear_network_all_is_weight_times_pixel(images):
    model = model_of("logistic-mnist")
    weights, _ = model.layers[-1].get_weights()
    expected = images[0] * weights[:, 3].reshape(SIDE, SIDE)
    found = why(model, "unit", images[0], 3)
    np.testing.assert_allclose(found.gradient, expected, atol=1e-5)
    np.testing.assert_allclose(found.integrated, expected, atol=1e-4)


def test_a_slope_is_what_the_score_does_when_a_pixel_changes_a_little(images):
    config = parse({"units": "8", "activation": "tanh", "dropout": 0, "scaling": "standardised"})
    model = served(build(config))
    scores = inside(model, config.scaling).scores
    found = why(model, config.scaling, images[1], 7)
    row, column = np.unravel_index(np.abs(found.gradient).argmax(), found.gradient.shape)
    more, less = images[1].copy(), images[1].copy()
    more[row, column] += 0.01
    less[row, column] -= 0.01
    difference = np.diff(np.asarray(scores(np.stack([less, more])))[:, 7])[0] / 0.02
    assert found.gradient[row, column] == pytest.approx(images[1][row, column] * difference, rel=1e-2)


def weights_in(archive):
    """Kernels and biases of a `model.keras` without normalization, read without Keras."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files, h5py.File(io.BytesIO(files.read("model.weights.h5"))) as file:
        layers = file["layers"]
        return {
            name: [np.asarray(layers[name]["vars"][str(part)]) for part in (0, 1)]
            for name in layers
            if "vars" in layers[name] and len(layers[name]["vars"]) == 2
        }


def convolved(image, kernel, biases):
    side = kernel.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    return np.einsum("hwcij,ijcf->hwf", windows, kernel) + biases


def test_grad_cam_is_what_is_worked_out_by_hand(images):
    """small-cnn: convolution, pooling, convolution, pooling, outputs. The slope of a score by the last maps' cells is
    the output's weight for the cell that its pooling let through, and 0 for the other three."""
    layers = weights_in(STORE.read("small-cnn", "model.keras"))
    for image in images:
        maps = image[..., None]
        for name in ("conv2d", "conv2d_1"):
            before = maps
            maps = np.maximum(convolved(before, *layers[name]), 0)
            windows = maps[: maps.shape[0] // 2 * 2, : maps.shape[1] // 2 * 2]
            blocks = windows.reshape(windows.shape[0] // 2, 2, windows.shape[1] // 2, 2, -1)
            pooled = blocks.max(axis=(1, 3))
            maps, last = pooled, maps
        scores = pooled.ravel() @ layers["dense"][0] + layers["dense"][1]
        digit = int(scores.argmax())
        by_pooled = layers["dense"][0][:, digit].reshape(pooled.shape)
        first = blocks.transpose(0, 2, 4, 1, 3).reshape(*pooled.shape, 4).argmax(axis=-1)
        through = np.eye(4)[first].reshape(*pooled.shape, 2, 2).transpose(0, 3, 1, 4, 2)
        slopes = (through * by_pooled[:, None, :, None]).reshape(windows.shape)
        importance = slopes.sum(axis=(0, 1)) / (last.shape[0] * last.shape[1])
        expected = np.maximum(last @ importance, 0)
        enlarged = np.asarray(
            Image.fromarray(expected.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        )
        found = why(model_of("small-cnn"), "unit", image, digit)
        np.testing.assert_allclose(found.camera, enlarged, atol=1e-4)
        assert found.scores[0] == pytest.approx(scores[digit], abs=1e-3)


def test_without_convolutions_grad_cam_is_empty(images):
    assert not why(model_of("dense-128-dropout"), "unit", images[0], 1).camera.any()


@pytest.mark.parametrize("run_id", RUNS)
def test_a_network_is_put_together_from_its_tflite(run_id, images):
    from mnist_lab.inference.predictor import Predictor

    content = STORE.read(run_id, "model.tflite")
    model = rebuilt(STORE.get(run_id).config, content)
    np.testing.assert_allclose(np.asarray(model(images)), Predictor(content).probabilities(images), atol=1e-5)


@pytest.mark.parametrize("run_id", ["small-cnn", "dense-128-dropout", "logistic-mnist"])
def test_a_dream_excites_its_output_more_than_any_real_image(run_id, images):
    model = model_of(run_id)
    found = dreams(model, "outputs", range(10), smooth=True)
    real = excitement(sums_of(model, "outputs"), images, range(10)).max(axis=0)
    assert found.images.shape == (10, SIDE, SIDE)
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    assert (found.excitement[:, 1] > real).all()
    np.testing.assert_array_equal(found.probabilities.argmax(axis=1), range(10))


def test_hidden_units_and_filters_dream_too():
    model = model_of("house-cnn")
    for layer in ("convolution_2", "hidden_1"):
        found = dreams(model, layer, range(8), smooth=False)
        black, dreamt = found.excitement.T
        assert (dreamt >= black).all()
        assert (dreamt > black).mean() > 0.5
        assert not found.images[dreamt == black].any()


TRAINED = {
    "adam": {"units": "32"},
    "sgd": {"units": "32", "optimizer": "sgd"},
    "scratch": {"network": "scratch", "units": "32"},
}


@pytest.mark.parametrize("settings", slow_but(TRAINED.values(), TRAINED["scratch"]), ids=list(TRAINED))
def test_the_range_test_finds_a_rate_that_trains_well(settings, digits):
    config = parse({"dataset": "digits", "dropout": 0, "epochs": 3, "validation_share": 0, **settings})
    suggestion = suggest(sweep(config, digits))
    assert suggestion.rate
    last = []
    train(config.model_copy(update={"learning_rate": suggestion.rate}), digits, Contract(last.append))
    worse = []
    train(config.model_copy(update={"learning_rate": suggestion.rate / 100}), digits, Contract(worse.append))
    assert last[-1].accuracy > 0.8
    assert last[-1].accuracy > worse[-1].accuracy + 0.1


def test_the_range_test_ends_where_the_loss_explodes(digits):
    found = sweep(parse({"dataset": "digits", "activation": "linear", "optimizer": "sgd"}), digits)
    assert found.rates[-1] < 1
    assert np.isfinite(found.losses).all()


def test_a_regression_has_no_rate(digits):
    with pytest.raises(ConfigError, match="finds the size of its steps itself"):
        sweep(parse({"network": "logistic", "dataset": "digits"}), digits)


def test_gradient_norms_are_those_of_the_loss(digits):
    config = parse({"dataset": "digits", "units": "8", "batch_normalization": True, "dropout": 0.5})
    model, parts = build(config), split(digits, config)
    start = model.get_weights()
    blind = [np.zeros_like(array) for array in start[:-2]] + start[-2:]
    found = gradient_norms(model, config.loss, parts, [(0, start), (1, blind)])
    assert found.layers == ("hidden_1", "outputs")
    assert found.norms.shape == (2, 2)
    assert (found.norms[0] > 0).all()
    assert found.norms[1][0] == 0  # nothing goes through, so nothing comes back
    assert found.losses[1] == pytest.approx(np.log(10), rel=1e-2)
