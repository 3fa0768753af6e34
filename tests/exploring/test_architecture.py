"""The layers in words and numbers, and which test images are worth a look."""

import numpy as np
import pytest

from mnist_lab.config import recipes
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.exploring.architecture import rows, side_by_side
from mnist_lab.inference.evaluation import Evaluation, places_of

CONFIGS = [
    TrainConfig(),
    TrainConfig(units=(), scaling="8x8"),
    TrainConfig(network="cnn", convolutions=2, batch_normalization=True, activation=("gelu", "tanh")),
    TrainConfig(network="logistic"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.network)
def test_every_layer_says_how_its_numbers_come_about(config):
    found = rows(config)
    assert sum(row.parameters for row in found) == pytest.approx(1)
    assert sum(row.work for row in found) == pytest.approx(1)
    for row in found:
        if row.layer.parameters:
            assert f"= {row.layer.parameters:,}" in row.words
        if row.layer.kind in ("Conv2D", "Dense"):
            assert f"= {row.layer.operations:,}." in row.words
    assert found[-1].name == "outputs"
    assert found[-1].words.endswith("Then softmax.")


def test_convolutions_and_hidden_layers_name_their_own_activations():
    words = {row.name: row.words for row in rows(CONFIGS[2])}
    assert words["convolution 4"].endswith("Then gelu.")
    assert words["hidden 1"].endswith("Then tanh.")


def test_the_most_confused_are_those_least_believed_to_be_what_they_are():
    probabilities = np.full((4, 10), 0.02, np.float32)
    labels = np.array([3, 3, 8, 3], np.uint8)
    probabilities[[0, 1, 2, 3], labels] = [0.8, 0.1, 0.0, 0.3]
    evaluation = Evaluation(probabilities, labels)
    assert evaluation.hardest().tolist() == [2, 1, 3, 0]
    assert evaluation.hardest(3).tolist() == [1, 3, 0]
    assert places_of(labels, 8).tolist() == [2]


def test_the_layers_of_two_networks_stand_beside_those_of_their_kind():
    small, house = (recipes.get(name).config for name in ("small-cnn", "dense-128-dropout"))
    pairs = side_by_side(small, house)
    assert [one.layer for one, _ in pairs if one] == [row.layer for row in rows(small)]
    assert [two.layer for _, two in pairs if two] == [row.layer for row in rows(house)]
    assert all(one.layer.kind == two.layer.kind for one, two in pairs if one and two and one.name != "outputs")
    assert [one.name for one, two in pairs if two is None] == [
        "convolution 1",
        "pooling 1",
        "convolution 2",
        "pooling 2",
    ]
    assert all(one == two for one, two in side_by_side(small, small))
