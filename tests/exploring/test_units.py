"""One unit: its sum, what it does to the outputs, what excites it."""

import re

import numpy as np
import pytest

from mnist_lab.exploring.units import curve, effect, neuron, strongest
from mnist_lab.networks.stages import activations, read, sums
from mnist_lab.store.runs import RunStore

RUNS = ("house-cnn", "small-cnn", "dense-100x3-sigmoid", "logistic-digits", "scratch-sigmoid-mse")
IMAGE = np.random.default_rng(0).random((1, 28, 28), np.float32)


@pytest.fixture
def stages_of(tmp_path):
    store = RunStore(tmp_path)
    return lambda name: read(store.read(name, "model.tflite"), store.get(name).config.scaling)


@pytest.mark.parametrize("name", RUNS)
def test_the_products_and_the_bias_add_up_to_the_sum_in_every_layer(stages_of, name):
    stages = stages_of(name)
    values = activations(stages, IMAGE)
    for number, stage in enumerate(stages):
        for unit in range(0, stage.units, 7):
            found = neuron(stages, values, number, unit)
            assert found.products.sum() + found.bias == pytest.approx(found.sum, abs=1e-4)
            assert found.value == pytest.approx(values[number][0][..., unit].max(), abs=1e-6)


@pytest.mark.parametrize("name", RUNS)
def test_the_sum_of_every_unit_adds_up_as_it_is_written_and_has_no_negative_zero(stages_of, name):
    stages = stages_of(name)
    values = activations(stages, IMAGE)
    for place, stage in enumerate(stages):
        for unit in range(0, stage.units, 3):
            texts = neuron(stages, values, place, unit).in_numbers
            assert not any(re.search("−[ ]?0.00$", text) for text in texts)
            numbers = [text.replace("−", "-").replace(" ", "") for text in texts]
            products, bias, total, _ = (round(100 * float(text.strip("=→"))) for text in numbers)
            assert products + bias == total


@pytest.mark.parametrize("name", RUNS)
def test_the_curve_goes_through_the_point(stages_of, name):
    stages = stages_of(name)
    values = activations(stages, IMAGE)
    number = len(stages) - 1
    found = neuron(stages, values, number, 4)
    others = np.delete(np.log(values[-1][0]), 4)
    z, p = curve(stages[number], found, others - np.log(values[-1][0, 4]) + found.sum)
    assert np.interp(found.sum, z, p) == pytest.approx(found.value, abs=0.02)
    assert (np.diff(p) >= 0).all()


def test_a_unit_of_the_last_hidden_layer_adds_its_value_times_its_weights(stages_of):
    stages = stages_of("dense-128-dropout")
    values = activations(stages, IMAGE)
    unit = int(values[1][0].argmax())
    expected = values[1][0, unit] * stages[-1].weights[unit]
    np.testing.assert_allclose(effect(stages, values, 1, unit), expected - expected.mean(), atol=1e-4)


def test_a_filter_is_taken_away_everywhere(stages_of):
    stages = stages_of("small-cnn")
    values = activations(stages, IMAGE)
    blind = list(stages)
    blind[3] = stages[3]._replace(weights=stages[3].weights.copy())
    blind[3].weights[:, :, 5] = 0
    with_it, without = (np.log(activations(some, IMAGE)[-1][0]) for some in (stages, blind))
    expected = with_it - without
    np.testing.assert_allclose(effect(stages, values, 1, 5), expected - expected.mean(), atol=1e-3)


def test_a_filter_that_is_off_everywhere_is_looked_at_where_it_is_nearest_to_being_on(stages_of):
    stages = stages_of("small-cnn")
    stages[3] = stages[3]._replace(biases=stages[3].biases - np.float32(100))
    values = activations(stages, IMAGE)
    found = neuron(stages, values, 3, 5)
    assert found.value == 0
    assert found.sum == sums(stages[3], values[2])[0, ..., 5].max() < 0


def test_the_strongest_images_are_those_with_the_largest_values(stages_of, digits):
    stages, images = stages_of("small-cnn"), digits.x_train[:700]
    found = strongest(stages, images, 3, count=4)
    values = activations(stages, images / np.float32(255))[3].max(axis=(1, 2))
    assert found.places.shape == (64, 4)
    np.testing.assert_allclose(found.values, -np.sort(-values, axis=0)[:4].T, atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(values.T, found.places, 1), found.values, atol=1e-4)
