"""A damaged network is damaged as was asked, and not otherwise."""

import numpy as np
import pytest

from mnist_lab.config.damage import Damage
from mnist_lab.exploring.damage import changed, damaged, left_over, rounded, sample
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.stages import activations, read
from mnist_lab.store.runs import RunStore

IMAGES = np.random.default_rng(0).random((5, 28, 28), np.float32)


@pytest.fixture(params=["small-cnn", "dense-100x3-sigmoid"])
def model(request, tmp_path):
    return RunStore(tmp_path).read(request.param, "model.tflite")


def test_no_damage_changes_nothing(model):
    assert damaged(model, "unit", Damage()) == model


@pytest.mark.parametrize("layer", [None, "first"])
@pytest.mark.parametrize("damage", [Damage(off=0.3), Damage(noise=0.5), Damage(bits=3), Damage(off=0.3, bits=3)])
def test_every_kind_of_damage_shows_in_the_weights_that_are_named_for_it(model, damage, layer):
    before = read(model, "unit")
    where = layer and next(stage.name for stage in before if stage.has_units)
    damage = damage.model_copy(update={"layer": where})
    after = read(damaged(model, "unit", damage), "unit")
    numbers = changed(before, damage)
    assert numbers
    for number in numbers:
        differs = before[number].weights != after[number].weights
        assert differs.reshape(-1, before[number].units).any(axis=0).all()  # whichever unit somebody looks at
    if damage == Damage(off=0.3, layer=damage.layer):
        ahead = [stage for stage in before[: numbers[0]] if stage.has_units]
        assert len(ahead) == 1


def test_where_nothing_can_be_damaged_nothing_is_named(model):
    assert not changed(read(model, "unit"), Damage())
    assert not changed(read(model, "unit"), Damage(off=1.0, layer="outputs"))


def test_with_every_unit_off_all_images_look_alike(model):
    answers = Predictor(damaged(model, "unit", Damage(off=1.0))).probabilities(IMAGES)
    np.testing.assert_allclose(answers, np.broadcast_to(answers[0], answers.shape), atol=1e-6)


def test_a_unit_that_is_off_is_as_if_it_gave_nothing(model):
    whole, hurt = read(model, "unit"), read(damaged(model, "unit", Damage(off=0.5)), "unit")
    number = len(whole) - 2  # the stage ahead of the outputs
    given, before = hurt[-1].weights.reshape(-1, whole[number].units or 64, 10), whole[-1].weights
    off = ~given.any(axis=(0, 2))
    assert off.sum() == len(off) // 2
    values = activations(hurt[:-1], IMAGES)[-1].reshape(len(IMAGES), -1, len(off)).copy()
    values[..., off] = 0
    sums = values.reshape(len(IMAGES), -1) @ before + whole[-1].biases
    expected = np.exp(sums - sums.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    answers = Predictor(damaged(model, "unit", Damage(off=0.5))).probabilities(IMAGES)
    np.testing.assert_allclose(answers, expected, atol=1e-5)


def test_what_is_off_stays_off_while_more_goes_off(model):
    some, more = (read(damaged(model, "unit", Damage(off=share)), "unit")[-1].weights for share in (0.3, 0.6))
    assert not more[~some.any(axis=1)].any()


def test_damage_can_stay_in_one_layer(model):
    name = read(model, "unit")[1].name
    for whole, hurt in zip(
        read(model, "unit"), read(damaged(model, "unit", Damage(noise=1.0, layer=name)), "unit"), strict=True
    ):
        assert np.array_equal(whole.weights, hurt.weights) == (whole.name != name)


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
def test_rounding_leaves_so_many_values(bits):
    weights = np.random.default_rng(0).standard_normal(5000, np.float32)
    found = rounded(weights, bits)
    assert len(np.unique(found)) <= max(2**bits - 1, 2)
    if bits > 1:
        assert np.abs(found - weights).max() <= np.abs(weights).max() / (2 ** (bits - 1) - 1) / 2 + 1e-6


def test_what_is_left_is_measured(tmp_path, digits):
    store = RunStore(tmp_path)
    content, config = store.read("small-cnn", "model.tflite"), store.get("small-cnn").config
    whole, hurt = (left_over(content, config, damage, digits) for damage in (Damage(), Damage(off=1.0)))
    assert whole.images == len(digits.y_test)
    assert whole.accuracy > 0.8 > 0.3 > hurt.accuracy
    assert len(range(10_000)[sample(config, 10_000)]) < 10_000
